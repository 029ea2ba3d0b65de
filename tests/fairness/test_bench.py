"""The benchmark of the fold measures, and leaves nothing behind."""

from __future__ import annotations

from annotations.models import OutboxRow, Project
from evenhand.cli.bench import measure
from fairness.models import Counter


def test_fold_bench(db, monkeypatch):
    from benchmarks import fold

    monkeypatch.setattr(fold, "CHANGES", 300)
    monkeypatch.setattr(fold, "VIEWS", 2)
    result = measure("fold")
    assert result["figures"]["changes folded"]["value"] > 0
    assert result["figures"]["live numbers read, median"]["better"] == "lower"
    assert not Project.objects.exists()
    assert not OutboxRow.objects.exists()
    assert not Counter.objects.exists()

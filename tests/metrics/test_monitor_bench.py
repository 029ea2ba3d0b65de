"""The benchmark of the pause rule says what it measures; here with few and short runs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import monitor
from evenhand.cli.bench import measure
from fairness.metrics import GroupCounts, certified, certified_by_sequences


def test_monitor_bench(monkeypatch):
    monkeypatch.setattr(monitor, "RUNS", 100)
    monkeypatch.setattr(monitor, "RUNS_OF_MANY", {4: 20})
    monkeypatch.setattr(monitor, "LABELS", 800)
    monkeypatch.setattr(monitor, "BATCH", 40_000)
    figures = measure("monitor")["figures"]
    assert figures["false pauses"]["goal"] == 0.05
    assert figures["false pauses"]["value"] <= 0.05
    assert figures["delay, median"]["value"] <= figures["delay, median"]["goal"] == 400
    assert figures["delay, median"]["value"] < figures["sequences: delay, median"]["value"]
    assert figures["Wald at every label: false pauses"]["value"] > 0.15


@pytest.mark.parametrize(
    ("rule", "shipped"), [(monitor.ours(), certified), (monitor.sequences, certified_by_sequences)]
)
def test_what_is_measured_is_what_is_shipped(rule, shipped):
    selected, n = monitor._counts(np.random.default_rng(1), (0.2, 0.6), 3)
    labels = np.arange(5, 200, 15)
    hit = rule(selected[:, :, labels], n[:, :, labels], labels + 1)
    assert 0 < hit.sum() < hit.size
    for run, at in np.ndindex(hit.shape):
        counts = {g: GroupCounts(int(selected[g, run, labels[at]]), int(n[g, run, labels[at]])) for g in range(2)}
        assert shipped(counts).pause == hit[run, at]

"""The benchmark of the fold, small: labels are folded by a relay that is killed, and equal a recount."""

from __future__ import annotations

import os
import signal

import pytest
from django.db.models import Sum

from annotations.models import Annotation
from fairness.models import Counter, Slice


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fold_bench(start_relay, monkeypatch):
    from benchmarks import fold

    for name, value in {"ITEMS": 300, "BACKLOG": 200, "CHUNK": 100, "KILLS": 2, "VIEWS": 2}.items():
        monkeypatch.setattr(fold, name, value)
    relays = [start_relay()]

    def kill() -> None:
        os.kill(relays[-1].pid, signal.SIGKILL)
        relays.append(start_relay())

    figures = fold.measured(kill)
    assert len(relays) == 3
    assert figures["labels folded in all"].value == Annotation.objects.count() == 1200
    assert figures["cells that differ from a recount"].value == 0
    assert figures["labels folded a second"].value > 0
    counted = Counter.objects.filter(table="people", attribute="").values_list("n", flat=True)
    assert sum(counted) == 900
    slices = Slice.objects.filter(attribute="religion")
    held = dict(slices.filter(table__startswith="gold:").values_list("table").annotate(n=Sum("n")))
    model = held.pop(next(name for name in held if name.removeprefix("gold:").isdigit()))
    assert model == 30, "one item in ten has gold"
    assert set(held) == {"gold:agreed", "gold:decided"}
    assert held["gold:agreed"] == held["gold:decided"] > 20
    assert figures["labels and consensus held to gold"].value == model + sum(held.values())
    assert Counter.objects.filter(table="agreed", attribute="religion").exists()

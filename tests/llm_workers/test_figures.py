"""What a checkpoint writes down of agreement and calibration, of all labels and of each group."""

from __future__ import annotations

import pytest

from annotations.models import Annotation, Consensus, Item
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, RunPlan
from llm_workers.services import figures as counting
from tests.factories import make_items
from tests.llm_workers.test_policy import decided


def in_groups(cast, **wanted: dict[str, int]) -> None:
    """``in_groups(cast, sikh={"keep": 24, "remove": 6})``: decided items of a group by what people decided."""
    for group, values in wanted.items():
        for value, count in values.items():
            items = decided(cast, count, value)
            Item.objects.filter(pk__in=[item.pk for item in items]).update(groups={"religion": group})


def test_a_checkpoint_holds_the_calibration_of_every_group_with_enough_labels(cast, llm, start, work):
    """The model says 80 % throughout: right for one group, too sure by 30 points of another."""
    llm.choose = lambda text, names: ["Keep"]
    in_groups(cast, sikh={"keep": 24, "remove": 6}, hindu={"keep": 16, "remove": 16}, jewish={"keep": 15, "remove": 14})
    run = work(start(step_size=1000))
    figures = run.checkpoints.get().figures
    found = {group: cell["calibration"] for group, cell in figures["groups"]["religion"].items()}
    assert (found["sikh"]["labels"], found["sikh"]["ece"]) == (30, pytest.approx(0, abs=1e-3))
    assert found["sikh"]["brier"] == pytest.approx((24 * 0.04 + 6 * 0.64) / 30, abs=1e-3)
    assert (found["hindu"]["labels"], found["hindu"]["ece"]) == (32, pytest.approx(0.3, abs=1e-3))
    assert found["hindu"]["brier"] == pytest.approx((0.04 + 0.64) / 2, abs=1e-3)
    assert found["jewish"] == {"labels": 29, "mean_confidence": None, "ece": None, "brier": None}  # one too few
    assert figures["calibration"]["labels"] == 30 + 32 + 29
    event = LedgerEvent.objects.get(kind="checkpoint.reached")
    assert event.data["groups"]["religion"]["hindu"]["calibration"]["ece"] == found["hindu"]["ece"]


def test_labels_without_a_confidence_have_no_calibration(cast, llm, start, work):
    llm.logprobs = False
    in_groups(cast, sikh={"keep": 31})
    figures = work(start()).checkpoints.get().figures
    assert (figures["calibration"], figures["groups"]["religion"]["sikh"]["calibration"]) == (None, None)
    assert figures["groups"]["religion"]["sikh"]["compared"] == 31


@pytest.mark.parametrize("growth", [1e9, 1.0, 1.5])  # count on after the first step; anew at each; by turns
def test_figures_are_counted_on_and_now_and_then_anew(cast, llm, start, work, monkeypatch, growth):
    """Many small steps say the same as one count of everything, of every group too."""
    monkeypatch.setattr("llm_workers.services.figures.GROWTH", growth)
    monkeypatch.setattr("llm_workers.services.figures.LEAST", 1)
    # How sure it is differs from item to item, so that several bins are used.
    llm.answer = lambda body: _says_first(llm, body)
    in_groups(cast, sikh={"keep": 5, "remove": 3}, hindu={"keep": 4, "remove": 3})
    run = work(start(step_size=2))
    figures = run.checkpoints.last().figures
    assert (figures["compared"], figures["labelled"]) == (15, 15)
    labels = Annotation.objects.filter(run=run).select_related("item")
    people = dict(Consensus.objects.values_list("item", "value"))
    for group, cell in figures["groups"]["religion"].items():
        own = [label for label in labels if label.item.groups == {"religion": group}]
        right = [label.value == people[label.item_id] for label in own]
        assert (cell["compared"], cell["agreed"]) == (len(own), sum(right))
        sure = [label.confidence for label in own]
        assert cell["calibration"]["brier"] == pytest.approx(_brier(sure, right), abs=1e-3)
        assert cell["calibration"]["ece"] == pytest.approx(_ece(sure, right), abs=1e-3)
    assert len({min(int(10 * label.confidence), 9) for label in labels}) > 2


def _says_first(llm, body) -> list[tuple[str, dict[str, float]]]:
    """Always the first option, more or less surely by the item's text."""
    sure = 0.4 + 0.55 * (len(llm.requests) % 7) / 7
    return [("A", {"A": sure, "B": (1 - sure) / 2, "C": (1 - sure) / 2}), ("", {"": 1.0})]


def _brier(sure, right) -> float:
    return sum((one - is_right) ** 2 for one, is_right in zip(sure, right, strict=True)) / len(sure)


def _ece(sure, right) -> float:
    """By hand: labels sorted into ten bins."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for one, is_right in zip(sure, right, strict=True):
        bins.setdefault(min(int(10 * one + 1e-9), 9), []).append((one, is_right))
    return sum(abs(sum(one - is_right for one, is_right in part)) for part in bins.values()) / len(sure)


def test_a_checkpoint_reads_no_label_before_the_last_one(cast, llm, start, work):
    """Counted on, a step reads the labels of that step alone, however many groups there are."""
    in_groups(cast, sikh={"keep": 6}, hindu={"keep": 6})
    run = work(start(step_size=10))
    sums = RunPlan.objects.get(run=run).sums
    assert (sums["counted_at"], run.labelled) == (12, 12)  # it had grown by more than a tenth: counted anew
    newest = Annotation.objects.filter(run=run).order_by("-id")[0].pk
    assert sums["newest"] == newest
    assert counting._rows(run, after=newest) == []
    assert sum(row[3] for row in counting._rows(run, after=newest - 1) if row[0] == "religion") == 1


def test_sums_of_an_earlier_version_are_counted_anew(cast, llm, start, work):
    in_groups(cast, sikh={"keep": 31})
    run = work(start(step_size=10))
    plan = RunPlan.objects.get(run=run)
    plan.sums = {"cells": {"": {"8": [31, 0, 31, 31, 24.8, 1.24, 24.8]}}, "newest": 10**12, "counted_at": 31}
    plan.save()
    counting.figures_count(run, plan)
    found = counting.run_figures(run, plan, ModelVersion.objects.get())
    assert found["groups"]["religion"]["sikh"]["compared"] == 31


def test_page_and_api_show_the_calibration_of_each_group(cast, llm, start, work, page_client, api):
    llm.choose = lambda text, names: ["Keep"]
    in_groups(cast, sikh={"keep": 16, "remove": 16}, hindu={"keep": 5})
    make_items(cast.project, groups={"religion": "none"})
    run = work(start(step_size=1000))
    text = page_client(cast.olivia).get(f"/runs/{run.pk}/").content.decode()
    assert "(largest: 0.30, religion: sikh)" in text
    rows = {
        name: text.partition(f">{name}</th>")[2].partition("</tr>")[0]
        for name in ("All items", "religion: sikh", "religion: hindu", "religion: none")
    }
    assert ">37</td>" in rows["All items"]
    assert ">0.30</td>" in rows["religion: sikh"]
    assert ">0.340</td>" in rows["religion: sikh"]  # the Brier score
    assert "insufficient data: 30 are needed" in rows["religion: hindu"]
    assert "nothing to compare" in rows["religion: none"]
    told = api(cast.olivia).get(f"/api/v1/runs/{run.pk}/").json()["checkpoints"][-1]["figures"]["groups"]["religion"]
    assert told["sikh"]["calibration"]["ece"] == pytest.approx(0.3, abs=1e-3)
    assert told["hindu"]["calibration"]["ece"] is None


def test_a_checkpoint_of_an_earlier_version_is_shown_without_groups_calibration(cast, llm, start, work, page_client):
    in_groups(cast, sikh={"keep": 31})
    run = work(start())
    (checkpoint,) = run.checkpoints.all()
    del checkpoint.figures["groups"]["religion"]["sikh"]["calibration"]
    checkpoint.save()
    text = page_client(cast.olivia).get(f"/runs/{run.pk}/").content.decode()
    assert "Calibration by group" not in text

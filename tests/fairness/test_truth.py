"""Labels against the truth: equal to fairlearn on the raw rows, with counts, reasons and the items behind."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import (
    demographic_parity_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
    equalized_odds_ratio,
)

from accounts.models import Role
from annotations.models import Item
from annotations.state import ItemState
from fairness.metrics import Reason, Status
from fairness.presenting.plots import series_of
from fairness.presenting.truth import truth_blocks
from fairness.selectors.live import live_view
from fairness.selectors.truth import Truth, against_truth
from fairness.selectors.wanted import Wanted
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_certainty import store
from tests.fairness.test_dashboard import address, sheet
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct

LABELS = ["keep", "review", "remove"]


def state(group: str, true: str, said: str, model: int, *, truth: Truth, needed: int = 1) -> ItemState:
    """An item whose model said one thing, and the truth is another or the same."""
    known: dict[str, Any] = {
        Truth.GOLD: {"gold": true},
        Truth.SETTLED: {"settled": True, "final": true, "decided": True},
        Truth.CONSENSUS: {"human": true, "final": true, "decided": True, "people": {true: 1}},
    }[truth]
    return ItemState(groups={"religion": group}, models={str(model): said}, needed=needed, **known)


@pytest.mark.parametrize("truth", list(Truth))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_equals_fairlearn_on_the_raw_rows(cast, truth, seed):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    random = np.random.default_rng(seed)
    # Every group has each truth at least once, so that fairlearn's rates exist.
    rows = [(group, true, said) for group in "abc" for true, said in itertools.product(LABELS, LABELS)]
    choices = (list("abc"), LABELS, LABELS)
    rows += [tuple(str(random.choice(some)) for some in choices) for _ in range(120)]
    store(cast.project, [state(*row, model.pk, truth=truth) for row in rows])
    (found,) = [
        one for one in against_truth(cast.project, live_view(cast.project, min_group=1)) if one.source.kind == "model"
    ]
    groups, true, said = (list(column) for column in zip(*rows, strict=True))
    asked = {
        "y_true": [one == "keep" for one in true],
        "y_pred": [one == "keep" for one in said],
        "sensitive_features": groups,
    }
    wrong = [a != b for a, b in zip(true, said, strict=True)]
    assert found.truth is truth
    assert found.odds.difference.value == pytest.approx(equalized_odds_difference(**asked), abs=1e-12)
    assert found.odds.ratio.value == pytest.approx(equalized_odds_ratio(**asked), abs=1e-12)
    opportunity = found.odds.true_positive.difference
    assert opportunity.value == pytest.approx(equal_opportunity_difference(**asked), abs=1e-12)
    errors = demographic_parity_difference(wrong, wrong, sensitive_features=groups)
    assert found.error_rates.difference.value == pytest.approx(errors, abs=1e-12)
    assert sum(counts.n for counts in found.errors.values()) == len(rows)


def test_a_group_without_positives_is_undefined_and_a_small_one_insufficient(cast, api, page_client):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    some = [("a", "keep", "keep")] * 40 + [("a", "remove", "keep")] * 40 + [("b", "remove", "remove")] * 40
    store(cast.project, [state(*row, model.pk, truth=Truth.GOLD) for row in [*some, *[("c", "keep", "keep")] * 4]])
    (found,) = against_truth(cast.project, live_view(cast.project))
    rates = found.odds.true_positive.rates
    assert (rates["a"].value, rates["b"].reason, rates["c"].reason) == (1, Reason.NO_POSITIVES, Reason.SMALL_GROUP)
    assert (found.odds.difference.status, found.odds.difference.value) == (Status.INSUFFICIENT, None)
    assert found.odds.false_positive.difference.value == 1
    (data,) = api(cast.audrey).get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["against_truth"]
    assert (data["truth"], data["provisional"], data["kind"], data["name"]) == ("gold", False, "model", "smollm2")
    assert data["equalized_odds_difference"]["status"] == "insufficient"
    b = data["groups"][1]
    assert [b[name] for name in ("group", "tp", "fp", "fn", "tn", "wrong")] == ["b", 0, 0, 0, 40, 0]
    assert b["true_positive_rate"]["reason"] == "no_positives"
    assert b["false_positive_rate"]["high"] < 0.1
    text = page_client(cast.olivia).get(address(cast)).content.decode()
    section = text.split('id="against-truth"')[1].split("</section>")[0]
    assert "No item of this group truly has the label" in section
    assert "Insufficient data: 4 of 30 items." in section
    rows = {(row["metric"], row["group"]): row for row in sheet(page_client(cast.olivia), cast, "truth")}
    assert rows["true_positive_rate", "b"]["status"] == "undefined"
    assert rows["tn", "b"]["selected"] == "40"
    assert rows["false_positive_rate", "a"]["selected"] == "40"
    assert float(rows["false_positive_rate", "a"]["value"]) == 1
    assert rows["equalized_odds_difference", ""]["status"] == "insufficient"


def test_the_consensus_is_called_provisional(cast, page_client):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    some = [("a", "keep", "keep"), ("a", "remove", "keep"), ("b", "keep", "remove")] * 40
    store(cast.project, [state(*row, model.pk, truth=Truth.CONSENSUS) for row in some])
    client = page_client(cast.olivia)
    text = client.get(address(cast)).content.decode()
    assert "Against people&#x27;s consensus: provisional" in text or "Against people's consensus: provisional" in text
    assert "Against gold labels" not in text
    (row, *_others) = sheet(client, cast, "truth")
    assert (row["truth"], row["provisional"]) == ("consensus", "True")
    timed = client.get(address(cast, "?since=2026-01-01")).content.decode()
    assert "what people agree on has no time" in timed
    assert "what people agree on has no time" not in text


def test_without_any_truth_it_says_where_truth_comes_from(cast, page_client, labelled):
    labelled(cast.project)
    text = page_client(cast.olivia).get(address(cast)).content.decode()
    assert "No item has both a label and a truth" in text
    assert sheet(page_client(cast.olivia), cast, "truth") == []


def with_truth(cast: Any) -> tuple[Any, dict[Truth, set[int]]]:
    """Two groups of items with gold, others that an expert settled; a model, and where it is wrong about group a."""
    model = make_annotator(cast.project, kind="model", name="smollm2")
    wrong: dict[Truth, set[int]] = {Truth.GOLD: set(), Truth.SETTLED: set()}
    for group, number in itertools.product("ab", range(6)):
        truth = Truth.GOLD if number % 2 else Truth.SETTLED
        (item,) = fresh_items(cast.project, 1, groups={"religion": group}, gold="keep" if truth is Truth.GOLD else None)
        said = "remove" if number < 3 else "keep"
        add_label(item, model, said)
        if truth is Truth.SETTLED:
            correct(item, "settle", "keep")
        if group == "a" and said != "keep":
            wrong[truth].add(item.pk)
    fold_all()
    return model, wrong


def test_the_items_behind_are_those_on_which_the_source_differs(cast, page_client):
    _model, wrong = with_truth(cast)
    client = page_client(cast.olivia)
    view = live_view(cast.project)
    for block in truth_blocks(cast.project, view, series_of(view), Role.OWNER):
        (line,) = [one for one in block.groups if one.group == "a" and one.series.name == "smollm2"]
        listed = {row["item"].pk for row in client.get(line.url).context["rows"]}
        assert listed == wrong[block.truth]
        assert [one.n for one in line.figures[-1].counts] == [len(listed), 3]
    for block in truth_blocks(cast.project, view, series_of(view), Role.EXPERT):
        assert all("pair" not in line.url and "annotator" not in line.url for line in block.groups)
        assert page_client(cast.edgar).get(block.groups[0].url).status_code == 200


def test_items_against_what_experts_settled_are_asked_of_a_giver_and_not_by_experts(cast, api):
    model, wrong = with_truth(cast)
    items = f"/api/v1/projects/{cast.project.pk}/items/"
    asked = {"annotator": model.pk, "against": "settled", "group": "religion:a"}
    found = api(cast.olivia).get(items, asked).json()["results"]
    assert {row["id"] for row in found} == wrong[Truth.SETTLED]
    assert api(cast.olivia).get(items, {"against": "settled"}).status_code == 400
    assert api(cast.edgar).get(items, {"by": "people", "against": "settled"}).status_code == 403
    assert Item.objects.filter(project=cast.project, gold__isnull=True).count() == 6


def test_whose_labels_are_shown_follows_the_filter(cast):
    model, _wrong = with_truth(cast)
    kinds = {one.source.kind for one in against_truth(cast.project, live_view(cast.project))}
    assert kinds == {"model"}  # nobody else labelled
    assert against_truth(cast.project, live_view(cast.project, wanted=Wanted(by="people"))) == []
    assert against_truth(cast.project, live_view(cast.project, wanted=Wanted(model=model.pk)))

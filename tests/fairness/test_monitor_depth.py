"""Uneven depth and one person beside a model: what differs without any bias is not found."""

from __future__ import annotations

import random

import pytest

from fairness.models import Monitor
from fairness.monitors.reading import state_of, table_of, verdict_of
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items

pytestmark = pytest.mark.django_db


def verdict(cast, measure: str, whose: str, model=None, **fields):
    monitor = Monitor(
        project=cast.project, measure=measure, whose=whose, attribute="religion", label="keep", tau=0.0,
        groups=["deep", "shallow"], alpha=0.05, **fields,
    )  # fmt: skip
    state = state_of(cast.project.pk, [monitor])
    table = table_of(monitor, state, model and model.pk)
    return table, verdict_of(monitor, table, {}, state)


@pytest.mark.parametrize("whose", ["people", "consensus"])
def test_a_group_that_is_half_labelled_does_not_differ_from_one_that_is_done(whose):
    """Everybody says keep of three in ten; a majority of five does so less often than a first vote."""
    cast = make_cast(redundancy=5, min_support=1)
    people, chance = [make_annotator(cast.project) for _ in range(5)], random.Random(3)
    for group, votes in (("deep", 5), ("shallow", 1)):
        for item in fresh_items(cast.project, 60, groups={"religion": group}):
            for person in people[:votes]:
                add_label(item, person, "keep" if chance.random() < 0.3 else "remove")
    fold_all()
    table, found = verdict(cast, "parity", whose)
    assert table["shallow"] == [0, 0]
    assert table["deep"][1] == 60
    assert found.certain is None
    for item in cast.project.items.filter(groups__religion="shallow"):
        for person in people[1:]:
            add_label(item, person, "keep" if chance.random() < 0.3 else "remove")
    fold_all()
    table, found = verdict(cast, "parity", whose)
    assert table["shallow"][1] == 60
    assert not found.beyond


def test_a_model_that_is_as_one_person_has_no_gap_though_a_majority_is_surer():
    """.3 each: of a majority of five .16 get the label, so beside the consensus the model would be 14 points off."""
    cast = make_cast(redundancy=5, min_support=3)
    people, chance = [make_annotator(cast.project) for _ in range(5)], random.Random(5)
    model = make_annotator(cast.project, kind="model")
    for group in ("deep", "shallow"):
        for item in fresh_items(cast.project, 60, groups={"religion": group}):
            for giver in (*people, model):
                add_label(item, giver, "keep" if chance.random() < 0.3 else "remove")
    fold_all()
    table, _found = verdict(cast, "gap", "model", model)
    model_only, people_only, both, items = (sum(column) for column in zip(*table.values(), strict=True))
    assert items == 120
    ones = [item.annotations.order_by("pk").first().value for item in cast.project.items.all()]
    assert people_only + both == ones.count("keep")
    assert abs(model_only - people_only) / items < 0.1

"""The chosen stream: known chances, thrown once; the weighted estimate finds the truth where the plain one does not."""

from __future__ import annotations

import random

import pytest
from django.db import transaction

from annotations.models import Case, Draw, StreamRules
from annotations.stream.choosing import items_choose
from annotations.stream.coin import FLOOR, toss
from fairness.selectors.errors import errors_view
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.labelling.conftest import together  # noqa: F401 — the same threads
from tests.stream.conftest import SEED, check, drawn_by, finish, switch_on

pytestmark = pytest.mark.django_db


def choose(single, errors) -> int:
    return items_choose(project_id=single.project.pk, errors=errors)


def test_each_finished_item_is_judged_once_with_its_chance_on_record(single, labelled):
    switch_on(single.project, share=0, chosen_share=0.1)
    items = labelled(100)
    open_items = fresh_items(single.project, 5)
    errors = {item.pk: 0.3 if number % 4 else 0.02 for number, item in enumerate(items)}
    mean = sum(errors.values()) / 100
    drawn = choose(single, errors | {item.pk: 0.9 for item in open_items})
    mean = (sum(errors.values()) + 5 * 0.9) / 105
    expected = {pk: 0.1 * (FLOOR + (1 - FLOOR) * error / mean) for pk, error in errors.items()}
    rows = {row.item_id: row for row in Draw.objects.all()}
    assert rows.keys() == errors.keys()
    for pk, row in rows.items():
        assert row.probability == pytest.approx(expected[pk])
        assert row.is_drawn is (toss(SEED, "chosen", pk) < expected[pk])
    assert 0 < drawn == sum(row.is_drawn for row in rows.values()) == Case.objects.filter(kind="check").count()
    assert StreamRules.objects.get().judged == 100
    assert LedgerEvent.objects.get(kind="stream.chosen").data == {"judged": 100, "drawn": drawn}
    before = list(Draw.objects.values())
    assert choose(single, dict.fromkeys(errors, 1.0)) == 0  # scored anew: their coins were thrown
    assert list(Draw.objects.values()) == before
    assert StreamRules.objects.get().judged == 100


def test_an_item_of_both_streams_has_one_case(single, labelled):
    switch_on(single.project, share=0.2, chosen_share=0.2)
    both: set[int] = set()
    while not both:
        items = labelled(40)
        choose(single, dict.fromkeys([item.pk for item in items], 0.2))
        both = drawn_by(items, 0.2) & drawn_by(items, 0.2, "chosen")
    assert Draw.objects.filter(item_id__in=both, is_drawn=True).count() == 2 * len(both)
    assert Case.objects.count() == Case.objects.values("item").distinct().count()
    assert LedgerEvent.objects.filter(kind="case.opened").count() == Case.objects.count()


def test_what_is_settled_already_is_judged_too_and_opens_no_case(single):
    switch_on(single.project, share=0, chosen_share=0.2)
    items = fresh_items(single.project, 60)
    for item in items:
        finish(item, "keep", "remove")
        check(single, item, cause="human_error", reason="The rules say so.")
    assert choose(single, dict.fromkeys([item.pk for item in items], 0.2)) > 0
    assert not Case.objects.filter(status="open").exists()


@pytest.mark.parametrize("fields", [{"chosen_share": 0}, {"chosen_share": 0.1, "status": "closed"}])
def test_nothing_is_chosen_where_it_is_off_or_the_project_is_closed(single, labelled, fields):
    items = labelled(10)
    single.project.status = fields.pop("status", "active")
    single.project.save()
    switch_on(single.project, share=0, **fields)
    assert choose(single, dict.fromkeys([item.pk for item in items], 0.5)) == 0
    assert choose(single, {}) == 0
    assert not Draw.objects.exists()


def test_a_choice_that_fails_leaves_nothing_half_done(single, labelled, monkeypatch):
    switch_on(single.project, share=0, chosen_share=0.2)
    items = labelled(40)
    monkeypatch.setattr("annotations.stream.choosing.record", lambda **event: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        choose(single, dict.fromkeys([item.pk for item in items], 0.2))
    assert not Draw.objects.exists()
    assert StreamRules.objects.get().judged == 0


def test_gold_has_no_coin_and_models_labels_alone_only_where_wanted(cast):
    rules = switch_on(cast.project, share=0, chosen_share=0.2)
    gold, by_model = fresh_items(cast.project, 1, gold="keep")[0], fresh_items(cast.project, 1)[0]
    finish(gold, "keep", "keep", "keep")
    add_label(by_model, make_annotator(cast.project, kind="model"), "keep")
    errors = {gold.pk: 0.5, by_model.pk: 0.5}
    items_choose(project_id=cast.project.pk, errors=errors)
    assert not Draw.objects.exists()
    StreamRules.objects.filter(pk=rules.pk).update(models_alone=True)
    items_choose(project_id=cast.project.pk, errors=errors)
    assert list(Draw.objects.values_list("item_id", flat=True)) == [by_model.pk]


def test_two_scorings_at_once_judge_no_item_twice(transactional_db, single, labelled, together):  # noqa: F811
    switch_on(single.project, share=0, chosen_share=0.2)
    errors = dict.fromkeys([item.pk for item in labelled(80)], 0.2)
    drawn = together([lambda: choose(single, errors)] * 2)
    assert sum(drawn) == Draw.objects.filter(is_drawn=True).count() == Case.objects.filter(status="open").count()
    assert Draw.objects.count() == StreamRules.objects.get().judged == 80


@pytest.mark.slow
def test_both_readings_find_the_truth_and_the_plain_one_does_not(single, monkeypatch):
    """600 items of which 15 % are labelled wrongly; wrong ones are expected to be wrong far more than others."""
    chance = random.Random(5)
    switch_on(single.project, share=0.2, chosen_share=0.2)
    person, items = make_annotator(single.project), fresh_items(single.project, 600)
    for module in ("coin", "choosing"):  # the same coins, whatever numbers the items have
        monkeypatch.setattr(f"annotations.stream.{module}.toss", lambda *of: toss(*of[:2], of[2] - items[0].pk))
    wrong = {item.pk: number % 20 < 3 for number, item in enumerate(items)}
    for item in items:
        add_label(item, person, "keep")
    errors = {pk: chance.uniform(0.3, 0.9) if is_wrong else chance.uniform(0, 0.2) for pk, is_wrong in wrong.items()}
    choose(single, errors)
    for case in list(Case.objects.filter(status="open").select_related("item")):
        check(single, case.item, "remove" if wrong[case.item_id] else "keep")
    fold_all()
    (row,) = errors_view(single.project).rows
    assert row.uniform.errors.low < 0.15 < row.uniform.errors.high
    assert row.weighted.errors.low < 0.15 < row.weighted.errors.high
    assert row.naive.errors.low > 0.3
    assert row.weighted.worth < row.naive.worth
    assert row.total.low < 0.15 < row.total.high

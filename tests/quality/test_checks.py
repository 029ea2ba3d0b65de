"""Hidden gold items: when they come, that they look like others, and what they do to places."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotations.labelling.places import recount_places
from annotations.labelling.services import claim, submit, undo
from annotations.models import Annotation, Annotator, Assignment, GoldAnswer, QualityRules, QueueEntry
from annotations.quality.rules import rules_change
from annotations.working.changing import change_answer
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_items

pytestmark = pytest.mark.django_db


def is_gold(items) -> list[bool]:
    return [item.gold is not None for item in items]


def test_a_project_without_checks_is_asked_nothing_more(cast, worker, gold, checks):
    make_items(cast.project, 3)
    wanda, walt = worker(cast.wanda, cast.project), worker(cast.walt, cast.project)
    claim(annotator=wanda, project=cast.project)
    with CaptureQueriesContext(
        connection,
    ) as before:
        claim(annotator=walt, project=cast.project)
    statements = " ".join(query["sql"] for query in before)
    assert "gold_take" not in statements
    assert "goldanswer" not in statements


def test_the_share_of_gold_is_what_the_rules_say(cast, worker, gold, checks, answer):
    gold(40)
    make_items(cast.project, 400)
    checks(gold_start=0.3, gold_floor=0.3, limit=0)
    drawn = is_gold(answer(worker(cast.wanda, cast.project), "keep", 80))
    # 24 checks of 80, and the odd gold item that came as an ordinary one
    assert 14 <= sum(drawn) <= 42


def test_the_rate_falls_with_right_answers(cast, worker, gold, checks, answer):
    gold(100)
    make_items(cast.project, 1)
    wanda = worker(cast.wanda, cast.project)
    checks(gold_start=0.5, gold_floor=0.0)
    answer(wanda, "keep", 12)
    wanda.refresh_from_db()
    assert wanda.gold_right >= 11
    assert wanda.gold_wrong == 0


def test_a_check_looks_exactly_like_any_other_item(cast, gold, checks, api):
    gold(3)
    make_items(cast.project, 3)
    client, shapes, seen = api(cast.wanda), set(), set()
    checks()
    for _turn in range(6):
        lease = client.post(f"/api/v1/projects/{cast.project.pk}/next/").json()["assignment"]
        if lease is None:
            break
        shapes.add((frozenset(lease), frozenset(lease["payload"]), lease["status"]))
        seen.add(Assignment.objects.get(pk=lease["id"]).item.gold is not None)
        assert "gold" not in str(lease)
        answer = client.post(f"/api/v1/assignments/{lease['id']}/submit/", {"value": "keep"}, format="json").json()
        assert set(answer) == {"annotation", "assignment", "status", "replayed", "next", "reason"}
    assert seen == {True, False}
    assert len(shapes) == 1


def test_a_gold_item_with_all_its_labels_is_still_given_and_takes_no_place(cast, worker, gold, checks, answer):
    [item] = gold(1)
    make_items(cast.project, 50)
    for _number in range(cast.project.redundancy):
        add_label(item, make_annotator(cast.project), "keep")
    QueueEntry.objects.filter(item=item).update(remaining=0)
    checks()
    items = answer(worker(cast.wanda, cast.project), "keep", 20)
    assert items.count(item) == 1
    entry = QueueEntry.objects.get(item=item)
    assert entry.remaining == 0
    with transaction.atomic():
        recount_places([item.pk])
    entry.refresh_from_db()
    assert entry.remaining == 0


def test_a_check_takes_a_place_where_there_is_one(cast, worker, gold, checks, answer):
    items = gold(1) + make_items(cast.project, 9)
    checks()
    answer(worker(cast.wanda, cast.project), "keep", 6)
    before = dict(QueueEntry.objects.values_list("item_id", "remaining"))
    with transaction.atomic():
        recount_places([item.pk for item in items])
    assert before == dict(QueueEntry.objects.values_list("item_id", "remaining"))


def test_adaptive_redundancy_asks_for_nothing_more_of_what_is_known(cast, worker, gold, checks, api):
    [item] = gold(1)
    make_items(cast.project, 5)
    address = f"/api/v1/projects/{cast.project.pk}/serving/"
    assert api(cast.olivia).patch(address, {"max_labels": 9, "tau": 0.99}, format="json").status_code == 200
    for value in ("keep", "remove", "review", "keep"):
        add_label(item, make_annotator(cast.project), value)
    assert QueueEntry.objects.get(item=item).extra == 0


def test_none_is_given_once_there_is_nothing_else(cast, worker, gold, checks):
    gold(5)
    QueueEntry.objects.update(remaining=0)
    checks()
    assert claim(annotator=worker(cast.wanda, cast.project), project=cast.project) is None


def test_an_answer_is_noted_once_and_follows_a_change_of_mind(cast, worker, gold, checks):
    gold(1)
    checks()
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    submit(annotator=wanda, assignment_id=lease.pk, value="remove")
    assert GoldAnswer.objects.get().is_right is False
    undo(annotator=wanda, assignment_id=lease.pk)
    given = submit(annotator=wanda, assignment_id=lease.pk, value="keep").annotation
    assert GoldAnswer.objects.get().is_right is True
    change_answer(annotator=wanda, annotation_id=given.pk, value="review")
    assert GoldAnswer.objects.get().is_right is False
    wanda.refresh_from_db()
    assert (wanda.gold_right, wanda.gold_wrong) == (0, 1)


def test_what_is_labelled_while_the_checks_are_off_is_not_judged(cast, worker, gold, checks, answer):
    gold(6)
    checks(is_on=False)
    wanda = worker(cast.wanda, cast.project)
    answer(wanda, "remove", 6)
    wanda.refresh_from_db()
    assert not GoldAnswer.objects.exists()
    assert (wanda.standing, wanda.gold_wrong) == ("active", 0)


def test_nobody_gets_a_gold_item_twice(cast, worker, gold, checks, answer):
    gold(4)
    make_items(cast.project, 40)
    checks(limit=0)
    items = answer(worker(cast.wanda, cast.project), "keep", 40)
    assert len(items) == len(set(items))


def test_rules_are_checked_and_their_change_recorded_once(cast, gold):
    change = {"is_on": True, "gold_start": 0.25}
    with pytest.raises(DomainError) as refused:
        rules_change(project=cast.project, actor=cast.olivia, values=change)
    assert "is_on" in refused.value.fields
    gold(1)
    for _twice in range(2):
        rules_change(project=cast.project, actor=cast.olivia, values=change)
    event = LedgerEvent.objects.get(kind="quality.rules_changed")
    assert event.data == change
    with pytest.raises(DomainError) as refused:
        rules_change(project=cast.project, actor=cast.olivia, values={"gold_floor": 0.4})
    assert "gold_floor" in refused.value.fields


@pytest.mark.parametrize("wrong", [{"gold_floor": 0.4}, {"gold_start": 0.7}, {"limit": 1.0}, {"min_answers": 1}])
def test_the_database_refuses_rules_that_make_no_sense(cast, checks, wrong):
    checks(gold_start=0.2, gold_floor=0.1)
    with pytest.raises(IntegrityError), transaction.atomic():
        QualityRules.objects.update(**wrong)


def test_the_database_knows_the_standings(cast, worker):
    worker(cast.wanda, cast.project)
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotator.objects.update(standing="fired")
    assert not Annotation.objects.exists()

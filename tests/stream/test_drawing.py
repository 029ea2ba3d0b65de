"""The uniform stream: a finished item's coin is thrown once, whatever was said of it; what is drawn stays drawn."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.labelling.services import claim, submit
from annotations.models import Annotation, Case, Consensus, Draw, StreamRules
from annotations.services.changes import item_changes
from annotations.settling.doubts import doubts_follow
from annotations.state import Doubt
from annotations.stream import rules as ruling
from annotations.stream.rules import projects_to_walk, stream_rules_change, stream_walk
from annotations.tasks import mend_streams
from fairness.services.recount import recount
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator
from tests.fairness.test_fold import fresh_items, withdraw
from tests.stream.conftest import SEED, check, drawn_by, finish, some_of_each, switch_on

pytestmark = pytest.mark.django_db


def draws() -> list[tuple[int, str, float]]:
    return list(Draw.objects.order_by("item_id").values_list("item_id", "stream", "probability"))


def test_items_on_which_all_agree_are_drawn_by_their_coins_alone(single, labelled):
    switch_on(single.project)
    items = labelled(60)
    wanted = drawn_by(items, 0.2)
    assert 0 < len(wanted) < 60
    assert draws() == [(pk, "audit", 0.2) for pk in sorted(wanted)]
    cases = Case.objects.values_list("item_id", "kind", "status", "priority", "at_stake")
    assert sorted(cases) == [(pk, "check", "open", 0.0, 0.0) for pk in sorted(wanted)]


def test_an_item_is_drawn_when_it_is_finished_and_not_before(cast):
    switch_on(cast.project)
    drawn, other = some_of_each(cast.project)
    for item in (drawn, other):
        finish(item, "keep", "keep")
        assert not Draw.objects.exists()
    finish(other, "keep")
    assert not Draw.objects.exists()
    finish(drawn, "keep")
    assert draws() == [(drawn.pk, "audit", 0.2)]


def test_a_dispute_that_is_drawn_becomes_a_check_that_tells_nothing(cast):
    switch_on(cast.project)
    drawn, _other = some_of_each(cast.project)
    finish(drawn, "keep", "remove")
    assert Case.objects.get(item=drawn).kind == "human_human"
    finish(drawn, "keep")
    case = Case.objects.get(item=drawn)
    assert (case.kind, case.priority, case.status) == ("check", 0.0, "open")
    add_label(drawn, make_annotator(cast.project, kind="model"), "remove")
    assert Case.objects.get(item=drawn).kind == "check"


def test_a_doubt_adds_nothing_to_a_check(single):
    switch_on(single.project)
    drawn, _other = some_of_each(single.project)
    finish(drawn, "keep")
    doubts_follow(project_id=single.project.pk, doubts={drawn.pk: Doubt("keep", 0.1)})
    doubts_follow(project_id=single.project.pk, doubts={})
    case = Case.objects.get(item=drawn)
    assert (case.kind, case.doubt, case.status) == ("check", None, "open")


def test_a_label_taken_back_and_given_again_draws_nothing_twice(single):
    switch_on(single.project)
    drawn, _other = some_of_each(single.project)
    finish(drawn, "keep")
    before = Draw.objects.get()
    withdraw(Annotation.objects.get())
    assert Case.objects.get().status == "open"  # the draw stands
    finish(drawn, "remove")
    assert Draw.objects.get() == before
    assert Case.objects.count() == 1


def test_another_share_changes_nothing_that_was_drawn(single, labelled):
    switch_on(single.project, share=0.05)
    first = labelled(60)
    before = draws()
    assert [pk for pk, _stream, _chance in before] == sorted(drawn_by(first, 0.05))
    stream_rules_change(project=single.project, actor=single.olivia, values={"share": 0.2})
    StreamRules.objects.update(walk_since=None)
    second = labelled(60)
    assert draws() == before + [(pk, "audit", 0.2) for pk in sorted(drawn_by(second, 0.2))]
    stream_rules_change(project=single.project, actor=single.olivia, values={"share": 0})
    labelled(30)
    assert len(draws()) == len(before) + len(drawn_by(second, 0.2))
    withdraw(Annotation.objects.filter(item_id=before[0][0]).get())
    assert draws()[0] == before[0]
    assert recount(project=single.project) == []


def test_gold_and_training_items_are_not_drawn(single):
    switch_on(single.project)
    drawn, _other = some_of_each(single.project, gold="keep")
    finish(drawn, "keep")
    with item_changes(project=single.project, item_ids=[drawn.pk]) as changes:
        changes.set_aside(item_id=drawn.pk, aside=True)
        changes.throw(item_id=drawn.pk)
    assert not Draw.objects.exists()


def test_models_labels_alone_finish_an_item_where_the_owner_wants_it(cast):
    rules = switch_on(cast.project)
    model = make_annotator(cast.project, kind="model")
    drawn, _other = some_of_each(cast.project)
    add_label(drawn, model, "keep")
    assert not Draw.objects.exists()
    StreamRules.objects.filter(pk=rules.pk).update(models_alone=True)
    again, _other = some_of_each(cast.project)
    add_label(again, model, "keep")
    assert draws() == [(again.pk, "audit", 0.2)]


def test_an_item_settled_before_it_was_finished_is_in_the_stream_with_its_verdict(cast):
    switch_on(cast.project)
    drawn, _other = some_of_each(cast.project)
    finish(drawn, "keep", "remove")
    check(cast, drawn, "keep", cause="human_error", reason="The rules say so.")
    assert draws() == [(drawn.pk, "audit", 0.2)]
    assert [case.status for case in Case.objects.all()] == ["settled"]
    event = LedgerEvent.objects.get(kind="item.drawn")
    assert (event.subject, event.data) == (f"item:{drawn.pk}", {"drawn": {"audit": 0.2}})


def test_what_was_checked_is_not_opened_again(single):
    switch_on(single.project)
    drawn, _other = some_of_each(single.project)
    finish(drawn, "keep")
    check(single, drawn, "remove")
    assert Consensus.objects.get(item=drawn).value == "remove"
    add_label(drawn, make_annotator(single.project, kind="model"), "keep")
    withdraw(Annotation.objects.filter(item=drawn, annotator__kind="human").get())
    finish(drawn, "keep")
    assert [case.status for case in Case.objects.filter(item=drawn)] == ["settled"]
    assert Draw.objects.count() == 1


def test_the_chance_is_told_in_the_ledger_with_the_verdict_and_not_before(single):
    switch_on(single.project)
    drawn, _other = some_of_each(single.project)
    finish(drawn, "keep")
    opened = LedgerEvent.objects.get(kind="case.opened")
    assert opened.data == {"item": drawn.pk, "kind": "check"}
    assert not LedgerEvent.objects.filter(kind="item.drawn").exists()
    check(single, drawn)
    assert LedgerEvent.objects.get(kind="case.settled").data["drawn"] == {"audit": 0.2}


def test_the_labelling_path_has_no_statement_more(single):
    """An item that is not drawn, labelled with the stream on and off."""
    annotator = make_annotator(single.project, user=single.wanda)

    def statements() -> int:
        lease = claim(annotator=annotator, project=single.project)
        with CaptureQueriesContext(connection) as found:
            submit(annotator=annotator, assignment_id=lease.pk, value="keep")
        return len(found)

    fresh_items(single.project, 20)
    statements()
    off = statements()
    rules = switch_on(single.project, share=1e-9)
    assert not drawn_by(list(single.project.items.all()), 1e-9)
    assert statements() == off
    StreamRules.objects.filter(pk=rules.pk).delete()


def test_switched_on_for_the_first_time_what_is_finished_already_is_drawn_from(single, labelled, monkeypatch):
    monkeypatch.setattr(ruling, "STRIDE", 7)
    monkeypatch.setattr(ruling, "BATCH", 2)
    items = labelled(60)
    waiting = fresh_items(single.project, 20)
    monkeypatch.setattr(ruling.secrets, "randbits", lambda bits: SEED)
    stream_rules_change(project=single.project, actor=single.olivia, values={"share": 0.2})
    assert projects_to_walk() == [single.project.pk]
    stream_walk(project_id=single.project.pk)
    wanted = [(pk, "audit", 0.2) for pk in sorted(drawn_by(items, 0.2))]
    assert draws() == wanted
    assert not Case.objects.filter(item__in=waiting).exists()
    assert projects_to_walk() == []
    assert stream_walk(project_id=single.project.pk) == 0
    StreamRules.objects.update(walk_since=timezone.now())
    stream_walk(project_id=single.project.pk)  # a message that came twice
    assert draws() == wanted
    assert recount(project=single.project) == []


def test_a_walk_that_died_is_sent_again(single, labelled, monkeypatch):
    labelled(30)
    stream_rules_change(project=single.project, actor=single.olivia, values={"share": 0.2})
    sent = []
    monkeypatch.setattr("annotations.tasks.walk_stream.delay", sent.append)
    assert mend_streams() == 1
    assert sent == [single.project.pk]


def test_switched_on_again_only_what_is_finished_from_then_on_is_drawn(single, labelled):
    switch_on(single.project, began_at=timezone.now())
    for share in (0, 0.2):
        stream_rules_change(project=single.project, actor=single.olivia, values={"share": share})
        labelled(20)
    assert projects_to_walk() == []


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"stream": "uniform"}, "draw_stream_known"),
        ({"probability": 0}, "draw_chance_known"),
        ({"probability": 1.5}, "draw_chance_known"),
        ({}, "draw_once_per_item_and_stream"),
    ],
)
def test_the_database_refuses_a_draw_that_cannot_be(cast, fields, name):
    (item,) = fresh_items(cast.project, 1)
    row = {"project": cast.project, "item": item, "stream": "audit", "probability": 0.1, "drawn_at": timezone.now()}
    Draw.objects.create(**row)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Draw.objects.create(**row | fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"share": 0.3}, "stream_share_in_reach"),
        ({"share": -0.1}, "stream_share_in_reach"),
        ({"chosen_share": 0.21}, "stream_chosen_share_in_reach"),
    ],
)
def test_the_database_refuses_a_share_that_cannot_be(cast, fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        switch_on(cast.project, **fields)


def test_the_database_knows_the_causes_of_settlements(single):
    switch_on(single.project)
    drawn, _other = some_of_each(single.project)
    finish(drawn, "keep")
    made = check(single, drawn)
    with pytest.raises(IntegrityError, match="settlement_cause_known"), transaction.atomic():
        type(made).objects.update(cause="boredom")

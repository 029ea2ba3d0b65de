"""Looking through stored labels: what is found, what is closed by itself, what comes back, and when it is due."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from annotations.models import Annotation, Annotator, Assignment, Suggestion, Suspicion, SuspicionCheck
from annotations.serving.services import rules_update
from annotations.suspicion.checking import LOCK_CLASS, project_check, unchecked_projects
from annotations.suspicion.collecting import collect
from annotations.suspicion.services import suspicion_decide
from annotations.tasks import check_project, check_stale
from ledger.models import LedgerEvent
from ledger.services import SYSTEM, record
from tests.factories import add_label, make_annotator, make_items

pytestmark = pytest.mark.django_db


def check(cast) -> dict[tuple[str, str], Suspicion]:
    """Kind and status → suspicion, after looking through."""
    project_check(project_id=cast.project.pk)
    return {(one.kind, one.status): one for one in Suspicion.objects.order_by("pk")}


def events(kind: str) -> list[dict]:
    return [event.data for event in LedgerEvent.objects.filter(kind=kind).order_by("pk")]


def test_what_is_planted_is_found_with_its_evidence_and_an_event(cast, stored):
    found = check(cast)
    assert set(found) == {("speed", "open"), ("constant", "open"), ("copying", "open")}
    speed = found["speed", "open"]
    assert (speed.annotator, speed.telling, speed.n) == (stored.people[6], 150, 150)
    item_id, others, least = speed.evidence[0]
    assert item_id in {item.pk for item in stored.items}
    assert others in ("keep", "review", "remove", None)
    assert 0.7 < least < 20 * 60 / 700
    assert found["constant", "open"].figures["answer"] == "keep"
    assert found["constant", "open"].figures["position"] == 0
    copying = found["copying", "open"]
    assert set(copying.annotators.all()) == {stored.people[5], stored.people[7]}
    assert copying.annotator == stored.people[5]
    assert copying.figures["pairs"][0]["people"] == [stored.people[5].pk, stored.people[7].pk]
    assert len(events("suspicion.found")) == 3
    assert {"suspicion", "kind", "annotators", "telling", "n"} == set(events("suspicion.found")[0])


def test_nothing_is_done_to_anybody(cast, stored):
    check(cast)
    assert set(Annotator.objects.values_list("standing", flat=True)) == {"active"}
    assert not Annotation.objects.exclude(status="current").exists()


def test_twice_is_once_and_more_labels_bring_it_up_to_date(cast, stored):
    first = check(cast)
    assert {key: one.pk for key, one in check(cast).items()} == {key: one.pk for key, one in first.items()}
    stored.label(40)
    again = check(cast)
    assert again["speed", "open"].pk == first["speed", "open"].pk
    assert again["speed", "open"].n == 190
    assert len(events("suspicion.found")) == 3


def test_what_no_longer_holds_is_closed_and_reopened_if_it_holds_again(cast, stored):
    first = check(cast)
    stored.forget(6)
    found = check(cast)
    assert set(found) == {("speed", "gone"), ("constant", "gone"), ("copying", "open")}
    assert found["speed", "gone"].closed_at is not None
    assert len(events("suspicion.gone")) == 2
    Annotation.objects.update(status="current")
    again = check(cast)
    assert again["speed", "open"].pk == first["speed", "open"].pk
    assert len(events("suspicion.found")) == 5


def test_what_was_dismissed_is_raised_again_only_if_it_has_grown_clearly(cast, stored, owner):
    first = check(cast)["speed", "open"]
    suspicion_decide(access=owner, suspicion_id=first.pk, action="dismiss", reason="An old hand.")
    stored.label(40)
    assert ("speed", "open") not in check(cast)
    stored.label(40)
    found = check(cast)
    assert found["speed", "open"].pk != first.pk
    assert found["speed", "dismissed"].reason == "An old hand."


def test_a_group_with_somebody_new_is_raised_again(cast, stored, owner):
    first = check(cast)["copying", "open"]
    suspicion_decide(access=owner, suspicion_id=first.pk, action="dismiss", reason="They sit side by side.")
    assert ("copying", "open") not in check(cast)
    first.annotators.remove(stored.people[7])
    assert check(cast)["copying", "open"].annotators.count() == 2


def test_imported_annotators_are_not_judged(cast, stored):
    stored.people[6].origin = "imported"
    stored.people[6].save()
    assert set(check(cast)) == {("copying", "open")}


def test_a_project_without_labels_is_looked_through_too(cast):
    made = project_check(project_id=cast.project.pk)
    assert (made.labels, made.people, made.unusual_seconds) == (0, 0, None)
    assert set(made.tested.values()) == {0}
    assert project_check(project_id=0) is None


def test_only_current_labels_of_people_are_collected_and_changes_are_not_timed(cast):
    (item,) = make_items(cast.project)
    wanda, walt = make_annotator(cast.project), make_annotator(cast.project)
    first = add_label(item, wanda, "keep", active_ms=4000)
    add_label(item, make_annotator(cast.project, kind="model"), "keep")
    Annotation.objects.filter(pk=first.pk).update(status="superseded")
    add_label(item, wanda, "remove", active_ms=300, supersedes=first)
    add_label(item, walt, "keep", active_ms=2000)
    said = collect(schema=cast.schema).said
    assert len(said) == 2
    assert np.isnan(said.seconds[0])
    assert said.seconds[1] == 2.0
    assert said.words.tolist() == [3.0]
    assert not said.judged.any()


def test_labels_beside_a_suggestion_are_marked(cast):
    (item,) = make_items(cast.project)
    wanda, model = make_annotator(cast.project), make_annotator(cast.project, kind="model")
    now = timezone.now()
    lease = Assignment.objects.create(
        project=cast.project, item=item, annotator=wanda, schema=cast.schema, leased_at=now, expires_at=now
    )
    Suggestion.objects.create(
        assignment=lease, project=cast.project, model=model, value="keep", shown=True, decided_at=now
    )
    add_label(item, wanda, "keep", assignment=lease)
    add_label(item, make_annotator(cast.project), "keep")
    assert collect(schema=cast.schema).said.prompted.tolist() == [True, False]


def test_known_labels_are_the_reference(cast):
    (item,) = make_items(cast.project, gold="review")
    for value in ("keep", "remove"):
        add_label(item, make_annotator(cast.project), value)
    found = collect(schema=cast.schema)
    assert [found.tokens[label] for label in found.said.reference] == ["review", "review"]


def test_the_order_of_options_is_each_person_s_own_and_unknown_before_it_was_switched(cast):
    items = make_items(cast.project, 2)
    people = [make_annotator(cast.project) for _ in range(6)]
    for person in people:
        add_label(items[0], person, "keep")
    before = collect(schema=cast.schema).said
    assert np.unique(before.orders, axis=0).tolist() == [[0, 1, 2]]
    rules_update(project=cast.project, actor=cast.olivia, values={"shuffle_options": True})
    for person in people:
        add_label(items[1], person, "keep")
    said = collect(schema=cast.schema).said
    assert (said.order[said.item == 0] == -1).all()
    assert (said.order[said.item == 1] >= 0).all()
    assert len(np.unique(said.orders, axis=0)) > 1
    assert np.sort(said.orders, axis=1).tolist() == [[0, 1, 2]] * 6


def test_another_process_at_it_is_left_alone(cast, stored, transactional_db):
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, cast.project.pk])
        assert project_check(project_id=cast.project.pk) is None
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    assert project_check(project_id=cast.project.pk) is not None


def test_it_is_due_after_labels_and_not_because_of_what_it_found(cast, monkeypatch):
    def note(kind: str) -> None:
        with transaction.atomic():
            record(kind=kind, actor=SYSTEM, subject="item:1", project_id=cast.project.pk)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE ledger_ledgerevent SET created_at = now() - interval '1 hour'")
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    assert unchecked_projects() == []
    note("annotation.created")
    assert unchecked_projects() == [cast.project.pk]
    project_check(project_id=cast.project.pk)
    assert unchecked_projects() == []
    SuspicionCheck.objects.update(checked_at=timezone.now() - timedelta(hours=1))
    note("suspicion.found")
    note("assignment.created")
    assert unchecked_projects() == []
    note("annotation.created")
    sent: list[int] = []
    monkeypatch.setattr(check_project, "delay", sent.append)
    assert check_stale() == 1
    assert sent == [cast.project.pk]
    SuspicionCheck.objects.update(checked_at=timezone.now())
    assert unchecked_projects() == []  # too soon
    assert check_project(cast.project.pk) is True
    assert check_project(0) is False


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"kind": "mood"}, "suspicion_kind_known"),
        ({"status": "lost", "closed_at": timezone.now()}, "suspicion_status_known"),
        ({"telling": 151}, "suspicion_part_of_whole"),
        ({"telling": 0, "n": 0}, "suspicion_part_of_whole"),
        ({"p": 1.5}, "suspicion_p_is_probability"),
        ({"status": "dismissed", "closed_at": timezone.now()}, "suspicion_decided_by_a_person_with_reason"),
        ({"reason": "By a program."}, "suspicion_decided_by_a_person_with_reason"),
        ({"status": "gone"}, "suspicion_closed_has_time"),
    ],
)
def test_the_database_holds_what_a_suspicion_is(cast, stored, change, name):
    one = check(cast)["speed", "open"]
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Suspicion.objects.filter(pk=one.pk).update(**change)


def test_one_open_suspicion_of_a_kind_for_each_person(cast, stored):
    found = check(cast)
    with pytest.raises(IntegrityError, match="suspicion_one_open"), transaction.atomic():
        Suspicion.objects.filter(pk=found["constant", "open"].pk).update(kind="speed")

"""A worker's own labels: all of them and nothing else, changed in place while that is possible."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotations.models import Annotation, Assignment, CareRules, Consensus, QueueEntry
from annotations.services.changes import item_changes
from annotations.working.changing import change_answer, take_back
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_cast, make_items


def history(cast) -> str:
    return reverse("history", args=[cast.project.pk])


def page_of(annotation) -> str:
    return reverse("history_label", args=[annotation.project_id, annotation.pk])


def api_of(annotation) -> str:
    return reverse("api_history_label", args=[annotation.project_id, annotation.pk])


def settle(cast, item) -> None:
    with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
        changes.settle(item_id=item.pk, value="remove", schema_id=cast.schema.pk, settlement_id=1)


def test_the_newest_label_comes_first_and_pages_are_walked_by_key(cast, label, page_client, settings):
    make_items(cast.project, 27)
    given = [label(cast.wanda, cast.project).pk for _ in range(27)]
    client = page_client(cast.wanda)
    first = client.get(history(cast))
    assert [row.annotation.pk for row in first.context["rows"]] == given[:1:-1]
    older = client.get(history(cast) + first.context["next_url"])
    assert [row.annotation.pk for row in older.context["rows"]] == [given[1], given[0]]
    newer = client.get(history(cast) + older.context["prev_url"])
    assert [row.annotation.pk for row in newer.context["rows"]] == given[:1:-1]


def test_a_page_reads_as_much_of_the_database_for_many_labels_as_for_few(cast, label, page_client):
    make_items(cast.project, 12)
    client = page_client(cast.wanda)
    counts = []
    for number in (1, 9):
        for _ in range(number):
            label(cast.wanda, cast.project)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(history(cast))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_it_shows_own_labels_only_and_nothing_of_the_truth(cast, label, page_client, api):
    (item,) = make_items(cast.project, 1, gold="review", external_id="gold-17", groups={"religion": "quaker"})
    add_label(item, make_annotator(cast.project), "remove", reason="an insult")
    add_label(item, make_annotator(cast.project), "remove")
    given = label(cast.wanda, cast.project)
    assert Consensus.objects.get(item=item).value == "remove"
    secrets = ("gold", "quaker", "an insult", "consensus", "majority", "Review")
    page = page_client(cast.wanda).get(history(cast)).content.decode()
    assert item.payload["text"] in page
    assert not [word for word in secrets if word in page.partition("<table")[2].partition("</table")[0]]
    answer = api(cast.wanda).get(api_of(given)).json()
    assert answer.keys() == {
        "id", "item", "modality", "payload", "schema_version", "value", "status", "created_at", "first_given_at",
        "can_change", "change_until", "fixed_because",
    }  # fmt: skip
    label(cast.walt, cast.project) if QueueEntry.objects.filter(remaining__gt=0).exists() else None
    rows = api(cast.wanda).get(reverse("api_history", args=[cast.project.pk])).json()["results"]
    assert [row["id"] for row in rows] == [given.pk]


def test_labels_are_filtered_by_status(cast, label, page_client, api):
    make_items(cast.project, 2)
    first, second = label(cast.wanda, cast.project), label(cast.wanda, cast.project)
    made = change_answer(annotator=first.annotator, annotation_id=first.pk, value="remove")
    take_back(annotator=second.annotator, annotation_id=second.pk)
    found = {
        status: [
            row.annotation.pk for row in page_client(cast.wanda).get(f"{history(cast)}?status={status}").context["rows"]
        ]
        for status in ("", "current", "superseded", "withdrawn")
    }
    assert found == {
        "": [made.pk, second.pk, first.pk],
        "current": [made.pk],
        "superseded": [first.pk],
        "withdrawn": [second.pk],
    }
    address = reverse("api_history", args=[cast.project.pk])
    assert api(cast.wanda).get(address, {"status": "lost"}).status_code == 400
    assert [row["id"] for row in api(cast.wanda).get(address, {"status": "withdrawn"}).json()["results"]] == [second.pk]


def test_a_changed_answer_is_a_new_label_in_the_old_ones_place(cast, label):
    (item,) = make_items(cast.project)
    add_label(item, make_annotator(cast.project), "remove")
    old = label(cast.wanda, cast.project, "keep", active_ms=0)
    Annotation.objects.filter(pk=old.pk).update(active_ms=7000)
    places = QueueEntry.objects.get(item=item).remaining
    made = change_answer(annotator=old.annotator, annotation_id=old.pk, value="remove")
    old.refresh_from_db()
    assert (old.status, old.value) == ("superseded", "keep")
    assert (made.status, made.value, made.supersedes, made.active_ms) == ("current", "remove", old, 7000)
    assert made.assignment == old.assignment
    assert QueueEntry.objects.get(item=item).remaining == places
    assert Consensus.objects.get(item=item).value == "remove"
    (event,) = LedgerEvent.objects.filter(kind="annotation.changed")
    assert event.data == {"item": item.pk, "value": "remove", "schema": 1, "replaces": old.pk}


def test_a_change_that_is_sent_twice_is_made_once(cast, label):
    make_items(cast.project)
    old = label(cast.wanda, cast.project)
    first, again = (change_answer(annotator=old.annotator, annotation_id=old.pk, value="remove") for _ in range(2))
    assert first == again
    with pytest.raises(DomainError) as refused:
        change_answer(annotator=old.annotator, annotation_id=old.pk, value="review")
    assert (refused.value.code, refused.value.status) == ("label_not_current", 409)
    same = change_answer(annotator=old.annotator, annotation_id=first.pk, value="remove")
    assert same == first
    assert LedgerEvent.objects.filter(kind="annotation.changed").count() == 1


def test_changes_of_the_same_moment_leave_one_current_label(transactional_db, label):
    from threading import Thread

    cast = make_cast()
    make_items(cast.project)
    old = label(cast.wanda, cast.project)
    answers = []

    def change(value: str) -> None:
        try:
            answers.append(change_answer(annotator=old.annotator, annotation_id=old.pk, value=value).value)
        except DomainError as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=change, args=[value]) for value in ("remove", "review", "remove", "review")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (current,) = Annotation.objects.filter(status="current")
    other = "review" if current.value == "remove" else "remove"
    assert other not in answers
    assert sorted(answers) == sorted([current.value] * 2 + ["label_not_current"] * 2)


def test_the_window_starts_with_the_first_label_of_the_item(cast, label):
    make_items(cast.project)
    CareRules.objects.create(project=cast.project, change_minutes=60)
    old = label(cast.wanda, cast.project)
    Annotation.objects.update(created_at=timezone.now() - timedelta(minutes=59))
    made = change_answer(annotator=old.annotator, annotation_id=old.pk, value="remove")
    Annotation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(minutes=61))
    with pytest.raises(DomainError) as refused:
        change_answer(annotator=old.annotator, annotation_id=made.pk, value="keep")
    assert (refused.value.code, refused.value.status) == ("too_late_to_undo", 409)
    assert "1 hour" in refused.value.message


@pytest.mark.parametrize(
    ("happens", "code", "words"),
    [
        (lambda cast, item: settle(cast, item), "already_settled", "An expert has settled this item"),
        (
            lambda cast, item: Annotation.objects.update(created_at=timezone.now() - timedelta(hours=25)),
            "too_late_to_undo",
            "for 1 day",
        ),
        (
            lambda cast, item: type(cast.project).objects.update(status="closed"),
            "project_closed",
            "The project is closed",
        ),
        (
            lambda cast, item: CareRules.objects.create(project=cast.project, change_minutes=0),
            "too_late_to_undo",
            "cannot be changed once they are given",
        ),
    ],
)
def test_what_is_fixed_says_why_on_every_way_to_it(cast, label, page_client, api, happens, code, words):
    (item,) = make_items(cast.project)
    given = label(cast.wanda, cast.project)
    happens(cast, item)
    client = page_client(cast.wanda)
    listed = client.get(history(cast)).content.decode()
    assert words in listed
    assert page_of(given) not in listed
    assert words in client.get(page_of(given)).content.decode()
    for do in ("change", "take_back"):
        assert client.post(page_of(given), {"do": do, "value": "remove"}).status_code == 302
    refused = api(cast.wanda).put(api_of(given), {"value": "remove"}, format="json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, code)
    back = api(cast.wanda).post(reverse("api_history_take_back", args=[cast.project.pk, given.pk]))
    assert (back.status_code, back.json()["error"]["code"]) == (409, code)
    assert Annotation.objects.get().value == "keep"


def test_any_label_can_be_taken_back_and_its_item_is_the_next(cast, label, page_client):
    make_items(cast.project, 3)
    first, _second = label(cast.wanda, cast.project), label(cast.wanda, cast.project)
    client = page_client(cast.wanda)
    sent = client.post(page_of(first), {"do": "take_back"})
    assert sent.url == reverse("label", args=[cast.project.pk])
    first.refresh_from_db()
    assert first.status == "withdrawn"
    assert Assignment.objects.get(pk=first.assignment_id).status == "leased"
    shown = client.get(sent.url)
    assert (shown.context["assignment"].item_id, shown.context["chosen"]) == (first.item_id, "keep")
    assert client.post(page_of(first), {"do": "take_back"}).url == page_of(first)


def test_the_form_changes_the_answer_and_refuses_what_is_no_label(cast, label, page_client):
    make_items(cast.project)
    given = label(cast.wanda, cast.project)
    client = page_client(cast.wanda)
    assert 'value="keep"' in client.get(page_of(given)).content.decode()
    assert client.post(page_of(given), {"do": "change", "value": "nonsense"}).url == page_of(given)
    assert client.post(page_of(given), {"do": "change"}).url == page_of(given)
    assert client.post(page_of(given), {"do": "change", "value": "review"}).url == history(cast)
    assert Annotation.objects.get(status="current").value == "review"
    assert "Your label was changed." in client.get(history(cast)).content.decode()


@pytest.mark.parametrize("body", [{}, {"value": "nonsense"}, {"value": ["keep"]}, {"value": None}])
def test_the_api_refuses_what_is_no_label(cast, label, api, body):
    make_items(cast.project)
    given = label(cast.wanda, cast.project)
    assert api(cast.wanda).put(api_of(given), body, format="json").status_code == 400


def test_another_workers_label_is_not_there(cast, label, page_client, api):
    make_items(cast.project)
    given = label(cast.wanda, cast.project)
    assert page_client(cast.walt).get(page_of(given)).status_code == 404
    assert page_client(cast.walt).post(page_of(given), {"do": "take_back"}).status_code == 404
    assert api(cast.walt).put(api_of(given), {"value": "remove"}, format="json").status_code == 404
    assert page_client(cast.wanda).get(reverse("history_label", args=[cast.project.pk, 10**12])).status_code == 404
    other = make_cast_of_wanda(cast)
    moved = reverse("history_label", args=[other.pk, given.pk])
    assert page_client(cast.wanda).get(moved).status_code == 404


def make_cast_of_wanda(cast):
    from accounts.models import Membership
    from tests.factories import make_project

    other = make_project(cast.olivia)
    Membership.objects.create(project=other, user=cast.wanda, role="worker")
    return other

"""Another number of labels per item, or of labels that must agree, while items are out and labels are in."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import Assignment, Case, Consensus, OutboxRow, Project, QueueEntry
from annotations.projects import demand
from annotations.projects.services import project_update
from annotations.services.changes import item_changes
from tests.factories import add_label, make_annotator, make_cast, make_items


def remaining(project: Project) -> list[int]:
    return list(QueueEntry.objects.filter(project=project).order_by("item_id").values_list("remaining", flat=True))


@pytest.fixture
def worked_on(cast):
    """Three items: untouched; one label and one lease; three labels (two keep, one remove) and a model's."""
    items = make_items(cast.project, 3)
    people = [make_annotator(cast.project) for _ in range(3)]
    add_label(items[1], people[0], "keep")
    now = timezone.now()
    Assignment.objects.create(
        project=cast.project, item=items[1], annotator=people[1], schema=cast.schema, leased_at=now, expires_at=now
    )
    for person, value in zip(people, ("keep", "keep", "remove"), strict=True):
        add_label(items[2], person, value)
    add_label(items[2], make_annotator(cast.project, kind="model"), "keep")
    OutboxRow.objects.all().delete()
    return items


@pytest.mark.parametrize(("redundancy", "left"), [(1, [1, 0, 0]), (2, [2, 0, 0]), (5, [5, 3, 2])])
def test_places_are_what_is_needed_less_what_is_given_and_held(cast, worked_on, redundancy, left, monkeypatch):
    monkeypatch.setattr(demand, "BATCH", 2)  # more than one batch
    project_update(project=cast.project, actor=cast.olivia, redundancy=redundancy, min_support=1)
    assert remaining(cast.project) == left


def test_every_item_leaves_an_outbox_row_from_the_old_need_to_the_new(cast, worked_on):
    project_update(project=cast.project, actor=cast.olivia, redundancy=5)
    rows = {row.item_id: (row.before, row.after) for row in OutboxRow.objects.all()}
    assert set(rows) == {item.pk for item in worked_on}
    for before, after in rows.values():
        assert (before["needed"], after["needed"]) == (3, 5)
    before, after = rows[worked_on[2].pk]
    assert (before["complete"], after["complete"]) == (True, False)


def test_asking_for_more_agreement_takes_consensus_back_and_less_gives_it(cast, worked_on):
    assert Consensus.objects.get().item_id == worked_on[2].pk
    project_update(project=cast.project, actor=cast.olivia, min_support=3)
    assert not Consensus.objects.exists()
    assert Case.objects.get(item=worked_on[2]).status == "open"
    project_update(project=cast.project, actor=cast.olivia, min_support=1)
    assert {row.item_id: row.method for row in Consensus.objects.all()} == {
        worked_on[1].pk: "unanimous",
        worked_on[2].pk: "majority",
    }


@pytest.mark.django_db(transaction=True)
def test_a_label_that_waits_for_the_change_counts_after_it():
    """The labeller read the project before the change; its outbox row must still start where the change's ended."""
    cast = make_cast()
    (item,) = make_items(cast.project)
    stale = Project.objects.get(pk=cast.project.pk)
    annotator = make_annotator(cast.project)
    locked, failures = threading.Event(), []

    def label() -> None:
        try:
            locked.wait(10)
            add = item_changes(project=stale, item_ids=[item.pk])
            with add as changes:
                annotation = changes.project.items.get().annotations.create(
                    project=stale,
                    annotator=annotator,
                    schema=changes.schema,
                    source="human",
                    value="keep",
                    created_at=timezone.now(),
                )
                changes.vote(annotation, kind="human")
        except Exception as error:  # noqa: BLE001 (told to the test's own thread)
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=label)
    thread.start()
    with transaction.atomic():
        project_update(project=cast.project, actor=cast.olivia, redundancy=4)
        locked.set()
        thread.join(0.3)
        assert thread.is_alive(), "the labeller should wait for the change"
    thread.join(10)
    assert not failures
    change, label_row = OutboxRow.objects.order_by("id")
    assert label_row.before == change.after
    assert label_row.after["needed"] == 4

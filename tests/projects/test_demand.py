"""Another number of labels per item, or of labels that must agree, while items are out and labels are in."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from annotations.models import Assignment, Case, Consensus, OutboxRow, Project, QueueEntry
from annotations.projects import demand
from annotations.projects.services import project_update
from annotations.selectors.states import project_states
from annotations.services.changes import item_changes
from annotations.tasks import mend_demand
from tests.factories import Cast, add_label, make_annotator, make_cast, make_items


def remaining(project: Project) -> list[int]:
    return list(QueueEntry.objects.filter(project=project).order_by("item_id").values_list("remaining", flat=True))


def change(cast: Cast, **settings: int) -> int:
    """The owner's change, and what it sends to the background."""
    project_update(project=cast.project, actor=cast.olivia, **settings)
    return demand.demand_follow(project_id=cast.project.pk)


def behind(project: Project) -> list[int]:
    """Ids of items that are not in line with their project."""
    others = QueueEntry.objects.filter(project=project).exclude(demand_version=F("project__demand_version"))
    return list(others.order_by("item_id").values_list("item_id", flat=True))


def assert_in_line(project: Project) -> None:
    """Every entry, what counters were told last, and the whole chain of it."""
    project.refresh_from_db()
    assert project.demand_changed_at is None
    for entry in QueueEntry.objects.filter(project=project):
        assert (entry.redundancy, entry.min_support) == (project.redundancy, project.min_support)
        rows = list(OutboxRow.objects.filter(item_id=entry.item_id).order_by("pk"))
        assert all(one.after == other.before for one, other in pairwise(rows))
        if rows:
            assert rows[-1].after["needed"] == project.redundancy + entry.extra
        given = entry.item.annotations.filter(status="current", annotator__kind="human").count()
        live = Assignment.objects.filter(item=entry.item, status="leased").count()
        assert entry.remaining == max(0, project.redundancy + entry.extra - given - live)


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
    change(cast, redundancy=redundancy, min_support=1)
    assert remaining(cast.project) == left


def test_every_item_leaves_an_outbox_row_from_the_old_need_to_the_new(cast, worked_on):
    change(cast, redundancy=5)
    rows = {row.item_id: (row.before, row.after) for row in OutboxRow.objects.all()}
    assert set(rows) == {item.pk for item in worked_on}
    for before, after in rows.values():
        assert (before["needed"], after["needed"]) == (3, 5)
    before, after = rows[worked_on[2].pk]
    assert (before["complete"], after["complete"]) == (True, False)


def test_asking_for_more_agreement_takes_consensus_back_and_less_gives_it(cast, worked_on):
    assert Consensus.objects.get().item_id == worked_on[2].pk
    change(cast, min_support=3)
    assert not Consensus.objects.exists()
    assert Case.objects.get(item=worked_on[2]).status == "open"
    change(cast, min_support=1)
    assert {row.item_id: row.method for row in Consensus.objects.all()} == {
        worked_on[1].pk: "unanimous",
        worked_on[2].pk: "majority",
    }


def test_the_request_touches_no_item_and_the_project_says_that_they_follow(cast, worked_on, api, monkeypatch):
    sent = []
    monkeypatch.setattr("annotations.tasks.follow_demand.delay", sent.append)
    monkeypatch.setattr(transaction, "on_commit", lambda send: send())
    answer = api(cast.olivia).patch(f"/api/v1/projects/{cast.project.pk}/", {"redundancy": 5}, format="json")
    assert answer.status_code == 200
    assert answer.json()["demand_changed_at"]
    assert sent == [cast.project.pk]
    assert len(behind(cast.project)) == 3
    assert not OutboxRow.objects.exists()
    assert demand.demand_follow(project_id=cast.project.pk) == 3
    assert_in_line(cast.project)
    shown = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/").json()
    assert (shown["redundancy"], shown["demand_changed_at"]) == (5, None)
    same = api(cast.olivia).patch(f"/api/v1/projects/{cast.project.pk}/", {"name": "Other"}, format="json")
    assert same.status_code == 200
    assert sent == [cast.project.pk]


def test_pages_say_it_until_it_is_done(cast, worked_on, page_client, monkeypatch):
    monkeypatch.setattr("annotations.tasks.follow_demand.delay", lambda _project_id: None)
    words = "Items are being brought in line"
    pages = [f"/projects/{cast.project.pk}/", f"/projects/{cast.project.pk}/settings/"]
    client = page_client(cast.olivia)
    assert all(words not in client.get(page).content.decode() for page in pages)
    form = {
        "name": "Moderation", "redundancy": 4, "min_support": 2, "wage_per_hour": 0, "currency": "EUR",
        "expected_seconds": 10, "lease_seconds": 600,
    }  # fmt: skip
    assert client.post(pages[1], form).status_code == 302
    assert all(words in client.get(page).content.decode() for page in pages)
    assert words not in page_client(cast.wanda).get(pages[0]).content.decode()
    demand.demand_follow(project_id=cast.project.pk)
    assert all(words not in client.get(page).content.decode() for page in pages)


def test_what_is_labelled_meanwhile_goes_by_the_new_demand_and_is_left_alone_after(cast, worked_on):
    project_update(project=cast.project, actor=cast.olivia, redundancy=5)
    add_label(worked_on[0], make_annotator(cast.project), "keep")
    (row,) = OutboxRow.objects.all()
    assert (row.before["needed"], row.after["needed"]) == (3, 5)
    assert behind(cast.project) == [item.pk for item in worked_on[1:]]
    # Until the others follow, a recount of the rows equals what counters were told of them.
    assert [state.needed for state in project_states(cast.project)] == [5, 3, 3]
    assert demand.demand_follow(project_id=cast.project.pk) == 2
    assert_in_line(cast.project)


def test_two_changes_in_quick_succession_end_in_the_last(cast, worked_on, monkeypatch):
    project_update(project=cast.project, actor=cast.olivia, redundancy=5)
    follow_all, turns = demand._follow_all, []

    def changed_meanwhile(project_id: int) -> int:
        turns.append(project_id)
        if len(turns) == 2:  # the first walk is over, its end not yet noted
            project_update(project=cast.project, actor=cast.olivia, redundancy=7, min_support=1)
            return 0
        return follow_all(project_id)

    monkeypatch.setattr(demand, "_follow_all", changed_meanwhile)
    demand.demand_follow(project_id=cast.project.pk)
    assert len(turns) == 4  # the first change, the second, and a walk each that found nothing
    assert_in_line(cast.project)
    assert Consensus.objects.filter(item=worked_on[1]).exists()


def test_a_worker_that_dies_leaves_the_rest_to_the_next(cast, worked_on, monkeypatch):
    monkeypatch.setattr(demand, "BATCH", 1)
    project_update(project=cast.project, actor=cast.olivia, redundancy=5)
    changes, begun = demand.item_changes, []

    def dies(**given):
        begun.append(given["item_ids"])
        if len(begun) == 2:
            raise SystemExit
        return changes(**given)

    monkeypatch.setattr(demand, "item_changes", dies)
    with pytest.raises(SystemExit):
        demand.demand_follow(project_id=cast.project.pk)
    assert behind(cast.project) == [item.pk for item in worked_on[1:]]
    sent = []
    monkeypatch.setattr("annotations.tasks.follow_demand.delay", sent.append)
    assert mend_demand() == 1
    assert sent == [cast.project.pk]
    monkeypatch.setattr(demand, "item_changes", changes)
    assert demand.demand_follow(project_id=cast.project.pk) == 2
    assert_in_line(cast.project)
    assert mend_demand() == 0


def test_an_entry_without_its_item_holds_nothing_up(cast, worked_on):
    QueueEntry.objects.create(item_id=10**9, project=cast.project, remaining=3, shuffle=1, redundancy=3, min_support=2)
    assert change(cast, redundancy=4) == 3
    cast.project.refresh_from_db()
    assert cast.project.demand_changed_at is None


def test_the_database_refuses_an_entry_that_asks_for_more_agreement_than_labels(cast, worked_on):
    with pytest.raises(IntegrityError, match="queue_support_in_reach"), transaction.atomic():
        QueueEntry.objects.update(min_support=4, redundancy=3)


class Labeller(threading.Thread):
    """Somebody who labels an item, and is held up while they hold its entry and have read the demand."""

    def __init__(self, cast: Cast, item_id: int) -> None:
        super().__init__()
        self.cast, self.item_id = cast, item_id
        self.holds, self.may_go = threading.Event(), threading.Event()
        self.annotator = make_annotator(cast.project)
        self.failure: BaseException | None = None
        self.start()
        assert self.holds.wait(10)

    def run(self) -> None:
        try:
            project = Project.objects.get(pk=self.cast.project.pk)
            with item_changes(project=project, item_ids=[self.item_id]) as changes:
                self.holds.set()
                assert self.may_go.wait(10)
                annotation = project.items.get(pk=self.item_id).annotations.create(
                    project=project,
                    annotator=self.annotator,
                    schema=changes.schema,
                    source="human",
                    value="keep",
                    created_at=timezone.now(),
                )
                changes.vote(annotation, kind="human")
        except BaseException as error:  # noqa: BLE001 (told to the test's own thread)
            self.failure = error
        finally:
            connection.close()

    def finish(self) -> None:
        self.may_go.set()
        self.join(10)
        assert self.failure is None


def following(cast: Cast) -> threading.Thread:
    """The background task, on its way; it may have to wait for a labeller."""

    def follow() -> None:
        try:
            demand.demand_follow(project_id=cast.project.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=follow)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive(), "it should wait for the item that is held"
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_label_that_began_before_the_change_is_followed_after_it():
    """The owner does not wait for it, and it not for the owner; the task comes after it."""
    cast = make_cast()
    (item,) = make_items(cast.project)
    labeller = Labeller(cast, item.pk)
    project_update(project=cast.project, actor=cast.olivia, redundancy=4)
    task = following(cast)
    labeller.finish()
    task.join(10)
    label, followed = OutboxRow.objects.order_by("pk")
    assert (label.after["needed"], followed.after["needed"]) == (3, 4)
    assert_in_line(cast.project)


@pytest.mark.django_db(transaction=True)
def test_a_label_by_a_change_that_was_taken_back_is_not_passed_by():
    """Its item's entry, as it is committed, has the right numbers all the time, but of an older version."""
    cast = make_cast()
    (item,) = make_items(cast.project)
    project_update(project=cast.project, actor=cast.olivia, redundancy=6)
    labeller = Labeller(cast, item.pk)  # reads 6
    project_update(project=cast.project, actor=cast.olivia, redundancy=3)
    assert QueueEntry.objects.get().redundancy == 3
    task = following(cast)
    labeller.finish()
    task.join(10)
    assert [row.after["needed"] for row in OutboxRow.objects.order_by("pk")] == [6, 3]
    assert_in_line(cast.project)


@pytest.mark.django_db(transaction=True)
def test_people_label_while_the_demand_changes_again_and_again():
    cast = make_cast(redundancy=2, min_support=1)
    items = make_items(cast.project, 12)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for item in items:
                add_label(item, make_annotator(cast.project), "keep" if item.pk % 2 else "remove")
        except BaseException as error:  # noqa: BLE001 (told to the test's own thread)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(8):
        change(cast, redundancy=3 + number % 4, min_support=1 + number % 2)
    for thread in threads:
        thread.join(30)
    assert not failures
    demand.demand_follow(project_id=cast.project.pk)
    assert behind(cast.project) == []
    assert_in_line(cast.project)

"""Claiming: who gets what, never twice, never more than the redundancy."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.labelling.services import claim, expire, release, renew, skip, submit, undo
from annotations.models import Annotation, Assignment, Consensus, QueueEntry
from annotations.projects.demand import demand_follow
from annotations.projects.services import project_update
from annotations.services.changes import item_changes
from annotations.tasks import expire_leases
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_cast, make_items, make_user

THREADS = 64


def remaining() -> list[int]:
    return list(QueueEntry.objects.order_by("item_id").values_list("remaining", flat=True))


def overdue(*assignments: Assignment) -> None:
    for assignment in assignments:
        Assignment.objects.filter(pk=assignment.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def counted(project) -> list[int]:
    """``remaining`` as a recount from the rows gives it."""
    labels = Counter(
        Annotation.objects.filter(status="current", annotator__kind="human").values_list("item_id", flat=True)
    )
    leases = Counter(Assignment.objects.filter(status="leased").values_list("item_id", flat=True))
    items = project.items.order_by("pk").values_list("pk", flat=True)
    return [max(0, project.redundancy - labels[item] - leases[item]) for item in items]


def test_items_are_served_in_the_order_fixed_at_import(cast, worker):
    first, second, third = make_items(cast.project, 3)
    for item, shuffle in ((first, 30), (second, 10), (third, 20)):
        QueueEntry.objects.filter(item=item).update(shuffle=shuffle)
    wanda = worker(cast.wanda, cast.project)
    served = []
    while lease := claim(annotator=wanda, project=cast.project):
        served.append(lease.item)
        submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    assert served == [second, third, first]


def test_a_claim_takes_one_place_and_writes_one_event(cast, worker):
    make_items(cast.project, 1)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    assert remaining() == [cast.project.redundancy - 1]
    event = LedgerEvent.objects.get(kind="assignment.leased")
    assert (event.subject, event.actor) == (f"assignment:{lease.pk}", f"annotator:{wanda.pk}")
    assert event.data["item"] == lease.item_id


def test_a_live_lease_is_served_again_to_its_holder(cast, worker):
    make_items(cast.project, 3)
    wanda = worker(cast.wanda, cast.project)
    first = claim(annotator=wanda, project=cast.project)
    assert claim(annotator=wanda, project=cast.project) == first
    assert sum(remaining()) == 3 * cast.project.redundancy - 1


def test_the_page_may_hold_the_next_item_too_but_no_more(cast, worker):
    make_items(cast.project, 4)
    wanda = worker(cast.wanda, cast.project)
    held = []
    for _ in range(2):
        held.append(claim(annotator=wanda, project=cast.project, holding=[lease.pk for lease in held]))
    assert len({lease.item_id for lease in held}) == 2 == 2
    assert claim(annotator=wanda, project=cast.project, holding=[lease.pk for lease in held]) is None
    assert claim(annotator=wanda, project=cast.project) == held[0]


def test_nobody_gets_an_item_twice(cast, worker):
    make_items(cast.project, 1)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    assert claim(annotator=wanda, project=cast.project) is None
    assert remaining() == [2]


def test_an_item_with_all_its_labels_is_not_served(cast, worker):
    make_items(cast.project, 1)
    for user in (cast.wanda, cast.walt, make_user("third")):
        assert claim(annotator=worker(user, cast.project), project=cast.project) is not None
    assert claim(annotator=worker(make_user("fourth"), cast.project), project=cast.project) is None


def test_an_item_that_an_expert_has_settled_is_not_served(cast, worker):
    (item,) = make_items(cast.project)
    with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
        changes.settle(item_id=item.pk, value="keep", schema_id=cast.schema.pk, settlement_id=1)
    assert Consensus.objects.get(item=item).method == "settled"
    assert claim(annotator=worker(cast.wanda, cast.project), project=cast.project) is None


@pytest.mark.parametrize("status", ["paused", "closed", "draft"])
def test_a_project_that_is_not_active_serves_nothing_and_says_so(cast, worker, status):
    make_items(cast.project)
    cast.project.status = status
    cast.project.save()
    with pytest.raises(DomainError) as refusal:
        claim(annotator=worker(cast.wanda, cast.project), project=cast.project)
    assert (refusal.value.code, refusal.value.status) == (f"project_{status}", 409)


def test_a_lease_that_ran_out_gives_its_place_back_and_may_be_served_to_the_same_person(cast, worker):
    cast.project.redundancy, cast.project.min_support = 1, 1
    cast.project.save()
    (item,) = make_items(cast.project)
    wanda, walt = worker(cast.wanda, cast.project), worker(cast.walt, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    assert expire_leases() == 0
    overdue(lease)
    assert expire_leases() == 1
    assert remaining() == [1]
    assert LedgerEvent.objects.filter(kind="assignment.expired", actor="system").count() == 1
    theirs = claim(annotator=walt, project=cast.project)
    assert theirs.item == item
    release(annotator=walt, assignment_id=theirs.pk)
    again = claim(annotator=wanda, project=cast.project)
    assert (again.pk, again.status, again.finished_at) == (lease.pk, "leased", None)


def test_an_overdue_lease_is_taken_back_when_the_next_person_asks(cast, worker):
    cast.project.redundancy, cast.project.min_support = 1, 1
    cast.project.save()
    make_items(cast.project)
    lease = claim(annotator=worker(cast.wanda, cast.project), project=cast.project)
    overdue(lease)
    assert claim(annotator=worker(cast.walt, cast.project), project=cast.project).item == lease.item
    lease.refresh_from_db()
    assert lease.status == "expired"
    assert remaining() == [0]


def test_an_overdue_lease_that_nobody_took_back_goes_on_for_its_holder(cast, worker):
    make_items(cast.project)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    overdue(lease)
    again = claim(annotator=wanda, project=cast.project)
    assert again == lease
    assert again.expires_at > timezone.now()


def test_a_place_comes_back_exactly_when_the_redundancy_was_lowered_meanwhile(cast, worker):
    make_items(cast.project)
    leases = [claim(annotator=worker(u, cast.project), project=cast.project) for u in (cast.wanda, cast.walt)]
    project_update(project=cast.project, actor=cast.olivia, redundancy=1, min_support=1)
    demand_follow(project_id=cast.project.pk)
    assert remaining() == [0]
    overdue(*leases[:1])
    expire()
    assert remaining() == [0], "one live lease is all that a redundancy of one allows"
    overdue(*leases)
    expire()
    assert remaining() == [1]


def test_labels_of_models_take_no_place_and_labels_of_imported_people_do(cast, worker):
    (item,) = make_items(cast.project)
    add_label(item, make_annotator(cast.project, kind="model"), "keep")
    add_label(item, make_annotator(cast.project), "keep")
    lease = claim(annotator=worker(cast.wanda, cast.project), project=cast.project)
    release(annotator=worker(cast.wanda, cast.project), assignment_id=lease.pk)
    assert remaining() == counted(cast.project) == [2]


def test_renewing_prolongs_and_takes_the_place_again_only_while_it_is_free(cast, worker):
    cast.project.redundancy, cast.project.min_support = 1, 1
    cast.project.save()
    make_items(cast.project)
    wanda, walt = worker(cast.wanda, cast.project), worker(cast.walt, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    overdue(lease)
    assert renew(annotator=wanda, assignment_id=lease.pk).expires_at > timezone.now()
    overdue(lease)
    expire()
    assert renew(annotator=wanda, assignment_id=lease.pk).status == "leased"
    assert remaining() == [0]
    overdue(lease)
    expire()
    claim(annotator=walt, project=cast.project)
    with pytest.raises(DomainError) as refusal:
        renew(annotator=wanda, assignment_id=lease.pk)
    assert refusal.value.code == "lease_expired"


def test_leaving_the_page_shortens_the_lease_and_coming_back_keeps_it(cast, worker):
    make_items(cast.project)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    left = release(annotator=wanda, assignment_id=lease.pk, grace_seconds=30)
    assert left.status == "leased"
    assert left.expires_at < timezone.now() + timedelta(seconds=31)
    assert claim(annotator=wanda, project=cast.project).expires_at > timezone.now() + timedelta(seconds=300)


def test_the_database_itself_refuses_to_oversell(cast):
    make_items(cast.project)
    with pytest.raises(IntegrityError, match="queue_never_oversold"), transaction.atomic():
        QueueEntry.objects.update(remaining=-1)


@pytest.mark.django_db(transaction=True)
def test_sixty_four_people_claiming_at_once_never_share_a_place(worker, together):
    project = make_cast(redundancy=3).project
    make_items(project, 50)
    people = [worker(make_user(f"worker{number}"), project) for number in range(THREADS)]

    def work(person):
        def job() -> list[int]:
            served = []
            while lease := claim(annotator=person, project=project):
                served.append(lease.item_id)
                submit(annotator=person, assignment_id=lease.pk, value=random.choice(["keep", "remove"]))
            return served

        return job

    served = together([work(person) for person in people])
    assert all(len(set(items)) == len(items) for items in served)
    assert Counter(item for items in served for item in items) == dict.fromkeys(
        project.items.values_list("pk", flat=True), 3
    )
    assert Annotation.objects.filter(status="current").count() == 150
    assert set(remaining()) == {0}


@pytest.mark.django_db(transaction=True)
def test_sixty_four_threads_of_eight_people_hold_at_most_two_items_each(worker, together):
    project = make_cast(redundancy=2).project
    make_items(project, 12)
    people = [worker(make_user(f"worker{number}"), project) for number in range(8)]

    def work(person):
        return lambda: claim(annotator=person, project=project, holding=range(1, 10_000_000))

    got = together([work(people[number % 8]) for number in range(THREADS)])
    assert len([lease for lease in got if lease is not None]) == 16
    held = Counter(Assignment.objects.filter(status="leased").values_list("annotator_id", flat=True))
    assert set(held.values()) == {2}
    assert max(Counter(Assignment.objects.values_list("item_id", flat=True)).values()) <= 2
    assert remaining() == counted(project)


@pytest.mark.django_db(transaction=True)
def test_places_stay_exact_while_people_skip_undo_give_back_and_leases_run_out(worker, together):
    project = make_cast(redundancy=2).project
    make_items(project, 15)
    people = [worker(make_user(f"worker{number}"), project) for number in range(12)]

    def person_at_work(person, seed):
        chance = random.Random(seed)

        def job() -> None:
            for _ in range(12):
                lease = claim(annotator=person, project=project)
                if lease is None:
                    return
                act = chance.random()
                if act < 0.15:
                    skip(annotator=person, assignment_id=lease.pk, reason="unclear")
                elif act < 0.3:
                    release(annotator=person, assignment_id=lease.pk)
                elif act < 0.45:
                    overdue(lease)
                else:
                    submit(annotator=person, assignment_id=lease.pk, value=chance.choice(["keep", "remove"]))
                    if act > 0.85:
                        undo(annotator=person, assignment_id=lease.pk)

        return job

    def sweeper() -> None:
        for _ in range(60):
            expire()

    jobs = [person_at_work(person, seed) for seed, person in enumerate(people)]
    together([*jobs, sweeper, sweeper])
    assert remaining() == counted(project)
    labels = Counter(Annotation.objects.filter(status="current").values_list("item_id", flat=True))
    leases = Counter(Assignment.objects.filter(status="leased").values_list("item_id", flat=True))
    assert all(labels[item] + leases[item] <= 2 for item in project.items.values_list("pk", flat=True))

"""What one person may do, and the options in an order of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.labelling.services import claim, claim_or_reason, skip, submit
from annotations.models import Annotation, Assignment
from ledger.errors import DomainError
from tests.factories import make_items

pytestmark = pytest.mark.django_db


def test_a_quota_ends_the_work_and_keeps_the_last_label(cast, rules, person):
    rules(labels_per_worker=2)
    make_items(cast.project, 4)
    ada = person("ada")
    first = claim(annotator=ada, project=cast.project)
    done = submit(annotator=ada, assignment_id=first.pk, value="keep", claim_next=True)
    done = submit(annotator=ada, assignment_id=done.following.pk, value="keep", claim_next=True)
    assert (done.following, done.reason) == (None, "quota_reached")
    assert Annotation.objects.filter(annotator=ada, status="current").count() == 2
    with pytest.raises(DomainError) as refusal:
        claim(annotator=ada, project=cast.project)
    assert "2 labels" in refusal.value.message
    assert claim(annotator=person("ben"), project=cast.project) is not None


def test_too_many_labels_in_a_minute_wait_for_the_minute_to_pass(cast, rules, person):
    rules(labels_per_minute=3)
    make_items(cast.project, 6)
    ada = person("ada")
    lease = claim(annotator=ada, project=cast.project)
    for _ in range(2):
        lease = submit(annotator=ada, assignment_id=lease.pk, value="keep", claim_next=True).following
    done = submit(annotator=ada, assignment_id=lease.pk, value="keep", claim_next=True)
    assert (done.following, done.reason) == (None, "too_fast")
    with pytest.raises(DomainError) as refusal:
        claim(annotator=ada, project=cast.project)
    assert refusal.value.status == 429
    assert 0 < refusal.value.data["retry_after"] <= 61
    Annotation.objects.filter(annotator=ada).update(created_at=timezone.now() - timedelta(seconds=61))
    assert claim(annotator=ada, project=cast.project) is not None


def test_the_labelling_page_looks_again_by_itself_after_the_pause(cast, rules, page_client, label_all):
    rules(labels_per_minute=1)
    make_items(cast.project, 3)
    client = page_client(cast.wanda)
    client.get(f"/projects/{cast.project.pk}/label/")
    lease = Assignment.objects.get()
    submit(annotator=lease.annotator, assignment_id=lease.pk, value="keep")
    answer = client.get(f"/projects/{cast.project.pk}/label/")
    assert answer.status_code == 200
    assert "A short pause" in answer.content.decode()
    assert 0 < int(answer["Refresh"]) <= 61


def test_no_limit_is_no_limit(cast, rules, person, label_all):
    rules(labels_per_minute=None, skips_per_hour=None)
    make_items(cast.project, 130)
    assert len(label_all(person("ada"))) == 130


def test_by_default_a_hundred_and_twenty_labels_a_minute(cast, person, label_all):
    make_items(cast.project, 130)
    ada = person("ada")
    with pytest.raises(DomainError) as refusal:
        label_all(ada)
    assert refusal.value.code == "too_fast"
    assert Annotation.objects.filter(annotator=ada).count() == 120


def test_skips_are_bounded_within_the_hour(cast, rules, person):
    rules(skips_per_hour=2)
    make_items(cast.project, 5)
    ada = person("ada")
    for _ in range(2):
        skip(annotator=ada, assignment_id=claim(annotator=ada, project=cast.project).pk, reason="unclear")
    lease = claim(annotator=ada, project=cast.project)
    with pytest.raises(DomainError) as refusal:
        skip(annotator=ada, assignment_id=lease.pk, reason="unclear")
    assert (refusal.value.code, refusal.value.status) == ("too_many_skips", 409)
    lease.refresh_from_db()
    assert lease.status == "leased"
    Assignment.objects.filter(status="skipped").update(finished_at=timezone.now() - timedelta(hours=2))
    assert skip(annotator=ada, assignment_id=lease.pk, reason="unclear").status == "skipped"


@pytest.mark.parametrize("most", [1, 2, 5])
def test_open_leases_are_as_many_as_the_owner_allows(cast, rules, person, most):
    rules(open_leases=most)
    make_items(cast.project, 8)
    ada = person("ada")
    held = []
    for _ in range(most):
        held.append(claim(annotator=ada, project=cast.project, holding=held).pk)
    assert claim_or_reason(annotator=ada, holding=held) == (None, "holding_enough")
    assert Assignment.objects.filter(annotator=ada, status="leased").count() == most


def test_options_come_in_an_order_of_each_persons_own_that_stays(cast, rules, person):
    cast.schema.config = {"labels": [{**cast.schema.config["labels"][0], "key": f"k{n}"} for n in range(12)]}
    cast.schema.save()
    rules(shuffle_options=True)
    make_items(cast.project, 3)
    orders = {}
    for name in ("ada", "ben"):
        someone = person(name)
        seen = []
        for _ in range(2):
            lease = claim(annotator=someone, project=cast.project)
            seen.append([label["key"] for label in lease.schema.config["labels"]])
            assert sorted(seen[-1]) == sorted(f"k{n}" for n in range(12))
            skip(annotator=someone, assignment_id=lease.pk, reason="unclear")
        assert seen[0] == seen[1]
        orders[name] = seen[0]
    assert orders["ada"] != orders["ben"]


def test_without_the_rule_options_stay_as_the_owner_wrote_them(cast, person):
    make_items(cast.project, 1)
    lease = claim(annotator=person("ada"), project=cast.project)
    assert lease.schema.config == cast.schema.config


def test_what_is_at_hand_counts_towards_the_quota_and_is_still_served(cast, rules, person):
    rules(labels_per_worker=2)
    make_items(cast.project, 4)
    ada = person("ada")
    first = claim(annotator=ada, project=cast.project)
    second = claim(annotator=ada, project=cast.project, holding=[first.pk])
    done = submit(annotator=ada, assignment_id=first.pk, value="keep", claim_next=True, holding=[second.pk])
    assert (done.following, done.reason) == (None, "quota_reached")
    assert claim(annotator=ada, project=cast.project) == second

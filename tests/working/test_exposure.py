"""The daily limit on warned content, as a worker meets it: by page and REST, with undo, skips and two tabs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.labelling.services import claim, skip, submit, undo
from annotations.models import Annotation, Assignment, CareRules, Exposure, WorkerPreferences
from ledger.errors import DomainError
from tests.factories import make_items


@pytest.fixture
def warned(cast):
    cast.project.content_warning = "Some messages are hostile."
    cast.project.expected_seconds = 30
    cast.project.save()
    CareRules.objects.create(project=cast.project, warned_items_per_day=3)
    make_items(cast.project, 8)
    return cast


def test_the_limit_is_met_exactly_and_says_when_to_go_on(warned, worker, api, page_client):
    client, project = api(warned.wanda), warned.project.pk
    held, reasons = [], []

    def post(name, *arguments, **body) -> dict:
        sent = client.post(reverse(name, args=arguments), body | {"holding": held}, format="json")
        assert sent.status_code == 200
        return sent.json()

    for _ in range(2):
        held.append(post("api_next", project)["assignment"]["id"])
    while held:
        answer = post("api_submit", held.pop(0), value="keep", claim_next=True)
        reasons.append(answer["reason"])
        held += [answer["next"]["id"]] if answer["next"] else []
    assert Annotation.objects.count() == 3
    assert reasons[-1] == "exposure_limit"
    answer = client.post(reverse("api_next", args=[project])).json()
    assert (answer["assignment"], answer["reason"]) == (None, "exposure_limit")
    browser = page_client(warned.wanda)
    browser.post(reverse("label_ready", args=[project]))
    page = browser.get(reverse("label", args=[project])).content.decode()
    assert "Enough for today" in page
    assert "midnight (UTC)" in page
    assert reverse("work_preferences") in page
    assert claim(annotator=worker(warned.walt, warned.project), project=warned.project) is not None


def test_the_next_day_goes_on(warned, worker, label):
    for _ in range(3):
        label(warned.wanda, warned.project)
    wanda = worker(warned.wanda, warned.project)
    with pytest.raises(DomainError, match="You have reached the limit"):
        claim(annotator=wanda, project=warned.project)
    Exposure.objects.update(day=timezone.localdate() - timedelta(days=1))
    assert claim(annotator=wanda, project=warned.project) is not None


def test_a_skipped_item_was_seen_and_one_labelled_again_is_counted_once(warned, worker, label):
    wanda = worker(warned.wanda, warned.project)
    lease = claim(annotator=wanda, project=warned.project)
    skip(annotator=wanda, assignment_id=lease.pk, reason="It distresses me")
    given = label(warned.wanda, warned.project, active_ms=0)
    undo(annotator=wanda, assignment_id=given.assignment_id)
    submit(annotator=wanda, assignment_id=given.assignment_id, value="remove")
    row = Exposure.objects.get()
    assert row.items == 2
    assert row.milliseconds == pytest.approx(30_000, abs=2000)  # the one label whose time is unknown


def test_an_own_lower_limit_holds(warned, worker, label):
    WorkerPreferences.objects.create(user=warned.wanda, warned_items_per_day=1)
    label(warned.wanda, warned.project)
    with pytest.raises(DomainError, match="limit of 1 item a day"):
        claim(annotator=worker(warned.wanda, warned.project), project=warned.project)


def test_what_is_on_the_screen_is_served_again_and_its_label_taken(warned, worker, label):
    for _ in range(2):
        label(warned.wanda, warned.project)
    wanda = worker(warned.wanda, warned.project)
    lease = claim(annotator=wanda, project=warned.project)
    assert claim(annotator=wanda, project=warned.project).pk == lease.pk
    CareRules.objects.update(warned_items_per_day=1)
    assert claim(annotator=wanda, project=warned.project).pk == lease.pk
    submit(annotator=wanda, assignment_id=lease.pk, value="keep")
    assert Assignment.objects.filter(status="submitted").count() == 3

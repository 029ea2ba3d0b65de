"""The owner's page and API of the rules."""

from __future__ import annotations

import pytest

from annotations.models import QueueEntry, ServingRules
from annotations.tasks import settle_queue
from ledger.models import LedgerEvent
from tests.factories import make_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Project ids for which the queue was asked to follow."""
    asked: list[int] = []
    monkeypatch.setattr(settle_queue, "delay", asked.append)
    return asked


def page(cast) -> str:
    return f"/projects/{cast.project.pk}/settings/serving/"


def address(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/serving/"


FORM = {
    "strategy": "breadth",
    "column": "",
    "uniform_share": "0",
    "max_labels": "6",
    "tau": "0.9",
    "labels_per_worker": "",
    "labels_per_minute": "60",
    "skips_per_hour": "10",
    "open_leases": "3",
}


def test_the_page_shows_defaults_and_saves(cast, page_client, sent, django_capture_on_commit_callbacks):
    client = page_client(cast.olivia)
    assert "120" in client.get(page(cast)).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page(cast), FORM).status_code == 302
    rules = ServingRules.objects.get()
    assert (rules.strategy, rules.max_labels, rules.labels_per_worker, rules.open_leases) == ("breadth", 6, None, 3)
    assert sent == [cast.project.pk]
    event = LedgerEvent.objects.get(kind="serving.rules_changed")
    assert event.data["strategy"] == "breadth"
    assert "open_leases" in event.data


def test_the_same_rules_again_change_nothing(cast, page_client, sent, django_capture_on_commit_callbacks):
    client = page_client(cast.olivia)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(cast), FORM)
        client.post(page(cast), FORM)
    assert LedgerEvent.objects.filter(kind="serving.rules_changed").count() == 1
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"strategy": "priority", "column": ""}, "column"),
        ({"strategy": "stratified", "column": "nothing of the sort"}, "column"),
        ({"uniform_share": 0.6}, "uniform_share"),
        ({"uniform_share": "nan"}, "uniform_share"),
        ({"max_labels": 1}, "max_labels"),
        ({"max_labels": 51}, "max_labels"),
        ({"tau": 0.2}, "tau"),
        ({"tau": 1}, "tau"),
        ({"tau": "nan"}, "tau"),
        ({"open_leases": 0}, "open_leases"),
        ({"open_leases": None}, "open_leases"),
        ({"strategy": "alphabetical"}, "strategy"),
        ({"labels_per_minute": -1}, "labels_per_minute"),
        ({"skips_per_hour": "many"}, "skips_per_hour"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_the_field(cast, api, page_client, sent, given, field):
    answer = api(cast.olivia).patch(address(cast), given, format="json")
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    sent_form = {**FORM, **{name: "" if value is None else value for name, value in given.items()}}
    answer = page_client(cast.olivia).post(page(cast), sent_form)
    assert answer.status_code == 422
    assert not ServingRules.objects.exists()


def test_the_api_changes_only_what_is_given(cast, api, sent, django_capture_on_commit_callbacks):
    client = api(cast.olivia)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.patch(address(cast), {"strategy": "depth"}, format="json")
    assert answer.status_code == 200
    assert answer.json()["labels_per_minute"] == 120
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.patch(address(cast), {"labels_per_minute": None}, format="json")
    assert (answer.json()["strategy"], answer.json()["labels_per_minute"]) == ("depth", None)
    assert client.get(address(cast)).json() == answer.json()
    assert sent == [cast.project.pk] * 2


def test_a_closed_project_keeps_its_rules(cast, api, sent):
    cast.project.status = "closed"
    cast.project.save()
    answer = api(cast.olivia).patch(address(cast), {"strategy": "depth"}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "project_closed")


def test_the_task_may_run_twice_and_changes_only_what_is_amiss(cast):
    ServingRules.objects.create(project=cast.project, strategy="breadth")
    make_items(cast.project, 3)
    QueueEntry.objects.update(remaining=1, lane=9)
    assert settle_queue(cast.project.pk) == 3
    assert set(QueueEntry.objects.values_list("remaining", "lane")) == {(cast.project.redundancy, 0)}
    assert settle_queue(cast.project.pk) == 3


def test_an_archived_project_comes_back_as_closed_and_takes_no_labels(cast, page_client):
    client = page_client(cast.olivia)
    for status in ("closed", "archived"):
        client.post(f"/projects/{cast.project.pk}/settings/status/", {"status": status})
    cast.project.refresh_from_db()
    assert cast.project.status == "archived"
    text = page_client(cast.wanda).get(f"/projects/{cast.project.pk}/label/").content.decode()
    assert "takes no more labels" in text
    client.post(f"/projects/{cast.project.pk}/settings/status/", {"status": "active"})
    cast.project.refresh_from_db()
    assert cast.project.status == "archived"
    client.post(f"/projects/{cast.project.pk}/settings/status/", {"status": "closed"})
    cast.project.refresh_from_db()
    assert cast.project.status == "closed"

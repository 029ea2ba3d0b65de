"""The page and the API about groups: what is shown, previewed, changed; who may, and what is refused."""

from __future__ import annotations

import json

import pytest

from annotations.grouping.services import groups_count, regrouping_apply
from annotations.models import GroupSurvey, Regrouping
from tests.factories import make_items

AGES = [str(age) for age in range(20, 60)]


@pytest.fixture
def ages(cast):
    """A project whose only attribute is a number, counted."""
    for age in AGES:
        make_items(cast.project, groups={"religion": age})
    groups_count(project_id=cast.project.pk)
    return cast


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, int]]:
    """What was handed to the background."""
    found: list[tuple[str, int]] = []
    monkeypatch.setattr("annotations.tasks.apply_regrouping.delay", lambda pk: found.append(("apply", pk)))
    monkeypatch.setattr("annotations.tasks.count_groups.delay", lambda pk: found.append(("count", pk)))
    return found


def page(cast) -> str:
    return f"/projects/{cast.project.pk}/settings/groups/"


def api(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/groups/"


def test_before_a_count_it_says_so_and_offers_one(client, cast, sent, django_capture_on_commit_callbacks):
    client.force_login(cast.olivia)
    assert "Not counted yet" in client.get(page(cast)).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page(cast), {"do": "count"}).status_code == 302
    assert sent == [("count", cast.project.pk)]


def test_numbers_are_offered_bins_with_a_preview_and_nothing_is_changed(client, ages):
    client.force_login(ages.olivia)
    shown = client.get(page(ages)).content.decode()
    assert "These are numbers" in shown
    assert "30; 40; 50" in shown
    assert "20 other groups" in shown
    previewed = client.get(page(ages), {"attribute": "religion", "edges": "30; 45"}).content.decode()
    assert "30 to below 45" in previewed
    assert "Make these bins" in previewed
    assert not Regrouping.objects.exists()


@pytest.mark.parametrize("edges", ["", "a;b", "45;30"])
def test_edges_that_do_not_work_are_explained(client, ages, edges):
    client.force_login(ages.olivia)
    shown = client.get(page(ages), {"attribute": "religion", "edges": edges}).content.decode()
    assert "These edges do not work" in shown
    assert "Make these bins" not in shown


def test_bins_are_made_once_they_are_asked_for(client, ages, sent, django_capture_on_commit_callbacks):
    client.force_login(ages.olivia)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(page(ages), {"kind": "bins", "attribute": "religion", "edges": "30; 45"})
    assert answer.status_code == 302
    made = Regrouping.objects.get()
    assert (made.rules, sent) == ({"edges": [30, 45]}, [("apply", made.pk)])
    assert "A change is being made" in client.get(page(ages)).content.decode()
    regrouping_apply(regrouping_id=made.pk)
    shown = client.get(page(ages)).content.decode()
    assert "45 and above" in shown
    assert "Numbers in bins" in shown


def test_a_misspelt_group_is_offered_for_merging(client, cast, sent):
    make_items(cast.project, 20, groups={"religion": "muslim"})
    make_items(cast.project, 1, groups={"religion": "muslm"})
    groups_count(project_id=cast.project.pk)
    client.force_login(cast.olivia)
    assert "Merge into “muslim”" in client.get(page(cast)).content.decode()
    client.post(page(cast), {"kind": "merge", "attribute": "religion", "value": "muslm", "into": "muslim"})
    assert Regrouping.objects.get().rules == {"values": {"muslm": "muslim"}}


def test_a_refused_change_keeps_the_page(client, ages):
    client.force_login(ages.olivia)
    answer = client.post(page(ages), {"kind": "merge", "attribute": "religion"})
    assert answer.status_code == 422
    assert "Choose 1 to" in answer.content.decode()


def test_the_api_tells_previews_and_changes(client, ages, sent, django_capture_on_commit_callbacks):
    client.force_login(ages.olivia)
    told = client.get(api(ages)).json()
    assert (told["items"], told["attributes"][0]["edges"]) == (40, [30, 40, 50])
    change = {"attribute": "religion", "kind": "bins", "rules": {"edges": [30, 45]}}
    previewed = _post(client, api(ages), change | {"preview": True})
    assert previewed.json()["groups"] == {"below 30": 10, "30 to below 45": 15, "45 and above": 15}
    assert not Regrouping.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        answer = _post(client, api(ages), change)
    assert answer.status_code == 202
    assert answer.json()["regrouping"]["rules"] == {"edges": [30, 45]}
    assert _post(client, api(ages), change).status_code == 409
    assert [what for what, _pk in sent] == ["apply"]


def test_the_api_refuses_what_makes_no_sense(client, ages):
    client.force_login(ages.olivia)
    for change in (
        {"attribute": "religion", "kind": "bins", "rules": {"edges": []}},
        {"attribute": "religion", "kind": "rename", "rules": {"from": "age"}, "preview": True},
        {"attribute": "age", "kind": "bins", "rules": {"edges": [3]}},
        {"attribute": "religion", "kind": "split", "rules": {}},
    ):
        assert _post(client, api(ages), change).status_code == 400


def test_reading_takes_few_queries_whatever_the_number_of_items(client, ages, django_assert_max_num_queries):
    client.force_login(ages.olivia)
    with django_assert_max_num_queries(20):
        client.get(page(ages))
    assert GroupSurvey.objects.count() == 1


def _post(client, address: str, body: dict):
    return client.post(address, json.dumps(body), content_type="application/json")

"""REST: projects, schemas, status, joining."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Membership
from annotations.models import Project
from tests.factories import CHOICES, make_items, make_project, make_user

URL = "/api/v1/projects/"
BODY = {
    "name": "Moderation",
    "schema": {"task_type": "single_choice", "config": CHOICES, "guidelines": "Keep what fits."},
    "attributes": [{"name": "religion", "column": "about"}],
    "favourable_label": "keep",
    "wage_per_hour": "14.50",
}


@pytest.fixture
def url(cast) -> str:
    return f"{URL}{cast.project.pk}/"


def test_anyone_signed_in_makes_a_project_and_owns_it(api, db):
    made = api(make_user("olivia")).post(URL, BODY)
    assert made.status_code == 201
    body = made.json()
    assert (body["status"], body["role"], body["min_support"]) == ("draft", "owner", 2)
    assert body["schema"]["version"] == 1
    assert body["schema"]["config"]["labels"][0] == {
        "key": "keep",
        "name": "Keep",
        "description": "Fits the rules",
        "shortcut": "1",
    }
    assert body["attributes"] == [{"name": "religion", "column": "about"}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"schema": {"task_type": "dance", "config": CHOICES}}, "schema.task_type"),
        ({"schema": {"task_type": "single_choice", "config": {"labels": []}}}, "labels"),
        ({"redundancy": 99}, "redundancy"),
        ({"attributes": "religion"}, "attributes.non_field_errors"),
        ({"currency": "EURO"}, "currency"),
    ],
)
def test_bad_input_names_its_field_and_makes_nothing(api, db, change, field):
    answer = api(make_user("olivia")).post(URL, BODY | change)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    assert not Project.objects.exists()


def test_the_list_holds_ones_own_projects_newest_first_and_filters(api, cast):
    second = make_project(cast.olivia, name="Helpdesk", status="draft")
    make_project(cast.stan, name="Not hers", is_open=True)
    client = api(cast.olivia)

    def names(query: str = "") -> list[str]:
        return [row["name"] for row in client.get(URL + query).json()["results"]]

    assert names() == ["Helpdesk", "Moderation"]
    assert names("?status=draft") == ["Helpdesk"]
    assert names("?role=worker") == []
    assert names("?name=mod") == ["Moderation"]
    assert names("?simulated=true") == []
    assert names("?joinable=true") == ["Not hers"]
    assert names("?joinable=false") == ["Helpdesk", "Moderation"]
    assert client.get(URL + "?status=frozen").status_code == 400
    assert second.pk == client.get(URL).json()["results"][0]["id"]


def test_the_list_goes_on_by_cursor(api, cast):
    for number in range(4):
        make_project(cast.olivia, name=f"Project {number}")
    client, seen, page = api(cast.olivia), [], f"{URL}?page_size=2"
    while page:
        body = client.get(page).json()
        seen += [row["name"] for row in body["results"]]
        page = body["next"]
    assert seen == ["Project 3", "Project 2", "Project 1", "Project 0", "Moderation"]


def test_a_long_list_takes_as_many_queries_as_a_short_one(api, cast, django_assert_max_num_queries):
    client = api(cast.olivia)
    for number in range(10):
        make_project(cast.olivia, name=f"Project {number}")
    with django_assert_max_num_queries(7):
        assert len(client.get(URL).json()["results"]) == 11


def test_workers_do_not_see_what_would_sway_them(api, cast, url):
    body = api(cast.wanda).get(url).json()
    assert body["role"] == "worker"
    assert body["schema"]["guidelines"] == "Keep what fits."
    for name in ("redundancy", "min_support", "favourable_label", "attributes"):
        assert body[name] is None
    assert api(cast.audrey).get(url).json()["favourable_label"] == "keep"


def test_settings_and_attributes_change_together_or_not_at_all(api, cast, url):
    changed = api(cast.olivia).patch(url, {"summary": "New", "attributes": [{"name": "gender"}]})
    assert changed.status_code == 200
    assert changed.json()["attributes"] == [{"name": "gender", "column": "gender"}]
    refused = api(cast.olivia).patch(url, {"min_support": 9, "attributes": []})
    assert refused.status_code == 400
    assert list(refused.json()["error"]["fields"]) == ["min_support"]
    assert cast.project.attributes.count() == 1


def test_a_changed_schema_is_a_new_version_and_the_same_is_not(api, cast, url):
    client = api(cast.olivia)
    made = client.post(f"{url}schema/", {"guidelines": "New words", "expected_version": 1})
    assert (made.status_code, made.json()["version"]) == (201, 2)
    same = client.post(f"{url}schema/", {"guidelines": "New words"})
    assert (same.status_code, same.json()["version"]) == (200, 2)
    late = client.post(f"{url}schema/", {"guidelines": "Late", "expected_version": 1})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "schema_changed")
    assert [row["version"] for row in client.get(f"{url}schema/").json()["results"]] == [2, 1]
    bad = client.post(f"{url}schema/", {"config": {"labels": [{"name": "One"}]}})
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "invalid_schema")


def test_status_changes_with_warnings_and_refusals(api, cast, url):
    Project.objects.filter(pk=cast.project.pk).update(status="draft")
    client = api(cast.olivia)
    active = client.post(f"{url}status/", {"status": "active"})
    assert (active.status_code, active.json()["status"]) == (200, "active")
    assert "no items yet" in active.json()["warnings"][0]
    make_items(cast.project)
    assert ["checklist" in text for text in client.post(f"{url}status/", {"status": "active"}).json()["warnings"]] == [
        True
    ]
    back = client.post(f"{url}status/", {"status": "draft"})
    assert (back.status_code, back.json()["error"]["code"]) == (409, "status_cannot_follow")
    assert client.post(f"{url}status/", {"status": "frozen"}).status_code == 400


def test_joining_is_for_open_active_projects(api, cast, url):
    assert api(cast.stan).post(f"{url}join/").status_code == 404
    Project.objects.filter(pk=cast.project.pk).update(is_open=True)
    joined = api(cast.stan).post(f"{url}join/")
    assert (joined.status_code, joined.json()["role"], joined.json()["created"]) == (200, "worker", True)
    assert api(cast.stan).post(f"{url}join/").json()["created"] is False
    assert Membership.objects.filter(user=cast.stan).count() == 1


def test_a_simulated_project_says_so(api, db):
    made = api(make_user("olivia")).post(URL, BODY | {"simulated": True})
    assert made.json()["simulated"] is True


def test_the_description_of_the_api_is_whole(client, db):
    answer = client.get(reverse("api_schema"), {"format": "json"})
    paths = answer.json()["paths"]
    assert {"get", "post"} <= set(paths["/api/v1/projects/"])
    assert answer.json()["components"]["securitySchemes"]["token"]["scheme"] == "bearer"

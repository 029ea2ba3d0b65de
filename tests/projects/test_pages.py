"""Pages: home, a new project, overview, settings, joining. As plain forms, without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Membership
from annotations.models import Project
from tests.factories import add_label, make_annotator, make_items, make_project, make_user


def labels_form(*names: str, **more: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"labels-TOTAL_FORMS": len(names), "labels-INITIAL_FORMS": 0}
    for number, name in enumerate(names):
        form |= {f"labels-{number}-{field}": "" for field in ("key", "description", "shortcut")}
        form[f"labels-{number}-name"] = name
    return form | {"task_type": "single_choice", "guidelines": "", "favourable": ""} | more


def project_form(*names: str, **more: Any) -> dict[str, Any]:
    settings = {
        "name": "Helpdesk",
        "summary": "",
        "content_warning": "",
        "redundancy": 3,
        "min_support": 2,
        "wage_per_hour": "12.00",
        "currency": "EUR",
        "expected_seconds": 10,
        "lease_seconds": 600,
    }
    attributes = {
        "attributes-TOTAL_FORMS": 2,
        "attributes-INITIAL_FORMS": 0,
        "attributes-0-name": "gender",
        "attributes-0-column": "about",
        "attributes-1-name": "",
        "attributes-1-column": "",
    }
    return labels_form(*names) | settings | attributes | more


def test_signed_out_people_read_what_this_is(client, db, settings):
    assert "Create an account" in client.get("/").content.decode()
    settings.SIGNUP_OPEN = False
    assert "Create an account" not in client.get("/").content.decode()


def test_home_shows_each_role_what_there_is_to_do(page_client, cast):
    items = make_items(cast.project, 2)
    add_label(items[0], make_annotator(cast.project), "keep")
    add_label(items[0], make_annotator(cast.project), "remove")
    worker = page_client(cast.wanda).get("/")
    assert [card.available for card in worker.context["labelling"]] == [2]
    assert reverse("label", args=[cast.project.pk]) in worker.content.decode()
    expert = page_client(cast.edgar).get("/")
    assert [card.figures.open_cases for card in expert.context["settling"]] == [1]
    assert "1</strong> case waits to be settled" in expert.content.decode()
    for reader in (cast.olivia, cast.audrey):
        (card,) = page_client(reader).get("/").context["running"]
        assert (card.figures.items, card.figures.progress.needed) == (2, 6)
    assert "No project yet" in page_client(cast.stan).get("/").content.decode()


def test_home_offers_open_projects_to_those_who_are_not_in_them(page_client, cast):
    Project.objects.filter(pk=cast.project.pk).update(is_open=True)
    link = reverse("project_join", args=[cast.project.pk])
    assert link in page_client(cast.stan).get("/").content.decode()
    assert link not in page_client(cast.wanda).get("/").content.decode()


def test_home_takes_as_many_queries_for_many_projects_as_for_few(page_client, cast, django_assert_max_num_queries):
    client = page_client(cast.wanda)
    for number in range(12):
        project = make_project(cast.olivia, name=f"Project {number}")
        Membership.objects.create(project=project, user=cast.wanda, role="worker")
        make_items(project)
    with django_assert_max_num_queries(14):
        assert len(client.get("/").context["labelling"]) == 13


def test_a_project_is_made_in_one_form(page_client, db):
    client = page_client(make_user("olivia"))
    sent = client.post(reverse("project_new"), project_form("Good", "", "Bad", favourable="2"))
    project = Project.objects.get()
    assert sent.url == reverse("project", args=[project.pk])
    assert [label["key"] for label in project.schemas.get().config["labels"]] == ["good", "bad"]
    assert project.favourable_label == "bad"
    assert list(project.attributes.values_list("name", "column")) == [("gender", "about")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"min_support": 9}, "No more labels can be asked to agree"),
        ({"labels-1-name": "Good"}, "used twice"),
        ({"labels-0-name": ""}, "Give between 2 and 50 labels"),
        ({"task_type": "multiple_choice", "max_choices": 5}, "Choices per item"),
        ({"attributes-1-name": "Gender"}, "listed twice"),
    ],
)
def test_a_form_with_faults_comes_back_with_what_was_typed(page_client, db, change, words):
    sent = page_client(make_user("olivia")).post(
        reverse("project_new"), project_form("Good", "Bad", summary="My words", **change)
    )
    assert sent.status_code == 422
    page = sent.content.decode()
    assert words in page
    assert "My words" in page
    assert not Project.objects.exists()


def test_rows_are_added_moved_and_removed_by_the_server_without_saving(page_client, db):
    client = page_client(make_user("olivia"))

    def names(action: str, *rows: str) -> list[str]:
        sent = client.post(reverse("project_new"), project_form(*rows, do=action, favourable="0", name="Kept"))
        assert sent.status_code == 200
        assert 'value="Kept"' in sent.content.decode()
        labels = sent.context["editor"].schema.labels
        assert sum(label["favourable"] for label in labels) == (0 if action == "labels-remove-0" else 1)
        return [label["form"].initial.get("name", "") for label in labels]

    assert names("labels-add", "A", "B") == ["A", "B", ""]
    assert names("labels-remove-0", "A", "B", "C") == ["B", "C"]
    assert names("labels-down-0", "A", "B", "C") == ["B", "A", "C"]
    assert names("labels-up-0", "A", "B") == ["A", "B"]
    assert names("labels-remove-7", "A", "B") == ["A", "B"]
    assert names("attributes-add", "A", "B") == ["A", "B"]
    assert names("preview", "A", "B") == ["A", "B"]
    assert not Project.objects.exists()


def test_the_overview_is_for_the_role(page_client, cast):
    url = reverse("project", args=[cast.project.pk])
    worker = page_client(cast.wanda).get(url)
    assert "annotations/projects/overview_worker.html" in [template.name for template in worker.templates]
    assert "Completeness" not in worker.content.decode()
    owner = page_client(cast.olivia).get(url).content.decode()
    assert "There are no items yet" in owner
    assert "Pause" in owner
    auditor = page_client(cast.audrey).get(url).content.decode()
    assert "Completeness" in auditor
    assert "Pause" not in auditor


def test_a_draft_says_what_is_missing(page_client, cast):
    Project.objects.filter(pk=cast.project.pk).update(status="draft")
    page = page_client(cast.olivia).get(reverse("project", args=[cast.project.pk])).content.decode()
    assert "Before anyone can label" in page
    assert "Activate" in page


def test_the_overview_of_a_large_project_takes_few_queries(page_client, cast, django_assert_max_num_queries):
    items = make_items(cast.project, 20)
    for item in items:
        add_label(item, make_annotator(cast.project), "keep")
    client = page_client(cast.olivia)
    with django_assert_max_num_queries(18):
        client.get(reverse("project", args=[cast.project.pk]))


def test_settings_are_saved_or_come_back(page_client, cast):
    client, url = page_client(cast.olivia), reverse("project_settings", args=[cast.project.pk])
    assert 'value="Moderation"' in client.get(url).content.decode()
    form = {name: value for name, value in project_form().items() if not name.startswith(("labels", "attributes"))}
    assert client.post(url, form).url == url
    cast.project.refresh_from_db()
    assert (cast.project.name, cast.project.is_open) == ("Helpdesk", False)
    refused = client.post(url, form | {"min_support": 9, "is_open": "on"})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"min_support"}


def test_labels_are_edited_into_a_new_version(page_client, cast):
    client, url = page_client(cast.olivia), reverse("project_setting_labels", args=[cast.project.pk])
    page = client.get(url)
    assert [label["favourable"] for label in page.context["editor"].labels] == [True, False, False]
    sent = client.post(url, labels_form("Keep", "Remove", version="1", favourable="0", guidelines="# New"))
    assert sent.url == url
    current = cast.project.schemas.get(is_current=True)
    assert (current.version, current.guidelines) == (2, "# New")
    assert "<h3>New</h3>" in client.get(url).content.decode()
    stale = client.post(url, labels_form("Keep", "Remove", version="1", favourable="0"))
    assert stale.status_code == 422
    assert "was saved while you were editing" in stale.content.decode()
    same = labels_form("Keep", "Remove", version="2", favourable="0", guidelines="# New")
    for number, label in enumerate(current.config["labels"]):
        same |= {f"labels-{number}-{name}": text for name, text in label.items()}
    assert "stays as it is" in client.post(url, same, follow=True).content.decode()


def test_a_label_in_use_is_named_on_the_page(page_client, cast):
    (item,) = make_items(cast.project)
    add_label(item, make_annotator(cast.project), "review")
    client, url = page_client(cast.olivia), reverse("project_setting_labels", args=[cast.project.pk])
    assert "<code>review</code> (1)" in client.get(url).content.decode()
    refused = client.post(url, labels_form("Keep", "Remove", version="1", favourable="0"))
    assert refused.status_code == 422
    assert "cannot be removed: review (1)" in refused.content.decode()


def test_attributes_are_edited(page_client, cast):
    client, url = page_client(cast.olivia), reverse("project_setting_attributes", args=[cast.project.pk])
    assert 'value="religion"' in client.get(url).content.decode()
    form = {name: value for name, value in project_form().items() if name.startswith("attributes")}
    assert client.post(url, form).url == url
    assert list(cast.project.attributes.values_list("name", "column")) == [("gender", "about")]
    twice = client.post(url, form | {"attributes-1-name": "gender"})
    assert twice.status_code == 422
    added = client.post(url, form | {"do": "attributes-add"})
    assert (added.status_code, len(added.context["editor"].rows)) == (200, 3)


def test_the_status_changes_by_a_button_and_says_what_is_missing(page_client, cast):
    client, url = page_client(cast.olivia), reverse("project_setting_status", args=[cast.project.pk])
    client.post(url, {"status": "paused"})
    page = client.post(url, {"status": "active"}, follow=True).content.decode()
    assert "is now active" in page
    assert "There are no items yet" in page
    told = client.post(url, {"status": "draft"}, follow=True).content.decode()
    assert "cannot become draft" in told


def test_an_open_project_is_joined_after_reading_what_it_asks(page_client, cast):
    url = reverse("project_join", args=[cast.project.pk])
    assert page_client(cast.stan).get(url).status_code == 404
    Project.objects.filter(pk=cast.project.pk).update(is_open=True, content_warning="Insults.", wage_per_hour=12)
    client = page_client(cast.stan)
    page = client.get(url).content.decode()
    assert "Insults." in page
    assert "12.00 EUR an hour" in page
    assert client.post(url).url == reverse("project", args=[cast.project.pk])
    assert client.get(url).url == reverse("project", args=[cast.project.pk])


def test_the_preview_shows_what_labellers_will_see_and_nothing_that_runs(page_client, db):
    client = page_client(make_user("olivia"))
    text = "# Rules\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://e.org/i.png) **bold**"
    html = client.post(reverse("guidelines_preview"), {"guidelines": text}).content.decode()
    assert "<h3>Rules</h3>" in html
    assert "<strong>bold</strong>" in html
    for evil in ("<script", "<img", 'href="javascript'):
        assert evil not in html


def test_the_api_reference_brings_its_files_from_this_site(client, db):
    page = client.get("/api/").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page.split("<main")[1].split("</main>")[0]
    assert client.get("/static/vendor/swagger-ui-dist/swagger-ui-bundle.js").status_code == 200

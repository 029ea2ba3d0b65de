"""What happened meanwhile: in words, with the way to it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role
from fairness.models import Audit
from fairness.monitors.services import monitor_add, monitor_remove
from fairness.presenting.marks import PAGES, SUBJECTS, happened
from fairness.selectors.live import live_view
from fairness.selectors.timeline import DECISIONS, OTHER_DECISIONS, timeline
from ledger.services import SYSTEM, record

pytestmark = pytest.mark.django_db
LIMIT = {"measure": "completeness", "whose": "people", "attribute": "religion", "alpha": 0.05, "tau": 0.1}


def said(cast, kind: str, subject: str, data: dict[str, object], role: Role = Role.OWNER):
    record(kind=kind, actor=SYSTEM, subject=subject, project_id=cast.project.pk, data=data)
    return shown(cast, role)[0]


def shown(cast, role: Role = Role.OWNER):
    view = live_view(cast.project)
    return happened(cast.project, view, timeline(cast.project, view), role)


def test_every_decision_that_is_marked_leads_somewhere():
    kinds = {*DECISIONS, *OTHER_DECISIONS}
    assert {kind for kind in kinds if kind not in PAGES and kind.partition(".")[0] not in SUBJECTS} == set()
    assert all(reverse(name, args=[1]) for name, _readers in PAGES.values())


def test_a_change_of_labels_says_which(cast):
    schema = cast.project.schemas.get()
    data = {"version": 2, "added": ["unsure"], "removed": [], "guidelines_changed": True}
    one = said(cast, "schema.changed", f"schema:{schema.pk}", data)
    assert one.text == "Version 2. Added: unsure. The guidelines changed."
    assert one.url == f"/projects/{cast.project.pk}/settings/labels/"
    assert shown(cast, Role.AUDITOR)[0].url == ""


def test_a_limit_is_named_and_led_to(cast):
    monitor = monitor_add(project=cast.project, actor=cast.olivia, values=LIMIT)
    one = shown(cast, Role.EXPERT)[0]
    assert one.url == f"/projects/{cast.project.pk}/fairness/monitors/{monitor.pk}/"
    assert one.text == "How far one religion is behind another in labels: at most 10 points now."
    monitor_remove(monitor=monitor, actor=cast.olivia)
    gone = shown(cast, Role.EXPERT)
    assert {one.url for one in gone} == {f"/projects/{cast.project.pk}/fairness/monitors/"}
    assert gone[0].text == "How far one religion is behind another in labels."


def test_a_model_that_an_audit_chose_or_proposed_is_named_with_its_audit(cast, monkeypatch):
    monkeypatch.setattr("fairness.selectors.timeline._subjects", lambda project, runs: ["audit:7"])
    data = {"role": "validator", "name": "smollm2", "reason": "It treats groups most alike."}
    for kind in ("audit.model_proposed", "audit.model_chosen"):
        one = said(cast, kind, "audit:7", data)
        assert one.text == "smollm2 (Validator). It treats groups most alike."
        assert one.url == "/audits/7/"
    assert shown(cast, Role.EXPERT)[0].url == ""
    assert not Audit.objects.exists()


@pytest.mark.parametrize(
    ("kind", "data", "text", "page"),
    [
        ("groups.changed", {"items": 1200}, "Items that got other groups: 1,200.", "settings/groups/"),
        (
            "demand.raised",
            {"attribute": "religion", "group": "jewish", "more": 2},
            "religion “jewish”, labels more for each item: 2.",
            "settings/more-labels/",
        ),
        (
            "monitors.groups_changed",
            {"attributes": ["religion"], "monitors": [1, 2]},
            "Limits on religion: 2.",
            "fairness/monitors/",
        ),
        ("serving.rules_changed", {"strategy": "priority"}, "", "settings/serving/"),
    ],
)
def test_what_is_about_the_project_leads_to_the_page_that_says_how_it_is_now(cast, kind, data, text, page):
    one = said(cast, kind, f"project:{cast.project.pk}", data)
    assert one.text == text
    assert one.url == f"/projects/{cast.project.pk}/{page}"


def test_on_the_page_the_marks_are_links(cast, client):
    monitor = monitor_add(project=cast.project, actor=cast.olivia, values=LIMIT)
    client.force_login(cast.audrey)
    page = client.get(f"/projects/{cast.project.pk}/fairness/more/").content.decode()
    assert f'href="/projects/{cast.project.pk}/fairness/monitors/{monitor.pk}/">A limit was set</a>' in page

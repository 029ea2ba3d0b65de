"""What is marked on the timeline: findings and the answers to them, limits, chosen models, beside checkpoints."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from annotations.models import ModelChoice
from fairness.monitors.services import finding_decide, monitor_remove
from fairness.presenting.timeplot import happened
from fairness.selectors.live import live_view
from fairness.selectors.marks import marks_of
from fairness.selectors.timeline import timeline
from tests.factories import make_project, make_user
from tests.fairness.test_monitors import biased, evaluate, make_run, watch

pytestmark = pytest.mark.django_db


def test_findings_answers_limits_and_choices_are_marked_with_links(cast, page_client):
    monitor = watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="Known.")
    monitor_remove(monitor=monitor, actor=cast.olivia)
    for chosen_by in (cast.olivia, None):  # an audit's own proposal is no decision
        ModelChoice.objects.create(
            project=cast.project, role="labeller", model=1, name="smollm2", audit=5, reason="Fairest.",
            chosen_by=chosen_by, chosen_at=timezone.now(), is_current=chosen_by is not None,
        )  # fmt: skip
    marks = {(mark.kind, mark.what): mark for mark in marks_of(cast.project)}
    assert marks["finding", "opened"].reason == "christian, muslim"
    assert marks["finding", "accept"].reason == "Known."
    assert marks["choice", "labeller"].reason == "smollm2: Fairest."
    assert {("monitor", "monitor.added"), ("monitor", "monitor.removed")} <= marks.keys()
    assert len([mark for mark in marks_of(cast.project) if mark.kind == "choice"]) == 1
    view = live_view(cast.project)
    shown = {one.title: one for one in happened(cast.project.pk, timeline(cast.project, view), Role.OWNER)}
    address = reverse("fairness_finding", args=[cast.project.pk, finding.pk])
    assert shown[f"A monitor found something (finding {finding.pk})"].url == address
    assert shown[f"Finding {finding.pk} answered: Accept it, with a reason"].url == address
    assert page_client(cast.audrey).get(shown["Limit removed"].url).status_code == 200
    assert [one.url for title, one in shown.items() if title.startswith("Model chosen")] == ["/audits/5/"]
    to_experts = happened(cast.project.pk, timeline(cast.project, view), Role.EXPERT)
    assert [one.url for one in to_experts if one.title.startswith("Model chosen")] == [""]


def test_another_project_s_findings_are_not_marked(cast):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    evaluate(cast)
    assert marks_of(make_project(make_user())) == []

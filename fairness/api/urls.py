"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from fairness.api import audits, probes
from fairness.api.tables import FairnessTableView
from fairness.api.views import FairnessView
from fairness.disclosure.api import DisclosureView
from fairness.monitors import api

MONITORS, FINDINGS = "projects/<int:project_id>/monitors/", "projects/<int:project_id>/findings/"

PROJECT = "projects/<int:project_id>/audits"
AUDIT = "audits/<int:audit_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/fairness/", FairnessView.as_view(), name="api_fairness"),
    path(
        "projects/<int:project_id>/fairness/tables/<slug:chart>/",
        FairnessTableView.as_view(),
        name="api_fairness_table",
    ),
    path("projects/<int:project_id>/disclosure/", DisclosureView.as_view(), name="api_disclosure"),
    path(f"{PROJECT}/", audits.AuditsView.as_view(), name="api_audits"),
    path(f"{PROJECT}/candidates/", audits.AuditCandidatesView.as_view(), name="api_audit_candidates"),
    path(f"{PROJECT}/rules/", audits.AuditRulesView.as_view(), name="api_audit_rules"),
    path(f"{PROJECT}/probe-sets/", probes.ProbeSetsView.as_view(), name="api_probe_sets"),
    path(f"{PROJECT}/templates/", probes.TemplatesView.as_view(), name="api_probe_templates"),
    path(f"{PROJECT}/templates/<int:file_id>/", probes.TemplateFileView.as_view(), name="api_probe_templates_file"),
    path(f"{AUDIT}/", audits.AuditView.as_view(), name="api_audit"),
    path(f"{AUDIT}/card/", audits.AuditCardView.as_view(), name="api_audit_card"),
    path(f"{AUDIT}/choose/", audits.AuditChooseView.as_view(), name="api_audit_choose"),
    path(f"{AUDIT}/cancel/", audits.AuditCancelView.as_view(), name="api_audit_cancel"),
    path(f"{AUDIT}/resume/", audits.AuditResumeView.as_view(), name="api_audit_resume"),
    path(MONITORS, api.MonitorsView.as_view(), name="api_monitors"),
    path(f"{MONITORS}try/", api.MonitorTryView.as_view(), name="api_monitor_try"),
    path(f"{MONITORS}<int:monitor_id>/", api.MonitorView.as_view(), name="api_monitor"),
    path(f"{MONITORS}<int:monitor_id>/look/", api.MonitorLookView.as_view(), name="api_monitor_look"),
    path(FINDINGS, api.FindingsView.as_view(), name="api_findings"),
    path(f"{FINDINGS}<int:finding_id>/", api.FindingView.as_view(), name="api_finding"),
    path(f"{FINDINGS}<int:finding_id>/send/", api.FindingSendView.as_view(), name="api_finding_send"),
    path(f"{FINDINGS}<int:finding_id>/more-labels/", api.FindingRaiseView.as_view(), name="api_finding_raise"),
    path(f"{FINDINGS}<int:finding_id>/decide/", api.FindingDecideView.as_view(), name="api_finding_decide"),
]

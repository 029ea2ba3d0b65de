"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from fairness.api.views import FairnessView
from fairness.monitors import api

MONITORS, FINDINGS = "projects/<int:project_id>/monitors/", "projects/<int:project_id>/findings/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/fairness/", FairnessView.as_view(), name="api_fairness"),
    path(MONITORS, api.MonitorsView.as_view(), name="api_monitors"),
    path(f"{MONITORS}try/", api.MonitorTryView.as_view(), name="api_monitor_try"),
    path(f"{MONITORS}<int:monitor_id>/", api.MonitorView.as_view(), name="api_monitor"),
    path(FINDINGS, api.FindingsView.as_view(), name="api_findings"),
    path(f"{FINDINGS}<int:finding_id>/", api.FindingView.as_view(), name="api_finding"),
    path(f"{FINDINGS}<int:finding_id>/decide/", api.FindingDecideView.as_view(), name="api_finding_decide"),
]

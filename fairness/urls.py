"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from fairness import views
from fairness.audits.urls import urlpatterns as audits
from fairness.disclosure import views as disclosed
from fairness.monitors import views as monitors

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/fairness/", views.fairness, name="fairness"),
    path("projects/<int:project_id>/fairness/more/", views.fairness_more, name="fairness_more"),
    path("projects/<int:project_id>/fairness/report/", views.fairness_report, name="fairness_report"),
    path("projects/<int:project_id>/fairness/<slug:chart>.csv", views.fairness_csv, name="fairness_csv"),
    path("projects/<int:project_id>/disclosure/", disclosed.disclosure, name="fairness_disclosure"),
    path("projects/<int:project_id>/disclosure.json", disclosed.disclosure_file, name="fairness_disclosure_file"),
    path("projects/<int:project_id>/fairness/monitors/", monitors.monitors, name="fairness_monitors"),
    path("projects/<int:project_id>/fairness/monitors/new/", monitors.monitor_new, name="fairness_monitor_new"),
    path("projects/<int:project_id>/fairness/monitors/<int:monitor_id>/", monitors.monitor, name="fairness_monitor"),
    path(
        "projects/<int:project_id>/fairness/monitors/<int:monitor_id>/remove/",
        monitors.monitor_drop,
        name="fairness_monitor_remove",
    ),
    path("projects/<int:project_id>/fairness/findings/<int:finding_id>/", monitors.finding, name="fairness_finding"),
    path(
        "projects/<int:project_id>/fairness/findings/<int:finding_id>/send/",
        monitors.finding_to_experts,
        name="fairness_finding_send",
    ),
    path(
        "projects/<int:project_id>/fairness/findings/<int:finding_id>/more-labels/",
        monitors.finding_more_labels,
        name="fairness_finding_raise",
    ),
    *audits,
]

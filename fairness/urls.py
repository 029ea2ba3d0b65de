"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from fairness import views
from fairness.audits.urls import urlpatterns as audits

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/fairness/", views.fairness, name="fairness"),
    path("projects/<int:project_id>/fairness/more/", views.fairness_more, name="fairness_more"),
    path("projects/<int:project_id>/fairness/report/", views.fairness_report, name="fairness_report"),
    path("projects/<int:project_id>/fairness/<slug:chart>.csv", views.fairness_csv, name="fairness_csv"),
    *audits,
]

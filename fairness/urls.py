"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from fairness import views
from fairness.audits.urls import urlpatterns as audits

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/fairness/", views.fairness, name="fairness"),
    *audits,
]

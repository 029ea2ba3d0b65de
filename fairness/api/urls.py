"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from fairness.api.views import FairnessView

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/fairness/", FairnessView.as_view(), name="api_fairness"),
]

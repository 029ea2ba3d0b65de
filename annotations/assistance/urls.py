"""Addresses of assistance."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.assistance import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "projects/<int:project_id>/settings/assistance/",
        views.project_setting_assistance,
        name="project_setting_assistance",
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/assistance/", api.AssistanceView.as_view(), name="api_assistance"),
]

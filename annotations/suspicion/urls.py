"""Addresses of suspicions."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.suspicion import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/people/suspicions/", views.people_suspicions, name="people_suspicions"),
    path(
        "projects/<int:project_id>/people/suspicions/check/",
        views.people_suspicions_check,
        name="people_suspicions_check",
    ),
    path(
        "projects/<int:project_id>/people/suspicions/<int:suspicion_id>/",
        views.people_suspicion,
        name="people_suspicion",
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/suspicions/", api.SuspicionsView.as_view(), name="api_suspicions"),
    path("projects/<int:project_id>/suspicions/<int:suspicion_id>/", api.SuspicionView.as_view(), name="api_suspicion"),
]

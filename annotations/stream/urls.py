"""Addresses of the audit stream."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.stream import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "projects/<int:project_id>/settings/audit-stream/", views.project_setting_stream, name="project_setting_stream"
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/audit-stream/", api.AuditStreamView.as_view(), name="api_audit_stream"),
]

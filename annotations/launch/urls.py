"""Addresses of the checklist."""

from __future__ import annotations

from django.urls import path

from annotations.launch import api, views

urlpatterns = [
    path("projects/<int:project_id>/settings/checklist/", views.project_checklist, name="project_checklist"),
]

api_urlpatterns = [
    path("projects/<int:project_id>/checklist/", api.ChecklistView.as_view(), name="api_checklist"),
]

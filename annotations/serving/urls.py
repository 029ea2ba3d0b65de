"""Addresses of the serving rules."""

from __future__ import annotations

from django.urls import path

from annotations.serving import api, views

urlpatterns = [
    path("projects/<int:project_id>/settings/serving/", views.project_setting_serving, name="project_setting_serving"),
]

api_urlpatterns = [
    path("projects/<int:project_id>/serving/", api.ServingView.as_view(), name="api_serving"),
]

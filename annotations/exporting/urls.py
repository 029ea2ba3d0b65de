"""Addresses of exports."""

from __future__ import annotations

from django.urls import path

from annotations.exporting import api, views

urlpatterns = [path("projects/<int:project_id>/exports/", views.exports, name="exports")]
api_urlpatterns = [path("projects/<int:project_id>/exports/", api.ExportView.as_view(), name="api_exports")]

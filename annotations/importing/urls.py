"""Addresses of imports."""

from __future__ import annotations

from django.urls import path

from annotations.importing import api, views

urlpatterns = [
    path("projects/<int:project_id>/imports/", views.imports, name="imports"),
    path("imports/<int:job_id>/", views.import_detail, name="import_detail"),
    path("imports/<int:job_id>/start/", views.import_map, name="import_map"),
    path("imports/<int:job_id>/progress/", views.import_progress, name="import_progress"),
    path("imports/<int:job_id>/cancel/", views.import_stop, name="import_stop"),
]
api_urlpatterns = [
    path("projects/<int:project_id>/imports/", api.ImportsView.as_view(), name="api_imports"),
    path("imports/<int:job_id>/", api.ImportView.as_view(), name="api_import"),
    path("imports/<int:job_id>/preview/", api.ImportPreviewView.as_view(), name="api_import_preview"),
    path("imports/<int:job_id>/start/", api.ImportStartView.as_view(), name="api_import_start"),
    path("imports/<int:job_id>/cancel/", api.ImportCancelView.as_view(), name="api_import_cancel"),
    path("imports/<int:job_id>/errors/", api.ImportErrorsView.as_view(), name="api_import_errors"),
    path("imports/<int:job_id>/errors.csv", api.ImportErrorsCsvView.as_view(), name="api_import_errors_csv"),
]

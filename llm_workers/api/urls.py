"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from llm_workers.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("models/", views.ModelsView.as_view(), name="api_models"),
    path("models/refresh/", views.ModelsRefreshView.as_view(), name="api_models_refresh"),
    path("models/<int:model_id>/", views.ModelView.as_view(), name="api_model"),
    path("projects/<int:project_id>/runs/", views.RunsView.as_view(), name="api_runs"),
    path("runs/<int:run_id>/", views.RunView.as_view(), name="api_run"),
    path("runs/<int:run_id>/pause/", views.RunPauseView.as_view(), name="api_run_pause"),
    path("runs/<int:run_id>/resume/", views.RunResumeView.as_view(), name="api_run_resume"),
    path("runs/<int:run_id>/cancel/", views.RunCancelView.as_view(), name="api_run_cancel"),
    path("runs/<int:run_id>/rules/", views.RunRulesView.as_view(), name="api_run_rules"),
    path("runs/<int:run_id>/items/", views.RunItemsView.as_view(), name="api_run_items"),
]

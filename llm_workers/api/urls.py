"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from llm_workers.api import prompt_views, views
from llm_workers.costs import urls as cost_urls
from llm_workers.registry import urls as registry_urls
from llm_workers.trust import urls as trust
from llm_workers.validating.urls import api_urlpatterns as validating

urlpatterns: list[URLPattern | URLResolver] = [
    *registry_urls.api_urlpatterns,
    *cost_urls.api_urlpatterns,
    path("models/", views.ModelsView.as_view(), name="api_models"),
    path("models/refresh/", views.ModelsRefreshView.as_view(), name="api_models_refresh"),
    path("models/<int:model_id>/", views.ModelView.as_view(), name="api_model"),
    path("projects/<int:project_id>/runs/", views.RunsView.as_view(), name="api_runs"),
    path("projects/<int:project_id>/prompts/", prompt_views.PromptsView.as_view(), name="api_prompts"),
    path("projects/<int:project_id>/prompts/<int:prompt_id>/", prompt_views.PromptView.as_view(), name="api_prompt"),
    path("projects/<int:project_id>/playground/", prompt_views.PlaygroundView.as_view(), name="api_playground"),
    path("projects/<int:project_id>/playground/<int:trial_id>/", prompt_views.TrialView.as_view(), name="api_trial"),
    *validating,
    path("runs/<int:run_id>/", views.RunView.as_view(), name="api_run"),
    path("runs/<int:run_id>/pause/", views.RunPauseView.as_view(), name="api_run_pause"),
    path("runs/<int:run_id>/resume/", views.RunResumeView.as_view(), name="api_run_resume"),
    path("runs/<int:run_id>/cancel/", views.RunCancelView.as_view(), name="api_run_cancel"),
    path("runs/<int:run_id>/rules/", views.RunRulesView.as_view(), name="api_run_rules"),
    path("runs/<int:run_id>/items/", views.RunItemsView.as_view(), name="api_run_items"),
    *trust.api_urlpatterns,
]

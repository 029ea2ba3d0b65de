"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from llm_workers import prompt_views, views
from llm_workers.costs import urls as cost_urls
from llm_workers.registry import urls as registry_urls
from llm_workers.trust import urls as trust
from llm_workers.validating.urls import urlpatterns as validating

urlpatterns: list[URLPattern | URLResolver] = [
    *registry_urls.urlpatterns,
    *cost_urls.urlpatterns,
    path("projects/<int:project_id>/runs/", views.runs, name="runs"),
    path("projects/<int:project_id>/runs/prompt/", views.run_prompt, name="run_prompt"),
    path("projects/<int:project_id>/prompts/", prompt_views.prompts, name="run_prompts"),
    path("projects/<int:project_id>/prompts/new/", prompt_views.prompt_new, name="run_prompts_new"),
    path("projects/<int:project_id>/prompts/<int:prompt_id>/", prompt_views.prompt_detail, name="run_prompts_one"),
    path(
        "projects/<int:project_id>/prompts/<int:prompt_id>/delete/",
        prompt_views.prompt_remove,
        name="run_prompts_delete",
    ),
    path("projects/<int:project_id>/playground/", prompt_views.playground, name="run_playground"),
    path("projects/<int:project_id>/playground/<int:trial_id>/", prompt_views.trial_detail, name="run_trial"),
    path(
        "projects/<int:project_id>/playground/<int:trial_id>/progress/",
        prompt_views.trial_progress,
        name="run_trial_progress",
    ),
    path("runs/<int:run_id>/", views.run_detail, name="run_detail"),
    path("runs/<int:run_id>/progress/", views.run_progress, name="run_progress"),
    path("runs/<int:run_id>/limits/", views.run_limits, name="run_limits"),
    path("runs/<int:run_id>/unanswered/", views.run_unanswered, name="run_unanswered"),
    *validating,
    re_path(r"^runs/(?P<run_id>\d+)/(?P<action>pause|resume|cancel)/$", views.run_steer, name="run_steer"),
    *trust.urlpatterns,
]

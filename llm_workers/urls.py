"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from llm_workers import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("models/", views.models, name="models"),
    path("models/refresh/", views.models_ask, name="models_refresh"),
    path("projects/<int:project_id>/runs/", views.runs, name="runs"),
    path("projects/<int:project_id>/runs/prompt/", views.run_prompt, name="run_prompt"),
    path("runs/<int:run_id>/", views.run_detail, name="run_detail"),
    path("runs/<int:run_id>/progress/", views.run_progress, name="run_progress"),
    path("runs/<int:run_id>/limits/", views.run_limits, name="run_limits"),
    path("runs/<int:run_id>/unanswered/", views.run_unanswered, name="run_unanswered"),
    re_path(r"^runs/(?P<run_id>\d+)/(?P<action>pause|resume|cancel)/$", views.run_steer, name="run_steer"),
]

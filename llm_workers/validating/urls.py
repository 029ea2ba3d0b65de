"""Addresses of validation."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from llm_workers.validating import api, views

STEER = r"^projects/(?P<project_id>\d+)/validator/(?P<action>pause|resume)/$"

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/verifier/", views.verifier, name="validation"),
    path("projects/<int:project_id>/verifier/now/", views.verifier_now, name="validation_now"),
    path("projects/<int:project_id>/validator/", views.validator, name="validation_model"),
    re_path(STEER, views.validator_steer, name="validation_model_steer"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/verifier/", api.VerifierView.as_view(), name="api_verifier"),
    path("projects/<int:project_id>/verifier/scores/", api.ScoresView.as_view(), name="api_verifier_scores"),
    path("projects/<int:project_id>/validator/", api.ValidatorView.as_view(), name="api_validator"),
    path("projects/<int:project_id>/validator/ratings/", api.RatingsView.as_view(), name="api_validator_ratings"),
    path("projects/<int:project_id>/validator/pause/", api.ValidatorPauseView.as_view(), name="api_validator_pause"),
    path("projects/<int:project_id>/validator/resume/", api.ValidatorResumeView.as_view(), name="api_validator_resume"),
]

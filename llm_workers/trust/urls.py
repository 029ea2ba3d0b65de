"""Addresses of trust."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from llm_workers.trust import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/trust/", views.trust, name="trust"),
    path("projects/<int:project_id>/trust/compute/", views.trust_compute_now, name="trust_compute"),
    path("projects/<int:project_id>/trust/<int:annotator_id>/", views.trust_model, name="trust_model"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/trust/", api.TrustView.as_view(), name="api_trust"),
    path(
        "projects/<int:project_id>/models/<int:annotator_id>/calibration/",
        api.CalibrationView.as_view(),
        name="api_calibration",
    ),
    path(
        "projects/<int:project_id>/models/<int:annotator_id>/stand-in/", api.StandInView.as_view(), name="api_stand_in"
    ),
]

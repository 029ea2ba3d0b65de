"""Addresses of consensus."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.deciding import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/consensus/", views.consensus, name="consensus"),
    path("projects/<int:project_id>/consensus/refit/", views.consensus_refit, name="consensus_refit"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/consensus/fit/", api.FitView.as_view(), name="api_consensus_fit"),
    path("projects/<int:project_id>/consensus/posteriors/", api.PosteriorsView.as_view(), name="api_posteriors"),
]

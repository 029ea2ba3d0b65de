"""Addresses of costs."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from llm_workers.costs import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/runs/costs/", views.run_costs, name="run_costs"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/cost/", api.CostView.as_view(), name="api_cost"),
]

"""Addresses of the registry."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from llm_workers.registry import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("models/", views.models, name="models"),
    path("models/refresh/", views.models_ask, name="models_refresh"),
    path("models/servers/new/", views.server_new, name="server_new"),
    path("models/servers/<int:endpoint_id>/", views.server, name="server"),
    path("models/servers/<int:endpoint_id>/remove/", views.server_forget, name="server_remove"),
    path("models/<int:model_id>/", views.model, name="model"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("models/servers/", api.ServersView.as_view(), name="api_servers"),
    path("models/servers/<int:endpoint_id>/", api.ServerView.as_view(), name="api_server"),
]

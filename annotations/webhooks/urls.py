"""Addresses of webhooks."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.webhooks import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "projects/<int:project_id>/settings/webhooks/",
        views.project_setting_webhooks,
        name="project_setting_webhooks",
    ),
    path("webhooks/<int:webhook_id>/", views.project_setting_webhook, name="project_setting_webhook"),
    path(
        "webhooks/<int:webhook_id>/remove/",
        views.project_setting_webhook_remove,
        name="project_setting_webhook_remove",
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/", api.WebhooksView.as_view(), name="api_webhooks"),
    path("webhooks/<int:webhook_id>/", api.WebhookView.as_view(), name="api_webhook"),
    path("webhooks/<int:webhook_id>/deliveries/", api.DeliveriesView.as_view(), name="api_webhook_deliveries"),
]

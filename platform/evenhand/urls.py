"""Addresses. Each app brings its pages (``urls``) and its API (``api.urls``)."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path
from django.views.generic import TemplateView

from evenhand import views

api = [
    path("", include("annotations.api.urls")),  # first, labelling within it: they are asked most
    path("", include("accounts.api.urls")),
    path("", include("llm_workers.api.urls")),
    path("", include("fairness.api.urls")),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("accounts/", include("allauth.account.urls")),
    path("", include("accounts.urls")),
    path("", include("annotations.urls")),
    path("", include("llm_workers.urls")),
    path("", include("fairness.urls")),
    path("projects/<int:project_id>/ledger/", views.ledger, name="ledger"),
    path("api/", views.api_reference, name="api_reference"),
    path("api/v1/schema/", views.schema, name="api_schema"),
    path("healthz", views.healthz, name="healthz"),
]
handler404 = "evenhand.errors.not_found"
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", TemplateView.as_view(template_name="styleguide.html"), name="styleguide"))

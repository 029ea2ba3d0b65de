"""Addresses of agreement."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.measuring import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/agreement/", views.agreement, name="agreement"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/agreement/", api.AgreementView.as_view(), name="api_agreement"),
]

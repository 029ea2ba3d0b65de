"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts import views
from accounts.rights.urls import urlpatterns as rights

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", views.profile_page, name="profile"),
    path("account/tokens/", views.tokens_page, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", views.token_revoke, name="token_revoke"),
    path("join/<str:token>/", views.join, name="join"),
    *rights,
]

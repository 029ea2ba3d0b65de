"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.api import views
from accounts.rights.urls import api_urlpatterns as rights

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", views.MeView.as_view(), name="api_me"),
    path("tokens/", views.TokensView.as_view(), name="api_tokens"),
    path("tokens/<int:token_id>/", views.TokenView.as_view(), name="api_token"),
    path("invitations/accept/", views.AcceptView.as_view(), name="api_invitation_accept"),
    *rights,
]

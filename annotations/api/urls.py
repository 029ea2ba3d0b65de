"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from annotations.labelling.urls import api_urlpatterns as labelling

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(labelling)),
]

"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("annotations.projects.urls")),
    path("", include("annotations.labelling.urls")),
    path("", include("annotations.settling.urls")),
    path("", include("annotations.importing.urls")),
    path("", include("annotations.items.urls")),
    path("", include("annotations.measuring.urls")),
    path("", include("annotations.deciding.urls")),
    path("", include("annotations.exporting.urls")),
    path("", include("annotations.paying.urls")),
    path("", include("annotations.working.urls")),
    path("", include("annotations.serving.urls")),
    path("", include("annotations.grouping.urls")),
    path("", include("annotations.raising.urls")),
    path("", include("annotations.quality.urls")),
    path("", include("annotations.suspicion.urls")),
    path("", include("annotations.launch.urls")),
    path("", include("annotations.assistance.urls")),
    path("", include("annotations.demographics.urls")),
    path("", include("annotations.webhooks.urls")),
    path("", include("annotations.stream.urls")),
]

"""Addresses of what a worker has of their own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.working import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/history/", views.history, name="history"),
    path("projects/<int:project_id>/history/<int:annotation_id>/", views.history_label, name="history_label"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/history/", api.HistoryView.as_view(), name="api_history"),
    path(
        "projects/<int:project_id>/history/<int:annotation_id>/",
        api.HistoryLabelView.as_view(),
        name="api_history_label",
    ),
    path(
        "projects/<int:project_id>/history/<int:annotation_id>/take-back/",
        api.TakeBackView.as_view(),
        name="api_history_take_back",
    ),
]

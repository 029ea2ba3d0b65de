"""Addresses of what a worker has of their own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.working import api, api_care, views, views_care

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/history/", views.history, name="history"),
    path("projects/<int:project_id>/history/<int:annotation_id>/", views.history_label, name="history_label"),
    path("projects/<int:project_id>/settings/care/", views_care.project_setting_care, name="project_setting_care"),
    path("account/work/", views_care.work_preferences, name="work_preferences"),
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
    path("projects/<int:project_id>/care/", api_care.CareView.as_view(), name="api_care"),
    path("me/work/", api_care.PreferencesView.as_view(), name="api_work_preferences"),
]

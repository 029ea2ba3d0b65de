"""Addresses of more labels for one group."""

from __future__ import annotations

from django.urls import path

from annotations.raising import api, views

urlpatterns = [
    path("projects/<int:project_id>/settings/more-labels/", views.project_setting_more, name="project_setting_more"),
    path(
        "projects/<int:project_id>/settings/more-labels/<int:demand_id>/end/",
        views.project_setting_more_end,
        name="project_setting_more_end",
    ),
]

api_urlpatterns = [
    path("projects/<int:project_id>/more-labels/", api.MoreLabelsView.as_view(), name="api_more_labels"),
    path("projects/<int:project_id>/more-labels/toll/", api.MoreLabelsTollView.as_view(), name="api_more_labels_toll"),
    path(
        "projects/<int:project_id>/more-labels/<int:demand_id>/",
        api.MoreLabelsOneView.as_view(),
        name="api_more_labels_one",
    ),
]

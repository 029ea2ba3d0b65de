"""Addresses of the groups of items."""

from __future__ import annotations

from django.urls import path

from annotations.grouping import api, views

urlpatterns = [
    path("projects/<int:project_id>/settings/groups/", views.project_setting_groups, name="project_setting_groups"),
]

api_urlpatterns = [
    path("projects/<int:project_id>/groups/", api.GroupsView.as_view(), name="api_groups"),
    path("projects/<int:project_id>/groups/count/", api.GroupsCountView.as_view(), name="api_groups_count"),
]

"""Addresses of the questions about people."""

from __future__ import annotations

from django.urls import path

from annotations.demographics import api, views

urlpatterns = [
    path("account/demographics/", views.demographics, name="demographics"),
    path("account/demographics/delete/", views.demographics_remove, name="demographics_delete"),
    path(
        "projects/<int:project_id>/settings/demographics/",
        views.project_setting_demographics,
        name="project_setting_demographics",
    ),
    path("projects/<int:project_id>/people/groups/", views.people_groups, name="people_groups"),
]
api_urlpatterns = [
    path("account/demographics/", api.OwnDemographicsView.as_view(), name="api_account_demographics"),
    path("projects/<int:project_id>/demographics/", api.DemographicsView.as_view(), name="api_demographics"),
]

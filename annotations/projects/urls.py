"""Addresses of projects, their settings and their people."""

from __future__ import annotations

from django.urls import path

from annotations.projects import api, api_people, views, views_people, views_settings

urlpatterns = [
    path("", views.home, name="home"),
    path("projects/new/", views.project_new, name="project_new"),
    path("projects/guidelines-preview/", views.guidelines_preview, name="guidelines_preview"),
    path("projects/<int:project_id>/", views.project, name="project"),
    path("projects/<int:project_id>/join/", views.project_joining, name="project_join"),
    path("projects/<int:project_id>/leave/", views.people_leave, name="people_leave"),
    path("projects/<int:project_id>/people/", views_people.people, name="people"),
    path("projects/<int:project_id>/people/<int:member_id>/role/", views_people.people_role, name="people_role"),
    path("projects/<int:project_id>/people/<int:member_id>/remove/", views_people.people_remove, name="people_remove"),
    path(
        "projects/<int:project_id>/invitations/<int:invitation_id>/revoke/",
        views_people.people_invitation_revoke,
        name="people_invitation_revoke",
    ),
    path("projects/<int:project_id>/settings/", views_settings.project_settings, name="project_settings"),
    path(
        "projects/<int:project_id>/settings/labels/",
        views_settings.project_setting_labels,
        name="project_setting_labels",
    ),
    path(
        "projects/<int:project_id>/settings/attributes/",
        views_settings.project_setting_attributes,
        name="project_setting_attributes",
    ),
    path(
        "projects/<int:project_id>/settings/status/",
        views_settings.project_setting_status,
        name="project_setting_status",
    ),
]

api_urlpatterns = [
    path("projects/", api.ProjectsView.as_view(), name="api_projects"),
    path("projects/<int:project_id>/", api.ProjectView.as_view(), name="api_project"),
    path("projects/<int:project_id>/schema/", api.SchemasView.as_view(), name="api_project_schema"),
    path("projects/<int:project_id>/status/", api.ProjectStatusView.as_view(), name="api_project_status"),
    path("projects/<int:project_id>/members/", api_people.MembersView.as_view(), name="api_members"),
    path("projects/<int:project_id>/members/<int:member_id>/", api_people.MemberView.as_view(), name="api_member"),
    path("projects/<int:project_id>/invitations/", api_people.InvitationsView.as_view(), name="api_invitations"),
    path(
        "projects/<int:project_id>/invitations/<int:invitation_id>/",
        api_people.InvitationView.as_view(),
        name="api_invitation",
    ),
    path("projects/<int:project_id>/join/", api_people.JoinView.as_view(), name="api_join"),
    path("projects/<int:project_id>/leave/", api_people.LeaveView.as_view(), name="api_leave"),
]

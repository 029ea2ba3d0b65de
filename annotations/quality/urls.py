"""Addresses of checking and reviewing."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.quality import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/settings/quality/", views.project_setting_quality, name="project_setting_quality"),
    path("projects/<int:project_id>/people/checks/", views.people_checks, name="people_checks"),
    path("projects/<int:project_id>/people/checks/<int:annotator_id>/", views.people_check, name="people_check"),
    path("projects/<int:project_id>/standing/", views.standing, name="standing"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/quality/", api.QualityView.as_view(), name="api_quality"),
    path("projects/<int:project_id>/people/checks/", api.PeopleChecksView.as_view(), name="api_people_checks"),
    path("projects/<int:project_id>/reviews/", api.ReviewsView.as_view(), name="api_reviews"),
    path("projects/<int:project_id>/reviews/<int:review_id>/", api.ReviewView.as_view(), name="api_review"),
    path("projects/<int:project_id>/exclusions/", api.ExclusionsView.as_view(), name="api_exclusions"),
    path(
        "projects/<int:project_id>/exclusions/<int:exclusion_id>/lift/",
        api.ExclusionLiftView.as_view(),
        name="api_exclusion_lift",
    ),
    path("projects/<int:project_id>/standing/", api.StandingView.as_view(), name="api_standing"),
]

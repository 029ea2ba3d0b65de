"""Addresses of checking and reviewing."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.quality import api, api_training, views, views_training

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/settings/quality/", views.project_setting_quality, name="project_setting_quality"),
    path(
        "projects/<int:project_id>/settings/quality/aside/", views.project_setting_aside, name="project_setting_aside"
    ),
    path("projects/<int:project_id>/training/", views_training.training, name="training"),
    path("projects/<int:project_id>/quiz/", views_training.quiz, name="quiz"),
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
    path("projects/<int:project_id>/quality/aside/", api_training.AsideView.as_view(), name="api_quality_aside"),
    path("projects/<int:project_id>/training/", api_training.TrainingView.as_view(), name="api_training"),
    path("projects/<int:project_id>/quiz/", api_training.QuizView.as_view(), name="api_quiz"),
    path(
        "projects/<int:project_id>/people/checks/<int:annotator_id>/qualify/",
        api_training.QualifyView.as_view(),
        name="api_qualify",
    ),
    path("projects/<int:project_id>/standing/", api.StandingView.as_view(), name="api_standing"),
]

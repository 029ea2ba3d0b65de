"""Addresses of labelling."""

from __future__ import annotations

from django.urls import path

from annotations.labelling import api, views

urlpatterns = [
    path("projects/<int:project_id>/label/", views.label, name="label"),
    path("projects/<int:project_id>/label/ready/", views.label_ready, name="label_ready"),
    path("assignments/<int:assignment_id>/submit/", views.label_submit, name="label_submit"),
    path("assignments/<int:assignment_id>/undo/", views.label_undo, name="label_undo"),
    path("assignments/<int:assignment_id>/skip/", views.label_skip, name="label_skip"),
    path("assignments/<int:assignment_id>/flag/", views.label_flag, name="label_flag"),
]
api_urlpatterns = [
    path("projects/<int:project_id>/next/", api.NextView.as_view(), name="api_next"),
    path("projects/<int:project_id>/work/", api.WorkView.as_view(), name="api_work"),
    path("assignments/<int:assignment_id>/submit/", api.SubmitView.as_view(), name="api_submit"),
    path("assignments/<int:assignment_id>/undo/", api.UndoView.as_view(), name="api_undo"),
    path("assignments/<int:assignment_id>/skip/", api.SkipView.as_view(), name="api_skip"),
    path("assignments/<int:assignment_id>/flag/", api.FlagView.as_view(), name="api_flag"),
    path("assignments/<int:assignment_id>/renew/", api.RenewView.as_view(), name="api_renew"),
    path("assignments/<int:assignment_id>/release/", api.ReleaseView.as_view(), name="api_release"),
]

"""Addresses of cases and consensus."""

from __future__ import annotations

from django.urls import path

from annotations.settling import api, views

urlpatterns = [
    path("projects/<int:project_id>/cases/", views.cases, name="cases"),
    path("projects/<int:project_id>/cases/next/", views.case_next, name="case_next"),
    path("cases/<int:case_id>/", views.case_detail, name="case_detail"),
    path("cases/<int:case_id>/claim/", views.case_claim, name="case_claim"),
    path("cases/<int:case_id>/release/", views.case_release, name="case_release"),
    path("cases/<int:case_id>/settle/", views.case_settle, name="case_settle"),
]
api_urlpatterns = [
    path("projects/<int:project_id>/cases/", api.CaseListView.as_view(), name="api_cases"),
    path("projects/<int:project_id>/cases/next/", api.CaseNextView.as_view(), name="api_case_next"),
    path("projects/<int:project_id>/consensus/", api.ConsensusListView.as_view(), name="api_consensus"),
    path("cases/<int:case_id>/", api.CaseView.as_view(), name="api_case"),
    path("cases/<int:case_id>/claim/", api.CaseClaimView.as_view(), name="api_case_claim"),
    path("cases/<int:case_id>/release/", api.CaseReleaseView.as_view(), name="api_case_release"),
    path("cases/<int:case_id>/settle/", api.CaseSettleView.as_view(), name="api_case_settle"),
]

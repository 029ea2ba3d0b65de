"""Addresses of pay."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from annotations.paying import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/pay/", views.pay, name="pay"),
    path("projects/<int:project_id>/pay/payments.csv", views.pay_export, name="pay_export"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/pay/", api.PayView.as_view(), name="api_pay"),
    path("projects/<int:project_id>/pay/adjustments/", api.PayAdjustmentsView.as_view(), name="api_pay_adjustments"),
]

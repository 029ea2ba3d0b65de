"""Addresses of items."""

from __future__ import annotations

from django.urls import path

from annotations.items import api, views

urlpatterns = [
    path("projects/<int:project_id>/items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item_detail, name="item_detail"),
]
api_urlpatterns = [
    path("projects/<int:project_id>/items/", api.ItemsView.as_view(), name="api_items"),
    path("items/<int:item_id>/", api.ItemView.as_view(), name="api_item"),
]

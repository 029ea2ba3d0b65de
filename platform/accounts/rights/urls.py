"""Addresses of one's own data."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.rights import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/data/", views.your_data, name="your_data"),
    path("account/data/download/", views.your_data_download, name="your_data_download"),
    path("account/erase/", views.your_data_erase, name="your_data_erase"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("account/data/", api.DataView.as_view(), name="api_account_data"),
    path("account/data/download/", api.DataDownloadView.as_view(), name="api_account_data_download"),
    path("account/erase/", api.EraseView.as_view(), name="api_account_erase"),
]

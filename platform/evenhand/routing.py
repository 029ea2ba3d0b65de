"""WebSocket addresses: each app brings its own."""

from __future__ import annotations

from django.urls import URLPattern

from fairness.routing import websocket_urlpatterns as fairness

websocket_urlpatterns: list[URLPattern] = [*fairness]

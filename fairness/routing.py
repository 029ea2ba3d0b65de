"""WebSocket addresses."""

from __future__ import annotations

from django.urls import URLPattern, path

from fairness.consumers import FairnessSocket, FindingsSocket, ProgressSocket

websocket_urlpatterns: list[URLPattern] = [
    path("ws/projects/<int:project_id>/fairness/", FairnessSocket.as_asgi(), name="ws_fairness"),
    path("ws/projects/<int:project_id>/findings/", FindingsSocket.as_asgi(), name="ws_findings"),
    path("ws/projects/<int:project_id>/progress/", ProgressSocket.as_asgi(), name="ws_progress"),
]

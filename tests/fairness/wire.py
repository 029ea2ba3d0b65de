"""A WebSocket client without a network, straight to the ASGI application.

Like ``channels.testing.WebsocketCommunicator``, whose package cannot be imported without the server Daphne.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from asgiref.testing import ApplicationCommunicator

from evenhand.asgi import application


class Wire(ApplicationCommunicator):
    """``await connect()``, ``heard()`` the next message, ``closed_with()`` the close code, ``disconnect()``."""

    def __init__(self, path: str, *, cookies: str = "", origin: str = "http://localhost") -> None:
        parts = urlsplit(path)
        headers = {"origin": origin, "host": "localhost", "cookie": cookies}
        scope = {
            "type": "websocket",
            "path": unquote(parts.path),
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self) -> bool:
        """Whether the server accepted the connection."""
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output(timeout=10))["type"] == "websocket.accept")

    async def heard(self, timeout: float = 10) -> dict[str, Any]:
        event = await self.receive_output(timeout=timeout)
        assert event["type"] == "websocket.send", event
        return dict(json.loads(event["text"]))

    async def closed_with(self) -> int:
        while True:
            event = await self.receive_output(timeout=10)
            if event["type"] == "websocket.close":
                return int(event["code"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=10)

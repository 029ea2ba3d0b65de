"""Between the platform and a server: passes everything on, and keeps what was asked and what was answered."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


class Wiretap:
    """As a context manager: a server at ``url`` that stands for the one at ``target`` (both end in ``/v1``).

    ``pairs`` holds (request, answer) of every completion that succeeded, as JSON.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []
        handler = type("Handler", (_Handler,), {"tap": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Wiretap:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    tap: Wiretap
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def _pass_on(self, body: bytes | None) -> None:
        url = self.tap.target.removesuffix("/v1") + self.path
        headers = {"Content-Type": "application/json"}
        method = "GET" if body is None else "POST"
        answer = httpx.request(method, url, content=body, headers=headers, timeout=120, trust_env=False)
        if body is not None and answer.status_code == 200:
            self.tap.pairs.append((json.loads(body), answer.json()))
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

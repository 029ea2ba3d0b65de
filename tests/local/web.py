"""A small web server in a thread, for tests that need one to misbehave."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What is served: bytes by path, how it misbehaves, and a record of what was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)  # of each next answer, send only so many bytes
    statuses: list[int] = field(default_factory=list)  # of each next answer, only this status
    login: tuple[str, str] | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append((self.path, self.headers.get("Range")))
            self.close_connection = True
            if site.login and self.headers.get("Authorization") != _basic(*site.login):
                self._refuse(401, {"WWW-Authenticate": 'Basic realm="index"'})
            elif site.statuses:
                self._refuse(site.statuses.pop(0))
            elif self.path not in site.files:
                self._refuse(404)
            else:
                self._send(site.files[self.path])

        def _send(self, body: bytes) -> None:
            start = 0
            wanted = self.headers.get("Range")
            if wanted and site.ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(body):
                    self._refuse(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(body) - start))
            self.send_header("Content-Type", site.types.get(self.path, "application/octet-stream"))
            self.end_headers()
            stop = start + site.cut_after.pop(0) if site.cut_after else len(body)
            self.wfile.write(body[start:stop])

        def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """Serve ``site`` on a free loopback port; its ``url`` is filled in."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


Serve = Callable[[Site], Site]

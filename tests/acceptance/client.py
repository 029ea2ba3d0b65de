"""A program that uses Evenhand through its REST API alone, with a token."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx


class Api:
    """Every answer is checked: one outside 2xx fails the test, with what the server said."""

    def __init__(self, address: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{address}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._checked(self._http.get(path, params=params))

    def post(self, path: str, body: Any = None) -> Any:
        return self._checked(self._http.post(path, json={} if body is None else body))

    def patch(self, path: str, body: Any) -> Any:
        return self._checked(self._http.patch(path, json=body))

    def upload(self, path: str, blocks: Iterable[bytes], *, headers: dict[str, str]) -> Any:
        """Send a body whose length is not known beforehand, as it is made."""
        return self._checked(self._http.post(path, content=iter(blocks), headers=headers))

    def everything(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All entries of a list, page by page."""
        page = self.get(path, **params)
        found = list(page["results"])
        while page["next"]:
            page = self._checked(self._http.get(page["next"]))
            found += page["results"]
        return found

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """A JSONL download, read as it comes in."""
        with self._http.stream("GET", path, params=params) as answer:
            if answer.is_error:
                answer.read()
            self._refuse(answer)
            return [json.loads(line) for line in answer.iter_lines() if line]

    def wait_for(self, path: str, done: Callable[[Any], bool], *, seconds: float) -> Any:
        """Ask again until ``done``; fails with the last answer."""
        until = time.monotonic() + seconds
        while not done(answer := self.get(path)):
            if time.monotonic() > until:
                raise AssertionError(f"{path} was not done after {seconds:.0f} s: {answer}")
            time.sleep(0.25)
        return answer

    def _checked(self, answer: httpx.Response) -> Any:
        self._refuse(answer)
        return answer.json() if answer.content else None

    @staticmethod
    def _refuse(answer: httpx.Response) -> None:
        if not answer.is_success:
            asked = f"{answer.request.method} {answer.request.url}"
            raise AssertionError(f"{asked} was answered {answer.status_code}: {answer.text[:2000]}")

    def close(self) -> None:
        self._http.close()

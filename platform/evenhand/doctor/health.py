"""``python -m evenhand.doctor.health ROLE``: whether this container's own process is alive, by exit code.

Smaller than `evenhand doctor`, which looks at the whole platform: a container must not be restarted because another
one is ill. Roles: web, worker, llm-worker, beat, relay.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Callable

from evenhand.env import Environment, env

ANSWER_SECONDS = 8.0
SILENT_SECONDS = 60.0


def web(environment: Environment = env) -> str:
    """Ask the web server on this machine, as the proxy would; '' when it is well, otherwise what is wrong."""
    port = environment.number("EVENHAND_PORT", 8000, low=1, high=65535)
    host = environment.listing("EVENHAND_HOSTS", ["localhost"])[0].lstrip(".").replace("*", "localhost")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": host, "X-Forwarded-Proto": "https"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"answered {status}"


def worker(name: str) -> str:
    """Ask the Celery worker ``name`` of this machine through the broker."""
    from evenhand.celery import app

    node = f"{name}@{socket.gethostname()}"
    answers = app.control.ping(destination=[node], timeout=ANSWER_SECONDS, limit=1)
    return "" if answers else f"{node} did not answer within {ANSWER_SECONDS:.0f} s"


def heartbeat(name: str) -> str:
    """Look for a recent sign of life of a process that answers no request."""
    from evenhand.doctor.heartbeat import seconds_since

    age = seconds_since(name)
    if age is None:
        return f"{name} has given no sign of life"
    return "" if age <= SILENT_SECONDS else f"{name} has been silent for {age:.0f} s"


ROLES: dict[str, Callable[[], str]] = {
    "web": web,
    "worker": lambda: worker("worker"),
    "llm-worker": lambda: worker("llm-worker"),
    "beat": lambda: heartbeat("beat"),
    "relay": lambda: heartbeat("relay"),
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ROLES:
        sys.stderr.write(f"Say which process: {', '.join(ROLES)}\n")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
    trouble = ROLES[arguments[0]]()
    if trouble:
        sys.stderr.write(f"{trouble}\n")
    return int(bool(trouble))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

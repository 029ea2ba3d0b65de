"""HTTP and WebSocket entry point: ``uvicorn evenhand.asgi:application``."""

from __future__ import annotations

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup(set_prefix=False)

# Consumers and middleware import models, so they are imported only after Django is set up.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from evenhand.routing import websocket_urlpatterns  # noqa: E402
from evenhand.threaded import ThreadedHandler  # noqa: E402

# Requests at once in one web process, each with a database connection of its own. More of them would not be done
# sooner, but take each other's turns at the interpreter and the database: 16 cost a tenth more than 6 for each label.
THREADS = 6
STREAMS = 12  # uploads and downloads at once beside them

application = ProtocolTypeRouter(
    {
        "http": ThreadedHandler(threads=THREADS, streams=STREAMS),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)

# What is loaded by now stays for the life of the process: the collector need not look at it again and again, nor look
# for cycles after every few hundred objects, of which one request makes thousands.
gc.freeze()
gc.set_threshold(20_000, 20, 20)

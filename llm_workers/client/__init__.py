"""Talking to OpenAI-compatible servers. Knows HTTP and dialects; knows no database."""

from __future__ import annotations

from llm_workers.client.breaker import BreakerState
from llm_workers.client.careful import Careful, Completer
from llm_workers.client.chat import ChatClient, Patience
from llm_workers.client.errors import BadRequest, ClientError, Refused, Unavailable
from llm_workers.client.probe import Probe, probe
from llm_workers.client.registry import Registry
from llm_workers.client.router import Tally
from llm_workers.client.wire import Constraint, Offer, Reply, Request, Server, Token, Usage

__all__ = [
    "BadRequest",
    "BreakerState",
    "Careful",
    "ChatClient",
    "ClientError",
    "Completer",
    "Constraint",
    "Offer",
    "Patience",
    "Probe",
    "Refused",
    "Registry",
    "Reply",
    "Request",
    "Server",
    "Tally",
    "Token",
    "Unavailable",
    "Usage",
    "probe",
]

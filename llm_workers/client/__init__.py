"""Talking to OpenAI-compatible servers. Knows HTTP and dialects; knows no Django and no database."""

from __future__ import annotations

from llm_workers.client.chat import ChatClient, Patience
from llm_workers.client.errors import BadRequest, ClientError, Refused, Unavailable
from llm_workers.client.probe import Offer, Probe, probe
from llm_workers.client.wire import Constraint, Reply, Request, Server, Token, Usage

__all__ = [
    "BadRequest",
    "ChatClient",
    "ClientError",
    "Constraint",
    "Offer",
    "Patience",
    "Probe",
    "Refused",
    "Reply",
    "Request",
    "Server",
    "Token",
    "Unavailable",
    "Usage",
    "probe",
]

"""Requests and answers as plain data, and how a request is worded in each dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from llm_workers.client.breaker import CLOSED, BreakerState

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TOP_LOGPROBS = 20  # the most that vLLM gives
SEED = 20_260


@dataclass(frozen=True)
class Offer:
    """A model that a server offers. ``parameters`` and ``context_tokens`` are None where it does not say."""

    name: str
    base: str = ""
    adapter: str = ""
    quantization: str = ""
    parameters: int | None = None
    context_tokens: int | None = None

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What tells one model from another that is served under the same name."""
        return self.name, self.base, self.adapter, self.quantization


@dataclass(frozen=True)
class Server:
    """A base address that ends in ``/v1``, and the dialect that was found there.

    ``api_key``: None takes the client's, empty sends none. ``identity`` (of an ``Offer``) is the model that must be
    served there; None trusts the name. ``doubtful``: it did not answer when it was last asked what it serves.
    ``answer_seconds`` that it may take for one answer; None: as many as the client's ``Patience`` says.
    """

    url: str
    dialect: str
    api_key: str | None = None
    identity: tuple[str, str, str, str] | None = None
    breaker: BreakerState = CLOSED
    doubtful: bool = False
    answer_seconds: float | None = None


def is_local(url: str) -> bool:
    """Whether a server runs on this very machine: it is asked without a proxy, and its GPUs can be read here."""
    return urlsplit(url).hostname in LOOPBACK


def port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


@dataclass(frozen=True)
class Constraint:
    """Which answers are allowed: one of ``codes``, bare, or else JSON by ``schema`` (its root is an object).

    Where the codes cannot be asked for bare, ``schema`` is used.
    """

    codes: tuple[str, ...]
    schema: Mapping[str, Any]
    max_tokens: int


@dataclass(frozen=True)
class Request:
    model: str
    messages: Sequence[Mapping[str, Any]]
    constraint: Constraint
    temperature: float = 0.0
    seed: int = SEED

    def body(self, dialect: str) -> dict[str, Any]:
        """The JSON body for ``POST /chat/completions``: greedy unless asked, seeded, with log-probabilities."""
        return {
            "model": self.model,
            "messages": list(self.messages),
            "temperature": self.temperature,
            "seed": self.seed,
            "max_tokens": self.constraint.max_tokens,
            "logprobs": True,
            "top_logprobs": TOP_LOGPROBS,
            **_structured(self.constraint, dialect),
        }


def _structured(constraint: Constraint, dialect: str) -> dict[str, Any]:
    """vLLM and llama.cpp can be held to bare codes: fewer tokens, and the very first one is the decision."""
    if dialect == "vllm":
        choice = {"choice": list(constraint.codes)}
        return {"structured_outputs": choice if constraint.codes else {"json": constraint.schema}}
    if dialect == "llamacpp" and constraint.codes:
        return {"grammar": "root ::= " + " | ".join(json.dumps(code) for code in constraint.codes)}
    schema = {"name": "label", "strict": True, "schema": constraint.schema}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


@dataclass(frozen=True)
class Token:
    """A token of the answer: its text, and for it and the likeliest others text and natural log-probability.

    The probabilities are those before the constraint took effect. ``candidates`` contains the token itself.
    """

    text: str
    candidates: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Usage:
    """Tokens of a request, and the seconds from sending it to having its answer."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True)
class Reply:
    """An answer. ``tokens`` is empty where the server gives no log-probabilities; ``cut``: it ran out of tokens;
    ``refusal``: why there is none, in the model's words or the server's."""

    text: str
    tokens: tuple[Token, ...]
    cut: bool
    usage: Usage
    refusal: str = ""

    def after(self, usage: Usage) -> Reply:
        """The same answer with what was used before it."""
        return self if usage == Usage() else replace(self, usage=self.usage + usage)


def parse_reply(data: Any, *, seconds: float) -> Reply:
    """The answer in a server's JSON. Raises ``ValueError`` where it has not the shape of a chat completion."""
    if not isinstance(data, Mapping):
        raise ValueError("not an object")
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise ValueError("no choices")
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise ValueError("no message")
    content = message.get("content")
    return Reply(
        text=content if isinstance(content, str) else "",
        tokens=_tokens(choice.get("logprobs")),
        cut=choice.get("finish_reason") == "length",
        usage=_usage(data.get("usage"), seconds),
        refusal=_refusal(message, choice),
    )


def _refusal(message: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    said = message.get("refusal")
    if isinstance(said, str) and said.strip():
        return " ".join(said.split())[:200]
    return "a filter of the server held it back." if choice.get("finish_reason") == "content_filter" else ""


def _tokens(logprobs: Any) -> tuple[Token, ...]:
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    tokens = []
    for entry in content if isinstance(content, list) else []:
        listed = {str(other["token"]): float(other["logprob"]) for other in entry.get("top_logprobs") or []}
        listed[str(entry["token"])] = float(entry["logprob"])
        tokens.append(Token(text=str(entry["token"]), candidates=tuple(listed.items())))
    return tuple(tokens)


def _usage(usage: Any, seconds: float) -> Usage:
    usage = usage if isinstance(usage, Mapping) else {}
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(cached),
        seconds=seconds,
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0

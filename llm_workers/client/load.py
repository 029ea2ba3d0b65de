"""What a server says of itself while it is used: which models it serves, and how busy it is.

vLLM's metrics: https://docs.vllm.ai/en/latest/usage/metrics.html
"""

from __future__ import annotations

import asyncio

import httpx

from llm_workers.client.transport import Poster

SECONDS = 5.0  # for a list of models
METRIC = "vllm:num_requests_waiting"


async def requests_waiting(http: Poster, url: str) -> float | None:
    """The requests that wait at the server whose base address is ``url`` (it ends in ``/v1``), of all its engines; None
    where it does not say."""
    try:
        answer = await http.get(f"{url.rstrip('/').removesuffix('/v1')}/metrics")
    except httpx.TransportError:
        return None
    if answer.status_code != 200:
        return None
    counts = [
        line.rpartition(" ")[2] for line in answer.text.splitlines() if line.startswith((METRIC + "{", METRIC + " "))
    ]
    try:
        return sum(float(count) for count in counts) if counts else None
    except ValueError:
        return None


async def serves(http: Poster, url: str, model: str) -> bool:
    """Whether the server at ``url`` offers ``model`` now. True where it does not say: its answers will tell."""
    try:
        async with asyncio.timeout(SECONDS):
            answer = await http.get(f"{url}/models")
        data = answer.json() if answer.status_code == 200 else {}
        names = {entry["id"] for entry in data["data"]}
    except (TimeoutError, httpx.TransportError, ValueError, TypeError, KeyError):
        return True
    return not names or model in names

"""Which server answers at an LLM address, found by asking it: vLLM, llama.cpp, or another OpenAI-compatible
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Server:
    """A server's dialect (``vllm``, ``llama.cpp`` or ``openai``), its version where it tells, and its
    models.
    """

    dialect: str
    version: str
    models: list[str]


def probe(base_url: str, api_key: str = "") -> Server:
    """Ask the server at ``base_url`` (…/v1) what it is. Raises httpx.HTTPError or ValueError where it is
    none.
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with httpx.Client(timeout=TIMEOUT_SECONDS, headers=headers, trust_env=False) as client:
        answer = client.get(f"{base_url}/models")
        answer.raise_for_status()
        models = _models(answer.json())
        owners = {str(model.get("owned_by", "")).lower() for model in models}
        root = base_url.removesuffix("/v1")
        names = [str(model.get("id", "")) for model in models]
        if "vllm" in owners:
            return Server("vllm", str(_field(client, f"{root}/version", "version")), names)
        if owners & {"llamacpp", "llama.cpp"} or _field(
            client, f"{root}/props", "default_generation_settings"
        ):
            return Server("llama.cpp", str(_field(client, f"{root}/props", "build_info")), names)
        version = _field(
            client, f"{root}/version", "version"
        )  # vLLM behind a gateway that renames its models
        return Server("vllm", str(version), names) if version else Server("openai", "", names)


def _models(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise ValueError("its answer to GET /models is not a list of models")
    return [model for model in answer["data"] if isinstance(model, dict)]


def _field(client: httpx.Client, url: str, name: str) -> Any:
    """One field of a JSON answer, or '' where the server does not know the address."""
    try:
        answer = client.get(url)
        found = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return ""
    return found.get(name, "") if isinstance(found, dict) else ""

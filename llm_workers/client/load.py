"""What a server's ``/metrics`` says of its load, in the Prometheus text format."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\s+(\S+)")
RUNNING = {"vllm:num_requests_running", "llamacpp:requests_processing"}
WAITING = {"vllm:num_requests_waiting", "llamacpp:requests_deferred"}
READ = {"vllm:prompt_tokens_total", "llamacpp:prompt_tokens_total"}
WRITTEN = {"vllm:generation_tokens_total", "llamacpp:tokens_predicted_total"}
MEMORY = {"process_resident_memory_bytes"}  # what Prometheus' own clients tell of a process


@dataclass(frozen=True)
class Load:
    """Requests now, of everybody; and tokens since the server began. ``memory``: bytes that its process holds in main
    memory, None where it does not say."""

    running: float
    waiting: float
    tokens: tuple[float, float] | None = None  # read, written
    memory: float | None = None

    @property
    def requests(self) -> float:
        return self.running + self.waiting


def read_load(text: str) -> Load | None:
    """None where the text does not say how many requests there are. Several engines behind one address add up."""
    sums: dict[str, float] = {}
    for line in text.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        try:
            sums[found[1]] = sums.get(found[1], 0.0) + float(found[2])
        except ValueError:
            continue
    running = _one(sums, RUNNING)
    if running is None:
        return None
    read, written = _one(sums, READ), _one(sums, WRITTEN)
    tokens = None if read is None or written is None else (read, written)
    return Load(running, _one(sums, WAITING) or 0.0, tokens, _one(sums, MEMORY))


def _one(sums: dict[str, float], names: set[str]) -> float | None:
    return next((sums[name] for name in sorted(names) if name in sums), None)

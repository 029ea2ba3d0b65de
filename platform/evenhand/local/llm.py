"""The embedded llama.cpp server: ``python -m evenhand.local.llm --model FILE --port N``.

It runs as its own process because its native threads and memory should neither slow nor take down anything
else."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from evenhand.local.models import Model
from evenhand.local.process import Spec
from evenhand.local.valkey import free_port

CONTEXT_TOKENS = 8192
PARALLEL = 4
PROMPT_CACHE_MIB = 256
LOG_ERRORS = 1  # one line per request would bury what matters


class LlamaServer:
    """The language model's server of one EVENHAND_HOME."""

    def __init__(self, home: Path, env: Mapping[str, str], model: Model, path: Path, threads: int) -> None:
        self.home = home
        self._env = env
        self._model = model
        self._path = path
        self._threads = threads
        self._port = _kept_port(home / "run" / "llm.port")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def spec(self) -> Spec:
        module = [sys.executable, "-m", "evenhand.local.llm"]
        options = ["--model", str(self._path), "--alias", self._model.name]
        options += ["--port", str(self._port), "--threads", str(self._threads)]
        return Spec(
            name="llm",
            command=[*module, *options],
            env=self._env,
            cwd=self.home,
            stop_rank=2,
            stop_seconds=5.0,
            ready=self.answers,
            needed=False,
        )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _kept_port(path: Path) -> int:
    """The port of the last start while it is free: runs that go on after a restart find the model where it was."""
    try:
        port = int(path.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (OSError, ValueError, OverflowError):
        port = free_port()
        path.write_text(str(port))
    return port


def serve(*, model: Path, alias: str, port: int, threads: int) -> None:
    """Serve ``model`` on a loopback port until SIGTERM or SIGINT."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {alias}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.ui = False
    params.verbosity = LOG_ERRORS
    params.endpoint_slots = False
    params.cors_origins = "http://127.0.0.1"  # no web page that is open in a browser here may use it
    # One pool of tokens for all requests: four run at once, and a long one may take the whole of it.
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = PARALLEL
    params.kv_unified = True
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.n_gpu_layers = 0
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # waiting threads sleep instead of spinning: the machine has other work
    params.n_threads_http = PARALLEL + 2
    server = xllamacpp.Server(params)
    print(f"serving {alias} on {server.listening_address} with {threads} thread(s)", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    os._exit(0)  # nothing is to be saved, and an orderly end would wait for the answers under way


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve one GGUF model with llama.cpp, OpenAI-compatible.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    # Blocked before the server starts its threads, so that sigwait alone receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    serve(model=arguments.model, alias=arguments.alias, port=arguments.port, threads=arguments.threads)


if __name__ == "__main__":
    main()

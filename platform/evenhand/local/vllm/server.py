"""vLLM's server as a process of ours, for tests and benchmarks: on a processor with settings for a small machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from evenhand.env import env
from evenhand.local.errors import LocalError
from evenhand.local.models import DEFAULT_MODEL
from evenhand.local.valkey import free_port
from evenhand.local.vllm.folder import Place

READY_SECONDS = 400.0  # on two cores beside other work; alone it takes about 40
STOP_SECONDS = 20.0
TAIL_LINES = 25
CONTEXT_TOKENS = 2048
LORA_RANK = 8

# Its `vllm` command looks for the version of a package named vllm, which the CPU build is not; the module does not.
MODULE = "vllm.entrypoints.openai.api_server"


class VllmServer:
    """Serves the local model on a loopback port. ``start`` and ``stop`` may be called again and again: the port stays.

    As a context manager it runs for the length of the block.
    """

    def __init__(self, where: Place, log: Path, *, threads: int = 2, options: Sequence[str] = ()) -> None:
        self.where, self.log, self.threads = where, log, threads
        self.model = DEFAULT_MODEL.name
        self._options = list(options)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    def __enter__(self) -> VllmServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *, seconds: float = READY_SECONDS) -> float:
        """Start it and wait until it answers; returns the seconds. Raises LocalError with the log's end."""
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                self.command(), env=self._environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        while not self.answers():
            waited = time.monotonic() - began
            if self._process.poll() is not None or waited > seconds:
                ended = self._process.poll() is not None
                self.kill()
                how = "ended before it answered" if ended else f"did not answer within {seconds:.0f} seconds"
                raise LocalError(f"vLLM {how}. The end of {self.log}:\n{self.tail()}")
            time.sleep(0.2)
        return time.monotonic() - began

    def stop(self) -> None:
        """End it and the engine that it started, in an orderly way while there is time."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End all of it at once, as a crash would."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    def command(self) -> list[str]:
        command = [str(self.where.python), "-m", MODULE, "--model", str(self.where.model)]
        command += ["--served-model-name", self.model, "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--max-model-len", str(CONTEXT_TOKENS)]
        command += ["--enable-prefix-caching", "--enable-prompt-tokens-details"]
        command += ["--enable-lora", "--max-lora-rank", str(LORA_RANK)]
        # Room between JSON's parts costs a small model more tokens than what it says.
        command += ["--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}']
        command += ["--disable-uvicorn-access-log"]
        if self.where.build.name == "gpu":
            command += ["--gpu-memory-utilization", "0.4"]  # else vLLM's own defaults: a GPU is used as in production
        else:
            # A processor gains nothing from compiled graphs, and works on few at a time; with short steps the first
            # answers come early.
            command += ["--enforce-eager", "--max-num-seqs", "32", "--max-num-batched-tokens", "1024"]
        return [*command, *self._options]

    def _environment(self) -> dict[str, str]:
        cores = sorted(os.sched_getaffinity(0))[: self.threads]
        return env.overridden(
            PYTHONPATH="",
            OMP_NUM_THREADS=str(len(cores)),
            OMP_WAIT_POLICY="PASSIVE",  # threads that spin while they wait starve each other beside other work
            VLLM_CPU_OMP_THREADS_BIND=",".join(map(str, cores)),
            VLLM_CPU_KVCACHE_SPACE="2",  # GiB
            VLLM_ALLOW_RUNTIME_LORA_UPDATING="True",
            VLLM_NO_USAGE_STATS="1",
            HF_HUB_OFFLINE="1",
        )

"""What NVIDIA's library tells of this machine's GPUs: energy used, memory held (``pip install 'evenhand[gpu]'``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

try:
    import pynvml as nvml
except ImportError:  # an optional package: without it nothing is measured
    nvml = None  # type: ignore[assignment]
try:
    import psutil
except ImportError:  # likewise: without it no process is told from another
    psutil = None  # type: ignore[assignment]


class Gpus:
    """All GPUs of this machine. What cannot be read is None, never 0: no GPU, no driver, a card that does not tell."""

    def __init__(self) -> None:
        self._gpus: list[Any] = []
        if nvml is None:
            return
        try:
            nvml.nvmlInit()
            self._gpus = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError:
            self._gpus = []

    def joules(self) -> float | None:
        """Energy used since the driver was loaded, over all GPUs."""
        if not self._gpus:
            return None
        try:
            return float(sum(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu) for gpu in self._gpus)) / 1000
        except nvml.NVMLError:
            return None

    def memory(self, ports: Collection[int]) -> int | None:
        """Bytes held on all GPUs by the programs that listen on these ports of this machine, and by those that they
        started: vLLM's engine is another process than its server. What such a program has reserved counts as held.

        None also where it cannot be told which process listens (another user's, one in a container). It looks at every
        process of the machine: some ten milliseconds, not for an event loop.
        """
        if not self._gpus or not ports or psutil is None:
            return None
        try:
            own = set(_processes(ports))
            held = [used for gpu in self._gpus for pid, used in _holders(gpu) if pid in own]
        except (nvml.NVMLError, psutil.Error, OSError):
            return None
        known = [used for used in held if used is not None]
        return sum(known) if known and len(known) == len(held) else None


def _holders(gpu: Any) -> Iterator[tuple[int, int | None]]:
    """Programs that compute on a GPU, and the bytes that each holds there; None where the driver does not say."""
    for one in nvml.nvmlDeviceGetComputeRunningProcesses(gpu):
        yield one.pid, one.usedGpuMemory


def _processes(ports: Collection[int]) -> Iterator[int]:
    """Whoever listens on the ports, with all that they started."""
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports and connection.pid:
            yield connection.pid
            for started in psutil.Process(connection.pid).children(recursive=True):
                yield started.pid

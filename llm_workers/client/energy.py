"""The energy that this machine's GPUs have used, where NVIDIA's library can be read (package ``nvidia-ml-py``)."""

from __future__ import annotations

from typing import Any

try:
    import pynvml as nvml
except ImportError:  # an optional package: without it nothing is measured
    nvml = None  # type: ignore[assignment]


class EnergyMeter:
    """``joules()`` counts up since the driver was loaded, over all GPUs; None where it cannot be read."""

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
        if not self._gpus:
            return None
        try:
            return float(sum(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu) for gpu in self._gpus)) / 1000
        except nvml.NVMLError:
            return None

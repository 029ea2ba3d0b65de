"""What is read of this machine's GPUs, with a stand-in for NVIDIA's library: no test machine has a GPU."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from llm_workers.client import gpus
from llm_workers.client.gpus import Gpus

GIB = 1024**3
SERVER = """
import socket, subprocess, sys
listening = socket.create_server(("127.0.0.1", 0))
engine = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
print(listening.getsockname()[1], engine.pid, flush=True)
sys.stdin.read()
"""


class Nvml:
    """As much of ``pynvml`` as is used: cards, each with what it has used and who holds how much."""

    class NVMLError(Exception):
        pass

    def __init__(self, *cards: SimpleNamespace, driver: bool = True) -> None:
        self.cards, self.driver = cards, driver

    def nvmlInit(self) -> None:
        if not self.driver:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, number: int) -> SimpleNamespace:
        return self.cards[number]

    def nvmlDeviceGetTotalEnergyConsumption(self, card: SimpleNamespace) -> int:
        if card.millijoules is None:
            raise self.NVMLError("Not Supported")
        return card.millijoules

    def nvmlDeviceGetComputeRunningProcesses(self, card: SimpleNamespace) -> list[SimpleNamespace]:
        if card.held is None:
            raise self.NVMLError("Not Supported")
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in card.held.items()]


def card(millijoules: int | None = 0, held: dict[int, int | None] | None = None) -> SimpleNamespace:
    return SimpleNamespace(millijoules=millijoules, held=held)


@pytest.fixture
def cards(monkeypatch):
    """``cards(card(…), …)`` puts these cards into the machine."""
    return lambda *found, **options: monkeypatch.setattr(gpus, "nvml", Nvml(*found, **options))


@pytest.fixture(scope="module")
def server() -> Iterator[SimpleNamespace]:
    """A process that listens, with an engine that is another process: as vLLM does it."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        port, engine = process.stdout.readline().split()
        yield SimpleNamespace(port=int(port), pid=process.pid, engine=int(engine))
        process.kill()


def test_energy_is_that_of_all_cards(cards):
    cards(card(1500), card(2500))
    assert Gpus().joules() == 4.0


@pytest.mark.parametrize("found", [[], [card(1500, {}), card(None)]])
def test_energy_that_cannot_be_read_is_not_0(cards, found):
    cards(*found)
    assert Gpus().joules() is None


@pytest.mark.parametrize("library", [None, Nvml(card(1500, {os.getpid(): GIB}), driver=False)])
def test_without_library_or_driver_nothing_is_read(monkeypatch, server, library):
    monkeypatch.setattr(gpus, "nvml", library)
    assert Gpus().joules() is None
    assert Gpus().memory([server.port]) is None


def test_memory_is_that_of_the_server_and_of_what_it_started_on_every_card(cards, server):
    others = {os.getpid(): 7 * GIB}
    cards(card(held={server.engine: 2 * GIB} | others), card(held={server.pid: GIB, server.engine: GIB}))
    assert Gpus().memory([server.port]) == 4 * GIB


def test_another_program_s_memory_is_not_the_server_s(cards, server):
    cards(card(held={os.getpid(): 7 * GIB}))
    assert Gpus().memory([server.port]) is None


def test_memory_of_a_port_where_nobody_listens_is_not_read(cards, server):
    cards(card(held={server.pid: GIB}))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert Gpus().memory([port]) is None
    assert Gpus().memory([]) is None


@pytest.mark.parametrize("held", [{"pid": None}, None])
def test_memory_that_the_driver_does_not_tell_is_not_read(cards, server, held):
    """Windows' driver model hides it; some cards do not list their programs."""
    told = card(held={server.pid: GIB})
    cards(told, card(held=held and {server.engine: None}))
    assert Gpus().memory([server.port]) is None
    cards(told)
    assert Gpus().memory([server.port]) == GIB


def test_without_psutil_energy_is_read_and_memory_is_not(cards, server, monkeypatch):
    cards(card(1500, held={server.pid: GIB}))
    monkeypatch.setattr(gpus, "psutil", None)
    assert (Gpus().joules(), Gpus().memory([server.port])) == (1.5, None)

"""Runs processes together: starts them in order, keeps their logs, restarts what dies, stops them in ranks.

One thread, one loop: output pipes and signals wake it, nothing blocks for longer than a readiness probe.
honcho gives the printing; its Manager starts and stops everything at once and restarts nothing, which a
database with clients cannot take."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from evenhand.local.console import Console
from evenhand.local.errors import LocalError
from evenhand.local.process import Child, Exit, Spec

TICK = 0.2
LONGEST_PAUSE = 16.0
MOST_FAILURES = 5
STEADY_SECONDS = 60.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A person or the system asked for the stop while something was being waited for."""


@dataclass
class Restart:
    """When a dead process starts again, and how often it has died in a row."""

    failures: int = 0
    due: float | None = None


class Supervisor:
    """Owns every child of one `evenhand up`. ``on_change`` is called when the set of processes has
    changed.
    """

    def __init__(self, console: Console, logs: Path, on_change: Callable[[], None] = lambda: None) -> None:
        self.console = console
        self.logs = logs
        self.children: dict[str, Child] = {}
        self._on_change = on_change
        self._selector = selectors.DefaultSelector()
        self._restarts: dict[str, Restart] = {}
        self._specs: dict[str, Spec] = {}
        self._stop_requests = 0
        self._stopping = False
        self._wakeup, self._wakeup_write = os.pipe()
        self._previous: dict[signal.Signals, object] = {}
        self._former_wakeup = -1
        self._last_tick = 0.0

    # --- life of the supervisor ----------------------------------------------------------------------------
    def __enter__(self) -> Supervisor:
        for descriptor in (self._wakeup, self._wakeup_write):
            os.set_blocking(descriptor, False)
        self._selector.register(self._wakeup, selectors.EVENT_READ, None)
        for number in (*STOPS, signal.SIGCHLD):
            self._previous[number] = signal.signal(number, self._on_signal)
        self._former_wakeup = signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._former_wakeup)
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._selector.close()
        os.close(self._wakeup)
        os.close(self._wakeup_write)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number in STOPS:
            self._stop_requests += 1

    @property
    def asked_to_stop(self) -> bool:
        return self._stop_requests > 0

    # --- starting ------------------------------------------------------------------------------------------
    def start(self, spec: Spec) -> None:
        """Start ``spec`` and return at once."""
        self._specs[spec.name] = spec
        child = Child.start(spec, self.logs)
        self.children[spec.name] = child
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self._on_change()

    def start_and_wait(self, spec: Spec) -> None:
        """Start ``spec`` and wait until it is ready; LocalError if it ends or takes too long, Stopped on
        request.
        """
        self.start(spec)
        self.wait_ready(spec)

    def wait_ready(self, spec: Spec) -> None:
        """Wait until the started ``spec`` is ready."""
        deadline = time.monotonic() + spec.ready_seconds
        while not (spec.ready and spec.ready()):
            self._pump(TICK)
            child = self.children.get(spec.name)
            if self.asked_to_stop:
                raise Stopped
            if child is None or child.process.poll() is not None:
                raise LocalError(self._died(spec, child))
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{spec.name} was not ready after {spec.ready_seconds:.0f} s.{self._last_lines(child)}"
                )

    def run_once(self, spec: Spec) -> list[str]:
        """Run ``spec`` to its end and return the lines it wrote; LocalError when it fails, Stopped on
        request.
        """
        child = Child.start(spec, self.logs)
        self._specs[spec.name] = spec
        self.children[spec.name] = child
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self._on_change()
        written: list[str] = []
        while spec.name in self.children:
            self._pump(TICK, keep={spec.name: written})
            if self.asked_to_stop:
                raise Stopped
            if child.process.poll() is not None:
                self._drain(child, keep={spec.name: written})
                self._forget(child)
        if child.process.returncode:
            raise LocalError(self._died(spec, child))
        return written

    # --- running -------------------------------------------------------------------------------------------
    def run(self, each_tick: Callable[[], None] = lambda: None) -> None:
        """Watch until asked to stop. LocalError when something that the platform needs is gone for good."""
        while not self.asked_to_stop:
            self._pump(TICK)
            for name in list(self.children):
                child = self.children[name]
                if child.process.poll() is not None:
                    self._handle_death(child)
            self._start_due()
            each_tick()

    def _handle_death(self, child: Child) -> None:
        self._drain(child)
        child.kill_group()
        self._forget(child)
        spec = child.spec
        if spec.holds_data:
            self.console.say(f"{spec.name} {Exit(child.process.returncode)}; nothing can go on without it.")
            raise LocalError(self._died(spec, child))
        restart = self._restarts.setdefault(spec.name, Restart())
        if time.time() - child.started > STEADY_SECONDS:
            restart.failures = 0
        restart.failures += 1
        how = Exit(child.process.returncode)
        if restart.failures > MOST_FAILURES:
            if spec.needed:
                raise LocalError(self._died(spec, child, f" {restart.failures} times in a row"))
            self.console.say(
                f"{spec.name} {how} {restart.failures} times in a row; going on without it. Its log: {child.log}"
            )
            return
        pause = min(2.0 ** (restart.failures - 1), LONGEST_PAUSE)
        restart.due = time.monotonic() + pause
        self.console.say(f"{spec.name} {how}; starting it again in {pause:.0f} s. Its log: {child.log}")

    def _start_due(self) -> None:
        for name, restart in self._restarts.items():
            if restart.due is not None and time.monotonic() >= restart.due:
                restart.due = None
                self.start(self._specs[name])

    # --- stopping ------------------------------------------------------------------------------------------
    def stop_all(self) -> None:
        """Stop every process, rank by rank; what does not stop in time, or on a second request, is killed."""
        self._stopping = True
        for restart in self._restarts.values():
            restart.due = None
        for rank in sorted({child.spec.stop_rank for child in self.children.values()}):
            group = [child for child in self.children.values() if child.spec.stop_rank == rank]
            self._stop_group(group)

    def _stop_group(self, group: list[Child]) -> None:
        requests = self._stop_requests
        started = time.monotonic()
        for child in group:
            child.signal(child.spec.stop_signal)
        urged: set[str] = set()
        while group:
            self._pump(0.05)
            late = time.monotonic() - started
            for child in list(group):
                urgent = child.spec.urgent_signal
                if urgent and late > child.spec.stop_seconds / 2 and child.spec.name not in urged:
                    urged.add(child.spec.name)
                    child.signal(urgent)
                in_hurry = self._stop_requests > requests and not child.spec.holds_data
                if child.process.poll() is not None:
                    self._drain(child)
                    child.kill_group()
                    self._forget(child)
                    group.remove(child)
                elif late > child.spec.stop_seconds or in_hurry:
                    if not in_hurry:
                        self.console.say(f"{child.spec.name} did not stop in {late:.0f} s; ending it.")
                    child.kill_group()
                    child.process.wait()

    # --- output --------------------------------------------------------------------------------------------
    def _pump(self, timeout: float, keep: dict[str, list[str]] | None = None) -> None:
        """Wait at most ``timeout`` seconds for output or a signal, and pass on what came."""
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._empty_wakeup()
            else:
                self._take(key.data, keep)

    def _empty_wakeup(self) -> None:
        try:
            while os.read(self._wakeup, 512):
                pass
        except BlockingIOError:
            pass

    def _take(self, child: Child, keep: dict[str, list[str]] | None = None) -> None:
        lines, closed = child.read()
        # A data server logs every refused statement as an error, and whoever sent it reports it better. While all
        # is being stopped, complaints that others are gone help nobody.
        self.console.lines(child.spec.name, lines, quiet=child.spec.holds_data or self._stopping)
        if keep is not None and child.spec.name in keep:
            keep[child.spec.name].extend(lines)
        if closed:
            self._unregister(child)

    def _drain(self, child: Child, keep: dict[str, list[str]] | None = None) -> None:
        if child.process.stdout is not None and not child.process.stdout.closed:
            self._take(child, keep)

    def _unregister(self, child: Child) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(child.output)

    def _forget(self, child: Child) -> None:
        self._unregister(child)
        child.close()
        self.children.pop(child.spec.name, None)
        self._on_change()

    # --- words ---------------------------------------------------------------------------------------------
    def _died(self, spec: Spec, child: Child | None, times: str = "") -> str:
        if child is None:
            return f"{spec.name} ended unexpectedly. Its log: {self.logs / spec.name}.log"
        how = Exit(child.process.returncode)
        if any("No space left on device" in line for line in child.tail):
            return (
                f"{spec.name} {how}{times}: the disk is full. Free some space, then start again; what was "
                f"saved before is safe. Its log: {child.log}"
            )
        return f"{spec.name} {how}{times}.{self._last_lines(child)}"

    def _last_lines(self, child: Child) -> str:
        shown = "".join(f"\n    {line}" for line in list(child.tail)[-6:])
        return f" Its log is {child.log}; it ends:{shown}" if shown else f" Its log, {child.log}, is empty."

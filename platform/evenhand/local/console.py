"""What the person at the terminal sees: calm by default, one coloured prefix per process.

Everything a process writes goes to its log file. On the terminal only its warnings and errors show (with the
traceback that follows), unless all output is asked for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import TextIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

SYSTEM = "evenhand"
_LOUD = re.compile(r"\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b|^\w*(Error|Exception)\b|^Traceback ")
_RECORD = re.compile(r"^(\d{4}-\d\d-\d\d|\[\d{4}-|INFO|DEBUG|\d+:[MCSX] )")
_CONTINUED = re.compile(r"^(\s+\S|\w[\w.]*(Error|Exception|Exit)\b)")


class Console:
    """Prints lines under honcho's prefixes; ``say`` is the supervisor's own voice."""

    def __init__(self, names: Iterable[str], *, verbose: bool = False, output: TextIO | None = None) -> None:
        self._printer = Printer(output or sys.stdout, width=max(map(len, [SYSTEM, *names])))
        self._colours = get_colours()
        self._colour: dict[str, str] = {}
        self._verbose = verbose
        self._loud: dict[str, bool] = {}

    def say(self, text: str) -> None:
        self._print(SYSTEM, text, colour=None)

    def lines(self, name: str, lines: Iterable[str], *, quiet: bool = False) -> None:
        """Show what ``name`` wrote, as far as it needs a person's eye; of a ``quiet`` process nothing."""
        for line in lines:
            if self._verbose or (not quiet and self._is_loud(name, line)):
                colour = self._colour.setdefault(name, next(self._colours))
                self._print(name, line, colour=colour)

    def _is_loud(self, name: str, line: str) -> bool:
        if _LOUD.search(line):
            self._loud[name] = True
        elif _RECORD.match(line) or not _CONTINUED.match(line):
            self._loud[name] = False
        return self._loud.get(name, False)

    def _print(self, name: str, text: str, *, colour: str | None) -> None:
        # ValueError: the terminal is gone; the logs go on
        with suppress(BrokenPipeError, ValueError):
            self._printer.write(Message(type="line", data=text, time=datetime.now(), name=name, colour=colour))

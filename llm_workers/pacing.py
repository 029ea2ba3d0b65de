"""How many requests at a time a server takes well: additive increase, multiplicative decrease (Chiu and Jain 1989)."""

from __future__ import annotations

import math

BACK_OFF = 0.7
TOLERATED = 4.0  # times the shortest answer: beyond it, more requests only wait longer
SMOOTHING = 0.05
# Requests that may wait inside the server, for each that it works on. A server that is done with a whole batch at once
# needs the next one there: with fewer in reserve it goes on with a part of one.
RESERVE = 1.0


class Pace:
    """``width`` requests at a time, between 1 and ``most``.

    It grows by one after every ``width`` answers that came in good time while all of it was used. It shrinks when the
    server says that it has too much to do, when answers take ``TOLERATED`` times as long as they did, or when requests
    wait inside the server, and then not again before answers of the smaller width have come. Times in seconds.
    """

    def __init__(self, *, start: int, most: int) -> None:
        self.most = max(most, 1)
        self.width = max(min(start, self.most), 1)
        self.usual = math.nan  # smoothed seconds of an answer
        self.shortest = math.inf
        self.hold_until = 0.0
        self._good = 0
        self._settling = 0  # answers that were asked for before the last decrease

    def answered(self, seconds: float, *, full: bool) -> None:
        """An answer came; ``full``: as many requests were under way as may be."""
        self.usual = seconds if math.isnan(self.usual) else self.usual + SMOOTHING * (seconds - self.usual)
        self.shortest = min(self.shortest, max(self.usual, 0.001))
        if self._settling:
            self._settling -= 1
            return
        if self.usual > TOLERATED * self.shortest:
            self._shrink()
        elif full:
            self._good += 1
            if self._good >= self.width:
                self._good, self.width = 0, min(self.width + 1, self.most)

    def refused(self, *, now: float, wait: float) -> None:
        """The server has too much to do and wishes nothing new for ``wait`` seconds (429 or 503)."""
        self.hold_until = max(self.hold_until, now + wait)
        if not self._settling:
            self._shrink()

    def waiting(self, requests: float, *, running: float) -> None:
        """So many requests wait inside the server while it works on ``running``, ours and others'."""
        if requests > max(RESERVE * running, 1) and not self._settling:
            self._shrink()

    def may_ask(self, now: float) -> bool:
        return now >= self.hold_until

    def _shrink(self) -> None:
        self._settling, self._good = self.width, 0
        self.width = max(math.floor(self.width * BACK_OFF), 1)

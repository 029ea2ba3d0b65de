"""How many requests at a time a server takes well: more while more of them bring more answers a second, fewer at once
where it has too much to do (additive increase, multiplicative decrease: Chiu and Jain 1989)."""

from __future__ import annotations

import math

BACK_OFF = 0.7
TOLERATED = 4.0  # times the shortest answer: beyond it, something else keeps the server busy
SMOOTHING = 0.05
# Requests that may wait inside the server, for each that it works on. A server that is done with a whole batch at once
# needs the next one there: with fewer in reserve it goes on with a part of one.
RESERVE = 1.0
STRIDE = 1.5  # times the requests, and then it must have paid
PAYS = 1.05  # times the answers a second, for that; a server on a GPU answers slower and still answers more
CONTENT = 40  # rounds without a further try where it did not


class Pace:
    """``width`` requests at a time, between 1 and ``most``.

    It grows after every ``width`` answers that came in good time while all of it was used, and goes back to ``proven``
    where ``STRIDE`` times as many brought no more answers a second: then they only wait longer. It shrinks when the
    server says that it has too much to do, when answers take ``TOLERATED`` times as long as they did, or when requests
    wait inside the server, and then not again before answers of the smaller width have come. Times in seconds.
    """

    def __init__(self, *, start: int, most: int) -> None:
        self.most = max(most, 1)
        self.width = max(min(start, self.most), 1)
        self.proven = self.width  # that many are worth asking at a time
        self.usual = math.nan  # smoothed seconds of an answer
        self.shortest = math.inf  # of ``usual``, with all of ``width`` in use: a server that is empty answers sooner
        self.hold_until = 0.0
        self._rate = math.nan  # answers a second with ``proven`` at a time
        self._answers = 0
        self._good = 0
        self._settling = 0  # answers that were asked for before the last decrease
        self._content = 0  # rounds before the next try with more

    def answered(self, seconds: float, *, full: bool) -> None:
        """An answer came; ``full``: as many requests were under way as may be."""
        self._answers += 1
        weight = max(SMOOTHING, 1 / self._answers)
        self.usual = seconds if math.isnan(self.usual) else self.usual + weight * (seconds - self.usual)
        if self._settling:
            self._settling -= 1
            return
        if self.usual > TOLERATED * self.shortest:
            self._shrink()
        elif full:
            self._good += 1
            if self._good >= self.width:
                self._good = 0
                self._round()

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

    def _round(self) -> None:
        """``width`` good answers have come, with all of it in use."""
        usual = max(self.usual, 0.001)
        rate = self.width / usual  # Little 1961
        self.shortest = min(self.shortest, usual)
        if math.isnan(self._rate) or self.width < self.proven:
            self.proven, self._rate = self.width, rate
        elif self.width >= STRIDE * self.proven:
            if rate < PAYS * self._rate:
                self._settling, self._content, self.width = self.width, CONTENT, self.proven
                return
            self.proven, self._rate, self.shortest = self.width, rate, usual
        if self._content:
            self._content -= 1
        else:
            self.width = min(self.width + max(1, self.width // 16), self.most)

    def _shrink(self) -> None:
        self._settling, self._good = self.width, 0
        self.width = max(math.floor(self.width * BACK_OFF), 1)
        self.proven, self._rate = min(self.proven, self.width), math.nan

"""A circuit breaker as a value: closed → open after failures in a row → half-open for a trial → closed, or open again.

Pure: times go in as seconds since the epoch, so that processes on different machines can share a state. The pattern is
that of M. Nygard, *Release It!* (2007).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FAILURES = 3  # in a row
REST = 2.0  # seconds of the first rest, before jitter; each further one in a row is twice as long
LONGEST_REST = 60.0
TRIAL = 60.0  # seconds after which a trial whose process died does not hinder another one


@dataclass(frozen=True)
class BreakerState:
    """``phase``: closed, open or half_open. ``opens`` in a row; ``retry_at``: before that nobody (else) asks."""

    phase: str = "closed"
    failures: int = 0
    opens: int = 0
    retry_at: float = 0.0


CLOSED = BreakerState()


def failed(state: BreakerState, *, now: float, jitter: float = 1.0, at_once: bool = False) -> BreakerState:
    """After a failure. ``jitter`` scales the rest; ``at_once`` opens without waiting for more failures.

    What fails while it is open was sent before: that says nothing new.
    """
    if state.phase == "open":
        return state
    if state.phase == "closed" and state.failures + 1 < FAILURES and not at_once:
        return replace(state, failures=state.failures + 1)
    rest = min(REST * 2.0 ** min(state.opens, 10), LONGEST_REST) * jitter
    return BreakerState("open", state.failures + 1, state.opens + 1, now + rest)


def succeeded(state: BreakerState, *, trial: bool) -> BreakerState:
    """After an answer. While it is not closed, only the answer to a ``trial`` counts: others were sent before."""
    return CLOSED if state.phase == "closed" or trial else state


def is_due(state: BreakerState, *, now: float) -> bool:
    """Whether a trial may begin."""
    return state.phase != "closed" and now >= state.retry_at


def tried(state: BreakerState, *, now: float) -> BreakerState:
    """When a trial begins."""
    return replace(state, phase="half_open", retry_at=now + TRIAL)

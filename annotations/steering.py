"""Pausing model runs, and letting them go on, for apps that watch labels and know nothing of how runs work.

The app that runs models says how, once, when it is ready::

    steering.register(pause=runs_pause, resume=runs_resume)

Without one there are no runs, and nothing to steer.
"""

from __future__ import annotations

from typing import Any, Protocol


class Pause(Protocol):
    def __call__(self, *, project_id: int, annotator_id: int, reason: str) -> list[int]:
        """Pause what a model annotator is labelling; the ids of the runs that were going. Safe to repeat."""


class Resume(Protocol):
    def __call__(self, *, run_ids: list[int], by: Any) -> list[int]:
        """Let those of the runs that are paused go on; which did. What cannot go on stays as it is."""


_pause: Pause | None = None
_resume: Resume | None = None


def register(*, pause: Pause, resume: Resume) -> None:
    """Name the functions that steer runs."""
    global _pause, _resume
    _pause, _resume = pause, resume


def runs_pause(*, project_id: int, annotator_id: int, reason: str) -> list[int]:
    """Pause what a model annotator is labelling, in the caller's transaction; the ids of the runs that were going.

    Answers that are under way still count. Nothing happens to runs that are paused or have ended.
    """
    return [] if _pause is None else _pause(project_id=project_id, annotator_id=annotator_id, reason=reason)


def runs_resume(*, run_ids: list[int], by: Any) -> list[int]:
    """Let those of the runs that are paused go on; the ids of those that do. One that cannot go on stays paused."""
    return [] if _resume is None else _resume(run_ids=run_ids, by=by)

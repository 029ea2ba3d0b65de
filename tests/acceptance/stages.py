"""What each stage of the project's life leaves for the tests to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.acceptance.dashboard import Dashboard
from tests.acceptance.oracle import Exported

# With this seed the run meets three of the seven groups often enough to compare them, and four of them not.
RUN_ITEMS, RUN_SEED = 210, 5
LIVE_LABELS = 10


@dataclass(frozen=True)
class Imported:
    """The finished upload, and what was said of agreement when no label but the published ones was there."""

    job: Any
    agreement: Any


@dataclass(frozen=True)
class Watched:
    """A model run, and what the open page said meanwhile: the model's labels that it counted, in order."""

    run: Any
    dashboard: Dashboard
    seen: list[int]
    run_then: Any


@dataclass(frozen=True)
class Finished:
    """Everything at rest: the run is over, every label is counted, and the tables are downloaded."""

    run: Any
    exported: Exported
    fairness: dict[str, Any]  # by label

"""The live fairness page as somebody sees it who leaves it open."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.acceptance.people import PATIENCE, Person

Counts = dict[tuple[str, str], tuple[int, int]]


@dataclass
class Dashboard:
    """One tab. ``opened_at`` is the browser's own mark of the page's load: another one means a reload."""

    page: Page
    opened_at: float

    @classmethod
    def open(cls, person: Person, project: int) -> Dashboard:
        page = person.page.context.new_page()
        page.goto(f"/projects/{project}/fairness/")
        expect(page.locator("[data-live]")).to_have_text("Live", timeout=PATIENCE)
        return cls(page, page.evaluate("performance.timeOrigin"))

    @property
    def reloaded(self) -> bool:
        return bool(self.page.evaluate("performance.timeOrigin") != self.opened_at)

    def counts(self) -> Counts:
        """(group, whose labels) → (with the label, of all), as the table under the plot says."""
        found = {}
        for row in self._cells("#rate-data tbody tr"):
            selected, n = (int(re.sub(r"\D", "", part)) for part in row[-1].split(" of "))
            found[row[0], row[1]] = (selected, n)
        return found

    def differences(self) -> dict[str, tuple[str, str]]:
        """Whose labels → (demographic parity difference in points, ratio), both without their intervals."""
        rows = self._cells("#fairness-sources tbody tr")
        return {row[0]: (row[2].split()[0], row[3].split()[0]) for row in rows}

    def tile(self, name: str) -> str:
        """All that the tile whose id begins like this says."""
        return " ".join((self.page.locator(f"[id^='{name}']").first.text_content() or "").split())

    def _cells(self, rows: str) -> list[list[str]]:
        """The cells of a table in one look: an update may come between two."""
        words = "cell => (cell.innerText || cell.textContent).trim().replace(/\\s+/g, ' ')"
        script = f"rows => rows.map(row => [...row.cells].map({words}))"
        return list(self.page.locator(rows).evaluate_all(script))

    def changes(self, read: Callable[[Dashboard], int], *, wanted: int, seconds: float) -> list[int]:
        """The different values that ``read`` gave, in order, until there are enough of them or the time is over."""
        seen = [read(self)]
        until = time.monotonic() + seconds
        while len(seen) <= wanted and time.monotonic() < until:
            self.page.wait_for_timeout(100)
            now = read(self)
            if now != seen[-1]:
                seen.append(now)
        return seen


def by_the_model(dashboard: Dashboard) -> int:
    """How many of the model's labels the page counts, over all groups."""
    return sum(n for (_group, whose), (_selected, n) in dashboard.counts().items() if "smollm" in whose.lower())

"""A person who goes through pages, each of which axe looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

Axe = Callable[[Page], list[str]]
# Wider than the window by this much (in pixels) is a rounding, more is a page that scrolls sideways.
SLACK = 1


@dataclass
class Walk:
    """``look`` at every page on the way, and ask at the end that ``faults`` is empty: one run then names them all."""

    page: Page
    axe: Axe
    faults: dict[str, list[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def look(self, what: str = "") -> None:
        """Judge the page as it stands: what axe finds serious, one main heading, nothing that sticks out."""
        page = self.page
        name = f"{page.url.split('/', 3)[-1]} {what}".strip()
        found = self.axe(page)
        headings = page.locator("h1").count()
        if headings != 1:
            found.append(f"{headings} main headings instead of one")
        if not page.title().endswith("Evenhand"):
            found.append(f"the title is {page.title()!r}")
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if over > SLACK:
            found.append(f"the page is {over} pixels wider than the window")
        self.seen.append(name)
        if found:
            self.faults[name] = found

    def go(self, address: str, what: str = "") -> None:
        answer = self.page.goto(address)
        if answer is None or answer.status >= 500:
            self.faults[f"{address} {what}".strip()] = [f"answered {answer.status if answer else 'nothing'}"]
        self.look(what)

    def tab(self, name: str) -> None:
        """One of the project's tabs, by its link."""
        self.page.get_by_role("navigation", name="Project").get_by_role("link", name=name, exact=True).click()
        expect(self.page.locator("h1")).to_be_visible()
        self.look()

    def click(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]

    def press(self, button: str) -> None:
        """A button, by its words."""
        self.click("button", button)

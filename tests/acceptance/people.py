"""What people do in the browser, each in a profile of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, expect

PASSWORD = "a-long-walk-by-the-river"
PATIENCE = 20_000  # milliseconds; the machine also runs a language model


@dataclass
class Person:
    """Somebody with an account; ``page`` is the tab they have open."""

    name: str
    page: Page

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"


@dataclass
class Web:
    """The browser in front of one address. ``failed`` collects every script error and every answer of 500 and above."""

    browser: Browser
    address: str
    failed: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def sign_up(self, name: str) -> Person:
        """Make an account by the form that everybody uses; it leaves one signed in."""
        person = Person(name, self._page())
        page = person.page
        page.goto("/accounts/signup/")
        page.get_by_label("Email", exact=False).first.fill(person.email)
        page.locator("input[name=password1]").fill(PASSWORD)
        page.locator("input[name=password2]").fill(PASSWORD)
        page.get_by_role("button", name="Create the account").click()
        expect(page.locator("h1")).not_to_have_text("Create an account")
        return person

    def _page(self) -> Page:
        context = self.browser.new_context(
            base_url=self.address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: self.failed.append(str(error.error)))
        context.on(
            "response",
            lambda answer: self.failed.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
        )
        self._contexts.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def make_token(owner: Person) -> str:
    """An API token with every scope, from the page that shows it once."""
    page = owner.page
    page.goto("/account/tokens/")
    page.get_by_label("What it is for").fill("acceptance test")
    for scope in page.get_by_role("checkbox").all():
        scope.check()
    page.get_by_role("button", name="Make the token").click()
    token = page.locator("#new-token").inner_text().strip()
    page.goto("/account/tokens/")
    expect(page.locator("#new-token")).to_have_count(0)
    expect(page.get_by_role("rowheader", name="acceptance test")).to_be_visible()
    return token


def accept_invitation(person: Person, link: str) -> None:
    person.page.goto(link)
    person.page.get_by_role("button", name="Join the project").click()
    person.page.wait_for_url("**/projects/*/")


def join_open_project(worker: Person, project: int) -> None:
    """Find the project among those that anyone may join, and join it."""
    page = worker.page
    page.goto("/")
    page.locator(f"a[href='/projects/{project}/join/']").first.click()
    page.get_by_role("button", name="Join and label").click()
    page.wait_for_url(f"**/projects/{project}/")

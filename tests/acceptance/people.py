"""What people do in the browser, each in a profile of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

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
    """The browser in front of one address.

    ``failed`` collects script errors, answers of 500 and above, and requests that broke off.
    """

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
        expect(page.locator("h1")).not_to_have_text("Create an account", timeout=PATIENCE)
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
        context.on("requestfailed", self._broke_off)
        self._contexts.append(context)
        return context.new_page()

    def _broke_off(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # which is what leaving a page does to what it still asked for
            self.failed.append(f"{request.failure} {request.url}")

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
    expect(page.get_by_role("rowheader", name="acceptance test")).to_be_visible(timeout=PATIENCE)
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


# --- an expert --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Verdict:
    """What an expert decided about one message."""

    case: int
    text: str
    label: str
    cause: str
    recurrent: bool
    reason: str


CAUSES = {"human_error": "h", "model_error": "m", "ambiguous_item": "a"}


def settle(
    expert: Person, project: int, labels: list[str], answers: Mapping[str, str], causes: list[str]
) -> list[Verdict]:
    """Settle a case for each of ``causes``, by the keyboard alone; ``answers`` has the right label of each text."""
    page = expert.page
    page.goto(f"/projects/{project}/cases/")
    expect(page.locator(".case-queue .case-row").first).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("n")
    verdicts: list[Verdict] = []
    for cause in causes:
        page.wait_for_url(re.compile(r"/cases/\d+/$"))
        verdicts.append(_settle_one(page, labels, answers, cause))
    return verdicts


def _settle_one(page: Page, labels: list[str], answers: Mapping[str, str], cause: str) -> Verdict:
    here = page.url
    expect(page.locator("[data-settle]")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Who said what")).to_have_count(0)  # names and pseudonyms wait until it is settled
    text = page.locator(".case-item .item-text").inner_text().strip()
    verdict = Verdict(
        case=int(here.rstrip("/").rsplit("/", 1)[-1]),
        text=text,
        label=answers[text],
        cause=cause,
        recurrent=cause == "model_error",
        reason=f"The guidelines are plain about this one: {answers[text]}.",
    )
    page.keyboard.press(str(labels.index(verdict.label) + 1))
    page.keyboard.press(CAUSES[cause])
    if verdict.recurrent:
        page.keyboard.press("r")
    page.keyboard.press("w")
    page.keyboard.type(verdict.reason)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != here)
    return verdict


# --- a worker ---------------------------------------------------------------------------------------------------------
def label(worker: Person, project: int, count: int, labels: list[str], answer: Callable[[str], str]) -> dict[str, str]:
    """Label ``count`` messages by the keyboard alone: text → label."""
    page = worker.page
    page.goto(f"/projects/{project}/label/")
    page.get_by_role("button", name="I understand, go on").click()
    expect(page.locator("[data-card]")).to_be_focused(timeout=PATIENCE)
    given: dict[str, str] = {}
    for _ in range(count):
        page.wait_for_timeout(350)  # a key that comes sooner is taken for one meant for the item before
        text = page.locator("[data-item] .item-text").inner_text().strip()
        given[text] = answer(text)
        _press_until_taken(page, str(labels.index(given[text]) + 1), text)
    expect(page.locator(".label-top [data-counts]")).to_contain_text(f"{count} labels now", timeout=PATIENCE)
    _wait_until_sent(page)
    return given


def _press_until_taken(page: Page, key: str, text: str) -> None:
    """Press a label's key as a person would: again, if the page took it for one meant for the item before."""
    item = page.locator("[data-item]")
    for _ in range(PATIENCE // 4000):
        page.keyboard.press(key)
        try:
            expect(item).not_to_contain_text(text, timeout=4000)
        except AssertionError:
            continue
        return
    expect(item).not_to_contain_text(text, timeout=PATIENCE)


def _wait_until_sent(page: Page) -> None:
    """Nothing waits in the browser any more."""
    for _ in range(PATIENCE // 50):
        if not page.evaluate("Object.keys(localStorage).some(key => key.endsWith('.outbox'))"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("Labels still wait in the browser.")

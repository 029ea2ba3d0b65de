"""The stages of one project's life on a running stack, each built on the one before, once for the module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from evenhand.local.errors import LocalError
from tests.acceptance import hatecheck as published
from tests.acceptance.client import Api
from tests.acceptance.dashboard import Dashboard, by_the_model
from tests.acceptance.hatecheck import HateCheck
from tests.acceptance.people import (
    Person,
    Verdict,
    Web,
    accept_invitation,
    join_open_project,
    label,
    make_token,
    settle,
)
from tests.acceptance.project import LABELS, Owned, make_project
from tests.acceptance.stack import Stack
from tests.acceptance.stages import LIVE_LABELS, RUN_ITEMS, RUN_SEED, Finished, Imported, Watched
from tests.browser.conftest import browser

__all__ = ["browser"]


@pytest.fixture(scope="module")
def hatecheck() -> HateCheck:
    missing = [path for path in (published.LABELLED, published.SUITE) if not path.exists()]
    if missing:
        pytest.skip(f"The real data is not beside the repository: {missing[0]}")
    return published.load()


@pytest.fixture(scope="module")
def stack(hatecheck: HateCheck, browser: Browser) -> Iterator[Stack]:
    """`evenhand up` with its language model; after the tests nothing of it may be left."""
    try:
        running = Stack.start()
    except LocalError as error:
        pytest.fail(f"The stack needs its language model. {error}")
    left = None
    try:
        yield running
    finally:
        left = running.stop()
    assert left == [], f"Ctrl-C left processes behind: {left}"


@pytest.fixture(scope="module")
def web(stack: Stack, browser: Browser) -> Iterator[Web]:
    opened = Web(browser, stack.address)
    yield opened
    if opened.failed:
        print("What failed in the browser:", *opened.failed, sep="\n  ")
    opened.close()


@pytest.fixture(scope="module")
def owner(web: Web) -> Person:
    return web.sign_up("olivia")


@pytest.fixture(scope="module")
def project(stack: Stack, owner: Person) -> Iterator[Owned]:
    """Made by the owner's program, with a token from the page that shows it once."""
    api = Api(stack.address, make_token(owner))
    yield make_project(api)
    api.close()


# --- the stages -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def imported(project: Owned, hatecheck: HateCheck) -> Imported:
    return Imported(project.upload(hatecheck), project.agreement())


@pytest.fixture(scope="module")
def watched(project: Owned, imported: Imported, owner: Person) -> Watched:
    """The page is opened first, the run started by the program, and nobody touches the page afterwards."""
    dashboard = Dashboard.open(owner, project.id)
    run = project.start_run(items=RUN_ITEMS, seed=RUN_SEED)
    seen = dashboard.changes(by_the_model, wanted=5, seconds=60)
    return Watched(run, dashboard, seen, project.api.get(f"runs/{run['id']}/"))


@pytest.fixture(scope="module")
def settled(project: Owned, watched: Watched, web: Web, hatecheck: HateCheck) -> list[Verdict]:
    """Three cases, settled while the model goes on."""
    expert = web.sign_up("edgar")
    accept_invitation(expert, project.invitation("expert"))
    causes = ["human_error", "model_error", "ambiguous_item"]
    return settle(expert, project.id, LABELS, hatecheck.gold, causes)


@pytest.fixture(scope="module")
def labelled(project: Owned, watched: Watched, web: Web, hatecheck: HateCheck) -> dict[str, str]:
    """Ten messages, labelled while the model goes on."""
    worker = web.sign_up("wanda")
    join_open_project(worker, project.id)
    return label(worker, project.id, LIVE_LABELS, LABELS, hatecheck.gold.__getitem__)


@pytest.fixture(scope="module")
def finished(project: Owned, watched: Watched, settled: list[Verdict], labelled: dict[str, str]) -> Finished:
    path = f"runs/{watched.run['id']}/"
    run = project.api.wait_for(path, lambda found: found["status"] not in ("queued", "running"), seconds=500)
    exported = project.export()
    given = len(exported.annotations) - run["labelled"]
    project.api.wait_for(
        project.path("fairness/"), lambda found: found["progress"]["labels_given"] == given, seconds=20
    )
    return Finished(run, exported, {one: project.fairness(one) for one in LABELS})

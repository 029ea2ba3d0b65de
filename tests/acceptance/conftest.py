"""The stages of one project's life on a running stack, each built on the one before, once for the module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from evenhand.local.errors import LocalError
from evenhand.local.models import DEFAULT_MODEL, ensure, shared_folder
from playwright.sync_api import Browser
from tests.acceptance import hatecheck as published
from tests.acceptance.client import Api
from tests.acceptance.hatecheck import HateCheck
from tests.acceptance.people import Person, Web, make_token
from tests.acceptance.stack import Stack
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
    _require_model()
    running = Stack.start()
    left = None
    try:
        yield running
    finally:
        left = running.stop()
    assert left == [], f"Ctrl-C left processes behind: {left}"


def _require_model() -> None:
    """Have the model before the clock runs: from the user's cache, else fetched into it."""
    try:
        ensure(DEFAULT_MODEL, shared_folder().parent, quiet=True)
    except LocalError as error:
        pytest.fail(f"The stack needs its language model. {error}")


@pytest.fixture(scope="module")
def web(stack: Stack, browser: Browser) -> Iterator[Web]:
    opened = Web(browser, stack.address)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def owner(web: Web) -> Person:
    return web.sign_up("olivia")


@pytest.fixture(scope="module")
def api(stack: Stack, owner: Person) -> Iterator[Api]:
    """The owner's program."""
    client = Api(stack.address, make_token(owner))
    yield client
    client.close()

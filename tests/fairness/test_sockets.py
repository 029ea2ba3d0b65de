"""The live sockets over the real channel layer: who may listen, how soon they hear, and that they hear no more."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client

from accounts.models import Membership, Role
from evenhand.relay.loop import IDLE_SECONDS, Relay
from fairness import rendering, sockets
from fairness.models import Finding, Monitor
from fairness.monitors.evaluating import due_projects
from fairness.monitors.services import finding_decide, monitor_remove
from fairness.selectors.wanted import Wanted
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.fairness.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture(autouse=True)
async def _no_connection_left() -> AsyncIterator[None]:
    yield
    await database_sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def _no_rendering_of_an_earlier_database(monkeypatch):
    monkeypatch.setattr("fairness.consumers.renderings", rendering.Renderings())


def cookie(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


async def opened(project: Any, user: Any, what: str = "fairness", query: str = "") -> Wire:
    cookies = await database_sync_to_async(cookie)(user)
    wire = Wire(f"/ws/projects/{project.pk}/{what}/{query}", cookies=cookies)
    assert await wire.connect()
    return wire


@database_sync_to_async
def label_and_relay(item: Any, value: str, relay: Relay) -> None:
    add_label(item, make_annotator(item.project), value)
    relay.turn()
    while relay._unpushed:  # the relay's loop, as far as this label needs it
        time.sleep(IDLE_SECONDS)
        relay.turn()


@pytest.mark.parametrize(
    ("name", "what", "code"),
    [
        ("stan", "fairness", 4404),
        ("wanda", "fairness", 4403),
        (None, "fairness", 4404),
        ("stan", "progress", 4404),
        (None, "progress", 4404),
        ("stan", "findings", 4404),
        ("wanda", "findings", 4403),
    ],
)
async def test_who_is_refused(cast, name, what, code):
    cookies = await database_sync_to_async(cookie)(getattr(cast, name)) if name else ""
    wire = Wire(f"/ws/projects/{cast.project.pk}/{what}/", cookies=cookies)
    assert await wire.connect()  # a browser is told the code only of a socket that was open
    assert await wire.closed_with() == code
    await wire.disconnect()


async def test_another_sites_page_is_refused(cast):
    cookies = await database_sync_to_async(cookie)(cast.olivia)
    wire = Wire(f"/ws/projects/{cast.project.pk}/fairness/", cookies=cookies, origin="https://evil.example")
    assert not await wire.connect()


@pytest.mark.parametrize("query", ["?attribute=age", "?label=hate", "?by=crowd", "?dataset=7", "?since=soon"])
async def test_a_question_that_cannot_be_answered_closes(cast, query):
    wire = await opened(cast.project, cast.olivia, query=query)
    assert await wire.closed_with() == 4400
    await wire.disconnect()


@pytest.mark.parametrize("name", ["olivia", "edgar", "audrey"])
async def test_staff_get_the_state_at_once(cast, name):
    wire = await opened(cast.project, getattr(cast, name))
    message = await wire.heard()
    assert message["target"] == "#fairness-live"
    assert message["swap"] == "innerMorph"
    assert "Not enough data yet" in message["content"]
    assert "Not enough data yet" in message["summary"]
    await wire.disconnect()


async def test_each_role_gets_its_own_links_and_the_filter_is_kept(cast):
    """Experts are not told which model said what; what the others hear has it."""
    await database_sync_to_async(label_some)(cast)
    heard = {}
    for name in ("olivia", "audrey", "edgar"):
        wire = await opened(cast.project, getattr(cast, name), query="?by=model")
        heard[name] = (await wire.heard())["content"]
        await wire.disconnect()
    assert "annotator=" in heard["olivia"]
    assert "annotator=" in heard["audrey"]
    assert "annotator=" not in heard["edgar"]
    assert all("by=model" in content and "rates.csv?by=model" in content for content in heard.values())


def label_some(cast: Any) -> None:
    model = make_annotator(cast.project, kind="model")
    for item in fresh_items(cast.project, 4):
        add_label(item, model, "keep")
    fold_all()


async def test_a_label_is_on_the_page_within_a_second(cast):
    (item,) = await database_sync_to_async(fresh_items)(cast.project, 1)
    relay = Relay()
    await database_sync_to_async(relay.turn)()
    wire = await opened(cast.project, cast.olivia)
    before = await wire.heard()
    assert "0 of 3 labels" in before["content"]
    started = time.monotonic()
    await label_and_relay(item, "keep", relay)
    after = await wire.heard()
    assert time.monotonic() - started < 1
    assert "1 of 3 labels" in after["content"]
    assert after["version"] > before["version"]
    await wire.disconnect()


async def test_two_projects_do_not_leak(cast):
    other = await database_sync_to_async(other_project)(cast.olivia)
    (item,) = await database_sync_to_async(fresh_items)(other, 1)
    relay = Relay()
    await database_sync_to_async(relay.turn)()
    here, there = await opened(cast.project, cast.olivia), await opened(other, cast.olivia)
    await here.heard()
    await there.heard()
    await label_and_relay(item, "keep", relay)
    assert "1 of 3 labels" in (await there.heard())["content"]
    assert await here.receive_nothing(timeout=0.6)
    await here.disconnect()
    await there.disconnect()


def other_project(owner: Any) -> Any:
    from tests.factories import make_project

    return make_project(owner, name="Another")


async def test_a_burst_is_told_as_its_last_state_and_at_most_four_times_a_second(cast):
    items = await database_sync_to_async(fresh_items)(cast.project, 30)
    relay = Relay()
    await database_sync_to_async(relay.turn)()
    wire = await opened(cast.project, cast.olivia, "progress")
    await wire.heard()
    started = time.monotonic()
    for item in items:
        await database_sync_to_async(add_label)(
            item, await database_sync_to_async(make_annotator)(cast.project), "keep"
        )
        await database_sync_to_async(relay.turn)()
    await label_and_relay(items[0], "keep", relay)
    messages = [await wire.heard()]
    while messages[-1]["labels_given"] < 31:
        messages.append(await wire.heard())
    assert len(messages) <= (time.monotonic() - started) / sockets.SEND_EVERY + 2
    await wire.disconnect()


async def test_twenty_pages_render_once(cast):
    (item,) = await database_sync_to_async(fresh_items)(cast.project, 1)
    relay = Relay()
    await database_sync_to_async(relay.turn)()
    from fairness.consumers import renderings

    pages = [await opened(cast.project, cast.olivia) for _ in range(20)]
    for page in pages:
        await page.heard()
    made = renderings.made
    await label_and_relay(item, "keep", relay)
    for page in pages:
        assert "1 of 3 labels" in (await page.heard())["content"]
    assert renderings.made - made <= 2  # two where a window of REFRESH_SECONDS ended in between
    for page in pages:
        await page.disconnect()


async def test_a_worker_hears_counts_and_nothing_else(cast):
    wire = await opened(cast.project, cast.wanda, "progress")
    message = await wire.heard()
    assert set(message) == {
        "items",
        "labels_given",
        "labels_needed",
        "completeness",
        "complete",
        "decided",
        "labels_per_minute",
        "version",
    }
    await wire.disconnect()


async def drop_membership(cast: Any) -> None:
    await Membership.objects.filter(project=cast.project, user=cast.audrey).adelete()


async def lower_role(cast: Any) -> None:
    await Membership.objects.filter(project=cast.project, user=cast.audrey).aupdate(role="worker")


async def sign_out(cast: Any) -> None:
    from django.contrib.sessions.models import Session

    await Session.objects.all().adelete()


async def close_account(cast: Any) -> None:
    cast.audrey.is_active = False
    await cast.audrey.asave(update_fields=["is_active"])


async def change_password(cast: Any) -> None:
    cast.audrey.set_password("another long password")
    await cast.audrey.asave(update_fields=["password"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (drop_membership, 4404),
        (lower_role, 4403),
        (sign_out, 4404),
        (close_account, 4404),
        (change_password, 4404),
    ],
)
async def test_whoever_may_no_longer_listen_is_cut_off(cast, monkeypatch, change, code):
    monkeypatch.setattr(sockets, "RECHECK_EVERY", 0.1)
    wire = await opened(cast.project, cast.audrey)
    await wire.heard()
    await change(cast)
    assert await wire.closed_with() == code
    await wire.disconnect()


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_page(cast, monkeypatch):
    from django.db import OperationalError

    from fairness.consumers import ProgressSocket

    real, calls = ProgressSocket.message, []

    def flaky(self: ProgressSocket) -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("the database is restarting")
        return real(self)

    monkeypatch.setattr(ProgressSocket, "message", flaky)
    wire = await opened(cast.project, cast.wanda, "progress")
    assert (await wire.heard())["items"] == 0
    await wire.disconnect()


async def test_a_page_that_fails_is_closed_so_that_it_connects_anew(cast, monkeypatch, caplog):
    from fairness.consumers import ProgressSocket

    monkeypatch.setattr(ProgressSocket, "message", lambda self: 1 / 0)
    wire = await opened(cast.project, cast.wanda, "progress")
    assert await wire.closed_with() == 1011
    await asyncio.sleep(0.05)
    assert "ZeroDivisionError" in caplog.text
    await wire.disconnect()


def test_the_socket_says_what_the_page_says(client):
    cast = make_cast()
    for item in fresh_items(cast.project, 2):
        add_label(item, make_annotator(cast.project), "keep")
    fold_all()
    client.force_login(cast.olivia)
    for _again in range(2):  # a minute may turn between the two, and with it the pace
        rendered = rendering.Renderings().get(cast.project.pk, wanted=Wanted(), role=Role.OWNER)
        page = client.get(f"/projects/{cast.project.pk}/fairness/").content.decode()
        told = json.loads(rendered.message)
        if told["content"] in page:
            break
    assert told["content"] in page
    assert rendered.version == 1


def test_who_was_told_of_a_fold_gets_any_rendering_that_has_it(cast, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(rendering, "REFRESH_SECONDS", 10**9)  # however slow the machine, one window
    (item,) = fresh_items(cast.project, 1)
    fold_all()
    kept = rendering.Renderings()
    first = kept.get(cast.project.pk, wanted=Wanted(), role=Role.OWNER)
    add_label(item, make_annotator(cast.project), "keep")
    fold_all()
    with django_assert_num_queries(0):
        assert kept.get(cast.project.pk, wanted=Wanted(), role=Role.OWNER, at_least=first.version) is first
    newer = kept.get(cast.project.pk, wanted=Wanted(), role=Role.OWNER, at_least=first.version + 1)
    assert newer.version == first.version + 1
    assert kept.get(cast.project.pk, wanted=Wanted(), role=Role.OWNER) is newer
    assert kept.made == 2


async def test_a_message_that_was_lost_is_made_up_for(cast, monkeypatch):
    """The labels are folded and nobody says so: the socket looks by itself."""
    (item,) = await database_sync_to_async(fresh_items)(cast.project, 1)
    relay = Relay()
    await database_sync_to_async(relay.turn)()
    monkeypatch.setattr(sockets, "REFRESH_EVERY", 0.3)
    wire = await opened(cast.project, cast.olivia)
    assert "0 of 3 labels" in (await wire.heard())["content"]
    await database_sync_to_async(add_label)(item, await database_sync_to_async(make_annotator)(cast.project), "keep")
    await database_sync_to_async(fold_all)()
    assert "1 of 3 labels" in (await wire.heard())["content"]
    await wire.disconnect()


def open_one(cast: Any) -> Any:
    """A finding about people's labels."""
    from tests.fairness.test_monitors import give, watch

    watch(cast, whose="people", measure="completeness", label="")
    people = make_annotator(cast.project)
    give(cast, people, "muslim", 0, 40)
    fresh_items(cast.project, 40, groups={"religion": "christian"})


def relayed(relay: Relay) -> None:
    """Turns until the relay has said what there is to say."""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        relay.turn()
        time.sleep(IDLE_SECONDS)
        if not relay._unpushed and not due_projects():
            return


@pytest.mark.parametrize("what", ["fairness", "findings"])
async def test_a_finding_appears_and_goes_when_it_is_decided_elsewhere(cast, what):
    relay = Relay(clock=itertools.count(step=10).__next__)  # it looks at everything at every turn
    await database_sync_to_async(open_one)(cast)
    wire = await opened(cast.project, cast.olivia, what)
    first = await wire.heard()
    assert first["notice"] == "No finding waits for a decision."
    await database_sync_to_async(relayed)(relay)
    told = await heard_until(wire, lambda message: "A limit is certainly passed" in message["content"])
    assert told["notice"].startswith("A finding waits for a decision. A limit is certainly passed.")
    finding = await Finding.objects.aget()
    assert f"/fairness/findings/{finding.pk}/#decide-title" in told["content"]
    await database_sync_to_async(finding_decide)(finding=finding, actor=cast.olivia, action="people")
    await database_sync_to_async(relayed)(relay)
    gone = await heard_until(wire, lambda message: "A limit is certainly passed" not in message["content"])
    assert gone["notice"] == first["notice"]
    await wire.disconnect()


async def test_a_finding_goes_with_the_last_monitor(cast):
    relay = Relay(clock=itertools.count(step=10).__next__)
    await database_sync_to_async(open_one)(cast)
    await database_sync_to_async(relayed)(relay)
    wire = await opened(cast.project, cast.audrey, "findings")
    assert "#decide-title" not in (await wire.heard())["content"]  # an auditor reads
    monitor = await Monitor.objects.aget()
    await database_sync_to_async(monitor_remove)(monitor=monitor, actor=cast.olivia)
    await database_sync_to_async(relayed)(relay)
    assert (await wire.heard())["content"].strip() == ""
    await wire.disconnect()


async def heard_until(wire: Wire, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    message = await wire.heard()
    while not wanted(message):
        message = await wire.heard()
    return message


async def test_a_page_at_rest_hears_that_the_server_is_there(cast, monkeypatch):
    monkeypatch.setattr(sockets, "REFRESH_EVERY", 0.2)
    for what, beats in (("findings", True), ("progress", False)):
        wire = await opened(cast.project, cast.olivia, what)
        await wire.heard()
        if beats:
            assert await wire.heard() == {"alive": True}
        else:
            assert await wire.receive_nothing(timeout=0.7)
        await wire.disconnect()

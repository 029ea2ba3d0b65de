"""How many requests at a time: what makes it more, what makes it less; and what the client tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from asgiref.sync import async_to_sync

from llm_workers import limits
from llm_workers.client import ChatClient, Constraint, Patience, Request, Server
from llm_workers.models import RunLane
from llm_workers.pacing import Pace
from tests.factories import make_items
from tests.llm_server import ScriptedServer


def answers(pace: Pace, count: int, seconds: float = 0.1, *, full: bool = True) -> None:
    for _ in range(count):
        pace.answered(seconds, full=full)


def test_it_grows_by_one_for_every_full_round_of_good_answers():
    pace = Pace(start=4, most=6)
    answers(pace, 3)
    assert pace.width == 4
    answers(pace, 1)
    assert pace.width == 5
    answers(pace, 100)
    assert pace.width == 6


def test_it_does_not_grow_where_there_is_nothing_to_ask():
    pace = Pace(start=4, most=64)
    answers(pace, 100, full=False)
    assert pace.width == 4


def test_a_refusal_shrinks_it_once_and_holds_it_for_as_long_as_the_server_wishes():
    pace = Pace(start=10, most=64)
    for _ in range(10):  # all that were under way are refused: one decrease
        pace.refused(now=100.0, wait=5.0)
    assert pace.width == 7
    assert not pace.may_ask(104.9)
    assert pace.may_ask(105.0)
    answers(pace, 10)
    pace.refused(now=200.0, wait=0.0)
    assert pace.width == 4


def test_slower_answers_shrink_it_and_it_never_stands_still():
    pace = Pace(start=16, most=64)
    answers(pace, 16)
    answers(pace, 400, seconds=2.0)
    assert 1 <= pace.width < 8


def served(pace: Pace, count: int, seconds_for: Callable[[int], float]) -> None:
    """So many answers of a server that takes so long with so many requests under way."""
    for _ in range(count):
        pace.answered(seconds_for(pace.width), full=True)


def test_it_grows_on_a_server_that_answers_slower_and_still_answers_more():
    """As measured on a GPU: eight times the time of a single request, and eight times the answers a second."""
    pace = Pace(start=32, most=256)
    served(pace, 4000, lambda width: 0.052 + 0.00195 * width)
    assert pace.width > 120


def test_a_first_answer_from_an_empty_server_is_no_measure_of_the_others():
    pace = Pace(start=32, most=256)
    pace.answered(0.018, full=True)
    served(pace, 600, lambda width: 0.052 + 0.00195 * width)
    assert pace.width > 40


def test_it_goes_back_to_what_is_proven_where_more_bring_no_more_answers():
    pace = Pace(start=32, most=256)
    widths = []
    for _ in range(6000):
        pace.answered(pace.width / 100, full=True)  # a hundred answers a second, however many are asked for
        widths.append(pace.width)
    assert max(widths) == 48
    assert (widths.count(32) > 3000, pace.proven) == (True, 32)


def test_the_next_task_begins_with_what_is_proven_so_that_tries_never_add_up():
    pace = Pace(start=32, most=256)
    for _ in range(20):
        served(pace, 300, lambda width: width / 100)
        pace = Pace(start=pace.proven, most=256)
    assert pace.width == 32


def test_requests_that_wait_inside_the_server_shrink_it():
    pace = Pace(start=32, most=64)
    pace.waiting(16, running=16)
    assert pace.width == 32  # the next batch: the server never idles
    pace.waiting(17, running=16)
    assert pace.width == 22


def test_a_run_slows_down_for_a_busy_server_and_its_next_task_begins_there(cast, llm, start, work, monkeypatch):
    monkeypatch.setattr(limits, "LOAD_EVERY", 0.0)
    monkeypatch.setattr(limits, "TOUCH_EVERY", 0.0)
    llm.elsewhere, llm.latency = (0, 50), 0.02
    make_items(cast.project, 120)
    run = work(start())
    assert run.labelled == 120
    assert RunLane.objects.get(run=run).width < limits.START["vllm"]


def test_the_client_reads_what_vllm_says_and_is_content_where_a_server_says_nothing():
    async def told(dialect: str, waiting: int | None) -> float | None:
        with ScriptedServer(dialect=dialect) as server:
            server.elsewhere = None if waiting is None else (0, waiting)
            async with ChatClient([Server(server.url, dialect)]) as client:
                await asyncio.sleep(0.2)  # it looks at once, and then every second
                return client.load.waiting if client.load else None

    assert asyncio.run(told("vllm", 7)) == 7.0
    assert asyncio.run(told("vllm", None)) is None
    assert asyncio.run(told("other", 7)) is None


def test_retry_after_is_respected_and_told(settings):
    waits: list[float] = []
    patience = Patience(rounds=2, pause=0.001, longest_wait=2.0)

    async def asked(server: ScriptedServer) -> float:
        request = Request("scripted-1", _messages(), Constraint(("A", "B"), {}, 4))
        async with ChatClient([Server(server.url, "vllm")], patience=patience) as client:
            client.on_overload = waits.append
            began = asyncio.get_running_loop().time()
            await client.complete(request)
            return asyncio.get_running_loop().time() - began

    with ScriptedServer() as server:
        server.retry_after = 1
        server.faults.append("503")
        assert async_to_sync(asked)(server) >= 1.0
    assert waits == [1.0]


def _messages() -> list[dict[str, str]]:
    return [{"role": "user", "content": "# Options\n\nA. Keep\nB. Remove\n\n# Item\n\nHello\n\nAnswer."}]

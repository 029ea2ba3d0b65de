"""One request of which every server dies: at most two of them do, whoever asks; and what a hanging one may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from llm_workers.client import BadRequest, Careful, ChatClient, Patience, Reply, Request, Server, Unavailable
from llm_workers.client.control import CONSTRAINT, WORDS
from llm_workers.client.tries import MOST_DEATHS
from tests.llm_server import PROMPT_TOKENS, ScriptedServer

DEADLY = "KILL\n\nAnswer."
QUICK = Patience(connect=1.0, read=1.0, whole=1.2, pause=0.01, longest_wait=0.2)


def request(text: str) -> Request:
    return Request("scripted-1", [{"role": "user", "content": text}], CONSTRAINT)


@pytest.fixture(params=[2, 4], ids="{} servers".format)
def fleet(request) -> Iterator[list[ScriptedServer]]:
    with ExitStack() as stack:
        servers = [stack.enter_context(ScriptedServer(latency=0.03)) for _ in range(request.param)]
        for server in servers:
            server.away, server.deadly = 30.0, lambda text: "KILL" in text
        yield servers


def asked(
    servers: list[ScriptedServer], texts: list[str], *, careful: bool = False, patience: Patience = QUICK
) -> list[Reply | BaseException]:
    """What comes of all of them at once."""

    async def ask() -> list[Reply | BaseException]:
        async with ChatClient([Server(one.url, "vllm") for one in servers], patience=patience) as client:
            completer = Careful(client) if careful else client
            return await asyncio.gather(*(completer.complete(request(text)) for text in texts), return_exceptions=True)

    return asyncio.run(ask())


def deaths(servers: list[ScriptedServer]) -> int:
    return sum(len(server.deaths) for server in servers)


@pytest.mark.parametrize("says_so", [False, True], ids=["drops", "says so"])
@pytest.mark.parametrize("others", [0, 8])
def test_no_more_than_two_servers_die_of_a_request(fleet, says_so, others):
    for server in fleet:
        server.says_so = says_so
    *_, last = asked(fleet, [f"ok {number}\n\nAnswer." for number in range(others)] + [DEADLY])
    assert isinstance(last, Unavailable)
    assert last.died
    assert deaths(fleet) == MOST_DEATHS


@pytest.mark.parametrize("says_so", [False, True], ids=["drops", "says so"])
def test_of_a_suspect_only_one_dies(fleet, says_so):
    for server in fleet:
        server.says_so = says_so
    (error,) = asked(fleet, [DEADLY], careful=True)
    assert isinstance(error, Unavailable)
    assert error.died
    assert deaths(fleet) == 1


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("fault", ["500", "drop"])
def test_a_fault_is_no_death_where_the_server_answers_afterwards(fault, careful):
    """What only fails is asked again, and the small request that found out is counted."""
    with ScriptedServer() as llm:
        once = iter([fault])
        llm.fault_for = lambda text: next(once, None) if text == "ok" else None
        (reply,) = asked([llm], ["ok\n\nAnswer."], careful=careful)
        assert isinstance(reply, Reply)
        assert [body["messages"][0]["content"] for body in llm.requests].count(WORDS) == 2 * careful
    assert reply.usage.prompt_tokens == (1 + 2 * careful) * PROMPT_TOKENS


@pytest.mark.parametrize("fault", ["500", "drop"])
def test_what_fails_each_time_is_no_killer_where_others_are_answered(fault):
    with ScriptedServer() as llm:
        llm.fault_for = lambda text: fault if text == "ok" else None
        (error,) = asked([llm], ["ok\n\nAnswer."])
    assert isinstance(error, BadRequest)
    assert "Others are answered" in error.message


@pytest.mark.parametrize("careful", [False, True])
def test_a_server_that_refuses_the_small_request_lives(careful):
    """Some take no request with so few tokens: they are asked all the same, and fail nobody."""
    with ScriptedServer() as llm:
        once = iter(["500"])
        llm.fault_for = lambda text: next(once, None) if text == "ok" else "400"
        (reply,) = asked([llm], ["ok\n\nAnswer."], careful=careful)
    assert isinstance(reply, Reply)


def test_what_was_used_before_a_refusal_is_counted():
    with ScriptedServer() as llm:
        faults = iter(["500"] * 3 + ["400"])
        llm.fault_for = lambda text: next(faults) if text == "ok" else None
        (error,) = asked([llm], ["ok\n\nAnswer."])
        small = sum(body["messages"][0]["content"] == WORDS for body in llm.requests)
    assert isinstance(error, BadRequest)
    assert error.usage.prompt_tokens == small * PROMPT_TOKENS > 0


@pytest.mark.parametrize("servers", [1, 3])
def test_one_that_hangs_is_given_up_after_twice_the_longest_patience(servers):
    """However many servers there are, and while others are answered."""
    patience = Patience(connect=1.0, read=0.6, whole=0.8, pause=0.01, longest_wait=0.2, stall=30.0, least=0.0)
    with ExitStack() as stack:
        fleet = [stack.enter_context(ScriptedServer()) for _ in range(servers)]
        for server in fleet:
            server.fault_for = lambda text: "hang" if text == "slow" else None
        began = time.monotonic()
        (error,) = asked(fleet, ["slow\n\nAnswer."], patience=patience)
        took = time.monotonic() - began
    assert isinstance(error, BadRequest)
    assert "no answer within" in error.message
    assert 1.2 <= took < 1.8  # a third try would make it 1.8

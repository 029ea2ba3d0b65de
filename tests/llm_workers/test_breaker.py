"""The circuit breaker's transitions, the router's choices, and what /metrics says, with a clock of the test's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llm_workers.client import BreakerState, Server
from llm_workers.client.breaker import CLOSED, FAILURES, LONGEST_REST, TRIAL, failed, is_due, succeeded, tried
from llm_workers.client.load import Load, read_load
from llm_workers.client.router import PROCESS, Router, begin_trial

METRICS = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 2.0
vllm:num_requests_waiting{engine="0",model_name="m"} 4.0
vllm:prompt_tokens_total{engine="0",model_name="m"} 1.5e+03
vllm:generation_tokens_total{engine="0",model_name="m"} 20.0
"""


def opened(*, now=100.0, opens=1):
    state = CLOSED
    for _ in range(opens):
        state = replace(state, phase="half_open" if state.opens else "closed")
        state = failed(state, now=now, at_once=True)
    return state


def test_it_opens_after_failures_in_a_row_and_an_answer_between_them_counts_from_the_start():
    state = CLOSED
    for _ in range(FAILURES - 1):
        state = failed(state, now=100.0)
    assert state.phase == "closed"
    assert succeeded(state, trial=False) == CLOSED
    state = failed(state, now=100.0)
    assert (state.phase, state.opens, state.retry_at) == ("open", 1, 102.0)


def test_one_failure_is_enough_where_the_server_hangs():
    assert failed(CLOSED, now=100.0, at_once=True).phase == "open"


def test_it_rests_then_tries_once_and_closes():
    state = opened()
    assert not is_due(state, now=101.9)
    assert is_due(state, now=102.0)
    trial = tried(state, now=102.0)
    assert (trial.phase, trial.retry_at) == ("half_open", 102.0 + TRIAL)
    assert not is_due(trial, now=103.0)
    assert is_due(trial, now=102.0 + TRIAL)  # whoever tried it has died
    assert succeeded(trial, trial=True) == CLOSED


def test_each_failed_trial_doubles_the_rest_up_to_a_limit_and_jitter_scales_it():
    rests = [opened(opens=number).retry_at - 100.0 for number in range(1, 8)]
    assert rests == [2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_REST, LONGEST_REST]
    assert failed(CLOSED, now=100.0, at_once=True, jitter=1.25).retry_at == 102.5


def test_what_was_sent_before_it_opened_says_nothing_new():
    state = opened()
    assert failed(state, now=101.0) == state
    assert succeeded(state, trial=False) == state


# --- choosing ---------------------------------------------------------------------------------------------------------

A, B, C = (Server(f"http://{name}.test/v1", "vllm") for name in "abc")


@pytest.fixture
def router():
    made = Router([A, B], 0.0)
    yield made
    for replica in made.replicas.values():
        for _ in range(replica.own):
            replica.end(0.0)
    assert PROCESS.under_way(A.url) == PROCESS.under_way(B.url) == 0


def chosen(router, passed_over=(), *, now=0.0, epoch=0.0):
    found = router.choose(passed_over, now=now, epoch=epoch)
    return found and (found[0].url, found[1])


def test_the_replica_with_the_fewest_under_way_is_next(router):
    counts = {A.url: 0, B.url: 0}
    for _ in range(10):
        replica, _trial = router.choose((), now=0.0, epoch=0.0)
        replica.begin(0.0)
        counts[replica.url] += 1
    assert counts == {A.url: 5, B.url: 5}
    router.replicas[A.url].end(0.0)
    assert chosen(router) == (A.url, False)


def test_clients_of_one_process_know_of_each_other(router):
    other = Router([A, B], 0.0)
    other.replicas[A.url].begin(0.0)
    assert chosen(router) == (B.url, False)
    other.replicas[A.url].end(0.0)


def test_requests_of_other_processes_are_known_by_metrics(router):
    own = router.replicas[A.url]
    own.begin(0.0)
    own.loaded(Load(running=4, waiting=2), 1.0)
    assert own.under_way == 6  # of which one is its own
    router.replicas[B.url].loaded(Load(running=3, waiting=0), 1.0)
    assert chosen(router) == (B.url, False)


def test_an_open_breaker_is_passed_by_until_its_rest_is_over_and_then_tried_by_one(router):
    router.replicas[A.url].breaker = BreakerState("open", 3, 1, retry_at=50.0)
    assert {chosen(router, epoch=49.0) for _ in range(20)} == {(B.url, False)}
    assert chosen(router, epoch=50.0) == (A.url, True)
    begin_trial(router.replicas[A.url], epoch=50.0)
    assert chosen(router, epoch=51.0) == (B.url, False)


def test_no_open_breaker_is_asked_in_the_place_of_a_closed_one_that_was_asked_already(router):
    router.replicas[A.url].breaker = BreakerState("open", 3, 1, retry_at=50.0)
    assert chosen(router, {B.url}) is None


def test_where_every_breaker_is_open_servers_are_asked_all_the_same(router):
    for replica in router.replicas.values():
        replica.breaker = BreakerState("open", 3, 1, retry_at=50.0)
    assert chosen(router, {A.url}) == (B.url, False)


def test_doubtful_and_overloaded_replicas_come_last(router):
    router.replicas[A.url].resting_until = 5.0
    assert {chosen(router, now=4.0) for _ in range(20)} == {(B.url, False)}
    router.update([A, replace(B, doubtful=True)], 0.0)
    assert {chosen(router, now=4.0) for _ in range(20)} == {(A.url, False)}


def test_the_list_is_taken_in_while_requests_are_under_way(router):
    router.replicas[A.url].begin(0.0)
    router.update([B, C], 1.0)
    assert {chosen(router)[0] for _ in range(20)} == {B.url, C.url}
    assert chosen(router, {B.url, C.url}) is None
    router.update([A, B], 1.0)
    assert router.replicas[A.url].own == 1


def test_what_others_found_of_a_server_counts(router):
    router.replicas[A.url].breaker = BreakerState("closed", failures=2)
    router.update([A, replace(B, breaker=BreakerState("open", 0, 2, 9.0))], 0.0)
    assert router.replicas[A.url].breaker.failures == 2
    assert router.replicas[B.url].breaker.phase == "open"


def test_a_server_stalls_that_answers_nothing_while_another_does(router):
    hanging, working = router.replicas[A.url], router.replicas[B.url]
    hanging.begin(10.0)
    assert router.stalled(30.0, 5.0, read=45.0) == []  # nobody answers: it may be the requests
    working.answered_at = 14.0
    assert router.stalled(14.0, 5.0, read=45.0) == []
    assert router.stalled(15.1, 5.0, read=45.0) == [hanging]
    working.slowest = 2.0  # answers take long here: five times the slowest is waited for
    assert router.stalled(15.1, 5.0, read=45.0) == []
    assert router.stalled(20.1, 5.0, read=45.0) == [hanging]


def test_a_server_s_time_counts_by_the_share_of_its_requests(router):
    replica = router.replicas[A.url]
    replica.begin(0.0)
    replica.loaded(Load(running=4, waiting=0), 2.0)  # alone until now, as far as was known; then one of four
    replica.end(6.0)
    tally = replica.take_tally(9.0)
    assert (tally.seconds, tally.share) == (6.0, 2.0 + 4.0 / 4)


# --- load -------------------------------------------------------------------------------------------------------------


def test_engines_behind_one_address_add_up():
    assert read_load(METRICS) == Load(running=5, waiting=4, tokens=(1500, 20))


def test_llama_cpp_has_other_words():
    text = "llamacpp:requests_processing 2\nllamacpp:requests_deferred 1\n"
    assert read_load(text) == Load(running=2, waiting=1)


@pytest.mark.parametrize("text", ["", "<html></html>", "vllm:num_requests_waiting 3", "vllm:num_requests_running x"])
def test_what_says_nothing_of_requests_is_no_load(text):
    assert read_load(text) is None

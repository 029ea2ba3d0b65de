"""Servers that fail: what is retried, what becomes unanswered, when the run pauses, and that nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from annotations.models import Annotation
from ledger.models import LedgerEvent
from llm_workers import limits
from llm_workers.models import RunItem
from llm_workers.services import claims
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_resume
from tests.factories import make_items
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS, ScriptedServer


@pytest.fixture
def no_more_patience(monkeypatch):
    """The run does not bear any time without a server."""
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))


def reasons(run):
    return list(RunItem.objects.filter(run=run, status="unanswered").values_list("reason", flat=True))


@pytest.mark.parametrize("fault", ["500", "503", "429", "drop", "html", "not_a_completion", "hang"])
def test_a_passing_fault_is_retried_and_costs_no_label(cast, llm, start, work, fault):
    make_items(cast.project, 3)
    llm.faults.extend([fault, fault])
    run = work(start())
    assert (run.status, run.labelled, run.unanswered) == ("done", 3, 0)
    assert run.prompt_tokens == 3 * PROMPT_TOKENS


@pytest.mark.parametrize("fault", ["empty", "outside", "prose"])
def test_an_unusable_answer_is_asked_again_once_and_both_requests_are_counted(cast, llm, start, work, fault):
    make_items(cast.project, 1)
    llm.faults.append(fault)
    run = work(start())
    assert (run.labelled, run.prompt_tokens) == (1, 2 * PROMPT_TOKENS)
    second = llm.requests[1]["messages"]
    assert second[-1]["content"].startswith("That is not a valid answer.")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("empty", "The answer is empty."),
        ("refusal_field", "The model refused to answer: I cannot help with that."),
        ("filtered", "The model refused to answer: a filter of the server held it back."),
        ("outside", "“Z” is not one of A, B, C."),
        ("prose", "“I think it is fine.” is not one of A, B, C."),
        ("400", "The server did not take this item (400: scripted fault 400)."),
    ],
)
def test_one_bad_item_is_unanswered_with_the_reason_and_the_run_goes_on(cast, llm, start, work, fault, why):
    items = make_items(cast.project, 4)
    llm.fault_for = lambda text: fault if text == items[2].payload["text"] else None
    run = work(start())
    assert (run.status, run.labelled, run.unanswered) == ("done", 3, 1)
    assert reasons(run) == [why]
    assert not Annotation.objects.filter(item=items[2]).exists()


@pytest.mark.parametrize("fault", ["500", "drop"])
def test_the_last_item_that_no_server_answers_does_not_pause_the_run(cast, llm, start, work, fault):
    """Nothing else is asked any more, so a small request tells its fault from the server's; what that took counts."""
    items = make_items(cast.project, 1)
    llm.fault_for = lambda text: fault if text == items[0].payload["text"] else None
    run = work(start())
    assert (run.status, run.unanswered) == ("done", 1)
    assert reasons(run)[0].startswith("Others are answered, this is not, whoever is asked.")
    assert 0 < run.prompt_tokens == len(llm.answered) * PROMPT_TOKENS
    assert run.prompt_tokens == RunItem.objects.get(run=run).prompt_tokens


def test_what_fails_with_the_server_is_no_fault_of_the_item(cast, llm, start, work):
    """Some are answered, then the server fails for everybody: what was under way waits."""
    make_items(cast.project, 12)
    llm.latency = 0.02
    left = iter(range(6))
    llm.fault_for = lambda text: None if next(left, None) is not None else "500"
    run = work(start(), most=1)
    assert (run.status, run.labelled, run.unanswered) == ("running", 6, 0)
    llm.fault_for = lambda text: None
    assert work(run).labelled == 12


def test_what_was_paid_before_a_server_died_is_counted_once(cast, llm, start, work):
    """Three orders are asked; the server fails at the third of the first item."""
    make_items(cast.project, 1)
    asked = count(1)
    llm.fault_for = lambda text: "500" if next(asked) > 2 else None
    run = work(start(orders=3), most=1)
    assert (run.status, run.labelled, run.prompt_tokens) == ("running", 0, 2 * PROMPT_TOKENS)
    assert run.plan.cached_tokens == 2 * CACHED_TOKENS
    row = RunItem.objects.get(run=run)
    assert (row.status, row.attempts, row.prompt_tokens) == ("pending", 0, 2 * PROMPT_TOKENS)
    llm.fault_for = lambda text: None
    run = work(run)
    row.refresh_from_db()
    assert (run.labelled, run.prompt_tokens, row.prompt_tokens) == (1, 5 * PROMPT_TOKENS, 5 * PROMPT_TOKENS)
    assert row.seconds == pytest.approx(run.model_seconds)


def test_an_answer_that_was_cut_off_says_so(cast, llm, start, work):
    make_items(cast.project, 1)
    llm.fault_for = lambda text: "cut"
    run = work(start(with_reason=True))
    assert reasons(run) == ["The answer was cut off before its end."]


def test_an_unanswered_item_is_asked_about_again_by_the_next_run(cast, llm, start, work):
    make_items(cast.project, 2)
    llm.fault_for = lambda text: "empty"
    assert work(start()).unanswered == 2
    llm.fault_for = lambda text: None
    assert work(start()).labelled == 2


def test_a_server_that_is_down_pauses_the_run_with_reason_and_remedy(cast, llm, start, work, no_more_patience):
    make_items(cast.project, 5)
    run = start()
    llm.stop()
    run = work(run)
    assert run.status == "paused"
    assert run.reason == (
        f"{llm.url}: nothing answers there. Start the server, or mend its address. Once the model is served again the"
        " run goes on by itself; or resume the run."
    )
    assert set(RunItem.objects.filter(run=run).values_list("status", "attempts")) == {("pending", 0)}
    paused = LedgerEvent.objects.get(kind="run.paused")
    assert (paused.actor, paused.data["reason"]) == ("system", run.reason)


def test_a_server_that_hangs_pauses_the_run(cast, llm, start, work, no_more_patience):
    make_items(cast.project, 2)
    llm.fault_for = lambda text: "hang"
    run = work(start())
    assert run.status == "paused"
    assert "no answer within" in run.reason


@pytest.mark.parametrize(("seconds", "status"), [(0.1, "paused"), (5, "done")])
def test_a_server_may_take_as_long_as_the_operator_says(
    cast, llm, start, work, no_more_patience, monkeypatch, seconds, status
):
    monkeypatch.setattr(limits, "PATIENCE", replace(limits.patience(seconds), pause=0.01))
    llm.latency = 0.3
    make_items(cast.project, 1)
    assert work(start()).status == status


def test_a_short_outage_is_waited_out_and_the_run_says_what_it_waits_for(cast, llm, start, work):
    make_items(cast.project, 2)
    llm.fault_for = lambda text: "503"
    run = work(start(), most=1)
    assert run.status == "running"
    assert run.reason.startswith("Waiting for a server, and trying again.")
    assert run.plan.faults_in_row == 1
    llm.fault_for = lambda text: None
    run = work(run)
    run.plan.refresh_from_db()
    assert (run.status, run.labelled, run.reason, run.plan.failing_since) == ("done", 2, "", None)


def test_waits_between_tries_double_up_to_a_limit(cast, llm, start):
    make_items(cast.project, 1)
    run, waits = start(), []
    generation = 0
    for _ in range(5):
        held = claims.lane_claim(run_id=run.pk, lane=0, generation=generation)
        generation = held.claim.generation
        waits.append(claims.lane_fault(claim=held.claim, reason="Down.", hopeless=False))
    assert waits == [4.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("401", "refuses access (401: scripted fault 401). Set LLM_API_KEY"),
        ("404", "does not serve the model “scripted-1” (404"),
    ],
)
def test_what_will_never_work_pauses_at_once(cast, llm, start, work, fault, says):
    make_items(cast.project, 3)
    llm.fault_for = lambda text: fault
    run = work(start())
    assert run.status == "paused"
    assert says in run.reason
    assert run.unanswered == 0


def test_a_paused_run_goes_on_where_it_stopped(cast, llm, start, work):
    make_items(cast.project, 6)
    llm.faults.extend(["401"] * 6)
    run = work(start())
    assert (run.status, run.labelled) == ("paused", 0)
    llm.faults.clear()
    run = work(run_resume(run=run, by=cast.olivia))
    assert (run.status, run.labelled) == ("done", 6)
    assert Annotation.objects.filter(run=run).count() == 6


def test_when_nothing_is_answered_any_more_it_is_not_the_items(cast, llm, start, work, monkeypatch):
    monkeypatch.setattr("llm_workers.services.answers.MAX_UNANSWERED_IN_ROW", 5)
    make_items(cast.project, 300)
    llm.latency = 0.05
    llm.fault_for = lambda text: "400"
    run = work(start())
    assert run.status == "paused"
    assert "items in a row had no usable answer" in run.reason
    assert "scripted fault 400" in run.reason
    assert run.unanswered < 300


def test_another_replica_takes_over(cast, llm, start, settings, work):
    make_items(cast.project, 8)
    with ScriptedServer() as second:
        settings.LLM_BASE_URLS = [llm.url, second.url]
        models_refresh()
        llm.fault_for = lambda text: "500"
        run = work(start())
        assert (run.status, run.labelled) == ("done", 8)
        assert len(second.requests) == 8


def test_replicas_share_the_work(cast, llm, start, settings, work):
    make_items(cast.project, 20)
    with ScriptedServer() as second:
        settings.LLM_BASE_URLS = [llm.url, second.url]
        models_refresh()
        run = start()
        assert run.lanes.count() == 2
        work(run)
        shares = sorted([len(llm.requests), len(second.requests)])
        assert sum(shares) == 20
        assert shares[0] >= 7  # the less busy one gets the next item, so a slow moment shifts the share a little


def test_a_model_that_no_server_offers_any_more_pauses_the_run(cast, model, start, work, no_more_patience):
    make_items(cast.project, 1)
    run = start()
    model.endpoints.clear()
    run = work(run)
    assert run.status == "paused"
    assert "No server offers this model." in run.reason


def test_requests_run_side_by_side_but_never_more_than_agreed(cast, llm, start, work, monkeypatch):
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 5)
    make_items(cast.project, 20)
    llm.latency = 0.03
    assert work(start()).labelled == 20
    assert 2 <= llm.peak <= 5


def test_the_api_key_is_sent_and_a_wrong_one_is_told(cast, llm, settings, work, start):
    make_items(cast.project, 1)
    run = start()
    llm.api_key = settings.LLM_API_KEY = "sesame"
    assert work(run).labelled == 1
    settings.LLM_API_KEY = "wrong"
    (endpoint,) = models_refresh()
    assert not endpoint.healthy
    assert "Set LLM_API_KEY" in endpoint.problem


def test_a_key_that_a_server_repeats_is_kept_nowhere(cast, llm, settings, work, start):
    make_items(cast.project, 1)
    settings.LLM_API_KEY = "sesame"
    run = start()
    llm.api_key = "another"
    run = work(run)
    assert run.status == "paused"
    assert "(401: The key … is wrong, as is … or …)" in run.reason
    assert "sesame" not in str(list(LedgerEvent.objects.values_list("data", flat=True)))

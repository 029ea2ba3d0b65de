"""Trials of prompts: answers, cost, faults, one at a time, and no labels."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotations.models import Annotation, Annotator
from ledger.errors import DomainError
from llm_workers import dispatch
from llm_workers.costs.selectors import costs_of
from llm_workers.models import Endpoint, ModelVersion, PromptVersion, Trial, TrialAnswer, TrialServer
from llm_workers.recipe import Recipe
from llm_workers.selectors.trials import trial_seen, trials_spent
from llm_workers.services import trials
from llm_workers.services.trials import Pick, trial_break_off, trial_run, trial_start
from llm_workers.tasks import try_prompt
from tests.factories import add_label, make_annotator, make_items, make_project
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS


@pytest.fixture
def begin(cast, model):
    """``begin(pick, **choices)`` starts a trial of the cast's project."""

    def begun(pick: Pick | None = None, *, by=None, **choices) -> Trial:
        return trial_start(
            project=cast.project, model=model, by=by or cast.olivia, recipe=Recipe(**choices), pick=pick or Pick()
        )

    return begun


@pytest.fixture
def done(begin):
    """``done(…)`` starts a trial and asks at once."""

    def tried(*args, **choices) -> Trial:
        trial = begin(*args, **choices)
        trial_run(trial_id=trial.pk)
        trial.refresh_from_db()
        return trial

    return tried


def test_ten_items_are_asked_and_nothing_is_labelled(cast, llm, done):
    make_items(cast.project, 25)
    trial = done(thinking="after", stated=True)
    assert (trial.status, trial.problem, trial.to_label) == ("done", "", 25)
    rows = list(trial.answers.all())
    assert len(rows) == 10
    for row in rows:
        assert (row.confidence, row.stated) == (pytest.approx(0.8), pytest.approx(0.6))
        assert row.reason == "The rules say so."
        assert (row.prompt_tokens, row.cached_tokens, row.requests) == (PROMPT_TOKENS, CACHED_TOKENS, 1)
        assert row.messages in [body["messages"] for body in llm.requests]
    assert not Annotation.objects.exists()
    assert not Annotator.objects.filter(kind="model").exists()
    assert not PromptVersion.objects.exists()  # only a run freezes a prompt


def test_several_orders_and_samples_are_counted(cast, done):
    make_items(cast.project, 2)
    trial = done(orders=3, samples=2)
    assert {row.requests for row in trial.answers.all()} == {6}
    assert trial_seen(trial).requests == 6
    assert trials_spent(cast.project).prompt_tokens == 2 * 6 * PROMPT_TOKENS


def test_a_trial_shows_what_differs_from_gold_and_people_and_what_a_run_would_cost(cast, llm, done):
    llm.choose = lambda text, names: ["Keep"]
    right, wrong, disputed, unknown = make_items(cast.project, 4)
    for item, label in ((right, "keep"), (wrong, "remove")):
        type(item).objects.filter(pk=item.pk).update(gold=label)
    for _ in range(2):
        add_label(disputed, make_annotator(cast.project), "review")
    ModelVersion.objects.update(price_per_million_prompt=Decimal(10), price_per_million_completion=Decimal(100))
    seen = trial_seen(Trial.objects.select_related("model", "schema").get(pk=done().pk))
    shown = {one.row.item_id: one for one in seen.rows}
    assert [shown[item.pk].against_gold for item in (right, wrong, disputed)] == [False, True, None]
    assert [shown[item.pk].against_people for item in (right, disputed, unknown)] == [None, True, None]
    assert (shown[disputed.pk].people, shown[wrong.pk].gold, shown[wrong.pk].words) == ("Review", "Remove", "Keep")
    assert seen.against == (2, 3)
    assert shown[right.pk].cost == Decimal("0.0012")
    assert seen.estimate.items == seen.estimate.n == 4
    assert seen.estimate.tokens.value == pytest.approx(4 * (PROMPT_TOKENS + 2))
    assert seen.estimate.money.value == pytest.approx(4 * 0.0012)


def test_where_servers_are_paid_by_the_hour_a_trial_s_answers_share_what_its_time_cost(cast, llm, done):
    llm.latency = 0.05
    make_items(cast.project, 4)
    trial = Trial.objects.select_related("model", "schema").get(pk=done().pk)
    seen = trial_seen(trial)
    assert (seen.money.amount, seen.estimate.money, {one.cost for one in seen.rows}) == (None, None, {None})
    assert "no price" in seen.money.why
    Endpoint.objects.update(price_per_hour=3600, currency="USD")
    seen = trial_seen(trial)
    busy = TrialServer.objects.get(trial=trial).busy_seconds
    assert float(sum(one.cost for one in seen.rows)) == pytest.approx(busy)
    assert (seen.money.by, seen.money.currency) == ("server time", "USD")
    assert seen.estimate.money.value == pytest.approx(busy / 4 * seen.estimate.items)


def test_items_drawn_evenly_over_groups_count_by_the_size_of_their_group(cast, llm, begin):
    make_items(cast.project, 40, groups={"religion": "many", "gender": "woman"})
    long = set()
    for groups, count in (({"religion": "few"}, 4), ({}, 3)):
        long |= {item.payload["text"] for item in make_items(cast.project, count, groups=groups)}
    llm.prompt_tokens = lambda text: 1000 if text in long else PROMPT_TOKENS
    trial = begin(Pick(attribute="religion"))
    trial_run(trial_id=trial.pk)
    trial = Trial.objects.select_related("model", "schema").get(pk=trial.pk)
    assert (trial.attribute, trial.to_label) == ("religion", 47)
    assert trial.strata == {'{"religion": "many"}': 40, '{"religion": "few"}': 4, "{}": 3}
    made = trial_seen(trial).estimate
    assert (made.items, made.n) == (47, 10)
    assert made.tokens.value == pytest.approx(40 * (PROMPT_TOKENS + 2) + 7 * 1002)
    assert made.tokens.low == pytest.approx(made.tokens.high)  # within a group all are alike


def test_items_that_were_named_count_as_one_group(cast, begin):
    items = make_items(cast.project, 3, groups={"religion": "many"})
    trial = begin(Pick(item_ids=(items[0].pk, items[1].pk), attribute="religion"))
    trial_run(trial_id=trial.pk)
    trial.refresh_from_db()
    assert (trial.attribute, trial.strata, trial.to_label) == ("", {}, 3)


# --- what brought no answer -------------------------------------------------------------------------------------------


def test_orders_that_were_answered_before_the_server_refused_are_counted(cast, llm, done):
    make_items(cast.project, 1)
    ModelVersion.objects.update(price_per_million_prompt=Decimal(10), price_per_million_completion=Decimal(0))
    llm.faults.extend([None, None, "401"])
    trial = done(orders=3)
    row = trial.answers.get()
    assert (trial.status, row.answered_at, row.value) == ("failed", None, None)
    assert (row.requests, row.prompt_tokens, row.cached_tokens) == (3, 2 * PROMPT_TOKENS, 2 * CACHED_TOKENS)
    assert "paid for" in row.problem
    assert trials_spent(cast.project).prompt_tokens == 2 * PROMPT_TOKENS
    seen = trial_seen(Trial.objects.select_related("model", "schema").get(pk=trial.pk))
    assert (seen.answered, seen.estimate) == (0, None)
    assert seen.rows[0].cost == seen.money.amount == Decimal("0.002")
    line = costs_of(cast.project).trials
    assert (line.items, line.prompt_tokens, line.money.amount) == (0, 2 * PROMPT_TOKENS, Decimal("0.002"))


def test_orders_that_were_answered_before_time_was_up_are_counted(cast, llm, done, monkeypatch):
    make_items(cast.project, 1)
    monkeypatch.setattr(trials, "LONGEST", 0.5)
    llm.latency = 0.3
    trial = done(orders=3)
    row = trial.answers.get()
    assert (trial.status, row.answered_at) == ("failed", None)
    assert row.prompt_tokens == PROMPT_TOKENS
    assert trials_spent(cast.project).prompt_tokens == PROMPT_TOKENS


def test_what_used_nothing_is_as_if_it_was_not_asked(cast, llm, done):
    make_items(cast.project, 1)
    llm.faults.append("401")
    row = done(orders=3).answers.get()
    assert (row.requests, row.prompt_tokens, row.problem) == (0, 0, "")


# --- items and states -------------------------------------------------------------------------------------------------


def test_several_labels_have_answer_confidence_and_cost_too(cast, llm, done, page_client):
    config = cast.schema.config | {"min_choices": 1, "max_choices": 3}
    type(cast.schema).objects.filter(pk=cast.schema.pk).update(task_type="multiple_choice", config=config)
    ModelVersion.objects.update(price_per_million_prompt=Decimal(10), price_per_million_completion=Decimal(100))
    llm.choose = lambda text, names: ["Keep", "Review"]
    make_items(cast.project, 3, gold=["keep", "review"])
    trial = Trial.objects.select_related("model", "schema").get(pk=done(orders=2).pk)
    seen = trial_seen(trial)
    assert len(seen.rows) == 3
    for shown in seen.rows:
        assert sorted(shown.row.value) == ["keep", "review"]
        assert (shown.words, shown.against_gold, shown.row.requests) == ("Keep, Review", False, 2)
        assert shown.row.confidence == pytest.approx(0.8, abs=0.2)
        assert shown.cost > 0
    page = page_client(cast.olivia).get(reverse("run_trial", args=[cast.project.pk, trial.pk])).content.decode()
    assert page.count("Keep, Review") >= 3
    assert page.count("<dt>Cost</dt>") == 3
    assert "unknown" not in page


def test_named_items_are_asked_in_their_order(cast, done):
    items = make_items(cast.project, 12)
    wanted = (items[7].pk, items[2].pk)
    assert tuple(done(Pick(item_ids=wanted)).answers.values_list("item_id", flat=True)) == wanted


def test_items_that_cannot_be_named(cast, begin):
    items = make_items(cast.project, 12, gold="keep")
    (foreign,) = make_items(make_project(cast.stan))
    shown = {"way": "hand", "picked": ((items[0].pk, "keep"),)}
    for ids, choices in (
        (tuple(item.pk for item in items[:11]), {}),
        ((foreign.pk,), {}),
        ((items[0].pk,), shown),
    ):
        with pytest.raises(DomainError) as refusal:
            begin(Pick(item_ids=ids), **choices)
        assert (refusal.value.status, list(refusal.value.fields)) == (400, ["items"])
    assert items[0].pk not in begin(Pick(), **shown).answers.values_list("item_id", flat=True)


def test_nothing_to_ask_about_and_nobody_to_ask(cast, model, begin):
    with pytest.raises(DomainError) as refusal:
        begin()
    assert refusal.value.code == "nothing_to_try"
    make_items(cast.project)
    model.endpoints.clear()
    with pytest.raises(DomainError) as refusal:
        begin()
    assert refusal.value.code == "model_not_served"


def test_one_trial_at_a_time_for_a_person_until_it_ends_or_is_lost(cast, begin):
    make_items(cast.project)
    first = begin()
    begin(by=cast.edgar)
    with pytest.raises(DomainError) as refusal:
        begin()
    assert refusal.value.code == "trial_running"
    with pytest.raises(IntegrityError, match="trial_one_per_person"), transaction.atomic():
        Trial.objects.create(
            project=cast.project, model=first.model, schema=cast.schema, started_by=cast.olivia, text="x",
            created_at=timezone.now(),
        )  # fmt: skip
    Trial.objects.filter(pk=first.pk).update(
        created_at=timezone.now() - trials.WAITING - timedelta(seconds=trials.SECONDS + 1)
    )
    first.refresh_from_db()
    assert trial_seen(first).lost
    begin()
    first.refresh_from_db()
    assert (first.status, "no worker took it" in first.problem) == ("failed", True)


def test_a_task_that_comes_twice_asks_once(cast, llm, begin):
    make_items(cast.project)
    trial = begin()
    try_prompt(trial.pk)
    try_prompt(trial.pk)
    try_prompt(10**9)
    assert len(llm.requests) == 1
    trial_break_off(trial_id=trial.pk, problem="late")
    assert Trial.objects.get().status == "done"


def test_a_server_that_is_away_ends_the_trial_with_what_to_do(cast, llm, done):
    make_items(cast.project, 3)
    llm.fault_for = lambda text: "503"
    trial = done()
    assert (trial.status, "Then try again." in trial.problem) == ("failed", True)
    assert not trial_seen(trial).answered


def test_unusable_answers_are_shown_with_their_reason(cast, llm, done):
    items = make_items(cast.project, 3)
    llm.fault_for = lambda text: "outside" if text == items[1].payload["text"] else None
    trial = done()
    row = trial.answers.get(item=items[1])
    assert (trial.status, row.value, row.raw_answer) == ("done", None, "Z")
    assert "not one of" in row.problem


def test_too_slow_a_server_is_not_waited_for(cast, llm, done, monkeypatch):
    make_items(cast.project, 2)
    monkeypatch.setattr(trials, "LONGEST", 0.05)
    llm.latency = 0.4
    trial = done()
    assert (trial.status, "not enough" in trial.problem) == ("failed", True)


@pytest.mark.parametrize(
    ("answer", "items", "choices", "seconds"),
    [
        (None, 10, {}, 100),
        (30, 4, {}, 100),  # one round of four
        (60, 10, {}, 3 * 60),
        (60, 5, {"orders": 3}, 2 * 3 * 60),
        (240, 10, {"orders": 2, "samples": 3}, 1800),
    ],
)
def test_a_slow_server_is_given_its_time(cast, begin, answer, items, choices, seconds):
    make_items(cast.project, items)
    Endpoint.objects.update(answer_seconds=answer)
    trial = begin(**choices)
    assert trials.trial_seconds(trial) == seconds
    with pytest.raises(DomainError, match=f"takes {math.ceil(seconds / 60)} minutes at most"):
        begin()
    trial.created_at = timezone.now() - trials.WAITING - timedelta(seconds=seconds - 5)
    assert not trial_seen(trial).lost
    trial.created_at -= timedelta(seconds=6)
    assert trial_seen(trial).lost
    assert try_prompt.soft_time_limit > trials.LONGEST


def test_a_trial_is_queued_once_it_is_committed(cast, begin, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(dispatch.current_app, "send_task", lambda name, args, **options: sent.append((name, args)))
    make_items(cast.project)
    with django_capture_on_commit_callbacks(execute=True):
        trial = begin()
        assert not sent
    assert sent == [("llm_workers.tasks.try_prompt", [trial.pk])]


def test_the_database_refuses_trials_that_cannot_be(cast, begin):
    make_items(cast.project)
    trial = begin()
    for fields, constraint in (({"status": "odd"}, "trial_(status_known|end_has_time)"),
                               ({"status": "done"}, "trial_end_has_time")):  # fmt: skip
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Trial.objects.filter(pk=trial.pk).update(**fields)
    row = trial.answers.get()
    with pytest.raises(IntegrityError, match="trial_item_once"), transaction.atomic():
        TrialAnswer.objects.create(trial=trial, item=row.item, position=2)
    with pytest.raises(IntegrityError, match="trial_answer_probabilities"), transaction.atomic():
        TrialAnswer.objects.filter(pk=row.pk).update(confidence=1.5)

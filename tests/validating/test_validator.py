"""A model rates what people said: what it is asked, what it is not told, and that each label is asked about once."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import Annotation, Annotator, Case, Consensus
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.client import Usage
from llm_workers.limits import MAX_TAKEN, STALE
from llm_workers.models import Endpoint, ModelVersion
from llm_workers.questions import Reading
from llm_workers.services.shift import Next
from llm_workers.validating.claims import Answer, Work, lane_claim, ratings_lease, ratings_store
from llm_workers.validating.limits import used
from llm_workers.validating.models import Rating, Validator, ValidatorLane, ValidatorRules
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import (
    validator_pause,
    validator_resume,
    validator_rules_update,
    validators_wake,
)
from tests.factories import add_label, make_annotator, make_items

pytestmark = pytest.mark.django_db


def wake() -> int:
    return validators_wake(stale_before=timezone.now() - STALE)


def lane() -> ValidatorLane:
    return ValidatorLane.objects.get()


def rate(lane: ValidatorLane) -> Next | None:
    """What a worker does with the message for this generation of the lane."""
    return rate_for_a_while(validator_id=lane.validator_id, lane=lane.number, generation=lane.generation)


def doubts_removal(text: str, names) -> list[str]:
    """The scripted model disagrees with every “Remove”."""
    return ["Disagree"] if text.endswith("# Label\n\nRemove") else ["Agree"]


def test_each_label_of_an_item_is_asked_about_once_whoever_gave_it(labelled, switch_on, work, llm):
    llm.choose = doubts_removal
    one, other = labelled("keep keep remove"), labelled("keep")
    switch_on()
    validator = work()
    rows = Rating.objects.order_by("item", "value").values_list("item", "value", "status", "verdict")
    assert list(rows) == [
        (one.pk, "keep", "done", "agree"),
        (one.pk, "remove", "done", "disagree"),
        (other.pk, "keep", "done", "agree"),
    ]
    assert (validator.status, validator.rated, validator.agreed, validator.disagreed) == ("idle", 3, 2, 1)
    assert (validator.prompt_tokens, len(llm.requests)) == (300, 3)
    rating = Rating.objects.filter(verdict="disagree").get()
    assert rating.probabilities.keys() == {"agree", "disagree", "unsure"}
    assert sum(rating.probabilities.values()) == pytest.approx(1)
    assert rating.confidence == rating.probabilities["disagree"] == pytest.approx(0.8)
    assert rating.reason == "The rules say so."


def test_the_question_says_nothing_of_who_or_how_many(cast, labelled, switch_on, work, llm):
    item = labelled("keep keep keep remove", groups={"religion": "muslim"}, gold="remove")
    add_label(item, make_annotator(cast.project, kind="model", name="a rival"), "review", reason="Rival's reason.")
    switch_on()
    work()
    by_label = {}
    for body in llm.requests:
        said = json.dumps(body)
        for secret in [*Annotator.objects.values_list("pseudonym", "name"), ("muslim", "rival's reason")]:
            assert not [word for word in secret if word and word in said]
        system, user = (message["content"] for message in body["messages"])
        assert "Keep what fits." in system
        assert "- Remove: Breaks the rules" in system
        by_label[user.partition("# Label\n\n")[2].splitlines()[0]] = user
    assert sorted(by_label) == ["Keep", "Remove"]  # and not what only a model said
    # Apart from the label itself the two questions are the same, word for word: three people or one are not told apart.
    assert by_label["Keep"].replace("# Label\n\nKeep", "") == by_label["Remove"].replace("# Label\n\nRemove", "")


def test_a_rating_is_no_vote_and_no_label(cast, labelled, switch_on, work, llm):
    llm.choose = lambda text, names: ["Disagree"]
    labelled("keep keep")
    before = list(Consensus.objects.values()), Annotation.objects.count(), Case.objects.count()
    switch_on()
    work()
    assert (list(Consensus.objects.values()), Annotation.objects.count(), Case.objects.count()) == before
    assert Annotator.objects.filter(kind="model").count() == 0
    event = LedgerEvent.objects.get(kind="validator.rated")
    assert event.data["verdict"] == "disagree"


def test_new_labels_are_rated_as_they_come_and_known_ones_are_not_asked_again(cast, labelled, switch_on, work, llm):
    item = labelled("keep")
    switch_on()
    work()
    add_label(item, make_annotator(cast.project), "keep")
    assert wake() == 0
    add_label(item, make_annotator(cast.project), "remove")
    validator = work()
    assert (validator.rated, len(llm.requests)) == (2, 2)


def test_a_label_that_is_taken_back_before_it_was_asked_about_costs_nothing(labelled, switch_on, work, llm):
    labelled("keep")
    switch_on()
    wake()
    Annotation.objects.update(status="withdrawn")
    validator = work()
    assert (llm.requests, Rating.objects.count(), validator.status) == ([], 0, "idle")


def test_changed_guidelines_are_another_validator_and_the_old_ratings_stay(cast, labelled, switch_on, work, llm):
    labelled("keep")
    switch_on()
    work()
    cast.schema.is_current = False
    cast.schema.save()
    cast.schema.pk, cast.schema.version, cast.schema.is_current = None, 2, True
    cast.schema.guidelines = "Keep nothing."
    cast.schema.save()
    work()
    assert Validator.objects.count() == 2
    assert Rating.objects.count() == 2
    assert "Keep nothing." in json.dumps(llm.requests[-1])


def test_switched_off_or_in_a_paused_project_nothing_is_asked(cast, labelled, switch_on, model, llm):
    labelled("keep")
    ValidatorRules.objects.create(project=cast.project, model=model)
    assert wake() == 0
    switch_on()
    cast.project.status = "paused"
    cast.project.save()
    assert wake() == 0
    cast.project.status = "active"
    cast.project.save()
    assert wake() == 1
    validator_rules_update(project=cast.project, by=cast.olivia, values={"enabled": False})
    validator = Validator.objects.get()
    assert rate(lane()) is None
    validator.refresh_from_db()
    assert (validator.status, llm.requests) == ("idle", [])


def test_pause_and_resume(cast, labelled, switch_on, work, llm):
    labelled("keep remove")
    switch_on()
    wake()
    validator_pause(project=cast.project, by=cast.olivia)
    assert work().status == "paused"
    assert llm.requests == []
    with pytest.raises(DomainError, match="paused already"):
        validator_pause(project=cast.project, by=cast.olivia)
    validator_resume(project=cast.project, by=cast.olivia)
    assert (work().status, len(llm.requests)) == ("idle", 2)
    with pytest.raises(DomainError, match="not paused"):
        validator_resume(project=cast.project, by=cast.olivia)
    assert LedgerEvent.objects.filter(kind__in=["validator.paused", "validator.resumed"]).count() == 2


def test_without_a_validator_there_is_nothing_to_pause(cast):
    with pytest.raises(DomainError, match="Switch the validator on"):
        validator_pause(project=cast.project, by=cast.olivia)


@pytest.mark.parametrize(
    ("limit", "says"),
    [({"max_tokens": 150}, "150 tokens"), ({"max_cost": 0.00015}, "EUR"), ({"max_minutes": 0.0}, "minutes")],
)
def test_a_limit_pauses_it_with_the_reason(cast, labelled, switch_on, work, llm, model, limit, says):
    ModelVersion.objects.update(price_per_million_prompt=1, price_per_million_completion=0)
    model.refresh_from_db()
    for _ in range(4):
        labelled("keep remove")
    switch_on(model=model, **limit)
    Validator.objects.update(seconds=1)
    validator = work()
    assert validator.status == "paused"
    assert says in validator.reason
    with pytest.raises(DomainError, match="is reached"):
        validator_resume(project=cast.project, by=cast.olivia)
    validator_rules_update(project=cast.project, by=cast.olivia, values=dict.fromkeys(limit))
    validator_resume(project=cast.project, by=cast.olivia)
    assert work().rated == 8


def test_a_limit_of_money_is_kept_where_servers_time_is_paid_for(cast, switch_on, work, llm, model):
    Endpoint.objects.update(price_per_hour=36_000, currency="USD")  # 10 a second
    llm.latency = 0.02
    person = make_annotator(cast.project)
    for item in make_items(cast.project, 300):
        add_label(item, person, "keep")
    switch_on(model=model, max_cost=Decimal(2))
    validator = work()
    assert (validator.status, "2.00 USD is reached" in validator.reason) == ("paused", True)
    assert 0 < validator.rated < 300
    assert validator.servers.get().busy_seconds >= 0.2
    assert used(cast.project.pk).cost >= 2  # what answers cost is known when they are stored
    Endpoint.objects.update(price_per_hour=None)
    with pytest.raises(DomainError, match=r"not known.*no price"):
        validator_resume(project=cast.project, by=cast.olivia)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"enabled": True}, "Choose the model"),
        ({"max_minutes": -1.0}, "not negative"),
        ({"model": "served", "max_cost": 5}, "What this model costs is not known"),
    ],
)
def test_rules_that_cannot_be_held_are_refused(cast, model, values, says):
    values = {name: model if value == "served" else value for name, value in values.items()}
    with pytest.raises(DomainError, match=says):
        validator_rules_update(project=cast.project, by=cast.olivia, values=values)
    assert not ValidatorRules.objects.exists()


def test_a_closed_project_s_rules_stay(cast):
    cast.project.status = "closed"
    cast.project.save()
    with pytest.raises(DomainError, match="closed"):
        validator_rules_update(project=cast.project, by=cast.olivia, values={"max_tokens": 1})


@pytest.mark.parametrize("fault", ["empty", "outside", "cut", "prose"])
def test_an_unusable_answer_is_asked_for_once_more_and_then_given_up(labelled, switch_on, work, llm, fault):
    labelled("keep")
    llm.faults.extend([fault])
    switch_on()
    assert work().rated == 1
    llm.faults.extend([fault, fault])
    labelled("keep")
    validator = work()
    assert (validator.rated, validator.unanswered) == (1, 1)
    assert Rating.objects.get(status="unanswered").problem
    assert validator.prompt_tokens == 400  # answers that were of no use cost the same


def test_a_label_that_the_server_refuses_is_not_rated_and_says_why(labelled, switch_on, work, llm):
    labelled("keep")
    llm.faults.append("400")
    switch_on()
    assert work().unanswered == 1
    assert "400" in Rating.objects.get().problem


@pytest.mark.parametrize("fault", ["429", "500", "503", "drop", "html"])
def test_a_fault_that_passes_is_borne(labelled, switch_on, work, llm, fault):
    labelled("keep")
    llm.faults.extend([fault])
    switch_on()
    assert work().rated == 1


def test_a_server_that_is_down_is_waited_for_and_then_the_validator_pauses(labelled, switch_on, llm, monkeypatch):
    labelled("keep")
    switch_on()
    wake()
    llm.stop()
    validator = Validator.objects.get()
    follow = rate(lane())
    assert follow is not None
    assert lane().touched_at > timezone.now()  # it is not taken for lost while it waits
    assert follow.wait > 0
    validator.refresh_from_db()
    assert "Waiting for a server" in validator.reason
    assert Rating.objects.values_list("status", "attempts").get() == ("pending", 0)
    Validator.objects.update(failing_since=timezone.now() - timedelta(hours=1))
    assert rate(lane()) is None
    validator.refresh_from_db()
    assert validator.status == "paused"
    assert "resume" in validator.reason


def test_a_server_that_refuses_for_good_pauses_it_at_once(labelled, switch_on, work, llm):
    labelled("keep")
    llm.fault_for = lambda text: "401"
    switch_on()
    validator = work()
    assert (validator.status, Rating.objects.get().status) == ("paused", "pending")
    assert "LLM_API_KEY" in validator.reason


def test_many_labels_in_a_row_without_an_answer_pause_it(cast, labelled, switch_on, work, llm):
    for item in make_items(cast.project, 26):
        add_label(item, make_annotator(cast.project), "keep")
    llm.fault_for = lambda text: "prose"
    switch_on()
    validator = work()
    assert validator.status == "paused"
    assert "in a row" in validator.reason


def test_a_message_that_comes_twice_works_once(labelled, switch_on, llm):
    labelled("keep remove")
    switch_on()
    wake()
    first = lane()
    assert rate(first) is None
    assert rate(first) is None
    assert len(llm.requests) == 2


def claimed() -> Work:
    own = lane()
    work = lane_claim(validator_id=own.validator_id, lane=own.number, generation=own.generation)
    assert work is not None
    return work


def answered(leased) -> list[Answer]:
    usage = Usage(prompt_tokens=10, completion_tokens=1, seconds=0.5)
    return [Answer(one.rating_id, Reading("agree", None, None, "Yes."), usage=usage) for one in leased]


def test_answers_that_are_stored_twice_count_once(labelled, switch_on):
    labelled("keep remove")
    switch_on()
    wake()
    work = claimed()
    answers = answered(ratings_lease(work=work, count=10))
    ratings_store(work=work, answers=answers)
    ratings_store(work=work, answers=answers)
    assert Validator.objects.values_list("rated", "prompt_tokens").get() == (2, 20)


def test_a_task_that_was_only_slow_stores_nothing_after_it_was_replaced(labelled, switch_on, work):
    labelled("keep")
    switch_on()
    wake()
    slow = claimed()
    leased = ratings_lease(work=slow, count=10)
    assert validators_wake(stale_before=timezone.now() + timedelta(seconds=1)) == 1
    ratings_store(work=slow, answers=answered(leased))
    assert Validator.objects.get().rated == 0
    assert ratings_lease(work=slow, count=10) == []
    assert work().rated == 1


def test_a_label_that_keeps_killing_its_task_is_given_up(labelled, switch_on, work):
    labelled("keep")
    switch_on()
    wake()
    Rating.objects.update(status="leased", lane=0, generation=0, attempts=MAX_TAKEN)
    validator = work()
    assert (validator.unanswered, validator.status) == (1, "idle")
    assert "broke off" in Rating.objects.get().problem


@pytest.mark.parametrize(
    ("model_name", "fields", "constraint"),
    [
        ("rules", {"enabled": True, "model": None}, "validator_enabled_has_model"),
        ("rules", {"max_cost": -1}, "validator_cost_limit_not_negative"),
        ("rules", {"max_minutes": -1}, "validator_minutes_limit_not_negative"),
        ("validator", {"status": "asleep"}, "validator_status_known"),
        ("rating", {"status": "lost"}, "rating_status_known"),
        ("rating", {"status": "leased", "generation": None, "lane": 0}, "rating_lease_has_holder"),
        ("rating", {"status": "leased", "generation": 1, "lane": None}, "rating_lease_has_holder"),
        ("rating", {"status": "done", "verdict": ""}, "rating_done_has_verdict"),
        ("rating", {"confidence": 1.1}, "rating_confidence_is_probability"),
    ],
)
def test_the_database_holds_what_validators_are(labelled, switch_on, work, model_name, fields, constraint):
    labelled("keep")
    switch_on()
    work()
    rows = {"rules": ValidatorRules, "validator": Validator, "rating": Rating}[model_name].objects
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rows.update(**fields)


def test_a_label_is_rated_once_by_a_validator_and_a_version_exists_once(labelled, switch_on, work):
    labelled("keep")
    switch_on()
    work()
    rows = [
        (Rating.objects.get(), "rating_once_per_label"),
        (Validator.objects.get(), "version_once"),
        (lane(), "validator_lane_once"),
    ]
    for row, constraint in rows:
        row.pk = None
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            row.save(force_insert=True)

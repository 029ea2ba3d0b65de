"""A label that no server answers, and what was paid before a server died."""

from __future__ import annotations

from llm_workers.validating.models import Rating
from tests.llm_server import PROMPT_TOKENS


def test_a_label_that_no_server_answers_is_given_up_and_holds_up_no_other(labelled, switch_on, work, llm):
    bad = labelled("keep")
    labelled("remove")
    switch_on()
    llm.fault_for = lambda text: "500" if bad.payload["text"] in text else None
    validator = work()
    assert (validator.status, validator.rated, validator.unanswered) == ("idle", 1, 1)
    assert Rating.objects.get(status="unanswered").item == bad


def test_what_was_paid_before_a_server_died_is_counted_once(labelled, switch_on, work, llm):
    """The first answer is unusable; the server dies at the second try."""
    labelled("keep")
    switch_on()
    faults = iter(["empty"])
    llm.fault_for = lambda text: next(faults, "500")
    assert (work(most=1).prompt_tokens, Rating.objects.get().prompt_tokens) == (PROMPT_TOKENS, PROMPT_TOKENS)
    llm.fault_for = lambda text: None
    validator = work()
    assert (validator.rated, validator.prompt_tokens) == (1, 2 * PROMPT_TOKENS)
    assert Rating.objects.get().prompt_tokens == 2 * PROMPT_TOKENS

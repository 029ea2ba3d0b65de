"""Audits are asked to their end: every probe once, whatever breaks in between; nothing of it is an item."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Annotation, Item, ModelChoice
from fairness.audits import asking
from fairness.audits.asking import Shift, audit_for_a_while
from fairness.audits.limits import STALE
from fairness.audits.services import audit_cancel, audit_resume, audits_wake
from fairness.models import Audit, AuditAnswer, AuditStatus, CandidateStatus
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.client.wire import port_of
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS

GIB = 1024**3


@pytest.mark.usefixtures("patient")
def test_an_audit_asks_about_every_probe_in_every_order_and_measures(templates, start, work, llm, cast):
    women = ("woman", "women", "female")
    llm.choose = lambda text, names: ["Positive" if any(word in text.lower() for word in women) else "Negative"]
    audit = work(start(templates))
    assert audit.status == AuditStatus.DONE
    candidate = audit.candidates.get()
    assert candidate.status == CandidateStatus.DONE
    assert candidate.asked == templates.size == candidate.answers.count()
    assert candidate.requests == 2 * templates.size == len(llm.requests)
    assert candidate.prompt_tokens == 100 * candidate.requests
    figures = candidate.results["attributes"]["gender"]
    assert figures["groups"]["woman"]["selection_rate"]["value"] == 1.0
    assert figures["parity"]["highest"] == "woman"
    assert figures["parity"]["difference"]["value"] == 1.0
    assert candidate.results["overall"]["order_sensitivity"]["value"] == 0.0
    assert candidate.results["flips"]["share"]["value"] == 1.0
    assert candidate.results["speed"]["tokens_per_answer"]["value"] == 204
    assert candidate.results["speed"]["tokens_per_second"]["value"] > 0
    assert not Item.objects.filter(project=cast.project).exists()
    assert not Annotation.objects.filter(project=cast.project).exists()
    kinds = list(LedgerEvent.objects.filter(kind__startswith="audit.").order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        "audit.set_made",
        "audit.started",
        "audit.candidate_measured",
        "audit.finished",
        "audit.rules_changed",  # the first one of a project: new models are audited by themselves from here on
        "audit.model_proposed",
    ]
    assert ModelChoice.objects.get().model == candidate.model


def test_the_order_of_the_options_is_the_same_within_a_family(templates, start, work, llm):
    llm.choose = lambda text, names: [names[0]]
    audit = work(start(templates, orders=1))
    seats = {asking.seat_of(probe) for probe in templates.probes.all()}
    assert len(seats) == templates.families
    assert audit.candidates.get().results["flips"]["share"]["value"] == 0.0


def test_a_model_that_follows_the_order_is_found_out(templates, start, work, llm):
    original = llm.answer

    def first(body):
        llm.choose = lambda text, names: [_first_option(body)]
        return original(body)

    llm.answer = first
    candidate = work(start(templates)).candidates.get()
    assert candidate.results["overall"]["order_sensitivity"]["value"] == 1.0


def _first_option(body):
    import re

    user = next(message["content"] for message in body["messages"] if message["role"] == "user")
    return re.findall(r"^A\. ([^:\n]+)", user, re.MULTILINE)[0]


def test_a_task_that_comes_twice_works_once(templates, start, llm):
    audit = start(templates)
    follow = audit_for_a_while(audit_id=audit.pk, generation=audit.generation)
    asked = len(llm.requests)
    assert audit_for_a_while(audit_id=audit.pk, generation=audit.generation) is None
    assert len(llm.requests) == asked
    assert follow is not None


def test_what_was_stored_before_a_kill_is_not_asked_or_counted_again(templates, start, work, llm, monkeypatch):
    """A task dies after a few answers were stored: the next one asks about the rest alone."""
    audit = start(templates)
    kept = Shift.keep

    def dies(self, said):
        kept(self, said)
        raise KeyboardInterrupt

    monkeypatch.setattr(asking.Shift, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        audit_for_a_while(audit_id=audit.pk, generation=audit.generation)
    monkeypatch.setattr(asking.Shift, "keep", kept)
    stored = AuditAnswer.objects.count()
    assert stored > 0
    assert audits_wake(stale=STALE) == 0, "it may still be at work"
    Audit.objects.update(touched_at=timezone.now() - STALE - timedelta(seconds=1))
    assert audits_wake(stale=STALE) == 1
    audit = work(audit)
    candidate = audit.candidates.get()
    assert audit.status == AuditStatus.DONE
    assert candidate.answers.count() == candidate.asked == templates.size
    assert candidate.prompt_tokens == 100 * candidate.requests == 200 * templates.size


def test_an_answer_that_comes_twice_is_kept_once(templates, start, work, monkeypatch):
    kept = Shift.keep
    monkeypatch.setattr(asking.Shift, "keep", lambda self, said: kept(self, said) and kept(self, said))
    candidate = work(start(templates)).candidates.get()
    assert candidate.asked == templates.size
    assert candidate.prompt_tokens == 200 * templates.size


def test_a_cancelled_audit_stores_nothing_more_and_can_go_on(templates, start, work, cast, monkeypatch):
    audit = start(templates)
    kept = Shift.keep

    def cancelled(self, said):
        audit_cancel(audit=audit, by=cast.olivia)
        return kept(self, said)

    monkeypatch.setattr(asking.Shift, "keep", cancelled)
    assert audit_for_a_while(audit_id=audit.pk, generation=audit.generation) is None
    assert AuditAnswer.objects.count() == 0
    monkeypatch.setattr(asking.Shift, "keep", kept)
    with pytest.raises(DomainError, match="ended already"):
        audit_cancel(audit=audit, by=cast.olivia)
    audit_resume(audit=audit, by=cast.olivia)
    assert work(audit).status == AuditStatus.DONE
    with pytest.raises(DomainError, match="nothing left"):
        audit_resume(audit=audit, by=cast.olivia)


def test_a_model_without_usable_answers_is_given_up_and_says_why(templates, start, work, llm):
    llm.fault_for = lambda text: "prose"
    audit = work(start(templates))
    candidate = audit.candidates.get()
    assert (audit.status, candidate.status) == (AuditStatus.DONE, CandidateStatus.FAILED)
    assert "in a row had no usable answer" in candidate.reason
    assert not ModelChoice.objects.exists()


def test_a_server_that_refuses_gives_the_candidate_up_and_resuming_asks_again(templates, start, work, llm, cast):
    llm.fault_for = lambda text: "401"
    audit = work(start(templates))
    assert audit.candidates.get().status == CandidateStatus.FAILED
    llm.fault_for = lambda text: None
    audit = work(audit_resume(audit=audit, by=cast.olivia))
    assert audit.candidates.get().status == CandidateStatus.DONE


def test_a_server_that_is_away_is_waited_for(templates, start, llm):
    llm.fault_for = lambda text: "500"
    audit = start(templates)
    follow = audit_for_a_while(audit_id=audit.pk, generation=audit.generation)
    assert follow is not None
    assert follow.wait > 0
    audit.refresh_from_db()
    assert "Waiting for a server" in audit.reason
    assert audit.candidates.get().status == CandidateStatus.WAITING


def test_orders_that_were_answered_before_a_server_refused_are_counted(templates, start, work, llm, cast):
    """Each probe is asked in two orders; the second is refused until somebody has mended the server."""
    asked = Counter()

    def second(text):
        asked[text] += 1
        return "401" if asked[text] > 1 else None

    llm.fault_for = second
    audit = work(start(templates))
    candidate = audit.candidates.get()
    assert (candidate.status, candidate.asked) == (CandidateStatus.FAILED, 0)
    counted = candidate.prompt_tokens // PROMPT_TOKENS  # what the server said too late is not known
    assert 0 < counted <= len(llm.answered)
    assert (candidate.prompt_tokens, candidate.cached_tokens) == (PROMPT_TOKENS * counted, CACHED_TOKENS * counted)
    assert candidate.requests == 2 * counted  # the refused ones too
    assert candidate.seconds > 0
    llm.fault_for = lambda text: None
    candidate = work(audit_resume(audit=audit, by=cast.olivia)).candidates.get()
    assert (candidate.status, candidate.asked) == (CandidateStatus.DONE, templates.size)
    assert candidate.prompt_tokens >= PROMPT_TOKENS * (counted + 2 * templates.size)  # all is asked anew


def test_answers_that_come_after_an_audit_was_cancelled_are_counted_and_not_stored(templates, start, llm, cast,
                                                                                  monkeypatch):  # fmt: skip
    audit = start(templates)
    kept = Shift.keep

    def cancelled(self, said):
        Audit.objects.filter(pk=audit.pk).update(status="cancelled", finished_at=timezone.now())
        return kept(self, said)

    monkeypatch.setattr(asking.Shift, "keep", cancelled)
    assert audit_for_a_while(audit_id=audit.pk, generation=audit.generation) is None
    candidate = audit.candidates.get()
    assert (candidate.asked, candidate.answers.count()) == (0, 0)
    assert 0 < candidate.prompt_tokens <= PROMPT_TOKENS * len(llm.answered)


def test_an_unexpected_error_is_of_one_candidate_alone(templates, start, work, monkeypatch):
    def broken(self, how, **options):
        raise RuntimeError("out of order")

    monkeypatch.setattr("llm_workers.auditing.Panel.ask", broken)
    audit = work(start(templates))
    assert audit.status == AuditStatus.DONE
    assert "not expected" in audit.candidates.get().reason


def test_an_item_without_a_usable_answer_is_counted_as_such(templates, start, work, llm):
    lost = templates.probes.first().payload["text"]
    llm.fault_for = lambda text: "refusal" if text == lost else None
    candidate = work(start(templates)).candidates.get()
    assert (candidate.answered, candidate.unanswered) == (templates.size - 1, 1)
    assert candidate.results["overall"]["unanswered"]["value"] == pytest.approx(1 / templates.size)


def test_gpu_memory_is_the_largest_that_was_read_of_the_server(templates, start, work, llm, monkeypatch):
    """The scripted server runs on this machine; nothing of it is on a GPU, so the reading is made up."""
    asked, readings = [], iter([None, 3 * GIB, 2 * GIB])

    def read(gpus, ports):
        asked.append(set(ports))
        return next(readings, GIB)

    monkeypatch.setattr("llm_workers.client.gpus.Gpus.memory", read)
    monkeypatch.setattr("llm_workers.limits.TASK_SECONDS", 0.0)
    candidate = work(start(templates)).candidates.get()
    assert len(asked) >= 3
    assert asked[0] == {port_of(llm.url)}
    assert (candidate.gpu_memory, candidate.memory) == (3 * GIB, None)


def test_only_one_audit_at_a_time(templates, start):
    start(templates)
    with pytest.raises(DomainError, match="goes on already"):
        start(templates)

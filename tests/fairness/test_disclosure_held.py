"""A record held to the ledger: what was altered, left out, invented or reworded is found, and an older one agrees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotations.assistance.services import assistance_change
from fairness.audits.choosing import model_choose
from fairness.disclosure.checking import check, faults_of
from fairness.disclosure.record import as_text, digest_of_record
from fairness.models import Decision
from fairness.monitors.sending import finding_send
from fairness.monitors.services import finding_decide
from ledger.sealing import seal_pending
from tests.assistance.test_assistance import anchored
from tests.audits.made import make_audit
from tests.factories import make_annotator
from tests.fairness.test_disclosure import history, record_of
from tests.fairness.test_monitors import biased, evaluate, make_run, watch

pytestmark = pytest.mark.django_db


def test_what_was_altered_is_found(cast, tmp_path, capsys):
    history(cast)
    seal_pending()
    record, file = record_of(cast), tmp_path / "record.json"
    file.write_text(as_text(record))
    call_command("disclosure_check", str(file))
    assert "agrees with the ledger" in capsys.readouterr().out
    Decision.objects.update(reason="Nobody will notice.")
    forged = record_of(cast)
    number = forged["findings"][0]["decision"]["ledger"]["event"]
    assert faults_of(forged) == [f"Of event {number} the ledger says something else: reason."]
    Decision.objects.update(reason="The task is so.")
    record["limits"][0]["tau"] = 0.5
    number = record["limits"][0]["limit"]
    assert faults_of(record) == [
        "The record was altered: its SHA-256 differs.",
        f"Limit {number} is not what its changes make of it: tau.",
        f"limits {number}: made anew it says something else: tau.",
    ]
    record["findings"][0]["ledger"]["sha256"] = "0" * 64
    record["findings"][0]["sent"][0]["ledger"]["event"] = 10**9
    record["ledger"]["newest_block"]["hash"] = "0" * 64
    found = " ".join(faults_of(record))
    for words in ("is another one in the ledger", "is not in the ledger", "has another hash"):
        assert words in found
    file.write_text(json.dumps(record))
    with pytest.raises(CommandError, match="disagree"):
        call_command("disclosure_check", str(file))


def drop_finding(record: dict[str, Any]) -> None:
    record["findings"].pop()


def drop_decision(record: dict[str, Any]) -> None:
    record["findings"][0] |= {"decision": None, "state": "waits"}


def drop_pause(record: dict[str, Any]) -> None:
    record["pauses"].clear()


def drop_limit(record: dict[str, Any]) -> None:
    record["limits"].pop()


def drop_remedy(record: dict[str, Any]) -> None:
    record["findings"][0] |= {"sent": [], "sent_items": 0}


def invent_choice(record: dict[str, Any]) -> None:
    record["choices"].append(record["choices"][0] | {"choice": 10**6, "reason": "The fairest.", "ledger": None})


def invent_change(record: dict[str, Any]) -> None:
    record["limits"][0]["changes"].append({"by": None, "data": {"tau": record["limits"][0]["tau"]}, "ledger": None})


def rewrite_what(record: dict[str, Any]) -> None:
    record["findings"][0]["what"] = "All groups get “Keep” as often."


def rewrite_text(record: dict[str, Any]) -> None:
    record["findings"][1]["how_sure"] = "Not sure at all."


def rewrite_guidelines(record: dict[str, Any]) -> None:
    record["schemas"][0]["guidelines"] = "Be fair."


def rewrite_as_if_later(record: dict[str, Any]) -> None:
    """As if the ledger had gone on since, so that the present would be no witness."""
    rewrite_what(record)
    record["ledger"]["last_event"] = 10**9


def add_part(record: dict[str, Any]) -> None:
    record["praise"] = "The fairest labels."


def uncover(record: dict[str, Any]) -> None:
    record["findings"][0]["decision"]["reason"] = "It was not so."
    record["findings"][0]["decision"]["ledger"] = None


FORGED = {
    drop_finding: "is left out: finding.opened",
    drop_decision: "is left out: finding.decided",
    drop_pause: "is left out: run.paused",
    drop_limit: "is left out: monitor.added",
    drop_remedy: "is left out: finding.sent",
    invent_choice: "choices 1000000: there is no such entry here",
    invent_change: "made anew it says something else: changes",
    rewrite_what: "made anew it says something else: what",
    rewrite_text: "made anew it says something else: how_sure",
    rewrite_guidelines: "made anew it says something else: guidelines",
    rewrite_as_if_later: "Event 1000000000, said to be the last one",
    add_part: "There are no such parts: praise",
    uncover: "is left out: finding.decided",
}


def test_what_was_left_out_invented_or_rewritten_is_found_although_it_was_hashed_anew(cast):
    history(cast)
    audit = make_audit(cast, families=2)
    model_choose(candidate=audit.candidates.get(name="fair-7b"), role="labeller", reason="Why not.", by=cast.olivia)
    whole = record_of(cast)
    assert (check(whole).wrong, check(whole).unheld) == ([], [])
    for forge, words in FORGED.items():
        forged = json.loads(as_text(whole))
        forge(forged)
        forged["sha256"] = digest_of_record(forged)
        found = faults_of(forged)
        assert words in " ".join(found), (forge.__name__, found)
        assert "SHA-256" not in " ".join(found)


def test_an_older_record_still_agrees_and_what_goes_by_the_present_is_said(cast, tmp_path, capsys):
    monitor = watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    older, file = record_of(cast), tmp_path / "record.json"
    finding_send(finding=finding, actor=cast.olivia)
    finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="The task is so.")
    watch(cast, whose="people")
    make_audit(cast, families=2)
    found = check(older)
    assert found.wrong == []
    assert found.unheld == [f"findings {finding.pk}: at present it is otherwise: sent_items, state."]
    file.write_text(as_text(older))
    with pytest.raises(CommandError, match="compared with the present state alone") as raised:
        call_command("disclosure_check", str(file))
    assert raised.value.returncode == 2
    assert "at present it is otherwise" in capsys.readouterr().out
    older["findings"].clear()
    older["limits"][0]["set_at"] = "2020-01-01T00:00:00.000000+00:00"
    told = " ".join(faults_of(older))
    for words in ("is left out: finding.opened", f"limits {monitor.pk}: made anew it says something else: set_at"):
        assert words in told


def test_rewritten_effects_are_said_to_differ_from_the_present(cast):
    model = make_annotator(cast.project, kind="model", name="small-2")
    assistance_change(project=cast.project, actor=cast.olivia, is_on=True, model=model.pk, holdout_share=0.5)
    anchored(cast, model, people=5, each=20)
    record = record_of(cast)
    record["assistance"]["effects"][0]["effect"] = 0.0
    assert check(record).unheld == ["assistance: at present it is otherwise: effects."]


@pytest.mark.parametrize("number", ["abc", "7", 1.5, True, -1, 10**30, None])
def test_an_event_that_is_no_number_makes_it_no_record(cast, tmp_path, number):
    history(cast)
    record, file = record_of(cast), tmp_path / "record.json"
    record["findings"][0]["ledger"]["event"] = number
    file.write_text(json.dumps(record))
    with pytest.raises(CommandError, match="not a whole record"):
        call_command("disclosure_check", str(file))


@pytest.mark.parametrize(("text", "words"), [("no JSON", "cannot be read"), ("[]", "not a whole"), ("{}", "disagree")])
def test_what_is_no_record_is_said_to_be_none(db, tmp_path, text, words):
    file = tmp_path / "record.json"
    file.write_text(text)
    with pytest.raises(CommandError, match=words):
        call_command("disclosure_check", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("disclosure_check", str(tmp_path / "missing.json"))

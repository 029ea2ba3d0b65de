"""What is disclosed: everything that was found and decided, at once, each held to the ledger, and nobody named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotations.assistance.services import assistance_change
from annotations.grouping.services import regrouping_apply, regrouping_create
from annotations.launch.services import Answer, checklist_answer
from annotations.models import BiasAnswer, ModelChoice, Run
from annotations.projects.schemas import schema_change
from annotations.projects.services import project_create
from annotations.raising.services import group_raise_end
from annotations.state import ItemState
from fairness.audits.choosing import model_choose
from fairness.disclosure.checking import check, faults_of
from fairness.disclosure.record import FORMAT, as_text, digest_of_record, disclosure_of
from fairness.models import Audit, AuditCandidate, Decision, Finding, Monitor
from fairness.monitors.sending import finding_raise, finding_send
from fairness.monitors.services import finding_decide, monitor_change, monitor_remove
from fairness.selectors.timeline import marks_of
from fairness.selectors.wanted import Wanted
from ledger.models import LedgerEvent
from ledger.sealing import seal_pending
from llm_workers.models import RunItem
from llm_workers.services.finish import take_stock
from llm_workers.services.runs import run_pause, run_resume
from tests.assistance.test_assistance import anchored
from tests.audits.made import make_audit
from tests.factories import CHOICES, Cast, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_certainty import store
from tests.fairness.test_monitors import biased, evaluate, make_run, watch

pytestmark = pytest.mark.django_db


def record_of(cast: Cast) -> dict[str, Any]:
    return disclosure_of(cast.project)


def address(cast: Cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/disclosure/"


def history(cast: Cast) -> Finding:
    """A limit set, changed and removed; one found something, which was sent to experts and accepted; another waits."""
    monitor, run = watch(cast), make_run(cast)
    strict = watch(cast, whose="people")
    monitor_change(monitor=strict, actor=cast.olivia, values={"tau": 0.2, "alpha": 0.01})
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    finding_send(finding=finding, actor=cast.olivia)
    finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="The task is so.", resume=True)
    monitor_remove(monitor=strict, actor=cast.olivia)
    monitor_change(monitor=monitor, actor=cast.olivia, values={"tau": 0.05})
    biased(cast, make_run(cast).annotator)
    evaluate(cast)
    finding.refresh_from_db()
    return finding


def test_every_limit_finding_and_decision_is_in_it(cast):
    first = history(cast)
    record = record_of(cast)
    assert record["format"] == FORMAT
    assert {one["limit"] for one in record["limits"]} == set(Monitor.objects.values_list("pk", flat=True))
    assert {one["finding"] for one in record["findings"]} == set(Finding.objects.values_list("pk", flat=True))
    assert sum(one["decision"] is not None for one in record["findings"]) == Decision.objects.count() == 1
    told = next(one for one in record["findings"] if one["finding"] == first.pk)
    assert told["certificate"] == first.certificate
    assert (told["state"], told["sent_items"], len(told["sent"])) == ("decided", len(first.sent), 1)
    assert "christian get “Keep” more often" in told["what"]
    decision = told["decision"]
    assert (decision["action"], decision["reason"], decision["resumed"]) == ("accept", "The task is so.", first.runs)
    assert decision["by"] == {"role": "owner", "person": 1}
    assert {one["state"] for one in record["findings"]} == {"decided", "waits"}
    kinds = {one["limit"]: [change["ledger"]["kind"] for change in one["changes"]] for one in record["limits"]}
    assert list(kinds.values()) == [
        ["monitor.added", "monitor.changed"],
        ["monitor.added", "monitor.changed", "monitor.removed"],
    ]
    assert [one["tau"] for one in record["limits"]] == [0.05, 0.2]
    assert faults_of(record) == []


def test_a_decision_is_in_it_right_after_it_was_made(cast, api):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    client = api(cast.olivia)
    (before,) = client.get(address(cast)).json()["findings"]
    assert (before["state"], before["decision"]) == ("waits", None)
    decide = f"/api/v1/projects/{cast.project.pk}/findings/{finding.pk}/decide/"
    assert client.post(decide, {"action": "prompt", "reason": "It was unclear."}).status_code == 201
    (after,) = client.get(address(cast)).json()["findings"]
    assert (after["decision"]["action"], after["decision"]["reason"]) == ("prompt", "It was unclear.")
    assert after["decision"]["ledger"]["event"] == LedgerEvent.objects.get(kind="finding.decided").pk


def test_it_is_the_same_for_the_same_state_whoever_asks_and_however(cast, api, page_client):
    history(cast)
    record = record_of(cast)
    assert as_text(record) == as_text(record_of(cast))
    file = page_client(cast.audrey).get(reverse("fairness_disclosure_file", args=[cast.project.pk]))
    assert file["Content-Disposition"] == f'attachment; filename="evenhand-{cast.project.pk}-disclosure.json"'
    assert file.content.decode() == as_text(record)
    assert api(cast.olivia).get(address(cast), headers={"accept-language": "de"}).json() == record
    assert digest_of_record(json.loads(file.content)) == record["sha256"]
    seal_pending()
    sealed = record_of(cast)
    assert sealed["sha256"] == record["sha256"]
    assert (sealed["ledger"]["newest_block"]["position"], sealed["ledger"]["unsealed"]) == (1, [])
    assert len(record["ledger"]["unsealed"]) == record["ledger"]["events"] == sealed["ledger"]["events"]
    monitor_change(monitor=Monitor.objects.first(), actor=cast.olivia, values={"tau": 0.3})
    assert record_of(cast)["sha256"] != record["sha256"]


def test_pauses_of_runs_are_told_with_who_let_them_go_on(cast):
    watch(cast, at_checkpoints=True)
    run = make_run(cast, labelled=10)
    RunItem.objects.create(run=run, item=cast.project.items.first())
    take_stock(run, step_done=True)
    run.refresh_from_db()
    run_resume(run=run, by=cast.olivia)
    run_pause(run=Run.objects.get(pk=run.pk), by=cast.olivia)
    record = record_of(cast)
    told = [(one["what"], one["by"]["role"]) for one in record["pauses"]]
    expected = [("checkpoint.reached", "platform"), ("run.paused", "platform"), ("run.resumed", "owner")]
    assert told == [*expected, ("run.paused", "owner")]
    checkpoint = record["pauses"][0]
    assert (checkpoint["number"], checkpoint["decision"], checkpoint["run"]) == (1, "pause", run.pk)
    assert "A checkpoint that you asked to look at" in checkpoint["reason"]
    assert faults_of(record) == []


def test_audits_with_their_cards_and_choices_with_reasons_and_figures_are_in_it(cast):
    audit = make_audit(cast, families=4)
    candidate = audit.candidates.get(name="fair-7b")
    model_choose(candidate=candidate, role="labeller", reason="As fair as any.", by=cast.olivia)
    record = record_of(cast)
    (told,) = record["audits"]
    assert told["audit"] == audit.pk
    assert [one["results"] for one in told["card"]["candidates"]] == [one.results for one in audit.candidates.all()]
    assert {event["ledger"]["kind"] for event in told["events"]} == {"audit.candidate_measured", "audit.finished"}
    choices = {one["role"]: one for one in record["choices"]}
    assert len(choices) == ModelChoice.objects.count() == 2
    assert (choices["labeller"]["reason"], choices["labeller"]["by"]["role"]) == ("As fair as any.", "owner")
    assert choices["labeller"]["figures"]["accuracy"]["value"] == candidate.results["overall"]["accuracy"]["value"]
    assert choices["validator"]["by"] == {"role": "platform"}
    assert faults_of(record) == []
    AuditCandidate.objects.filter(pk=candidate.pk).update(results=audit.candidates.get(name="skewed-1b").results)
    (fault,) = faults_of(record_of(cast))
    assert "are not those of the ledger" in fault


def test_every_answer_of_the_checklist_is_in_it_with_its_own_event(cast):
    for note in ("First.", "Second."):
        answers = {"halo": Answer("remains", note), "affect": Answer("handled", "Blurred.")}
        checklist_answer(project=cast.project, actor=cast.olivia, answers=answers)
    record = record_of(cast)
    told = [(one["bias"], one["note"], one["holds"]) for one in record["checklist"]]
    assert sorted(told) == [("affect", "Blurred.", True), ("halo", "First.", False), ("halo", "Second.", True)]
    events = list(LedgerEvent.objects.filter(kind="checklist.answered").order_by("pk").values_list("pk", flat=True))
    assert [one["ledger"]["event"] for one in record["checklist"] if one["bias"] == "halo"] == events
    assert faults_of(record) == []
    BiasAnswer.objects.filter(note="First.").update(note="Something else.")
    assert faults_of(record_of(cast)) == [f"Of event {events[0]} the ledger says something else: notes."]


def test_versions_of_what_is_asked_are_held_to_the_events_that_brought_them(cast):
    project = project_create(
        owner=cast.olivia,
        schema={"task_type": "single_choice", "config": CHOICES, "guidelines": "Keep what fits."},
        name="Mail",
    )
    schema_change(project=project, actor=cast.olivia, schema={"guidelines": "Keep what is polite."})
    record = disclosure_of(project)
    assert [one["ledger"]["kind"] for one in record["schemas"]] == ["project.created", "schema.changed"]
    assert [one["guidelines"] for one in record["schemas"]] == ["Keep what fits.", "Keep what is polite."]
    assert faults_of(record) == []
    project.schemas.filter(version=1).update(guidelines="Keep everything.")
    (fault,) = faults_of(disclosure_of(project))
    assert fault.endswith("the ledger says something else: schema_sha256.")


def test_anchoring_is_told_without_counts_of_fewer_than_five_people(cast):
    model = make_annotator(cast.project, kind="model", name="small-2")
    assistance_change(project=cast.project, actor=cast.olivia, is_on=True, model=model.pk, holdout_share=0.5)
    anchored(cast, model, people=3, each=20)
    (few,) = record_of(cast)["assistance"]["effects"]
    assert (few["people"], few["shown"], few["held_out"], few["effect"]) == (None, None, None, None)
    assert few["insufficient"] == "few_people"
    anchored(cast, model, people=5, each=20)
    found = record_of(cast)["assistance"]
    (enough,) = found["effects"]
    assert enough["people"] >= 5
    assert enough["shown"]["labels"] > 0
    assert [change["ledger"]["kind"] for change in found["changes"]] == ["assistance.on"]


def test_groups_that_a_limit_is_given_later_are_an_event(cast):
    monitor = Monitor.objects.create(
        project=cast.project,
        measure="parity",
        whose="model",
        attribute="religion",
        label="keep",
        created_by=cast.olivia,
    )
    store(cast.project, [ItemState(groups={"religion": group}) for group in "ab"])
    evaluate(cast)
    (told,) = record_of(cast)["limits"]
    assert [(change["ledger"]["kind"], change["data"]) for change in told["changes"]] == [
        ("monitor.groups_named", {"groups": ["a", "b"]})
    ]
    assert told["limit"] == monitor.pk
    evaluate(cast)
    assert LedgerEvent.objects.filter(kind="monitor.groups_named").count() == 1


def test_nobody_is_named(cast):
    history(cast)
    checklist_answer(project=cast.project, actor=cast.olivia, answers={"halo": Answer("remains", "It may.")})
    make_audit(cast, families=2)
    text = as_text(record_of(cast))
    for person in (cast.olivia, cast.edgar, cast.wanda, cast.walt, cast.audrey):
        assert person.email not in text
        assert f"user:{person.pk}" not in text
    assert '"user:' not in text


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


def test_remedies_are_in_it(cast):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    demand = finding_raise(finding=finding, actor=cast.olivia, group="christian", more=2)
    group_raise_end(demand=demand, actor=cast.olivia)
    groups_change(cast)
    record = record_of(cast)
    raised = record["findings"][0]["raised"]
    assert [one["ledger"]["kind"] for one in raised] == ["demand.raised", "demand.raise_ended"]
    assert (raised[0]["data"]["group"], raised[0]["by"]["role"]) == ("christian", "owner")
    kinds = [one["ledger"]["kind"] for one in record["project"]["changes"]]
    assert kinds[-4:] == ["demand.raised", "demand.raise_ended", "groups.changing", "groups.changed"]
    assert faults_of(record) == []
    marks = {one.what for one in marks_of(cast.project, Wanted())}
    assert {"demand.raised", "demand.raise_ended", "groups.changed"} <= marks


def groups_change(cast: Cast) -> None:
    made = regrouping_create(
        project=cast.project, actor=cast.olivia, attribute="religion", kind="merge", rules={"values": {"a": "b"}}
    )
    regrouping_apply(regrouping_id=made.pk)


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


def test_another_project_s_is_not_in_it(cast, api):
    other = project_create(owner=cast.stan, schema={"task_type": "single_choice", "config": CHOICES}, name="Other")
    history(cast)
    record = disclosure_of(other)
    assert (record["findings"], record["limits"], record["pauses"]) == ([], [], [])
    assert faults_of(record) == []
    for client, status in ((api(cast.stan), 404), (api(cast.edgar), 403), (api(cast.wanda), 403)):
        assert client.get(address(cast)).status_code == status


def test_the_page_tells_all_of_it_and_leads_to_the_file(cast, page_client):
    finding = history(cast)
    make_audit(cast, families=2)
    checklist_answer(project=cast.project, actor=cast.olivia, answers={"halo": Answer("remains", "It may.")})
    client = page_client(cast.audrey)
    text = client.get(reverse("fairness_disclosure", args=[cast.project.pk])).content.decode()
    for words in ("The task is so.", "owner 1", "Removed", "It may.", "Card of audit", "No block is sealed yet"):
        assert words in text
    assert reverse("fairness_disclosure_file", args=[cast.project.pk]) in text
    assert reverse("fairness_finding", args=[cast.project.pk, finding.pk]) in text
    link = reverse("fairness_disclosure", args=[cast.project.pk])
    places = ["fairness_monitors", "ledger"]
    for place in places:
        assert link in client.get(reverse(place, args=[cast.project.pk])).content.decode()
    assert link in page_client(cast.olivia).get(reverse("project_checklist", args=[cast.project.pk])).content.decode()
    assert (
        link not in page_client(cast.edgar).get(reverse("fairness_monitors", args=[cast.project.pk])).content.decode()
    )


def test_as_many_queries_whatever_there_is_to_tell(cast, api, page_client, django_assert_max_num_queries):
    finding = history(cast)
    make_audit(cast, families=2)
    for version in range(2, 20):
        Finding.objects.create(
            monitor=finding.monitor, project=cast.project, annotator=finding.annotator, is_open=False, version=version,
            certificate=finding.certificate, found_at=finding.found_at,
        )  # fmt: skip
        make_run(cast, status="done")
    probe_set = Audit.objects.get().probe_set
    for _more in range(3):
        audit = Audit.objects.create(
            project=cast.project,
            probe_set=probe_set,
            tasks={},
            touched_at=finding.found_at,
            status="cancelled",
            finished_at=finding.found_at,
        )
        AuditCandidate.objects.create(audit=audit, position=0, model=1, name="waits", signature="0" * 64)
    fold_all()
    client = api(cast.olivia)
    with django_assert_max_num_queries(30):
        assert len(client.get(address(cast)).json()["audits"]) == 4
    browser = page_client(cast.olivia)
    with django_assert_max_num_queries(40):
        assert browser.get(reverse("fairness_disclosure", args=[cast.project.pk])).status_code == 200

"""What is disclosed: everything that was found and decided, at once, each held to the ledger, and nobody named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from annotations.assistance.services import assistance_change
from annotations.grouping.services import groups_count, regrouping_apply, regrouping_create
from annotations.launch.services import Answer, checklist_answer
from annotations.models import BiasAnswer, GroupDemand, ModelChoice, Run
from annotations.projects.schemas import schema_change
from annotations.projects.services import project_create
from annotations.raising.services import group_raise, group_raise_end
from annotations.state import ItemState
from fairness.audits.choosing import model_choose
from fairness.disclosure.checking import faults_of
from fairness.disclosure.events import RAISES
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


def groups_change(cast: Cast, old: str = "a", new: str = "b") -> None:
    made = regrouping_create(
        project=cast.project, actor=cast.olivia, attribute="religion", kind="merge", rules={"values": {old: new}}
    )
    regrouping_apply(regrouping_id=made.pk)


def test_the_page_tells_what_followed_from_a_finding_and_leads_there(cast, page_client):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    client = page_client(cast.audrey)
    page = reverse("fairness_disclosure", args=[cast.project.pk])
    assert "Nothing was done besides the decisions." in client.get(page).content.decode()
    finding_send(finding=finding, actor=cast.olivia)
    groups_count(project_id=cast.project.pk)
    finding_raise(finding=finding, actor=cast.olivia, group="christian", more=1)
    groups_change(cast, "christian", "christians")
    (carried,) = GroupDemand.objects.all()
    group_raise_end(demand=carried, actor=cast.olivia)
    finding_raise(finding=finding, actor=cast.olivia, group="muslim", more=2)
    groups_count(project_id=cast.project.pk)
    groups_change(cast, "muslim", "christians")
    group_raise(project=cast.project, actor=cast.olivia, attribute="religion", group="christians", more=3)
    assert faults_of(record_of(cast)) == []
    sections = {one.id: one for one in client.get(page).context["sections"]}
    rows = [row["cells"] for row in sections["remedies"].rows]
    finding.refresh_from_db()
    assert [(what["text"], who["text"]) for _finding, what, _when, who, _event in rows] == [
        (
            "No more labels on top for items about muslim (religion): groups were changed, and it has other items now",
            "the platform",
        ),
        ("2 more labels by people asked for of each item about muslim (religion)", "owner 1"),
        ("No more labels on top for items about christians (religion); those that were given stay", "owner 1"),
        (
            "christian (religion) is called christians (religion) now; its items go on getting more labels",
            "the platform",
        ),
        ("1 more label by people asked for of each item about christian (religion)", "owner 1"),
        (f"{len(finding.sent)} items sent to experts", "owner 1"),
    ]
    told = LedgerEvent.objects.filter(kind__in=["finding.sent", *RAISES]).order_by("-pk")
    of_the_finding = [str(one.pk) for one in told if one.data.get("finding", finding.pk) == finding.pk]
    assert [event["text"] for *_others, event in rows] == of_the_finding
    for cell in (cell for row in rows for cell in row if "href" in cell):
        assert client.get(cell["href"]).status_code == 200, cell
    assert {row[0]["href"] for row in rows} == {reverse("fairness_finding", args=[cast.project.pk, finding.pk])}


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

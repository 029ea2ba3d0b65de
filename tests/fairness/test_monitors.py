"""Monitors: what they judge, that what is certain pauses a run once, and what follows from an owner's decision."""

from __future__ import annotations

import random

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations import watching
from annotations.models import Annotator, Run, RunStatus, WebhookDelivery
from annotations.models.outgoing import unsent
from annotations.webhooks.services import webhook_add
from fairness.models import Decision, Finding, FindingNotice, Monitor, Watch
from fairness.monitors.checkpoints import at_checkpoint
from fairness.monitors.evaluating import due_projects, project_evaluate
from fairness.monitors.services import finding_decide, monitor_add, monitor_change, monitor_remove
from fairness.services.fold import fold_outbox
from fairness.tasks import send_finding_notice
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.models import ModelAnnotator, ModelVersion, PromptVersion, RunPlan
from llm_workers.services.runs import run_resume
from tests.factories import Cast, add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items

pytestmark = pytest.mark.django_db

PARITY = {"measure": "parity", "whose": "model", "attribute": "religion", "label": "keep", "alpha": 0.05, "tau": 0.1}


def watch(cast: Cast, **values) -> Monitor:
    """Parity of models' "keep" across religion, with two groups that are there."""
    if not Monitor.objects.exists():
        fresh_items(cast.project, 2)
        fold_all()
    return monitor_add(project=cast.project, actor=cast.olivia, values=PARITY | values)


def make_run(cast: Cast, annotator: Annotator | None = None, **fields) -> Run:
    run = Run.objects.create(
        project=cast.project,
        annotator=annotator or make_annotator(cast.project, kind="model"),
        schema=cast.schema,
        started_by=cast.olivia,
        **({"status": "running"} | fields),
    )
    RunPlan.objects.create(run=run)
    if annotator is None:
        now = timezone.now()
        model = ModelVersion.objects.create(name=f"small {run.pk}", first_seen_at=now, last_seen_at=now)
        prompt, _new = PromptVersion.objects.get_or_create(
            project=cast.project, hash="0" * 64, defaults={"schema": cast.schema, "text": "Which?"}
        )
        ModelAnnotator.objects.create(annotator=run.annotator, model=model, prompt=prompt)
    return run


def give(cast: Cast, annotator: Annotator, group: str, keep: int, n: int) -> None:
    """``n`` items of a group, ``keep`` of them labelled "keep" and the others "remove"."""
    for number, item in enumerate(fresh_items(cast.project, n, groups={"religion": group})):
        add_label(item, annotator, "keep" if number < keep else "remove")


def biased(cast: Cast, annotator: Annotator, n: int = 60) -> None:
    give(cast, annotator, "muslim", n // 10, n)
    give(cast, annotator, "christian", 9 * n // 10, n)
    fold_all()


def evaluate(cast: Cast) -> list[Finding]:
    return project_evaluate(cast.project.pk)


def test_a_scripted_biased_run_is_paused_before_it_ends_and_an_even_one_is_not(cast):
    """Label after label, as the relay sees them: .3 against .7, and .5 in both groups."""
    watch(cast, tau=0.05)
    chance = random.Random(7)
    for rates, expected in (
        ({"muslim": 0.3, "christian": 0.7}, "paused"),
        ({"muslim": 0.5, "christian": 0.5}, "running"),
    ):
        run = make_run(cast)
        given = 0
        for _batch in range(20):
            for number in range(20):
                group = ("muslim", "christian")[number % 2]
                (item,) = fresh_items(cast.project, 1, groups={"religion": group})
                add_label(item, run.annotator, "keep" if chance.random() < rates[group] else "remove")
                given += 1
            fold_all()
            evaluate(cast)
            run.refresh_from_db()
            if run.status == "paused":
                break
        assert run.status == expected
        assert (given < 400) == (expected == "paused")
    finding = Finding.objects.get()
    assert finding.certificate["groups"] == ["christian", "muslim"]
    assert finding.certificate["certain"] > 0.05


def test_what_is_certain_is_written_down_pauses_the_run_and_is_told_once(cast):
    monitor, run = watch(cast), make_run(cast)
    other = make_run(cast)  # of another model: not concerned
    webhook_add(project=cast.project, actor=cast.olivia, url="https://example.org/hook", events=["finding.opened"])
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    run.refresh_from_db(), other.refresh_from_db()
    assert (run.status, other.status) == ("paused", "running")
    assert "christian" in run.reason
    assert f"finding {finding.pk}" in run.reason
    assert finding.runs == [run.pk]
    assert finding.monitor == monitor
    assert finding.annotator == run.annotator
    certificate = finding.certificate
    assert certificate["table"] == {"christian": [54, 60], "muslim": [6, 60]}
    assert (certificate["alpha"], certificate["tau"]) == (0.05, 0.1)
    assert 0.1 < certificate["certain"] < certificate["plain"] == pytest.approx(0.8)
    assert evaluate(cast) == []
    assert evaluate(cast) == []
    event = LedgerEvent.objects.get(kind="finding.opened")
    assert event.data["table"] == certificate["table"]
    assert event.data["runs_paused"] == [run.pk]
    delivery = WebhookDelivery.objects.get()
    assert delivery.body["data"]["finding"] == finding.pk
    assert FindingNotice.objects.count() == 1
    for _twice in range(2):
        for notice_id in unsent(FindingNotice):
            send_finding_notice(notice_id)
            send_finding_notice(notice_id)
    (letter,) = mail.outbox
    assert letter.to == ["olivia@example.org"]
    assert f"/projects/{cast.project.pk}/fairness/findings/{finding.pk}/" in letter.body
    assert "christian" not in letter.body + letter.subject


def test_a_run_may_not_go_on_before_the_finding_is_answered(cast):
    watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    with pytest.raises(DomainError, match="nobody has answered"):
        run_resume(run=run, by=cast.olivia)
    decision = finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="It is so.", resume=True)
    run.refresh_from_db()
    assert run.status == "running"
    assert decision.resumed == [run.pk]
    assert LedgerEvent.objects.get(kind="finding.decided").data["reason"] == "It is so."


def test_a_run_that_is_started_in_spite_of_an_open_finding_is_paused_too(cast):
    watch(cast)
    run = make_run(cast, status="done")
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    assert finding.runs == []
    again = make_run(cast, run.annotator)
    assert evaluate(cast) == []
    again.refresh_from_db(), finding.refresh_from_db()
    assert again.status == "paused"
    assert finding.runs == [again.pk]


@pytest.mark.parametrize("status", ["paused", "done", "cancelled", "stopped"])
def test_a_run_that_stands_or_has_ended_is_left_alone(cast, status):
    watch(cast)
    run = make_run(cast, status=status, reason="Before.")
    biased(cast, run.annotator)
    evaluate(cast)
    run.refresh_from_db()
    assert (run.status, run.reason) == (status, "Before.")


def test_people_have_no_run_and_labelling_is_paused_only_if_asked(cast):
    cast.project.redundancy = cast.project.min_support = 1
    cast.project.save()
    watch(cast, whose="people")
    monitor = watch(cast, whose="consensus", pause_labelling=True)
    biased(cast, make_annotator(cast.project))
    findings = {finding.monitor_id: finding for finding in evaluate(cast)}
    cast.project.refresh_from_db()
    assert len(findings) == 2
    assert cast.project.status == "paused"
    assert findings[monitor.pk].labelling_paused
    assert [f.labelling_paused for pk, f in findings.items() if pk != monitor.pk] == [False]
    assert LedgerEvent.objects.get(kind="project.status_changed").actor == "system"


def test_the_relay_that_dies_between_fold_and_evaluation_loses_nothing(cast):
    watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)  # folded by a relay that died then
    assert due_projects() == [cast.project.pk]
    evaluate(cast)
    assert evaluate(cast) == []  # what was found moved the project once more, for who has the page open
    assert due_projects() == []
    assert Finding.objects.count() == 1


def test_a_failure_half_way_leaves_neither_a_finding_nor_a_pause(cast, monkeypatch):
    watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)
    monkeypatch.setattr("fairness.monitors.evaluating.owners_tell", lambda finding: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evaluate(cast)
    run.refresh_from_db()
    assert run.status == "running"
    assert not Finding.objects.exists()
    assert due_projects() == [cast.project.pk]


def test_a_checkpoint_counts_what_is_not_folded_yet_and_changes_nothing(cast):
    monitor = watch(cast)
    run = make_run(cast)
    give(cast, run.annotator, "muslim", 6, 60)
    give(cast, run.annotator, "christian", 54, 60)
    said = at_checkpoint(run)
    assert "christian" in said.objection
    assert said.figures[str(monitor.pk)]["beyond"] is True
    assert not Finding.objects.exists()
    assert watching.findings(run)["monitors"] == said


def test_a_monitor_may_ask_to_be_looked_at_at_every_checkpoint(cast):
    watch(cast, at_checkpoints=True)
    run = make_run(cast)
    assert "checkpoint that you asked" in at_checkpoint(run).objection
    Monitor.objects.update(at_checkpoints=False)
    assert at_checkpoint(run).objection == ""


def test_a_project_without_monitors_is_not_asked(cast, django_assert_num_queries):
    biased(cast, make_annotator(cast.project, kind="model"))
    with django_assert_num_queries(2):
        assert due_projects() == []
        assert at_checkpoint(make_run_unsaved(cast)).figures == {}


def make_run_unsaved(cast: Cast) -> Run:
    return Run(project=cast.project, annotator_id=1, schema=cast.schema)


def test_an_evaluation_takes_few_queries(cast, django_assert_max_num_queries):
    for label in ("keep", "remove", "review"):
        watch(cast, label=label, tau=0.95)
    biased(cast, make_annotator(cast.project, kind="model"))
    with django_assert_max_num_queries(5):
        evaluate(cast)


def test_removing_a_monitor_lets_its_runs_go_on(cast):
    monitor = watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)
    evaluate(cast)
    monitor_remove(monitor=monitor, actor=cast.olivia)
    monitor_remove(monitor=monitor, actor=cast.olivia)
    run.refresh_from_db()
    assert run_resume(run=run, by=cast.olivia).status == RunStatus.RUNNING
    assert evaluate(cast) == []
    assert LedgerEvent.objects.filter(kind="monitor.removed").count() == 1


def test_a_limit_that_is_lowered_is_asked_about_at_once(cast):
    monitor = watch(cast, tau=0.9)
    biased(cast, make_run(cast).annotator)
    assert evaluate(cast) == []
    assert due_projects() == []
    monitor_change(monitor=monitor, actor=cast.olivia, values={"tau": 0.2})
    assert due_projects() == [cast.project.pk]
    assert len(evaluate(cast)) == 1


def test_groups_are_named_once_and_a_later_one_is_not_watched_until_asked(cast):
    monitor = watch(cast)
    assert monitor.groups == ["christian", "muslim"]
    model = make_annotator(cast.project, kind="model")
    give(cast, model, "jewish", 0, 60)
    give(cast, model, "christian", 60, 60)
    fold_all()
    assert evaluate(cast) == []
    monitor_change(monitor=monitor, actor=cast.olivia, values={}, groups_anew=True)
    (finding,) = evaluate(cast)
    assert finding.certificate["groups"] == ["christian", "jewish"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"measure": "luck"}, "measure"),
        ({"whose": "nobody"}, "whose"),
        ({"measure": "error", "whose": "nobody", "attribute": ""}, "whose"),
        ({"attribute": "shoe size"}, "attribute"),
        ({"attribute": ""}, "attribute"),
        ({"label": "none"}, "label"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.0}, "alpha"),
        ({"tau": -0.1}, "tau"),
        ({"tau": 1.0}, "tau"),
        ({"tau": float("nan")}, "tau"),
        ({"whose": "people", "at_checkpoints": True}, "at_checkpoints"),
        ({"measure": "odds", "truth": "rumour"}, "truth"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_its_field(cast, values, field):
    with pytest.raises(DomainError) as refused:
        watch(cast, **values)
    assert field in refused.value.fields
    assert refused.value.status == 400


def test_one_question_has_one_monitor(cast):
    watch(cast)
    with pytest.raises(DomainError, match="watches this already"):
        watch(cast, tau=0.3)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("monitor_measure_known", {"measure": "luck"}),
        ("monitor_whose_known", {"whose": "nobody"}),
        ("monitor_truth_known", {"truth": "rumour"}),
        ("monitor_alpha_is_probability", {"alpha": 1}),
        ("monitor_tau_in_reach", {"tau": 1}),
    ],
)
def test_the_database_refuses_monitors_that_make_no_sense(cast, name, change):
    monitor = watch(cast)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Monitor.objects.filter(pk=monitor.pk).update(**change)


def test_the_database_refuses_a_second_open_finding_and_an_acceptance_without_reason(cast):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    with pytest.raises(IntegrityError, match="finding_one_open"), transaction.atomic():
        Finding.objects.create(
            monitor=finding.monitor, project=cast.project, annotator=finding.annotator, certificate={}, version=1,
            found_at=finding.found_at,
        )  # fmt: skip
    for name, values in (
        ("finding_accepted_with_reason", {}),
        ("finding_action_known", {"action": "shrug"}),
        ("finding_accepted_for_good", {"reason": "Known.", "until": 9}),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Decision.objects.create(
                finding=finding, made_by=cast.olivia, made_at=finding.found_at, **({"action": "accept"} | values)
            )
    with pytest.raises(IntegrityError, match="finding_told_once"), transaction.atomic():
        FindingNotice.objects.create(finding=finding, user=cast.olivia, made_at=finding.found_at)
    assert Watch.objects.count() == 1
    assert fold_outbox() == {}

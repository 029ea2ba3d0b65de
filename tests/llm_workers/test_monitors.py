"""Monitors and real runs: a model that treats groups differently is paused before its run ends, an even one is not."""

from __future__ import annotations

import pytest

from annotations.models import Annotation
from fairness.models import Finding, OwnerNotice
from fairness.monitors.evaluating import project_evaluate
from fairness.monitors.services import finding_decide, monitor_add
from llm_workers.services.runs import run_resume
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items

pytestmark = pytest.mark.django_db
PARITY = {"measure": "parity", "whose": "model", "attribute": "religion", "label": "keep", "alpha": 0.05, "tau": 0.1}


def keep_one_group(text: str, names: list[str]) -> list[str]:
    """Messages with odd numbers are about one group, those with even numbers about the other."""
    return ["Keep" if int(text.split()[-1]) % 2 else "Remove"]


def keep_every_other_pair(text: str, names: list[str]) -> list[str]:
    return ["Keep" if int(text.split()[-1]) // 2 % 2 else "Remove"]


@pytest.fixture
def watched(cast):
    fresh_items(cast.project, 300)
    fold_all()
    return monitor_add(project=cast.project, actor=cast.olivia, values=PARITY)


def test_a_biased_run_is_paused_at_a_checkpoint_before_it_ends(cast, llm, watched, start, work):
    llm.choose = keep_one_group
    run = work(start(step_size=20))
    assert run.status == "paused"
    assert 0 < run.labelled < 300
    assert "muslim" in run.reason
    assert Annotation.objects.filter(run=run).count() == run.labelled
    last = run.checkpoints.last()
    assert last.decision == "pause"
    assert last.figures["checks"]["monitors"][str(watched.pk)]["beyond"] is True
    fold_all()
    (finding,) = project_evaluate(cast.project.pk)
    assert finding.runs == [run.pk]
    assert project_evaluate(cast.project.pk) == []
    decision = finding_decide(
        finding=finding, actor=cast.olivia, action="accept", reason="Known, and wanted here.", resume=True
    )
    assert decision.resumed == [run.pk]
    done = work(run)
    assert (done.status, done.labelled) == ("done", 300)
    fold_all()
    assert project_evaluate(cast.project.pk) == []


def test_an_even_run_is_not_paused(cast, llm, watched, start, work):
    llm.choose = keep_every_other_pair
    run = work(start(step_size=20))
    assert (run.status, run.labelled) == ("done", 300)
    assert run.checkpoints.last().figures["checks"]["monitors"][str(watched.pk)]["beyond"] is False
    fold_all()
    assert project_evaluate(cast.project.pk) == []


def test_a_monitor_can_hold_a_run_at_every_checkpoint(cast, llm, start, work):
    fresh_items(cast.project, 150)
    fold_all()
    monitor_add(project=cast.project, actor=cast.olivia, values=PARITY | {"at_checkpoints": True})
    llm.choose = keep_every_other_pair
    run = work(start(step_size=20))
    assert run.status == "paused"
    assert 20 <= run.labelled < 150
    assert "checkpoint that you asked" in run.reason
    assert not Finding.objects.exists()
    assert run.checkpoints.filter(pk=OwnerNotice.objects.get().number, decision="pause").exists()
    while run.status == "paused":
        before = run.labelled
        run = work(run_resume(run=run, by=cast.olivia))
        assert run.labelled > before or run.status == "done"
    assert (run.status, run.labelled) == ("done", 150)

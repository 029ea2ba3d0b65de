"""A scripted model, and audits that are worked on in the test's own process."""

from __future__ import annotations

import pytest

from fairness.audits import asking
from fairness.audits.asking import audit_for_a_while
from fairness.audits.services import audit_start
from fairness.audits.sets import set_from_templates
from fairness.models import Audit, ProbeSet
from tests.llm_workers.conftest import _impatient, llm, model, patient  # noqa: F401


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(asking, "FAULT_PAUSE", 0.01)


@pytest.fixture
def templates(cast) -> ProbeSet:
    """A small set: sentiment × gender and origin."""
    return set_from_templates(
        project=cast.project, by=cast.olivia, tasks=["sentiment"], attributes=["gender", "origin"], families=12
    )


@pytest.fixture
def start(cast, model):  # noqa: F811
    """``start(probe_set, **options)`` starts an audit of the scripted model."""

    def started(probe_set: ProbeSet, **options) -> Audit:
        facts = {"by": cast.olivia, "candidates": [str(model.pk)]} | options
        return audit_start(project=cast.project, probe_set=probe_set, **facts)

    return started


@pytest.fixture
def work():
    """``work(audit)`` does what workers would do, one task after another, until none follows; returns the audit."""

    def worked(audit: Audit, *, most: int = 50) -> Audit:
        audit.refresh_from_db()
        generation = audit.generation
        for _ in range(most):
            follow = audit_for_a_while(audit_id=audit.pk, generation=generation)
            if follow is None:
                break
            generation = follow.generation
        audit.refresh_from_db()
        return audit

    return worked

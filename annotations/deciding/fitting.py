"""Fitting a project's labels anew, as they come, without holding anybody up."""

from __future__ import annotations

import time

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.aggregation import Method, Start, fit
from annotations.aggregation.adaptive import Told, told
from annotations.aggregation.fitted import Fitted
from annotations.deciding.arrays import Collected, collect
from annotations.deciding.cases import cases_follow
from annotations.deciding.demand import demand_follow
from annotations.deciding.selectors import rules_of
from annotations.deciding.storing import posteriors_store, skills_store
from annotations.models import (
    AnnotatorSkill,
    ConsensusFit,
    ConsensusRules,
    FitMethod,
    ItemPosterior,
    LabelSchema,
    Project,
)
from annotations.services.recomputing import alone_with, newest_event, outdated

LOCK_CLASS = 0x1C0F17  # first half of the advisory lock's key; the project is the second
MOST_CLASSES = 20  # with more different answers, confusion matrices learn nothing and take much
LEAST_PAUSE = 20.0  # seconds between two fits of a project
PAUSE_FACTOR = 20  # of what the last fit took: fitting takes a twentieth of a core at most


def stale_projects() -> list[int]:
    """Ids of projects whose labels may have changed since their last fit, and whose last fit is long enough ago."""
    return outdated(ConsensusFit, at="fitted_at", least=LEAST_PAUSE, factor=PAUSE_FACTOR)


def consensus_refit(*, project_id: int) -> ConsensusFit | None:
    """Fit a project's labels by its method; None where there are none, or where another process is at it.

    An earlier fit by Dawid and Skene's method is where the next one starts. May be called at any time and twice.
    """
    with alone_with(LOCK_CLASS, project_id) as free:
        if not free:
            return None
        began = time.monotonic()
        project = Project.objects.filter(pk=project_id).first()
        if project is None:
            return None
        rules = rules_of(project)
        schema = project.schemas.get(is_current=True)
        head = newest_event(project_id)
        found = collect(schema=schema, count_models=rules.count_models)
        if not len(found.labels):
            _forget(project_id)
            return None
        method, note = _method(Method(rules.method), found)
        fitted = fit(found.labels, method, start=_start(found, project_id) if method is Method.DAWID_SKENE else None)
        posteriors_store(found, fitted, schema=schema)
        cases_follow(project_id=project_id, schema=schema)
        tells = told(fitted, found.labels.given, counted=found.people) if _keeps_matrices(found) else None
        with transaction.atomic():  # whoever submits reads the one with the other
            skills_store(found, fitted, tells, project_id=project_id)
            made = _stored(found, fitted, tells, schema=schema, method=method, rules=rules, note=note)
        demand_follow(found, fitted, tells, schema=schema)
        # Only now has everything seen what the fit has seen: who dies before is fitted again.
        made.head, made.seconds, made.fitted_at = head, time.monotonic() - began, timezone.now()
        made.save(update_fields=["head", "seconds", "fitted_at"])
        return made


def _stored(
    found: Collected,
    fitted: Fitted,
    tells: Told | None,
    *,
    schema: LabelSchema,
    method: Method,
    rules: ConsensusRules,
    note: str,
) -> ConsensusFit:
    """The fit's row. Its ``head`` stays behind until everything has followed."""
    made = ConsensusFit.objects.filter(project_id=schema.project_id).first()
    made = made or ConsensusFit(project_id=schema.project_id, head=0, seconds=0.0)
    made.schema, made.method, made.count_models, made.note = schema, FitMethod(method.value), rules.count_models, note
    made.tokens, made.prior = found.tokens, [float(p) for p in fitted.prior]
    made.accuracy = tells.accuracy if tells else None
    made.items, made.labels = found.labels.n_items, len(found.labels)
    made.annotators, made.anchors = found.labels.n_annotators, found.anchors
    made.iterations, made.converged, made.fitted_at = fitted.iterations, fitted.converged, timezone.now()
    made.save()
    return made


def _keeps_matrices(found: Collected) -> bool:
    return found.labels.n_labels <= MOST_CLASSES


def _method(chosen: Method, found: Collected) -> tuple[Method, str]:
    """The method to use, and why it is not the chosen one."""
    voting = {Method.MAJORITY, Method.WEIGHTED, Method.WAWA}
    if chosen in voting or _keeps_matrices(found):
        return chosen, ""
    note = _("%(number)d different answers were given: too many for this method, so a weighted majority was used.")
    return Method.WEIGHTED, note % {"number": found.labels.n_labels}


def _start(found: Collected, project_id: int) -> Start | None:
    """Where the last fit ended, if it was by the same method over the same labels."""
    last = ConsensusFit.objects.filter(project_id=project_id, method=FitMethod.DAWID_SKENE).first()
    if last is None or last.tokens != found.tokens:
        return None
    size = found.labels.n_labels
    known = dict(AnnotatorSkill.objects.filter(project_id=project_id).values_list("annotator_id", "confusion"))
    unknown = np.full((size, size), np.nan)
    matrices = [np.array(known[pk]) if known.get(pk) else unknown for pk in found.annotator_ids]
    return Start(np.array(matrices), np.array(last.prior))


def _forget(project_id: int) -> None:
    for model in (ItemPosterior, AnnotatorSkill, ConsensusFit):
        model.objects.filter(project_id=project_id).delete()

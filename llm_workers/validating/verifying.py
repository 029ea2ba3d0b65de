"""Scoring a project's labels anew as labels, ratings and settlements come, and having experts look at the lowest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from annotations.deciding.cases import settling_time
from annotations.models import Case, CaseKind, CaseStatus, Project, ProjectStatus
from annotations.services.recomputing import alone_with, newest_event, outdated
from annotations.settling.doubts import doubts_follow
from annotations.state import Doubt
from annotations.stream.choosing import items_choose
from llm_workers.validating.collecting import Collected, collect
from llm_workers.validating.comparing import comparison_refresh
from llm_workers.validating.doubting import Standing, doubted, expected_errors
from llm_workers.validating.models import (
    LabelScore,
    OpensCases,
    Validator,
    ValidatorRules,
    VerifierFit,
    VerifierRules,
)
from llm_workers.validating.services import current_validator, validator_rules_of
from llm_workers.validating.storing import scores_store
from llm_workers.validating.verifier import SIGNALS, Measured, Signals, Verified, measure, signals_of, verify
from llm_workers.validating.verifier.measuring import DRAWS
from llm_workers.validating.verifier.signals import CONFIDENCE, POSTERIOR

LOCK_CLASS = 0x1C0F2B  # first half of the advisory lock's key; the project is the second
LEAST_PAUSE = 30.0  # seconds between two scorings of a project
PAUSE_FACTOR = 20  # of what the last took: scoring takes a twentieth of a core at most
SEED = 20_260
GROUP_DRAWS = DRAWS // 4
MOST_GROUPS = 60
BASIS = {POSTERIOR: "posterior", CONFIDENCE: "confidence"}


def unscored_projects() -> list[int]:
    """Ids of projects with labels, settlements or ratings since their last scoring, which is long enough ago."""
    found = set(outdated(VerifierFit, at="fitted_at", least=LEAST_PAUSE, factor=PAUSE_FACTOR))
    fits = dict(VerifierFit.objects.values_list("project_id", "ratings"))
    rated = Validator.objects.filter(project__status=ProjectStatus.ACTIVE).values_list("project_id")
    for project_id, ratings in rated.annotate(Sum("rated")).order_by():
        fit = VerifierFit.objects.filter(project_id=project_id).first() if fits.get(project_id) != ratings else None
        if fit is not None and _rested(fit):
            found.add(project_id)
    return sorted(found)


def _rested(fit: VerifierFit) -> bool:
    since = (timezone.now() - fit.fitted_at).total_seconds()
    return since > max(LEAST_PAUSE, PAUSE_FACTOR * fit.seconds)


def project_verify(*, project_id: int) -> VerifierFit | None:
    """Score all current labels of a project; None where there are none, or where another process is at it.

    Scores are written by column, only those that changed. May be called at any time, die anywhere and run twice.
    """
    with alone_with(LOCK_CLASS, project_id) as free:
        project = Project.objects.filter(pk=project_id).first() if free else None
        if project is None:
            return None
        began, head = time.monotonic(), newest_event(project_id)
        ratings = _ratings(project_id)
        schema = project.schemas.get(is_current=True)
        validator_rules = validator_rules_of(project)
        validator = current_validator(validator_rules) if _rates(validator_rules) else None
        if validator is not None:
            comparison_refresh(validator)
        found = collect(schema=schema, validator_id=validator.pk if validator else None)
        if found is None:
            _forget(project_id)
            return None
        rules = verifier_rules_of(project)
        signals = signals_of(found.given)
        extra = _groups_as_columns(found) if rules.use_groups else None
        verified = verify(signals, found.given.item, found.right, seed=SEED, extra=extra)
        against = _against(verified, signals.basis)
        scores_store(project_id=project_id, annotation_ids=found.annotation_ids, score=verified.score, against=against)
        cases = _open_cases(project, rules, found, verified, against)
        if project.status == ProjectStatus.ACTIVE:
            errors = expected_errors(found, verified, models_alone=rules.models_alone)
            items_choose(project_id=project_id, errors=errors)
        figures = _figures(found, signals, verified)
        return _stored(project_id, found, verified, figures, head=head, ratings=ratings, cases=cases, began=began)


def _rates(rules: ValidatorRules) -> bool:
    return rules.model_id is not None


def _ratings(project_id: int) -> int:
    return Validator.objects.filter(project_id=project_id).aggregate(Sum("rated"))["rated__sum"] or 0


def verifier_rules_of(project: Project) -> VerifierRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    return VerifierRules.objects.filter(project=project).first() or VerifierRules(project=project)


def _groups_as_columns(found: Collected) -> Any:
    """One column of 0 and 1 for each of ``_largest_groups``, (n labels, groups)."""
    kept = _largest_groups(found)
    rows = np.array([[groups.get(name) == group for name, group in kept] for groups in found.groups], float)
    return rows.reshape(len(found.groups), len(kept))[found.given.item]


def _largest_groups(found: Collected) -> list[tuple[str, str]]:
    """(attribute, group), at most ``MOST_GROUPS``."""
    sizes = Counter(pair for groups in found.groups for pair in groups.items())
    return sorted(sizes, key=lambda pair: (-sizes[pair], pair))[:MOST_GROUPS]


def _against(verified: Verified, basis: Any) -> list[tuple[str, ...]]:
    """The names of what speaks against each label; of the rule, what it goes by."""
    if verified.method == "rule":
        return [(BASIS.get(one, "share"),) for one in basis.tolist()]
    return [tuple(SIGNALS[one] for one in row if one >= 0) for row in verified.against.tolist()]


def _open_cases(
    project: Project, rules: VerifierRules, found: Collected, verified: Verified, against: list[tuple[str, ...]]
) -> int:
    """Have cases open for the items that are worth an expert's look; how many stand."""
    doubts: Mapping[int, Doubt] = {}
    if project.status == ProjectStatus.ACTIVE and opens_cases(rules, verified.method):
        cases = Case.objects.filter(project=project, status=CaseStatus.OPEN)
        low = set(cases.filter(kind=CaseKind.LOW_SCORE).values_list("item_id", flat=True))
        others = cases.exclude(kind=CaseKind.LOW_SCORE)
        disputes = others.exclude(kind=CaseKind.CHECK)  # nothing is said to be at stake in a check
        standing = Standing(
            low=low,
            disputed=set(others.values_list("item_id", flat=True)),
            at_stake=sorted(disputes.values_list("at_stake", flat=True)),
        )
        doubts = doubted(found, verified, against, rules=rules, standing=standing, time=settling_time(project.pk))
    return doubts_follow(project_id=project.pk, doubts=doubts).standing


def opens_cases(rules: VerifierRules, method: str) -> bool:
    """Whether scores by ``method`` open cases in this project."""
    if rules.opens_cases == OpensCases.LEARNED:
        return method != "rule"
    return rules.opens_cases == OpensCases.ALWAYS


def _known(signals: Signals) -> dict[str, int]:
    """Signal → of how many labels it is known."""
    counts = (~np.isnan(signals.matrix)).sum(axis=0)
    return dict(zip(SIGNALS, counts.tolist(), strict=True))


def _stored(
    project_id: int,
    found: Collected,
    verified: Verified,
    figures: dict[str, Any],
    *,
    head: int,
    ratings: int,
    cases: int,
    began: float,
) -> VerifierFit:
    made, _new = VerifierFit.objects.update_or_create(
        project_id=project_id,
        defaults={
            "method": verified.method,
            "figures": figures,
            "labels": len(found.given),
            "learnt": len(verified.known),
            "right": int(verified.right.sum()),
            "items": len(np.unique(found.given.item[verified.known])),
            "ratings": ratings,
            "cases": cases,
            "head": head,
            "seconds": time.monotonic() - began,
            "fitted_at": timezone.now(),
        },
    )
    return made


def _figures(found: Collected, signals: Signals, verified: Verified) -> dict[str, Any]:
    """``{"overall": …, "rule": …, "people": …, "models": …, "groups": [{"attribute", "group", …}], "loss": {method: …},
    "worth": {signal: …}, "coefficients": {signal: …}, "known": {signal: labels}}``; the parts are ``Measured`` of
    scores on items held out."""
    item = found.given.item[verified.known]
    score = verified.out_of_fold[verified.method]
    of_model = found.given.base[found.given.annotator[verified.known]] >= 0
    groups = []
    for attribute, group in sorted(_largest_groups(found)):
        within = np.array([one.get(attribute) == group for one in found.groups], bool)[item]
        part = _part(verified, score, item, within, GROUP_DRAWS)
        groups.append({"attribute": attribute, "group": group} | part)
    everything = np.ones(len(item), bool)
    return {
        "overall": _part(verified, score, item, everything),
        "rule": _part(verified, verified.out_of_fold["rule"], item, everything),
        "people": _part(verified, score, item, ~of_model),
        "models": _part(verified, score, item, of_model),
        "groups": groups,
        "loss": {name: round(loss, 4) for name, loss in verified.loss.items()},
        "worth": {name: round(fall, 4) for name, fall in verified.worth.items()},
        "coefficients": {name: round(weight, 4) for name, weight in verified.coefficients.items()},
        "known": _known(signals),
    }


def _part(verified: Verified, score: Any, item: Any, within: Any, draws: int = DRAWS) -> dict[str, Any]:
    told: Measured = measure(verified.right[within], score[within], item[within], seed=SEED, draws=draws)
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in vars(told).items()}


def _forget(project_id: int) -> None:
    with transaction.atomic():
        LabelScore.objects.filter(project_id=project_id).delete()
        VerifierFit.objects.filter(project_id=project_id).delete()

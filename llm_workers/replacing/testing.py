"""Running and storing the test for every model of a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils import timezone

from annotations.models import Annotator, AnnotatorKind, Project
from llm_workers.replacing.alternative import Advantages, Judged, Verdict, advantages, verdict
from llm_workers.replacing.collecting import Compared, compared_labels
from llm_workers.replacing.models import ALLOWANCE, Judges, StandIn, StandInRules

MOST_PEOPLE = 200  # of whom the comparison is kept one by one, those with most items


def rules_of(project: Project) -> StandInRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    return StandInRules.objects.filter(project=project).first() or StandInRules(project=project)


def project_test(*, project: Project) -> int:
    """Test every model of the project against its people, and store it; how many could be tested. May be done twice."""
    allowance = ALLOWANCE[Judges(rules_of(project).judges)]
    attributes = list(project.attributes.values_list("name", flat=True))
    found = compared_labels(project)
    tested = 0
    for annotator in Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL).order_by("pk"):
        values = _stand_in(found, annotator.pk, attributes, allowance)
        StandIn.objects.update_or_create(annotator=annotator, defaults={"project": project} | values)
        tested += values["winning_rate"] is not None
    return tested


def _stand_in(found: Compared, annotator_id: int, attributes: list[str], allowance: float) -> dict[str, Any]:
    """The stored fields."""
    empty: dict[str, Any] = {"winning_rate": None, "advantage": None, "scopes": [], "people": [], "constant": None}
    values: dict[str, Any] = {"allowance": allowance, "tested_at": timezone.now(), "too_many_answers": found.too_many}
    judged = found.judged(annotator_id)
    if judged is None:
        return values | empty
    all_of_it = advantages(judged)
    scopes = []
    people: list[dict[str, Any]] = []
    for attribute, group, part in _parts(found, all_of_it, attributes):
        result = verdict(part, people=judged.people, allowance=allowance)
        scopes.append(_scope(attribute, group, result))
        if not attribute:
            people = _people(result, found)
            values |= {"winning_rate": result.winning_rate, "advantage": result.advantage}
    constant = None if values["winning_rate"] is None else _constant(judged, found, allowance)
    return values | {"scopes": scopes, "people": people, "constant": constant}


def _constant(judged: Judged, found: Compared, allowance: float) -> dict[str, Any]:
    """What always giving the commonest answer would reach on the same items: a test that this passes says little."""
    commonest = int(np.bincount(judged.label).argmax())
    model = np.where(judged.model >= 0, commonest, -1)
    result = verdict(advantages(replace(judged, model=model)), people=judged.people, allowance=allowance)
    return {
        "answer": found.answers[commonest],
        "winning_rate": result.winning_rate,
        "advantage": result.advantage,
    }


def _parts(found: Compared, whole: Advantages, attributes: list[str]) -> Iterator[tuple[str, str, Advantages]]:
    yield "", "", whole
    for attribute in attributes:
        for group, inside in found.groups(attribute):
            part = whole.of_items(inside)
            if len(part.item):
                yield attribute, group, part


def _scope(attribute: str, group: str, result: Verdict) -> dict[str, Any]:
    return {
        "attribute": attribute,
        "group": group,
        "items": result.items,
        "people": len(result.people),
        "left_out": result.left_out,
        "winning_rate": result.winning_rate,
        "advantage": result.advantage,
        "passes": result.passes,
    }


def _people(result: Verdict, found: Compared) -> list[dict[str, Any]]:
    most_first = sorted(result.people, key=lambda one: (-one.items, one.person))[:MOST_PEOPLE]
    return [
        {
            "annotator": found.annotator_ids[one.person],
            "items": one.items,
            "model": one.model,
            "human": one.human,
            "p": one.p,
            "wins": one.wins,
        }
        for one in most_first
    ]

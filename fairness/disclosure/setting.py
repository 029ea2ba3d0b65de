"""What was asked, and how it was prepared: the project, its schemas, the checklist, assistance, audits, choices."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from accounts.demographics.anonymity import K
from annotations.assistance.effect import Arm, Effect
from annotations.assistance.selectors import ModelEffect, assistance_of
from annotations.models import Bias, BiasAnswer, ModelChoice, Project
from annotations.projects.inputs import schema_digest
from fairness.audits.cards import cards_of
from fairness.disclosure.events import KINDS, Events, moment
from ledger.models import LedgerEvent

ASSISTANCE = ("assistance.on", "assistance.off", "assistance.changed")
ELSEWHERE = (*ASSISTANCE, "checklist.answered")  # events about the project that are told in a part of their own


def project_row(project: Project, events: Events) -> dict[str, Any]:
    kinds = [kind for kind in KINDS["project"] if kind not in ELSEWHERE]
    return {
        "project": project.pk,
        "name": project.name,
        "summary": project.summary,
        "status": project.status,
        "simulated": project.simulated,
        "redundancy": project.redundancy,
        "min_support": project.min_support,
        "favourable_label": project.favourable_label,
        "attributes": {one.name: one.column for one in project.attributes.all()},
        "created_at": moment(project.created_at),
        "changes": events.history(f"project:{project.pk}", *kinds),
    }


def schemas(project: Project, events: Events) -> list[dict[str, Any]]:
    """Every version of what is asked, the first one first."""
    created = events.last(f"project:{project.pk}", "project.created")
    found = []
    for one in project.schemas.order_by("version"):
        event = created if one.version == 1 else events.last(f"schema:{one.pk}", "schema.changed")
        found.append(
            {
                "version": one.version,
                "task_type": one.task_type,
                "config": one.config,
                "guidelines": one.guidelines,
                "schema_sha256": schema_digest(one.task_type, one.config, one.guidelines),
                "since": moment(one.created_at),
                "by": events.by(event),
                "ledger": events.cover(event),
            }
        )
    return found


def checklist(project: Project, events: Events) -> list[dict[str, Any]]:
    """Every answer that was given on a bias, the earliest first; of each bias the last one ``holds``."""
    said: dict[str, list[LedgerEvent]] = defaultdict(list)  # one event for each answer: see ``checklist_answer``
    for event in events.about(f"project:{project.pk}", "checklist.answered"):
        for bias in event.data.keys() & set(Bias.values):
            said[bias].append(event)
    answers = list(BiasAnswer.objects.filter(project=project).order_by("pk"))
    latest = {answer.bias: answer.pk for answer in answers}
    found = []
    for answer in answers:
        event_of = said[answer.bias].pop(0) if said[answer.bias] else None
        found.append(
            {
                "bias": answer.bias,
                "verdict": answer.verdict,
                "note": answer.note,
                "at": moment(answer.answered_at),
                "holds": latest[answer.bias] == answer.pk,
                "by": events.by(event_of),
                "ledger": events.cover(event_of),
            }
        )
    return found


def assistance(project: Project, events: Events) -> dict[str, Any]:
    """Whether people are shown a model's label first, and by how much more often they then agree with it."""
    found = assistance_of(project)
    return {
        "is_on": found.is_on,
        "model": found.model,
        "holdout_share": found.holdout_share,
        "effects": [_effect(one) for one in sorted(found.effects, key=lambda one: one.annotator_id)],
        "changes": events.history(f"project:{project.pk}", *ASSISTANCE),
    }


def _effect(one: ModelEffect) -> dict[str, Any]:
    """Without counts where these would be about fewer than ``K`` people."""
    effect: Effect = one.effect
    shown = effect.people >= K
    return {
        "annotator": one.annotator_id,
        "name": one.name,
        "people": effect.people if shown else None,
        "shown": _arm(effect.shown) if shown else None,
        "held_out": _arm(effect.held_out) if shown else None,
        "effect": effect.value if shown else None,
        "low": effect.low if shown else None,
        "high": effect.high if shown else None,
        "insufficient": effect.insufficient.value if effect.insufficient else None,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {"labels": arm.labels, "agreeing": arm.agreeing, "share": arm.share}


def audits(project: Project, events: Events) -> list[dict[str, Any]]:
    """Every audit, the earliest first: its card, and what happened in it."""
    return [
        {
            "audit": audit_id,
            "card": card,
            "events": events.history(f"audit:{audit_id}", *KINDS["audit"][:-2]),
        }
        for audit_id, card in cards_of(project).items()
    ]


def choices(project: Project, events: Events) -> list[dict[str, Any]]:
    """Every model that was chosen for a role, or proposed by an audit, with the reason and the figures at the time."""
    found = []
    for one in ModelChoice.objects.filter(project=project).order_by("pk"):
        about = events.about(f"audit:{one.audit}", "audit.model_chosen", "audit.model_proposed")
        event = next((event for event in about if event.data.get("choice") == one.pk), None)
        found.append(
            {
                "choice": one.pk,
                "role": one.role,
                "name": one.name,
                "model": one.model,
                "prompt": one.prompt,
                "audit": one.audit,
                "reason": one.reason,
                "figures": one.figures,
                "at": moment(one.chosen_at),
                "holds": one.is_current,
                "by": events.by(event),
                "ledger": events.cover(event),
            }
        )
    return found

"""Checks, reviews, exclusions, and one's own standing."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from annotations.models import Exclusion, Review, Suspicion
from tests.permissions.entry import Entry, World, project


def annotator(world: World) -> list[Any]:
    return [world.cast.project.pk, world.assignment.annotator_id]


def review(world: World) -> list[Any]:
    """The worker is paused by it."""
    who = world.assignment.annotator
    who.standing = "paused"
    who.save(update_fields=["standing"])
    made, _new = Review.objects.get_or_create(
        project=world.cast.project, annotator=who, defaults={"cause": "owner", "opened_at": timezone.now()}
    )
    return [world.cast.project.pk, made.pk]


def exclusion(world: World) -> list[Any]:
    made, _new = Exclusion.objects.get_or_create(
        project=world.cast.project,
        annotator=world.assignment.annotator,
        defaults={
            "last_annotation": 0,
            "reason": "Copied.",
            "made_by": world.cast.olivia,
            "made_at": timezone.now(),
        },
    )
    return [world.cast.project.pk, made.pk]


def suspicion(world: World) -> list[Any]:
    """A pattern in the worker's labels."""
    now = timezone.now()
    made, _new = Suspicion.objects.get_or_create(
        project=world.cast.project,
        annotator=world.assignment.annotator,
        defaults={
            "kind": "speed",
            "telling": 40,
            "n": 50,
            "p": 0.001,
            "figures": {"median_seconds": 0.8, "compared": 10, "as_others": 4},
            "evidence": [[world.item.pk, "keep", 1.2]],
            "found_at": now,
            "seen_at": now,
        },
    )
    made.annotators.set([world.assignment.annotator])
    return [world.cast.project.pk, made.pk]


TABLE = {
    "project_setting_quality": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "people_checks": Entry(project, GET="302 404 403 403 403 200"),
    "people_check": Entry(annotator, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "standing": Entry(project, GET="302 404 200 403 403 403", POST="302 404 422 403 403 403"),
    "api_quality": Entry(project, GET="401 404 403 403 200 200", PATCH="401 404 403 403 403 200"),
    "api_people_checks": Entry(project, GET="401 404 403 403 403 200"),
    "api_reviews": Entry(project, GET="401 404 403 403 403 200", POST="401 404 403 403 403 400"),
    "api_review": Entry(
        review,
        POST="401 404 403 403 403 200",
        send={"POST": {"reinstate": True, "reason": "The rules were unclear."}},
    ),
    "api_exclusions": Entry(project, GET="401 404 403 403 403 200", POST="401 404 403 403 403 400"),
    "api_exclusion_lift": Entry(
        exclusion, POST="401 404 403 403 403 200", send={"POST": {"reason": "They were right."}}
    ),
    "project_setting_aside": Entry(project, POST="302 404 403 403 403 302"),
    "training": Entry(project, GET="302 404 200 403 403 403", POST="302 404 422 403 403 403"),
    "quiz": Entry(project, GET="302 404 200 403 403 403", POST="302 404 422 403 403 403"),
    "api_quality_aside": Entry(
        project,
        GET="401 404 403 403 403 200",
        PUT="401 404 403 403 403 200",
        send={"PUT": {"training": 0, "quiz": 0}},
    ),
    "api_training": Entry(project, GET="401 404 200 403 403 403", POST="401 404 400 403 403 403"),
    "api_quiz": Entry(project, GET="401 404 200 403 403 403", POST="401 404 409 403 403 403"),
    "api_qualify": Entry(annotator, POST="401 404 403 403 403 200", send={"POST": {"reason": "An expert."}}),
    "people_suspicions": Entry(project, GET="302 404 403 403 200 200"),
    "people_suspicions_check": Entry(project, POST="302 404 403 403 403 302"),
    "people_suspicion": Entry(suspicion, GET="302 404 403 403 200 200", POST="302 404 403 403 403 422"),
    "api_suspicions": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 202"),
    "api_suspicion": Entry(
        suspicion,
        GET="401 404 403 403 200 200",
        POST="401 404 403 403 403 200",
        send={"POST": {"action": "dismiss", "reason": "They know these messages."}},
    ),
    "api_standing": Entry(project, GET="401 404 200 403 403 403", POST="401 404 400 403 403 403"),
}

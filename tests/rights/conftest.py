"""Somebody who has done everything that a person can do here, so that there is something of every kind to erase."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.models import Invitation, Membership, User
from accounts.services.demographics import demographics_change
from accounts.services.invitations import invitation_create
from accounts.services.tokens import token_create
from annotations.access import Access, annotator_of
from annotations.labelling.services import claim, flag, skip, submit
from annotations.models import (
    Annotation,
    Annotator,
    Assignment,
    BiasAnswer,
    Case,
    Dataset,
    Exclusion,
    Exposure,
    GroupDemand,
    ImportJob,
    LabelSchema,
    ModelChoice,
    Notice,
    PayAdjustment,
    QuizTry,
    Regrouping,
    Review,
    Run,
    Suspicion,
    TrainingAnswer,
    Webhook,
    WorkerPreferences,
)
from annotations.settling.services import claim as case_claim
from annotations.settling.services import settle
from fairness.models import Audit, Decision, Finding, FindingNotice, Monitor, OwnerNotice, ProbeFile, ProbeSet
from llm_workers.models import ModelAnnotator, ModelVersion, Prompt, PromptVersion, RunPlan, Trial
from tests.factories import Cast, add_label, make_annotator, make_items, make_project, make_user
from tests.labelling.conftest import together  # noqa: F401 — the same threads

NAME, EMAIL = "Paula Persson", "paula.persson@example.net"
WORDS = "I live in the red house"  # what Paula writes wherever she may
PASSWORD = "correct horse battery"


@dataclass
class Life:
    """Paula is co-owner of the cast's project, and has labelled and settled in it too."""

    cast: Cast
    paula: User
    annotator: Annotator
    token: str


@pytest.fixture
def life(cast: Cast) -> Life:
    cast.project.wage_per_hour, cast.project.redundancy = Decimal(12), 5
    cast.project.save()
    paula = make_user("paula", display_name=NAME)
    paula.email = EMAIL
    paula.save()
    _account(cast, paula)
    member = Membership.objects.create(project=cast.project, user=paula, role="worker")
    annotator = annotator_of(Access(cast.project, member.role, paula))
    _work(cast, annotator)
    _judged(cast, annotator)
    Membership.objects.filter(pk=member.pk).update(role="owner")
    _settle(cast, paula)
    _decided(cast, paula)
    _token, secret = token_create(user=paula, name=f"notebook of {NAME}", scopes=["read", "label", "manage"])
    return Life(cast, paula, annotator, secret)


def _account(cast: Cast, paula: User) -> None:
    paula.groups.add(Group.objects.create(name="operators"))
    paula.user_permissions.add(Permission.objects.first())
    EmailAddress.objects.create(user=paula, email=EMAIL, primary=True, verified=True)
    EmailAddress.objects.create(user=paula, email="p.persson@example.com")
    soon = timezone.now() + timedelta(days=1)
    for actor, email in ((cast.olivia, "P.Persson@example.com"), (paula, "friend@example.org")):
        invitation_create(project_id=cast.project.pk, actor=actor, role="worker", expires_at=soon, email=email)
    WorkerPreferences.objects.create(user=paula, break_minutes=20)
    demographics_change(user=paula, answers={"age_band": ["35_44"]}, consents={cast.project.pk: ["age_band"]})
    Exposure.objects.create(user=paula, day=date(2026, 1, 2), items=7, milliseconds=60_000)


def _work(cast: Cast, annotator: Annotator) -> None:
    """Three labels, one of them changed, a skip, a flag, and an item at hand."""
    make_items(cast.project, 5)
    for turn in range(3):
        lease = claim(annotator=annotator, project=cast.project)
        flag(annotator=annotator, assignment_id=lease.pk, reason=f"{WORDS} {turn}")
        submit(annotator=annotator, assignment_id=lease.pk, value="keep", active_ms=4000)
    Annotation.objects.filter(annotator=annotator).update(reason=WORDS)
    lease = claim(annotator=annotator, project=cast.project)
    skip(annotator=annotator, assignment_id=lease.pk, reason=WORDS)
    claim(annotator=annotator, project=cast.project)


def _judged(cast: Cast, annotator: Annotator) -> None:
    now, (gold,) = timezone.now(), make_items(cast.project, 1, gold="remove")
    review = Review.objects.create(
        project=cast.project, annotator=annotator, cause="owner", status="reinstated", note="Too fast.", opened_at=now,
        appeal=WORDS, appealed_at=now, decided_by=cast.olivia, decided_at=now, reason="Fair enough.",
    )  # fmt: skip
    Notice.objects.create(review=review, user=annotator.user, kind="decided", made_at=now, done_at=now)
    Exclusion.objects.create(
        project=cast.project, annotator=annotator, last_annotation=0, reason="Copied.", made_by=cast.olivia,
        made_at=now, lifted_by=cast.olivia, lifted_at=now, lift_reason="Not so.", done_at=now,
    )  # fmt: skip
    PayAdjustment.objects.create(
        project=cast.project, annotator=annotator, amount=Decimal("1.50"), reason="For the training.",
        request_key=uuid.uuid4(), created_by=cast.olivia,
    )  # fmt: skip
    under_way = QuizTry.objects.create(annotator=annotator, number=1, item_ids=[gold.pk], needed=1, started_at=now)
    for quiz_try in (None, under_way):
        TrainingAnswer.objects.create(
            annotator=annotator, item=gold, quiz_try=quiz_try, value="remove", is_right=True, answered_at=now
        )


def _settle(cast: Cast, paula: User) -> None:
    """One case settled, one at hand."""
    for item in make_items(cast.project, 2):
        for value in ("keep", "remove"):
            add_label(item, make_annotator(cast.project), value)
    settled, held = Case.objects.filter(status="open").order_by("-pk")[:2]
    settle(
        expert=paula, case_id=settled.pk, value="keep", cause="human_error", recurrent=False, reason="Rule 3 says so."
    )
    case_claim(expert=paula, case_id=held.pk)


def _decided(cast: Cast, paula: User) -> None:
    """What Paula did as an owner, some of it about Walt."""
    now, project = timezone.now(), cast.project
    walt = annotator_of(Access(project, project.memberships.get(user=cast.walt).role, cast.walt))
    own = make_project(paula, name="Paula's own")
    Membership.objects.create(project=own, user=cast.olivia, role="owner")
    Dataset.objects.create(project=project, name="More", created_by=paula)
    LabelSchema.objects.filter(project=project).update(created_by=paula)
    ImportJob.objects.create(project=project, created_by=paula, filename="more.csv", format="csv", status="done")
    Regrouping.objects.create(
        project=project, attribute="religion", kind="merge", rules={"values": {"a": "b"}}, created_by=paula
    )
    GroupDemand.objects.create(project=project, attribute="religion", group="b", more=1, made_by=paula)
    model = make_annotator(project, kind="model")
    version = ModelVersion.objects.create(name="large", first_seen_at=now, last_seen_at=now)
    prompt = PromptVersion.objects.create(project=project, schema=cast.schema, text="Which one?", hash="1" * 64)
    ModelAnnotator.objects.create(annotator=model, model=version, prompt=prompt)
    Prompt.objects.create(project=project, name="Plain words", created_by=paula)
    Trial.objects.create(
        project=project, model=version, schema=cast.schema, text="Which one?", started_by=paula, created_at=now,
        status="done", finished_at=now, to_label=3,
    )  # fmt: skip
    _audited(cast, paula)
    run = Run.objects.create(project=project, annotator=model, schema=cast.schema, started_by=paula, status="done")
    RunPlan.objects.create(run=run)
    Webhook.objects.create(project=project, url="https://example.org/hook", secret="s", created_by=paula)
    monitor = Monitor.objects.create(project=project, measure="kappa", whose="model", created_by=paula)
    certificate = {
        "groups": [], "certain": 0.2, "plain": 0.3, "rate": "", "exact": False, "table": {"": [[5, 4], [4, 5]]},
        "bands": {}, "alpha": 0.05, "tau": 0.4,
    }  # fmt: skip
    finding = Finding.objects.create(
        monitor=monitor, project=project, annotator=model, certificate=certificate, version=1, found_at=now,
        is_open=False,
    )  # fmt: skip
    Decision.objects.create(finding=finding, action="accept", reason="Known.", made_by=paula, made_at=now)
    FindingNotice.objects.create(finding=finding, user=paula, made_at=now, done_at=now)
    OwnerNotice.objects.create(project=project, user=paula, about="groups", number=1, made_at=now, done_at=now)
    BiasAnswer.objects.create(
        project=project, bias="halo", verdict="handled", note="Blind.", answered_by=paula, answered_at=now
    )
    Review.objects.create(
        project=project, annotator=walt, cause="owner", status="kept", note="About Walt.", opened_at=now,
        decided_by=paula, decided_at=now, reason="About Walt too.",
    )  # fmt: skip
    Exclusion.objects.create(
        project=project, annotator=walt, last_annotation=0, reason="About Walt as well.", made_by=paula, made_at=now,
        lifted_by=paula, lifted_at=now, lift_reason="Sorry, Walt.", done_at=now,
    )  # fmt: skip
    suspicion = Suspicion.objects.create(
        project=project, annotator=walt, kind="speed", telling=9, n=10, p=0.001, status="dismissed", found_at=now,
        seen_at=now, closed_at=now, decided_by=paula, action="dismiss", reason="Walt knows the messages by heart.",
    )  # fmt: skip
    suspicion.annotators.add(walt)
    PayAdjustment.objects.create(
        project=project, annotator=walt, amount=1, reason="Walt's bonus.", request_key=uuid.uuid4(), created_by=paula
    )


def _audited(cast: Cast, paula: User) -> None:
    now, project = timezone.now(), cast.project
    ProbeFile.objects.create(project=project, name="mine.yaml", text="tasks: []", created_by=paula)
    probes = ProbeSet.objects.create(
        project=project, kind="uploaded", name="Mine", content_hash="2" * 64, size=1, created_by=paula
    )
    audit = Audit.objects.create(
        project=project, probe_set=probes, status="done", touched_at=now, finished_at=now, created_by=paula
    )
    ModelChoice.objects.create(
        project=project, role="labeller", model=1, name="large", audit=audit.pk, reason="It is fair.", chosen_by=paula,
        chosen_at=now,
    )  # fmt: skip


def unpacked(blocks: Iterable[bytes]) -> dict[str, Any]:
    """The archive's files: name → what its JSON says, or its text."""
    with ZipFile(io.BytesIO(b"".join(blocks))) as archive:
        assert archive.testzip() is None
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in texts.items()}


def leases(annotator: Annotator) -> list[str]:
    return list(Assignment.objects.filter(annotator=annotator).order_by("pk").values_list("status", flat=True))


__all__ = ["EMAIL", "NAME", "PASSWORD", "WORDS", "Invitation", "Life", "leases", "unpacked"]

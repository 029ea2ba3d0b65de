"""Making the sample project: once, resumable, through the same services as a person would use."""

from __future__ import annotations

import logging
from decimal import Decimal

from django.db import transaction

from accounts.models import Role
from annotations.access import Access
from annotations.importing.running import import_run
from annotations.importing.services import import_receive, import_start
from annotations.launch.services import checklist_answer
from annotations.models import Annotation, ImportJob, ImportStatus, Project, ProjectStatus
from annotations.projects.services import project_create
from annotations.projects.status import project_set_status
from annotations.quality.rules import rules_change
from evenhand.sample import labour
from evenhand.sample.checklist import ANSWERS
from evenhand.sample.crowd import crowd, describe
from evenhand.sample.expert import EXPERT_STATEMENT
from evenhand.sample.messages import by_external_id, generate, to_jsonl
from evenhand.sample.people import annotators, demo_user, enrol
from evenhand.sample.task import TASK
from ledger.services import actor_of, record

logger = logging.getLogger(__name__)

FILENAME = "millbrook-messages.jsonl"
LABELS_BEFOREHAND = 660  # so that every page has something to show on the first visit; the rest comes in live
SETTLED_BEFOREHAND = 14
# A spammer is found out by it, a careful worker is not: some of the crowd are paused while one watches.
CHECKS = {"is_on": True, "gold_start": 0.2, "gold_floor": 0.05, "limit": 0.5, "min_answers": 8}


def sample_project() -> Project | None:
    """The sample project, if it has been made: the first simulated one of the demo's owner."""
    return Project.objects.filter(simulated=True, name=TASK.name).order_by("pk").first()


def seed() -> Project:
    """Make the sample, or finish making it where an earlier start was cut short; changes nothing once it is whole."""
    owner = demo_user(Role.OWNER)
    project = sample_project() or _project()
    enrol(project)
    access = Access(project=project, role=Role.OWNER, user=owner)
    if not ImportJob.objects.filter(project=project, status=ImportStatus.DONE).exists():
        _import(access)
        rules_change(project=project, actor=owner, values=CHECKS)
    project.refresh_from_db()
    if project.status == ProjectStatus.DRAFT:
        project_set_status(project=project, actor=owner, status=ProjectStatus.ACTIVE)
        project.refresh_from_db()
        _label_beforehand(project)
    return project


def _project() -> Project:
    owner = demo_user(Role.OWNER)
    labels = [
        {"key": one.value, "name": one.name, "description": one.description, "shortcut": one.shortcut}
        for one in TASK.labels
    ]
    project = project_create(
        owner=owner,
        schema={"task_type": "single_choice", "config": {"labels": labels}, "guidelines": TASK.guidelines},
        attributes=[{"name": name, "column": name} for name in TASK.attributes],
        simulated=True,
        name=TASK.name,
        summary=TASK.description[:300],
        is_open=True,
        redundancy=TASK.redundancy,
        favourable_label=TASK.favourable,
        wage_per_hour=Decimal(TASK.wage_cents) / 100,
        currency=TASK.currency,
        expected_seconds=TASK.expected_seconds,
        content_warning=TASK.content_warning,
    )
    checklist_answer(project=project, actor=owner, answers=ANSWERS)
    _state_the_simulation(project)
    return project


def _state_the_simulation(project: Project) -> None:
    """The ledger says, before the first label, that programs play the people, and how each behaves."""
    with transaction.atomic():
        record(
            kind="simulation.stated",
            actor=actor_of(demo_user(Role.OWNER)),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"crowd": describe(crowd()), "expert": EXPERT_STATEMENT},
            simulated=True,
        )


def _import(access: Access) -> None:
    unfinished = ImportJob.objects.filter(project=access.project, status=ImportStatus.QUEUED).first()
    if unfinished is None:
        chunks = [to_jsonl(generate()).encode()]
        unfinished = import_receive(access=access, filename=FILENAME, chunks=chunks)
        mapping = {
            "text": "text",
            "external_id": "external_id",
            "gold": "gold",
            "groups": {name: name for name in TASK.attributes},
        }
        import_start(access=access, job_id=unfinished.pk, mapping=mapping, dataset_name="Millbrook messages")
    import_run(job_id=unfinished.pk)


def _label_beforehand(project: Project) -> None:
    items = by_external_id()
    working = annotators(project)
    given = Annotation.objects.filter(project=project).count()
    while given < LABELS_BEFOREHAND:
        before = given
        for worker, annotator in working.items():
            lease = labour.take(worker, annotator)
            if lease is not None:
                labour.finish_at_once(worker, annotator, lease, items[lease.item.external_id])
                given += 1
        if given == before:
            break
    for _ in range(SETTLED_BEFOREHAND):
        labour.settle_next(project, items, leave_open=0)

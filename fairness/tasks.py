"""Background work of the app. Tasks take primary keys, may run twice, and may die anywhere."""

from __future__ import annotations

from celery import shared_task

from annotations.models import Project
from fairness.services.recount import projects_lacking, recount


@shared_task(name="fairness.tasks.complete_counters", soft_time_limit=3500, time_limit=3600)
def complete_counters() -> int:
    """Give projects that are older than slices and crossed groups these; beat sends this every minute; how many."""
    lacking = Project.objects.filter(pk__in=projects_lacking())
    for project in lacking:
        recount(project=project, mend=True)
    return len(lacking)

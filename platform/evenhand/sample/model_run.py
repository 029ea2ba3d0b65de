"""Starting the sample's model run: the one part of the sample whose labels are real."""

from __future__ import annotations

import logging

from accounts.models import Role
from annotations.models import Project, Run
from evenhand.sample.people import demo_user
from ledger.errors import DomainError
from llm_workers.models import ModelVersion
from llm_workers.services.models import models_refresh_if_due
from llm_workers.services.runs import run_start

logger = logging.getLogger(__name__)

STEP = 100


def model_run_start(project: Project) -> bool:
    """Start the project's first run as soon as a model is served; True once there is a run, now or from before."""
    if Run.objects.filter(project=project).exists():
        return True
    models_refresh_if_due()
    model = ModelVersion.objects.order_by("-last_seen_at").first()
    if model is None:
        return False
    try:
        run_start(project=project, model=model, started_by=demo_user(Role.OWNER), step_size=STEP)
    except DomainError as refusal:
        logger.info("The sample's model run waits: %s", refusal.message)
        return False
    return True

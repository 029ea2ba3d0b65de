"""Prompts and trials of a project as one person may see them: strangers get 404, too low a role 403."""

from __future__ import annotations

from typing import Any

from accounts.models import Role
from annotations.access import READERS, Access, project_access
from ledger.errors import not_found
from llm_workers.models import Prompt, Trial


def prompt_access(
    user: Any, project_id: int, prompt_id: int, allowed: frozenset[Role] = READERS
) -> tuple[Access, Prompt]:
    access = project_access(user, project_id, allowed)
    prompt = Prompt.objects.filter(project=access.project, pk=prompt_id).first()
    if prompt is None:
        raise not_found("The prompt")
    prompt.project = access.project
    return access, prompt


def trial_access(user: Any, project_id: int, trial_id: int) -> tuple[Access, Trial]:
    access = project_access(user, project_id, READERS)
    found = Trial.objects.select_related("model", "schema", "prompt")
    trial = found.filter(project=access.project, pk=trial_id).first()
    if trial is None:
        raise not_found("The trial")
    return access, trial

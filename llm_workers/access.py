"""Prompts and trials of a project as one person may see them: strangers get 404, too low a role 403."""

from __future__ import annotations

from typing import Any

from accounts.models import Role
from annotations.access import READERS, Access, found_in
from llm_workers.models import Prompt, Trial


def prompt_access(
    user: Any, project_id: int, prompt_id: int, allowed: frozenset[Role] = READERS
) -> tuple[Access, Prompt]:
    return found_in(user, project_id, Prompt.objects.all(), prompt_id, "The prompt", allowed)


def trial_access(user: Any, project_id: int, trial_id: int) -> tuple[Access, Trial]:
    rows = Trial.objects.select_related("model", "schema", "prompt")
    return found_in(user, project_id, rows, trial_id, "The trial", READERS)

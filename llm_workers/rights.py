"""The parts of a person's data that working with models leaves: prompts that they wrote, and trials of them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.rights.own import made_by

PARTS = (
    made_by(
        "prompts",
        _("Prompts for models that you wrote"),
        _("Stay with the projects, as of nobody: labels were made by them."),
        "llm_workers.Prompt.created_by",
        *("id", "project_id", "name", "created_at"),
    ),
    made_by(
        "trials",
        _("Prompts that you tried in the playground"),
        _("Stay with the projects, as of nobody: they count into what models cost."),
        "llm_workers.Trial.started_by",
        *("id", "project_id", "created_at", "finished_at"),
    ),
)

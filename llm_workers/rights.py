"""The parts of a person's data that working with models leaves: prompts that they wrote, and trials of them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rights.own import rows_of
from accounts.rights.parts import Fate, Part, Row
from llm_workers.models import Prompt, Trial


def _prompts(user: User) -> Iterator[Row]:
    return rows_of(Prompt.objects.filter(created_by=user), "id", "project_id", "name", "created_at")


def _trials(user: User) -> Iterator[Row]:
    return rows_of(Trial.objects.filter(started_by=user), "id", "project_id", "created_at", "finished_at")


PARTS = (
    Part(
        "prompts",
        _("Prompts for models that you wrote"),
        _prompts,
        _("Stay with the projects, as of nobody: labels were made by them."),
        goes=False,
        count=lambda user: Prompt.objects.filter(created_by=user).count(),
        links={"llm_workers.Prompt.created_by": Fate.KEPT},
    ),
    Part(
        "trials",
        _("Prompts that you tried in the playground"),
        _trials,
        _("Stay with the projects, as of nobody: they count into what models cost."),
        goes=False,
        count=lambda user: Trial.objects.filter(started_by=user).count(),
        links={"llm_workers.Trial.started_by": Fate.KEPT},
    ),
)

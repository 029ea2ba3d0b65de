"""Links from a number to the items behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import Role
from annotations.models import Project
from fairness.selectors.live import CONSENSUS, MODEL, LiveView, Source


def items_url(
    project: Project,
    view: LiveView,
    group: str,
    source: Source | None = None,
    *,
    role: str = "",
    beside: tuple[str, str] | None = None,
) -> str:
    """The items of one group; with ``source``, those to which it gave the label in question, in the time asked for;
    with ``beside``, those that are in this group (attribute, group) as well.

    Experts are not told which model said what, so theirs are the items of any model.
    """
    attribute = view.question.attribute if view.question else ""
    asked: dict[str, Any] = {"group": f"{attribute}:{group}"}
    if beside is not None:
        asked["beside"] = ":".join(beside)
    if view.wanted.dataset is not None:
        asked["dataset"] = view.wanted.dataset
    if source is not None and view.question is not None:
        if source.kind == CONSENSUS:
            asked["label"] = view.question.label
        else:
            asked["given"] = view.question.label
            asked["by"] = "model" if source.kind == MODEL else "people"
            if source.annotator_id is not None and role != Role.EXPERT:
                asked["annotator"] = source.annotator_id
            asked |= view.wanted.moments()
    return f"{reverse('items', args=[project.pk])}?{urlencode(asked)}"

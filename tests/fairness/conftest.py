"""Projects with enough labels to compare groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from annotations.models import Annotator, Project
from fairness.services.fold import fold_outbox
from tests.factories import add_label, make_annotator
from tests.fairness.test_fold import fresh_items


def fold_all() -> None:
    while fold_outbox():
        pass


def label_group(
    project: Project, group: str, selected: int, n: int, by: Annotator | None = None, beside: Sequence[str] = ()
) -> None:
    """``n`` items of one group, each with one label, ``selected`` of them "keep"; ``beside``: their origins in turn."""
    items = fresh_items(project, n)
    by = by or make_annotator(project)
    for number, item in enumerate(items):
        item.groups = {"religion": group} | ({"origin": beside[number % len(beside)]} if beside else {})
        item.save(update_fields=["groups"])
        add_label(item, by, "keep" if number < selected else "remove")


@pytest.fixture
def labelled() -> Callable[[Project], None]:
    """Fills a project: people keep 20 of 40 christian and 31 of 40 muslim messages; a model labels 3 of them."""

    def fill(project: Project) -> None:
        label_group(project, "christian", 20, 40)
        label_group(project, "muslim", 31, 40)
        model = make_annotator(project, kind="model", name="smollm2")
        for item in project.items.order_by("pk")[:3]:
            add_label(item, model, "remove")
        fold_all()

    return fill

"""Items on which people, and a model, disagree."""

from __future__ import annotations

import pytest

from annotations.models import Case, Item
from tests.factories import add_label, make_annotator, make_items
from tests.labelling.conftest import together  # noqa: F401 — the same threads


@pytest.fixture
def dispute(request):
    """``dispute(people=("keep", "remove"), model="remove")``: an item with these labels; its open case."""

    def made(people=("keep", "remove"), model: str | None = None, text: str = "", project=None, **more) -> Case:
        project = project or request.getfixturevalue("cast").project
        (item,) = make_items(project)
        if text:
            Item.objects.filter(pk=item.pk).update(payload={"text": text})
        for value in people:
            add_label(item, make_annotator(project), value)
        if model:
            add_label(item, make_annotator(project, kind="model", name=f"llama {item.pk}"), model, **more)
        return Case.objects.select_related("item", "project").get(item=item, status="open")

    return made


def settled(client, case: Case, **body):
    """Settle by the API; the answer's JSON."""
    data = {"value": "keep", "cause": "human_error", "recurrent": False, "reason": "The rules say so.", **body}
    return client.post(f"/api/v1/cases/{case.pk}/settle/", data)

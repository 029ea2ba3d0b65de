"""What an import adds is sorted into the order of serving that the project has."""

from __future__ import annotations

import pytest
from django.db import connection

from annotations import tasks
from annotations.importing import running
from annotations.models import Item, ServingRules
from tests.importing.helpers import jsonl_bytes, upload

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    project_ids: list[int] = []
    monkeypatch.setattr(tasks.sort_queue, "delay", project_ids.append)
    return project_ids


def _import(cast) -> None:
    rows = [{"text": f"text {number}", "urgency": number} for number in (1, 3, 2)]
    assert tasks.run_import(upload(cast, jsonl_bytes(*rows), "f.jsonl").pk) == "ended"


def test_a_second_file_is_sorted_by_priority_too(cast, sent):
    ServingRules.objects.create(project=cast.project, strategy="priority", column="urgency")
    _import(cast)
    assert sent == [cast.project.pk]
    tasks.sort_queue(cast.project.pk)
    served = Item.objects.filter(project=cast.project).order_by("queue__lane").values_list("extra__urgency", flat=True)
    assert list(served) == [3, 2, 1]
    tasks.sort_queue(cast.project.pk)  # a second time changes nothing
    assert list(served.all()) == [3, 2, 1]


@pytest.mark.parametrize("strategy", ["shuffle", "breadth", "depth"])
def test_other_orders_need_no_sorting(cast, sent, strategy):
    ServingRules.objects.create(project=cast.project, strategy=strategy)
    _import(cast)
    assert sent == []


def test_the_planner_knows_of_many_new_items_at_once(cast, sent, monkeypatch):
    monkeypatch.setattr(running, "MANY", 3)
    _import(cast)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'annotations_queueentry'")
        assert cursor.fetchone()[0] == 3

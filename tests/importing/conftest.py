"""A project with items that a second file may add to."""

from __future__ import annotations

import pytest

from annotations.models import Item
from fairness.services.fold import fold_outbox
from tests.importing.helpers import csv_bytes, take


@pytest.fixture
def items(cast) -> list[Item]:
    """Three items with ids 1, 2 and 3; all but the last have a group, and all are in the live counters."""
    take(cast, csv_bytes("text,id,religion", "one,1,muslim", "two,2,jewish", "three,3,"))
    fold_outbox()
    return list(Item.objects.filter(project=cast.project).order_by("pk"))

"""Items that come in with all their labels are drawn from as those labelled here."""

from __future__ import annotations

import pytest

from annotations.importing import loading
from annotations.models import Case, Draw, Item
from fairness.services.recount import recount
from tests.fairness.conftest import fold_all
from tests.importing.helpers import csv_bytes, take
from tests.stream.conftest import drawn_by, switch_on

pytestmark = pytest.mark.django_db(transaction=True)  # an import tells its progress over another connection


def test_finished_items_of_a_file_are_drawn_by_their_coins(single, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 50)
    switch_on(single.project)
    mapping = {"text": "text", "gold": "gold", "annotators": {"a": "Ann", "b": "Bob"}}
    lines = [f"t{n},{'keep' if n % 5 == 0 else ''},keep,{['keep', 'remove'][n % 2]}" for n in range(120)]
    lines += [f"bare {n},,," for n in range(40)]
    job = take(single, csv_bytes("text,gold,a,b", *lines), mapping=mapping)
    assert (job.status, job.error) == ("done", "")
    labelled = Item.objects.filter(annotations__isnull=False).distinct()
    wanted = drawn_by(list(labelled.filter(gold__isnull=True)), 0.2)
    assert 0 < len(wanted) < 96
    assert set(Draw.objects.values_list("item_id", "stream", "probability")) == {(pk, "audit", 0.2) for pk in wanted}
    checks = Case.objects.filter(kind="check", status="open", priority=0)
    assert set(checks.values_list("item_id", flat=True)) == wanted
    disputed = Case.objects.filter(kind="human_human").values_list("item_id", flat=True)
    assert set(disputed) == {item.pk for item in labelled if item.row_number % 2 == 0} - wanted
    fold_all()
    assert recount(project=single.project) == []


def test_without_a_stream_an_import_draws_nothing(single):
    take(single, csv_bytes("text,a", "one,keep"), mapping={"text": "text", "annotators": {"a": "Ann"}})
    assert Item.objects.get().annotations.exists()
    assert not Draw.objects.exists()

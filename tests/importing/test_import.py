"""Whole imports: what good rows become, what bad rows say, what broken files leave."""

from __future__ import annotations

import datetime
import json
import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pyarrow as pa
import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.db.models import Sum
from django.utils import timezone

from annotations.importing import loading
from annotations.importing.running import Outcome, import_run
from annotations.modalities.base import content_hash
from annotations.models import (
    Annotation,
    Annotator,
    Case,
    Consensus,
    Dataset,
    ImportJob,
    Item,
    OutboxRow,
    QueueEntry,
)
from annotations.projects.demand import behind, demand_follow
from annotations.projects.services import project_update
from annotations.selectors.states import project_states
from annotations.services.changes import item_changes
from fairness.models import Counter
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from ledger.models import LedgerEvent
from tests.factories import CHOICES, make_annotator, make_cast, make_items
from tests.importing.helpers import csv_bytes, jsonl_bytes, parquet_bytes, problems, take, upload

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_row_becomes_an_item_with_everything_that_belongs_to_it(cast):
    job = take(cast, csv_bytes("text,id,gold,religion,note", 'Hello,"7",Keep,none,from a friend'))
    assert (job.status, job.rows_read, job.rows_added, job.items_added, job.error) == ("done", 1, 1, 1, "")
    item = Item.objects.get()
    assert (item.payload, item.external_id, item.gold, item.groups) == (
        {"text": "Hello"},
        "7",
        "keep",
        {"religion": "none"},
    )
    assert (item.row_number, item.extra, item.dataset.name) == (1, {"note": "from a friend"}, "data")
    assert item.queue.remaining == cast.project.redundancy
    assert OutboxRow.objects.get().after["needed"] == cast.project.redundancy
    assert job.dataset == item.dataset


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_the_three_formats_give_the_same_items(cast, kind):
    table = {"text": ["Grüß\nGott", 'b,\t"c"'], "id": ["1", "2"], "religion": ["none", ""], "n": ["x", "y\\n"]}
    rows = [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row.values()) for row in rows]
    data = {
        "csv": csv_bytes("text,id,religion,n", *lines),
        "jsonl": jsonl_bytes(*rows),
        "parquet": parquet_bytes(table),
    }[kind]
    take(cast, data, f"file.{kind}")
    found = list(Item.objects.order_by("pk").values_list("payload", "external_id", "groups", "extra"))
    assert found == [
        ({"text": "Grüß\nGott"}, "1", {"religion": "none"}, {"n": "x"}),
        ({"text": 'b,\t"c"'}, "2", {}, {"n": "y\\n"}),
    ]


def test_bad_rows_are_reported_with_number_and_reason_and_stop_nothing(cast):
    lines = ["good,1,none,keep", ",2,none,keep", "also good,3,none,", "c,4,none,maybe", "too,few", "last,5,none,keep"]
    data = csv_bytes("text,id,religion,gold", *lines) + b"b\xe4d,6,none,keep\n"
    job = take(cast, data)
    place = data.index(0xE4) + 1
    assert problems(job) == [
        (2, "bad", "Column “text”: The text is empty."),
        (4, "bad", "Column “gold”: “maybe” is not a label of this project. Labels: keep, review, remove."),
        (5, "bad", "2 columns where the header names 4."),
        (7, "bad", f"Not UTF-8: byte {place} of the file cannot be read. Save the file as UTF-8."),
    ]
    assert (job.status, job.rows_read, job.rows_added, job.rows_bad) == ("done", 7, 3, 4)
    assert list(Item.objects.order_by("pk").values_list("external_id", "row_number")) == [("1", 1), ("3", 3), ("5", 6)]
    assert job.row_errors.first().excerpt == "2 · none · keep"


def test_parquet_cells_of_many_types(cast):
    table = pa.table(
        {
            "text": ["a", "b"],
            "id": pa.array([1.0, None]),
            "day": [datetime.date(2024, 5, 1), None],
            "price": [Decimal("1.50"), None],
            "share": [float("nan"), 0.25],
            "tags": [["x", "y"], None],
            "raw": [None, b"\x00\x01"],
        }
    )
    job = take(cast, parquet_bytes(table), "f.parquet")
    item = Item.objects.get()
    assert item.external_id == "1"
    assert item.extra == {"day": "2024-05-01", "price": "1.50", "share": None, "tags": ["x", "y"]}
    assert problems(job)[0][2] == "the cell is binary; it must be text"


def test_duplicates_name_the_earlier_row_or_item_and_are_not_added(cast):
    (item,) = make_items(cast.project)
    payload = {"text": "already here"}
    Item.objects.filter(pk=item.pk).update(payload=payload, content_hash=content_hash("text", payload))
    job = take(cast, csv_bytes("text,id", "new,1", "already here,2", " new ,3", "other,1"))
    assert problems(job) == [
        (2, "duplicate", f"The same text as item {item.pk}, which the project has already."),
        (3, "duplicate", "The same text as row 1 of this file."),
        (4, "bad", "The id “1” belongs to row 1 of this file, which has another text."),
    ]
    assert (job.rows_added, job.rows_duplicate, job.rows_bad) == (1, 2, 1)


def test_duplicates_are_found_across_batches(cast, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 2)
    job = take(cast, csv_bytes("text,id", "a,1", "b,2", "c,3", "a,4", "d,2"))
    assert problems(job) == [
        (4, "duplicate", "The same text as row 1 of this file."),
        (5, "bad", "The id “2” belongs to row 2 of this file, which has another text."),
    ]


def test_a_file_of_nothing_but_duplicates_leaves_no_dataset(cast):
    data = csv_bytes("text", "a", "b")
    take(cast, data)
    datasets = Dataset.objects.count()
    job = take(cast, data, "again.csv")
    assert (job.status, job.rows_duplicate, job.items_added, job.dataset) == ("done", 2, 0, None)
    assert Dataset.objects.count() == datasets


def test_no_more_than_the_cap_of_reports_is_stored_and_all_are_counted(cast, monkeypatch):
    monkeypatch.setattr(loading, "MAX_STORED_PROBLEMS", 5)
    monkeypatch.setattr(loading, "BATCH", 3)
    job = take(cast, csv_bytes("text,id", *(f",{number}" for number in range(20)), "good,20"))
    assert (job.rows_bad, job.rows_added) == (20, 1)
    assert [number for number, _kind, _reason in problems(job)] == [1, 2, 3, 4, 5]


def test_wide_labels_become_imported_annotations_with_all_consequences(cast):
    mapping = {"text": "text", "annotators": {"label_1": "Ann", "label_2": "Bob", "label_3": "Cy"}}
    rows = ["agreed,keep,keep,", "split,keep,remove,review", "one,,,Remove", "none,,,"]
    job = take(cast, csv_bytes("text,label_1,label_2,label_3", *rows), mapping=mapping)
    assert (job.labels_added, job.rows_added) == (6, 4)
    assert set(Annotator.objects.values_list("name", "kind", "origin")) == {
        (name, "human", "imported") for name in ("Ann", "Bob", "Cy")
    }
    assert set(Annotation.objects.values_list("source", "status", "schema_id")) == {
        ("imported", "current", cast.schema.pk)
    }
    agreed, split, one, none = Item.objects.order_by("pk")
    assert (agreed.consensus.value, agreed.consensus.method) == ("keep", "unanimous")
    assert Case.objects.get().item == split
    remaining = [item.queue.remaining for item in (agreed, split, one, none)]
    assert remaining == [1, 0, 2, 3]
    assert not Consensus.objects.filter(item__in=[split, one, none]).exists()


def test_long_labels_gather_around_their_item_wherever_they_stand(cast, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 2)
    lines = [
        "first,Ann,keep", "second,Ann,remove", "first,Bob,keep", "second,Bob,keep", "first,Ann,keep",
        "first,Ann,remove", "third,,keep", "third,Cy,", "first,Cy,", "first,Cy,keep",
    ]  # fmt: skip
    job = take(cast, csv_bytes("text,annotator,label", *lines))
    assert problems(job) == [
        (5, "duplicate", "Annotator “Ann” gave this item the same label before."),
        (6, "bad", "Annotator “Ann” gave this item another label before; the first one counts."),
        (7, "bad", "Column “annotator”: the label has no annotator"),
        (9, "duplicate", "The same text as row 1 of this file."),
    ]
    assert (job.rows_read, job.rows_added, job.rows_bad, job.rows_duplicate) == (10, 6, 2, 2)
    assert (job.items_added, job.labels_added) == (3, 5)
    first, second, third = Item.objects.order_by("pk")
    assert first.consensus.evidence["votes"] == {"keep": 3}
    assert [item.queue.remaining for item in (first, second, third)] == [0, 1, 3]
    assert Case.objects.get().item == second
    assert OutboxRow.objects.count() == 3


def test_multiple_choice_labels_in_cells_and_in_lists(db):
    cast = make_cast(task="multiple_choice", config={**CHOICES, "min_choices": 0, "max_choices": 3})
    rows = [{"text": "a", "gold": "remove|Keep"}, {"text": "b", "gold": ["review", "keep"]}, {"text": "c", "gold": []}]
    mapping = {"text": "text", "gold": "gold"}
    take(cast, jsonl_bytes(*rows), "f.jsonl", mapping=mapping)
    golds = list(Item.objects.order_by("pk").values_list("gold", flat=True))
    assert golds == [["keep", "remove"], ["keep", "review"], []]


def test_the_bulk_path_equals_the_one_way_for_labels_to_change(cast):
    """Random votes by both paths give the same consensus, cases, queue, states and events."""
    dice = random.Random(7)
    people = ["p1", "p2", "p3", "p4", "p5"]
    votes = [
        {name: dice.choice(["keep", "review", "remove"]) for name in dice.sample(people, dice.randint(0, 5))}
        for _ in range(120)
    ]
    header = "text,religion,gold," + ",".join(people)
    lines = [f"item {n},{'abc'[n % 3]},{['', 'keep'][n % 2]}," + ",".join(given.get(p, "") for p in people)
             for n, given in enumerate(votes)]  # fmt: skip
    mapping = {"text": "text", "gold": "gold", "groups": {"religion": "religion"}, "annotators": {p: p for p in people}}
    take(cast, csv_bytes(header, *lines), mapping=mapping)
    bulk = _consequences(cast.project)

    OutboxRow.objects.all().delete()
    other = make_items(cast.project, 120)
    annotators = {name: make_annotator(cast.project, name=f"again {name}") for name in people}
    for n, (item, given) in enumerate(zip(other, votes, strict=True)):
        Item.objects.filter(pk=item.pk).update(groups={"religion": "abc"[n % 3]}, gold=["keep", None][(n + 1) % 2])
        with item_changes(project=cast.project, item_ids=[item.pk], new_items=True) as changes:
            for name, value in sorted(given.items()):  # in the order of the columns
                made = Annotation.objects.create(
                    project=cast.project, item=item, annotator=annotators[name], schema=changes.schema,
                    source="imported", value=value, created_at=timezone.now(),
                )  # fmt: skip
                changes.vote(made, kind="human")
    assert _consequences(cast.project, first=other[0].pk) == bulk


def _consequences(project, first: int = 0) -> list:
    """What follows from the votes of each item, ids left out."""
    found = []
    outbox = dict(OutboxRow.objects.filter(item_id__isnull=False).values_list("item_id", "after"))
    for item in Item.objects.filter(project=project, pk__gte=first).order_by("pk"):
        consensus = Consensus.objects.filter(item=item).first()
        case = Case.objects.filter(item=item).first()
        events = list(LedgerEvent.objects.filter(subject=f"item:{item.pk}").values_list("kind", "actor", "data"))
        opened = case and list(LedgerEvent.objects.filter(subject=f"case:{case.pk}").values_list("kind", "actor"))
        labels = sorted(item.annotations.values_list("pk", flat=True))
        found.append(
            (
                item.groups,
                item.gold,
                outbox.get(item.pk) if labels else None,  # those without labels are held by the recount below
                consensus and (consensus.value, consensus.method, consensus.support, consensus.evidence["votes"]),
                consensus and consensus.evidence["annotations"] == labels and sorted(consensus.evidence),
                case and (case.kind, case.status, case.priority),
                events,
                opened,
            )
        )
    return found


def test_outbox_rows_equal_a_recount(cast):
    mapping = {"text": "text", "groups": {"religion": "r"}, "annotators": {"a": "A", "b": "B", "c": "C"}}
    lines = [f"t{n},g{n % 2},keep,{['keep', 'remove', ''][n % 3]},{['', 'review'][n % 2]}" for n in range(30)]
    take(cast, csv_bytes("text,r,a,b,c", *lines), mapping=mapping)
    recounted = [state.as_json() for state in project_states(cast.project)]
    states = [after for after, items in OutboxRow.objects.values_list("after", "items") for _ in range(items)]
    assert sorted(states, key=_text) == sorted(recounted, key=_text)


def test_new_items_that_are_alike_share_a_row_for_the_live_counters(cast):
    mapping = {"text": "text", "groups": {"religion": "r"}, "annotators": {"a": "A"}}
    lines = [f"t{n},g{n % 2},{'keep' if n == 0 else ''}" for n in range(31)]
    take(cast, csv_bytes("text,r,a", *lines), mapping=mapping)
    rows = OutboxRow.objects.order_by("items").values_list("items", "item_id", "after__groups__religion")
    first = Item.objects.filter(dataset__name="data").earliest("pk")
    assert sorted(rows, key=str) == sorted([(1, first.pk, "g0"), (15, None, "g0"), (15, None, "g1")], key=str)
    assert recount(project=cast.project) == []  # with what still waits
    fold_outbox()
    assert recount(project=cast.project) == []
    assert Counter.objects.get(project=cast.project, table="totals", key="items").n == 31


def _text(state: dict) -> str:
    return json.dumps(state, sort_keys=True)


def _changed_items() -> int:
    return int(OutboxRow.objects.aggregate(total=Sum("items"))["total"])


def test_the_ledger_tells_the_import_without_names(cast):
    mapping = {"text": "text", "annotators": {"label_1": "ann@example.org"}}
    job = take(cast, csv_bytes("text,label_1", "a,keep"), mapping=mapping)
    events = LedgerEvent.objects.filter(subject=f"import:{job.pk}").order_by("pk")
    assert [event.kind for event in events] == ["import.started", "import.finished"]
    assert {event.actor for event in events} == {f"user:{cast.olivia.pk}"}
    finished = events[1].data
    assert (finished["items_added"], finished["labels_added"], finished["rows_bad"]) == (1, 1, 0)
    assert finished["sha256"] == job.sha256
    assert "ann@example.org" not in json.dumps([event.data for event in events])


def test_the_upload_is_removed_when_it_is_not_needed_any_more(cast):
    job = upload(cast, csv_bytes("text", "a"))
    assert default_storage.exists(job.stored_as)
    import_run(job_id=job.pk)
    assert not default_storage.exists(job.stored_as)


def _left_behind(cast) -> tuple[int, ...]:
    tables = (Item, QueueEntry, Annotation, Consensus, Case, OutboxRow, Dataset, Annotator)
    return tuple(table.objects.filter(project_id=cast.project.pk).count() for table in tables)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_file_that_breaks_off_leaves_nothing_but_its_reason(cast, kind, monkeypatch):
    monkeypatch.setattr(loading, "BATCH", 500)
    before = _left_behind(cast)
    count = 12_000
    texts = [f"message number {n}" for n in range(count)]
    if kind == "csv":
        data = csv_bytes("text,label_1,label_2", *(f"{text},keep,remove" for text in texts)) + b'"cut'
    elif kind == "jsonl":
        data = jsonl_bytes(*({"text": text, "label_1": "keep", "label_2": "keep"} for text in texts)) + b'{"text": "c'
    else:
        table = {"text": texts, "label_1": ["keep"] * count, "label_2": ["keep"] * count}
        whole = parquet_bytes(table, row_group_size=2000, use_dictionary=False)
        middle = len(whole) // 2
        data = whole[:middle] + b"\xff" * 3000 + whole[middle + 3000 :]
    job = take(cast, data, f"file.{kind}")
    assert job.status == "failed"
    assert "cut off" in job.error
    assert (job.items_added, job.labels_added, job.dataset) == (0, 0, None)
    assert _left_behind(cast) == before
    assert not default_storage.exists(job.stored_as)
    assert LedgerEvent.objects.filter(subject=f"import:{job.pk}", kind="import.failed").count() == 1


def test_running_twice_adds_once(cast):
    job = upload(cast, csv_bytes("text", "a", "b"))
    assert import_run(job_id=job.pk) == Outcome.ENDED
    assert import_run(job_id=job.pk) == Outcome.IDLE
    assert Item.objects.filter(dataset__imports=job).count() == 2


def test_a_demand_that_changes_meanwhile_is_followed_afterwards(cast, monkeypatch):
    """The owner need not wait for an import, nor an import begin anew: its items come by the demand as it was."""
    job = upload(cast, csv_bytes("text,l", "a,keep"), mapping={"text": "text", "annotators": {"l": "Ann"}})
    load = loading.Loader.load

    def load_and_change(self):
        counts = load(self)
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(_demand_changes, cast).result()
        return counts

    monkeypatch.setattr(loading.Loader, "load", load_and_change)
    assert import_run(job_id=job.pk) == Outcome.ENDED
    entry = QueueEntry.objects.get()
    assert (entry.redundancy, entry.remaining) == (3, 2)
    assert behind(project_id=cast.project.pk)
    assert not Consensus.objects.exists()
    demand_follow(project_id=cast.project.pk)
    entry.refresh_from_db()
    assert (entry.redundancy, entry.min_support, entry.remaining) == (5, 1, 4)
    assert Consensus.objects.get().value == "keep"
    first, second = OutboxRow.objects.filter(item_id=entry.item_id).order_by("pk")
    assert (first.after, second.after["needed"]) == (second.before, 5)
    assert not behind(project_id=cast.project.pk)


def _demand_changes(cast) -> None:
    """The whole change, with what it sends to the background, while the import's items cannot be seen yet."""
    try:
        project_update(project=cast.project, actor=cast.olivia, redundancy=5, min_support=1)
        assert demand_follow(project_id=cast.project.pk) == 0
        assert not behind(project_id=cast.project.pk)
    finally:
        connections.close_all()


def test_a_name_that_belongs_to_somebody_on_the_platform_is_refused(cast):
    Annotator.objects.create(project=cast.project, kind="human", origin="simulated", name="Ann")
    job = take(cast, csv_bytes("text,l", "a,keep"), mapping={"text": "text", "annotators": {"l": "Ann"}})
    assert job.status == "failed"
    assert "“Ann” belongs to an annotator" in job.error


def test_a_second_file_of_the_same_people_adds_to_them(cast):
    mapping = {"text": "text", "annotators": {"l": "Ann"}}
    take(cast, csv_bytes("text,l", "a,keep"), mapping=mapping)
    take(cast, csv_bytes("text,l", "b,keep"), "two.csv", mapping=mapping)
    assert Annotator.objects.get(name="Ann").annotations.count() == 2


def test_a_large_file_goes_through_in_batches(cast):
    """Fifty thousand rows, a tenth of them labelled twice: every row is there once, and what is held stays small."""
    import tracemalloc

    rows = 50_000
    lines = (f"message number {n} é,{n},{'ab'[n % 2]},{'keep' if n % 10 == 0 else ''}" for n in range(rows))
    data = csv_bytes("text,id,religion,label_1", *lines)
    mapping = {"text": "text", "external_id": "id", "groups": {"religion": "religion"}, "annotators": {"label_1": "A"}}
    job = upload(cast, data, mapping=mapping)
    del data
    tracemalloc.start()
    import_run(job_id=job.pk)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    job.refresh_from_db()
    assert (job.status, job.items_added, job.labels_added) == ("done", rows, rows // 10)
    assert Item.objects.filter(dataset=job.dataset).values("external_id").distinct().count() == rows
    assert QueueEntry.objects.count() == _changed_items() == rows
    assert OutboxRow.objects.count() < rows / 9  # unlabelled items that are alike share a row
    assert peak < 60 * 1024 * 1024
    assert ImportJob.objects.get().bytes_read == job.bytes_total

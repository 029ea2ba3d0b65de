"""Updates: a second file adds labels, gold and groups to items that are there."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count

from annotations.access import project_access
from annotations.importing import updating
from annotations.importing.running import Outcome, import_run
from annotations.importing.services import import_receive
from annotations.labelling.services import claim
from annotations.models import (
    Annotation,
    Annotator,
    Case,
    Consensus,
    Dataset,
    Exclusion,
    Item,
    LabelSchema,
    OutboxRow,
    Project,
    QueueEntry,
)
from annotations.settling.services import claim as case_claim
from annotations.settling.services import settle
from fairness.models import Counter
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.importing.helpers import csv_bytes, jsonl_bytes, parquet_bytes, problems, take, update, upload

pytestmark = pytest.mark.django_db(transaction=True)
LONG = {"external_id": "id", "annotator": "who", "label": "label"}
GROUPS = {"external_id": "id", "groups": {"religion": "religion"}}
GOLD = {"external_id": "id", "gold": "gold"}


def group_counts() -> dict[str, int]:
    """Labels that people gave items of each group, as the live counters say."""
    return dict(Counter.objects.filter(table="people", attribute="religion", n__gt=0).values_list("group", "n"))


# --- labels ----------------------------------------------------------------------------------------------------------


def test_labels_join_their_items_with_all_consequences(cast, items):
    rows = ["1,Ann,keep", "1,Bob,keep", "2,Ann,keep", "2,Bob,remove"]
    job = update(cast, csv_bytes("id,who,label", *rows), LONG)
    assert (job.status, job.rows_read, job.rows_added, job.labels_added) == ("done", 4, 4, 4)
    assert (job.items_added, job.items_corrected, job.dataset) == (0, 0, None)
    one, two, _three = items
    assert (one.consensus.value, one.consensus.method) == ("keep", "unanimous")
    assert Case.objects.get().item == two
    assert [QueueEntry.objects.get(item=item).remaining for item in items] == [1, 1, 3]
    assert set(Annotation.objects.values_list("source", "status", "schema_id")) == {
        ("imported", "current", cast.schema.pk)
    }
    assert set(Annotator.objects.values_list("name", "origin")) == {("Ann", "imported"), ("Bob", "imported")}
    assert Item.objects.count() == 3
    assert Dataset.objects.count() == 2
    assert recount(project=cast.project) == []


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_one_column_per_person_in_every_format(cast, items, kind):
    table = {"id": ["1", "3"], "label_1": ["keep", ""], "label_2": ["remove", "review"]}
    rows = [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]
    data = {
        "csv": csv_bytes("id,label_1,label_2", *(",".join(row.values()) for row in rows)),
        "jsonl": jsonl_bytes(*rows),
        "parquet": parquet_bytes(table),
    }[kind]
    job = update(cast, data, name=f"more.{kind}")
    assert (job.status, job.mapping["text"], job.labels_added) == ("done", "", 3)
    given = Annotation.objects.order_by("item_id", "annotator__name")
    assert list(given.values_list("item__external_id", "annotator__name", "value")) == [
        ("1", "label_1", "keep"),
        ("1", "label_2", "remove"),
        ("3", "label_2", "review"),
    ]


def test_another_label_takes_the_place_of_the_same_annotators_earlier_one(cast, items):
    update(cast, csv_bytes("id,who,label", "1,Ann,keep", "1,Bob,keep"), LONG)
    job = update(cast, csv_bytes("id,who,label", "1,Ann,remove", "1,Bob,keep"), LONG)
    assert (job.rows_added, job.rows_duplicate, job.labels_added) == (1, 1, 1)
    assert problems(job) == [(2, "duplicate", f"Item {items[0].pk} says all of this already.")]
    old, new = Annotation.objects.filter(annotator__name="Ann").order_by("pk")
    assert (old.status, new.status, new.value, new.supersedes) == ("superseded", "current", "remove", old)
    assert not Consensus.objects.exists()
    assert Case.objects.get().item == items[0]
    assert QueueEntry.objects.get(item=items[0]).remaining == 1
    event = LedgerEvent.objects.get(kind="annotation.changed")
    assert (event.subject, event.actor) == (f"annotation:{new.pk}", f"user:{cast.olivia.pk}")
    assert event.data == {"item": items[0].pk, "value": "remove", "schema": 1, "replaces": old.pk, "import": job.pk}
    assert recount(project=cast.project) == []


def test_one_file_gives_one_label_an_annotator_and_item(cast, items, monkeypatch):
    monkeypatch.setattr(updating, "BATCH", 2)
    rows = ["1,Ann,keep", "1,Ann,remove", "1,Ann,keep", "1,Ann,review"]  # in one batch, and in the next
    job = update(cast, csv_bytes("id,who,label", *rows), LONG)
    first = "Annotator “Ann” gave this item another label before; the first one counts."
    assert problems(job) == [
        (2, "bad", first),
        (3, "duplicate", f"Item {items[0].pk} says all of this already."),
        (4, "bad", first),
    ]
    assert Annotation.objects.get().value == "keep"


def test_places_that_people_hold_stay_theirs(cast, items):
    Project.objects.filter(pk=cast.project.pk).update(redundancy=1, min_support=1)
    QueueEntry.objects.update(remaining=1)
    wanda = Annotator.objects.create(project=cast.project, user=cast.wanda, kind="human")
    lease = claim(annotator=wanda, project=Project.objects.get(pk=cast.project.pk))
    rows = [f"{item.external_id},Ann,keep" for item in items]
    update(cast, csv_bytes("id,who,label", *rows), LONG)
    assert set(QueueEntry.objects.values_list("remaining", flat=True)) == {0}
    lease.refresh_from_db()
    assert lease.status == "leased"


def test_a_label_that_was_taken_out_of_the_count_stays_out(cast, items):
    update(cast, csv_bytes("id,who,label", "1,Ann,keep"), LONG)
    Annotation.objects.update(status="excluded")
    job = update(cast, csv_bytes("id,who,label", "1,Ann,remove", "2,Ann,keep"), LONG)
    assert problems(job)[0][2] == f"The label of annotator “Ann” for item {items[0].pk} was taken out of the count."
    assert list(Annotation.objects.order_by("pk").values_list("status", flat=True)) == ["excluded", "current"]
    assert not Exclusion.objects.exists()


def test_a_name_that_belongs_to_somebody_else_is_a_bad_row(cast, items):
    Annotator.objects.create(project=cast.project, kind="human", origin="simulated", name="Ann")
    job = update(cast, csv_bytes("id,who,label", "1,Ann,keep", "1,Bob,keep"), LONG)
    assert job.status == "done"
    assert problems(job)[0][2].startswith("The name “Ann” belongs to an annotator of this project")
    assert Annotation.objects.get().annotator.name == "Bob"


# --- groups and gold -------------------------------------------------------------------------------------------------


def test_groups_are_added_and_corrected_and_live_counters_move_once(cast, items):
    update(cast, csv_bytes("id,who,label", "1,Ann,keep", "2,Ann,keep", "3,Ann,keep"), LONG)
    fold_outbox()
    assert group_counts() == {"muslim": 1, "jewish": 1}
    job = update(cast, csv_bytes("id,religion", "1,jewish", "2,jewish", "3,hindu", "2,"), GROUPS)
    assert (job.rows_added, job.items_corrected, job.rows_duplicate) == (2, 2, 2)
    groups = Item.objects.order_by("pk").values_list("groups__religion", flat=True)
    assert list(groups) == ["jewish", "jewish", "hindu"]
    moved = OutboxRow.objects.get(item_id=items[0].pk)
    assert (moved.before["groups"], moved.after["groups"]) == ({"religion": "muslim"}, {"religion": "jewish"})
    assert moved.before["people"] == moved.after["people"] == {"keep": 1}
    assert OutboxRow.objects.count() == 2
    assert recount(project=cast.project) == []
    fold_outbox()
    assert group_counts() == {"jewish": 2, "hindu": 1}
    assert recount(project=cast.project) == []
    event = LedgerEvent.objects.get(kind="item.corrected", subject=f"item:{items[0].pk}")
    assert event.data == {"import": job.pk, "groups": {"religion": ["muslim", "jewish"]}}
    assert event.actor == f"user:{cast.olivia.pk}"


def test_gold_is_added_where_there_was_none(cast, items):
    job = update(cast, csv_bytes("id,gold", "1,Keep", "2,", "3,remove"), GOLD)
    assert (job.items_corrected, job.rows_duplicate) == (2, 1)
    assert list(Item.objects.order_by("pk").values_list("gold", flat=True)) == ["keep", None, "remove"]
    assert Item.objects.filter(gold__isnull=True).count() == 1
    assert OutboxRow.objects.get(item_id=items[0].pk).after["gold"] == "keep"
    assert LedgerEvent.objects.get(subject=f"item:{items[0].pk}").data == {"import": job.pk, "gold": [None, "keep"]}
    assert recount(project=cast.project) == []


def test_another_gold_label_is_refused_with_the_whole_row_unless_asked_for(cast, items):
    update(cast, csv_bytes("id,gold", "1,keep"), GOLD)
    both = GOLD | {"groups": {"religion": "religion"}}
    job = update(cast, csv_bytes("id,gold,religion", "1,remove,hindu", "1,keep,hindu"), both)
    text = f"Item {items[0].pk} has another gold label. Ask for gold labels to be replaced, if that is meant."
    assert problems(job) == [(1, "bad", text)]
    item = Item.objects.get(pk=items[0].pk)
    assert (item.gold, item.groups) == ("keep", {"religion": "hindu"})
    job = update(cast, csv_bytes("id,gold", "1,remove"), GOLD, change_gold=True)
    assert (job.rows_added, job.change_gold, problems(job)) == (1, True, [])
    item.refresh_from_db()
    assert item.gold == "remove"
    assert recount(project=cast.project) == []


def test_rows_about_the_same_item_follow_each_other(cast, items):
    job = update(cast, csv_bytes("id,religion", "1,a", "1,b", "1,muslim"), GROUPS)
    assert (job.rows_added, job.items_corrected) == (3, 3)
    assert Item.objects.get(pk=items[0].pk).groups == {"religion": "muslim"}
    assert not OutboxRow.objects.exists()  # in the end nothing is other than before
    assert recount(project=cast.project) == []


# --- the project meanwhile -------------------------------------------------------------------------------------------


def test_what_an_expert_has_settled_stays_settled(cast, items):
    update(cast, csv_bytes("id,who,label", "1,Ann,keep", "1,Bob,remove"), LONG)
    case = Case.objects.get()
    case_claim(expert=cast.edgar, case_id=case.pk)
    settle(expert=cast.edgar, case_id=case.pk, value="keep", cause="human_error", recurrent=False, reason="Rules.")
    job = update(
        cast, csv_bytes("id,who,label,religion", "1,Cy,remove,hindu"), LONG | {"groups": {"religion": "religion"}}
    )
    assert (job.labels_added, job.items_corrected) == (1, 1)
    assert (items[0].consensus.value, items[0].consensus.method) == ("keep", "settled")
    assert QueueEntry.objects.get(item=items[0]).remaining == 0
    assert not Case.objects.filter(status="open").exists()
    assert recount(project=cast.project) == []


def test_a_closed_project_takes_nothing(cast, items):
    waiting = upload(cast, csv_bytes("id,religion", "1,a"), mapping=GROUPS, on_existing="update")
    Project.objects.filter(pk=cast.project.pk).update(status="closed")
    access = project_access(cast.olivia, cast.project.pk)
    with pytest.raises(DomainError, match="The project is closed"):
        import_receive(access=access, filename="f.csv", chunks=[b"id,religion\n1,a\n"])
    import_run(job_id=waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.rows_read) == ("failed", 0)
    assert "was closed meanwhile" in waiting.error
    assert Item.objects.get(pk=items[0].pk).groups == {"religion": "muslim"}


def test_labels_of_a_new_schema_version_are_read_anew(cast, items, monkeypatch):
    monkeypatch.setattr(updating, "BATCH", 1)
    job = upload(cast, csv_bytes("id,who,label", "1,Ann,keep", "2,Ann,keep"), mapping=LONG, on_existing="update")
    take_batch = updating.Updater._take

    def change_and_take(self, batch, bytes_read):
        if self.counts.rows_read == 1:
            cast.project.schemas.update(is_current=False)
            LabelSchema.objects.create(
                project=cast.project, version=2, task_type="single_choice", config=cast.schema.config,
                created_by=cast.olivia,
            )  # fmt: skip
        return take_batch(self, batch, bytes_read)

    monkeypatch.setattr(updating.Updater, "_take", change_and_take)
    assert import_run(job_id=job.pk) == Outcome.AGAIN
    monkeypatch.setattr(updating.Updater, "_take", take_batch)
    assert import_run(job_id=job.pk) == Outcome.ENDED
    given = Annotation.objects.order_by("pk").values_list("item__external_id", "schema__version")
    assert list(given) == [("1", 1), ("2", 2)]


# --- twice, and again ------------------------------------------------------------------------------------------------


def test_the_same_file_twice_doubles_nothing(cast, items):
    data = csv_bytes("id,who,label,gold,religion", "1,Ann,keep,keep,a", "1,Bob,keep,,", "2,Ann,review,,b")
    mapping = LONG | GOLD | {"groups": {"religion": "religion"}}
    update(cast, data, mapping)
    before = _everything()
    job = update(cast, data, mapping)
    assert (job.rows_added, job.rows_duplicate, job.labels_added, job.items_corrected) == (0, 3, 0, 0)
    assert _everything() == before
    assert recount(project=cast.project) == []


def _everything() -> list[object]:
    tables = (Annotation, Consensus, Case, OutboxRow, QueueEntry, Annotator)
    rows = [sorted(map(str, table.objects.values())) for table in tables]
    return [*rows, sorted(map(str, Item.objects.values("pk", "groups", "gold")))]


def test_running_a_finished_update_again_does_nothing(cast, items):
    job = update(cast, csv_bytes("id,religion", "1,a"), GROUPS)
    assert import_run(job_id=job.pk) == Outcome.IDLE


def test_a_label_comes_once_a_file_whatever_happens(cast, items):
    job = update(cast, csv_bytes("id,who,label", "1,Ann,keep"), LONG)
    label = Annotation.objects.get()
    assert label.idempotency_key == f"import:{job.pk}:{items[0].pk}"
    label.pk, label.status = None, "superseded"
    with pytest.raises(IntegrityError, match="annotation_retry_once"), transaction.atomic():
        label.save(force_insert=True)


def test_a_file_that_breaks_off_changes_nothing(cast, items):
    before = _everything()
    rows = (f"{n % 3 + 1},a" for n in range(200))  # past what is looked at when the file comes in
    job = update(cast, csv_bytes("id,religion", *rows) + b'"cut', GROUPS)
    assert (job.status, job.rows_read, job.rows_added) == ("failed", 0, 0)
    assert "cut off" in job.error
    assert _everything() == before


def test_the_ledger_tells_the_update(cast, items):
    job = update(cast, csv_bytes("id,who,label", "1,ann@example.org,keep"), LONG)
    started, finished = LedgerEvent.objects.filter(subject=f"import:{job.pk}").order_by("pk")
    assert (started.kind, started.data["on_existing"], started.data["change_gold"]) == (
        "import.started",
        "update",
        False,
    )
    assert (finished.kind, finished.data["labels_added"], finished.data["dataset"]) == ("import.finished", 1, None)
    events = LedgerEvent.objects.filter(pk__gte=started.pk)
    assert "ann@example.org" not in str(list(events.values_list("data", flat=True)))


def test_every_batch_costs_the_same_few_statements(cast, django_assert_max_num_queries, monkeypatch):
    count = 400
    take(cast, csv_bytes("text,id,religion", *(f"text {n},{n},a" for n in range(count))))
    rows = (f"{n},Ann,keep,{'ab'[n % 2]}" for n in range(count))
    mapping = LONG | {"groups": {"religion": "religion"}}
    job = upload(cast, csv_bytes("id,who,label,religion", *rows), mapping=mapping, on_existing="update")
    monkeypatch.setattr(updating, "BATCH", 200)
    with django_assert_max_num_queries(60):  # two batches, and around them
        import_run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.rows_added, job.labels_added, job.items_corrected) == (count, count, count // 2)
    given = Annotation.objects.values("item").annotate(n=Count("pk"))
    assert {row["n"] for row in given} == {1}
    fold_outbox()
    assert group_counts() == {"a": 200, "b": 200}
    assert recount(project=cast.project) == []


def test_memory_does_not_grow_with_the_file(cast):
    import tracemalloc

    count = 12_000
    take(cast, csv_bytes("text,id", *(f"text {n},{n}" for n in range(count))))
    mapping = LONG
    job = upload(cast, csv_bytes("id,who,label", *(f"{n},Ann,keep" for n in range(count))), mapping=mapping,
                 on_existing="update")  # fmt: skip
    tracemalloc.start()
    import_run(job_id=job.pk)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert Annotation.objects.count() == count
    assert peak < 20 * 1024 * 1024

"""What exports hold, in each format."""

from __future__ import annotations

import json

import pytest
from django.db import connection, connections
from django.utils import timezone

from annotations.deciding.fitting import consensus_refit
from annotations.models import (
    Annotation,
    Annotator,
    Case,
    Dataset,
    Item,
    ItemPosterior,
    LabelSchema,
    ProtectedAttribute,
    Run,
    Settlement,
)
from annotations.services.changes import item_changes
from ledger.models import LedgerEvent
from tests.exporting.helpers import export
from tests.factories import CHOICES, add_label, make_annotator, make_cast, make_items, make_project
from tests.importing.helpers import jsonl_bytes, parquet_bytes, take

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ["jsonl", "csv", "parquet"]
TRICKY = ["=HYPERLINK(1)", 'two\nlines, "quoted"', "ünï©ødé 🙂 ‮", "-12", "tab\there", "back\\slash \\n"]


def _labelled(cast) -> list[Item]:
    """Three items: agreed by two people and disputed by a model; split between people and settled; untouched."""
    agreed, split, _untouched = items = make_items(cast.project, 3)
    people = [make_annotator(cast.project, name=f"person {n}@example.org") for n in range(2)]
    people.append(Annotator.objects.create(project=cast.project, kind="human", user=cast.wanda))
    model = Annotator.objects.create(project=cast.project, kind="model", name="smol 135M q8")
    run = Run.objects.create(
        project=cast.project, annotator=model, schema=cast.schema, started_by=cast.olivia, status="done"
    )
    add_label(agreed, people[0], "keep")
    add_label(agreed, people[2], "keep", active_ms=1200)
    add_label(
        agreed, model, "remove", run=run, confidence=0.75, probabilities={"keep": 0.25, "remove": 0.75}, reason="=x"
    )
    add_label(split, people[0], "keep")
    add_label(split, people[1], "remove")
    _settle(cast, split, "remove")
    return items


def _settle(cast, item: Item, value: str) -> Settlement:
    case = Case.objects.get(item=item, status="open")
    now = timezone.now()
    settlement = Settlement.objects.create(
        case=case, schema=cast.schema, value=value, cause="human_error", recurrent=True, reason="see rule 2",
        settled_by=cast.edgar, created_at=now,
    )  # fmt: skip
    with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
        changes.settle(item_id=item.pk, value=value, schema_id=cast.schema.pk, settlement_id=settlement.pk)
        Case.objects.filter(pk=case.pk).update(status="settled", closed_at=now)
    return settlement


@pytest.mark.parametrize("kind", KINDS)
def test_annotations_with_their_provenance(cast, api, kind):
    agreed, _split, _untouched = _labelled(cast)
    rows = export(api(cast.olivia), cast.project, "annotations", kind)
    assert len(rows) == 5
    of_model = next(row for row in rows if row["annotator_kind"] == "model")
    assert (of_model["model"], of_model["source"], of_model["label"]) == ("smol 135M q8", "model", "remove")
    assert int(of_model["run_id"]) == Run.objects.get().pk
    assert int(of_model["schema_version"]) == 1
    assert float(of_model["confidence"]) == 0.75
    probabilities = of_model["probabilities"]
    assert (probabilities if kind == "jsonl" else json.loads(probabilities)) == {"keep": 0.25, "remove": 0.75}
    assert of_model["reason"] == ("'=x" if kind == "csv" else "=x")
    assert of_model["group_religion"] == agreed.groups["religion"]
    assert of_model["external_id"] == agreed.external_id
    people = [row for row in rows if row["annotator_kind"] == "human"]
    assert {row["annotator"] for row in people} <= set(Annotator.objects.values_list("pseudonym", flat=True))
    assert {row["annotator_origin"] for row in people} == {"imported", "platform"}
    assert {row["model"] for row in people} == {"" if kind == "csv" else None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["items", "annotations", "cases", "consensus"])
def test_no_table_names_a_person(cast, api, what, kind):
    _labelled(cast)
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what={what}&format={kind}")
    assert b"example.org" not in answer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_consensus_with_method_and_evidence(cast, api, kind):
    agreed, split, _untouched = _labelled(cast)
    rows = export(api(cast.audrey), cast.project, "consensus", kind)
    assert [int(row["item_id"]) for row in rows] == [agreed.pk, split.pk]
    assert [(row["label"], row["method"]) for row in rows] == [("keep", "unanimous"), ("remove", "settled")]
    first, second = rows
    assert float(first["support"]) == 1.0
    assert second["support"] in (None, "")
    assert int(second["settlement_id"]) == Settlement.objects.get().pk
    votes = [row["votes"] if kind == "jsonl" else json.loads(row["votes"]) for row in rows]
    assert votes == [{"keep": 2}, {"keep": 1, "remove": 1}]
    models = first["models"] if kind == "jsonl" else json.loads(first["models"])
    assert models == {"remove": 1}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["items", "consensus"])
def test_what_the_last_fit_makes_of_an_item_stands_beside_it(cast, api, what, kind):
    agreed, split, untouched = _labelled(cast)
    before = export(api(cast.olivia), cast.project, what, kind)
    nothing = {"fitted", "fitted_certainty", "fitted_probabilities", "fitted_method"}
    assert all(row[name] in (None, "") for row in before for name in nothing)
    consensus_refit(project_id=cast.project.pk)
    rows = {int(row["item_id"]): row for row in export(api(cast.olivia), cast.project, what, kind)}
    for item in (agreed, split):
        stored, row = ItemPosterior.objects.get(item=item), rows[item.pk]
        assert (row["fitted"], float(row["fitted_certainty"])) == (stored.value, stored.certainty)
        assert row["fitted_method"] == "dawid_skene"
        found = row["fitted_probabilities"]
        assert (found if kind == "jsonl" else json.loads(found)) == stored.probabilities
    assert rows[split.pk]["fitted"] == "remove"  # settled: known
    if what == "items":
        assert all(rows[untouched.pk][name] in (None, "") for name in nothing)
    else:
        assert untouched.pk not in rows


def test_an_item_that_people_are_split_on_has_no_consensus_but_a_fit(cast, api):
    (item,) = make_items(cast.project)
    for value in ("keep", "remove"):
        add_label(item, make_annotator(cast.project), value)
    consensus_refit(project_id=cast.project.pk)
    assert export(api(cast.olivia), cast.project, "consensus") == []
    (row,) = export(api(cast.olivia), cast.project, "items")
    assert set(row["fitted_probabilities"]) >= {"keep", "remove"}


@pytest.mark.parametrize("kind", KINDS)
def test_cases_open_and_settled(cast, api, kind):
    agreed, split, _untouched = _labelled(cast)
    rows = export(api(cast.olivia), cast.project, "cases", kind)
    by_item = {int(row["item_id"]): row for row in rows}
    settled = by_item[split.pk]
    assert (settled["status"], settled["kind"], settled["label"]) == ("settled", "human_human", "remove")
    assert (settled["cause"], settled["reason"]) == ("human_error", "see rule 2")
    assert settled["recurrent"] in (True, "true")
    waiting = by_item[agreed.pk]
    assert (waiting["status"], waiting["kind"]) == ("open", "human_model")
    assert waiting["label"] in (None, "")
    assert waiting["recurrent"] in (None, "")


def test_history_shows_superseded_labels_and_the_default_does_not(cast, api):
    (item,) = make_items(cast.project)
    person = make_annotator(cast.project)
    old = add_label(item, person, "keep")
    Annotation.objects.filter(pk=old.pk).update(status="superseded")
    new = add_label(item, person, "remove", supersedes=old)
    client = api(cast.olivia)
    assert [row["label"] for row in export(client, cast.project, "annotations")] == ["remove"]
    rows = export(client, cast.project, "annotations", query="&history=true")
    assert [(row["label"], row["status"], row["supersedes_id"]) for row in rows] == [
        ("keep", "superseded", None),
        ("remove", "current", old.pk),
    ]
    assert rows[1]["annotation_id"] == new.pk


def test_old_labels_keep_the_version_they_were_given_in(cast, api):
    first, second = make_items(cast.project, 2)
    add_label(first, make_annotator(cast.project), "review")
    cast.schema.is_current = False
    cast.schema.save()
    config = {"labels": [{**CHOICES["labels"][0]}, {**CHOICES["labels"][2]}]}
    LabelSchema.objects.create(
        project=cast.project, version=2, task_type="single_choice", config=config, created_by=cast.olivia
    )
    add_label(second, make_annotator(cast.project), "keep")
    rows = export(api(cast.olivia), cast.project, "annotations")
    assert [(row["schema_version"], row["label"]) for row in rows] == [(1, "review"), (2, "keep")]


@pytest.mark.parametrize("kind", KINDS)
def test_several_labels_are_a_text_and_a_flag_each(api, kind):
    cast = make_cast(task="multiple_choice", config={**CHOICES, "min_choices": 0, "max_choices": 3})
    first, second = make_items(cast.project, 2)
    add_label(first, make_annotator(cast.project), ["keep", "review"])
    add_label(second, make_annotator(cast.project), [])
    rows = export(api(cast.olivia), cast.project, "annotations", kind)
    assert [row["label"] for row in rows] == ["keep|review", ""]
    flags = [[row[f"label_{key}"] in (True, "true") for key in ("keep", "review", "remove")] for row in rows]
    assert flags == [[True, True, False], [False, False, False]]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_exported_items_come_back_as_they_were(cast, api, kind):
    rows = [
        {"text": text, "id": f"n{n}", "gold": "keep" if n % 2 else "", "religion": "none" if n else "", "x": {"n": n}}
        for n, text in enumerate(TRICKY)
    ]
    take(cast, jsonl_bytes(*rows), "f.jsonl")
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items&format={kind}")
    other = make_project(cast.olivia, name="Copy")
    cast.project = other
    job = take(cast, answer.getvalue(), f"items.{kind}")
    assert (job.status, job.items_added, job.rows_bad) == ("done", len(TRICKY), 0), job.error
    assert job.mapping["groups"] == {"religion": "group_religion"}
    wanted = ("payload", "external_id", "groups", "gold", "content_hash")
    copies = list(Item.objects.filter(project=other).order_by("pk").values_list(*wanted))
    assert copies == list(Item.objects.exclude(project=other).order_by("pk").values_list(*wanted))


def test_csv_comes_back_but_for_the_apostrophe(cast, api):
    take(cast, jsonl_bytes(*({"text": text} for text in TRICKY)), "f.jsonl")
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items&format=csv")
    other = make_project(cast.olivia, name="Copy")
    cast.project = other
    take(cast, answer.getvalue(), "items.csv")
    texts = [item.payload["text"] for item in Item.objects.filter(project=other).order_by("pk")]
    assert texts == ["'=HYPERLINK(1)", *TRICKY[1:]]


def test_labels_come_back_through_a_join_by_id(cast, api):
    """Annotations of one project, joined with its items, are a long file for another."""
    _labelled(cast)
    client = api(cast.olivia)
    texts = {row["item_id"]: row["text"] for row in export(client, cast.project, "items")}
    given = [row for row in export(client, cast.project, "annotations") if row["annotator_kind"] == "human"]
    long = [{"text": texts[row["item_id"]], "annotator": row["annotator"], "label": row["label"]} for row in given]
    cast.project = make_project(cast.olivia, name="Copy")
    job = take(cast, jsonl_bytes(*long), "f.jsonl")
    assert (job.items_added, job.labels_added, job.rows_bad) == (2, 4, 0)
    again = [row for row in export(client, cast.project, "annotations") if row["annotator_kind"] == "human"]
    assert [row["label"] for row in again] == [row["label"] for row in given]
    assert {row["source"] for row in again} == {"imported"}


def test_parquet_columns_are_typed_even_where_they_are_empty(cast, api):
    import io

    import pyarrow.parquet as pq

    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=annotations&format=parquet")
    schema = pq.read_schema(io.BytesIO(answer.getvalue()))
    kinds = {name: str(schema.field(name).type) for name in ("annotation_id", "label", "confidence", "created_at")}
    assert kinds == {
        "annotation_id": "int64",
        "label": "string",
        "confidence": "double",
        "created_at": "timestamp[us, tz=UTC]",
    }


def test_an_empty_csv_has_its_header(cast, api):
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=consensus&format=csv")
    header = answer.getvalue().decode().strip().split(",")
    assert header[:4] == ["item_id", "external_id", "group_religion", "gold"]


def test_an_attributes_name_cannot_be_a_formula_either(cast, api):
    ProtectedAttribute.objects.create(project=cast.project, name="=x", column="x", position=2)
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items&format=csv")
    assert ",group_=x," in answer.getvalue().decode().splitlines()[0]  # the prefix makes it harmless


def test_only_one_dataset(cast, api):
    make_items(cast.project, 2)
    other = Dataset.objects.create(project=cast.project, name="Other", created_by=cast.olivia)
    item = Item.objects.order_by("pk").last()
    Item.objects.filter(pk=item.pk).update(dataset=other)
    add_label(item, make_annotator(cast.project), "keep")
    client = api(cast.olivia)
    assert [row["item_id"] for row in export(client, cast.project, "items", query=f"&dataset={other.pk}")] == [item.pk]
    assert len(export(client, cast.project, "annotations", query=f"&dataset={other.pk}")) == 1
    assert export(client, cast.project, "consensus", query=f"&dataset={cast.dataset.pk}") == []
    missing = client.get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items&dataset=999")
    assert missing.status_code == 404


def test_nothing_of_another_project(cast, api):
    make_items(cast.project, 2)
    other = make_project(cast.olivia, name="Other")
    (mine,) = make_items(other, 1)
    assert [row["item_id"] for row in export(api(cast.olivia), other, "items")] == [mine.pk]


def test_all_rows_are_of_one_moment(cast, api, monkeypatch):
    """What others commit while the file is written does not get into it."""
    from annotations.exporting import writers

    monkeypatch.setattr(writers, "BLOCK_ROWS", 2)
    items = make_items(cast.project, 10)
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items")
    blocks = iter(answer.streaming_content)
    first = next(blocks)
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute(
            "UPDATE annotations_item SET external_id = 'changed' || id WHERE project_id = %s", [cast.project.pk]
        )
    other.close()
    data = first + b"".join(blocks)
    answer.close()
    assert b"changed" not in data
    assert data.count(b"\n") == len(items)


def test_a_reader_that_goes_away_leaves_no_connection(cast, api):
    make_items(cast.project, 5)

    def open_connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    before = open_connections()
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/exports/?what=items&format=csv")
    next(iter(answer.streaming_content))
    assert open_connections() == before + 1
    answer.close()
    assert open_connections() == before


def test_every_export_is_in_the_ledger(cast, api):
    export(api(cast.audrey), cast.project, "cases", "csv")
    event = LedgerEvent.objects.get(kind="export.made")
    assert (event.actor, event.subject) == (f"user:{cast.audrey.pk}", f"project:{cast.project.pk}")
    assert event.data == {"what": "cases", "format": "csv", "dataset": None, "history": False}


def test_parquet_round_trip_of_many_rows(cast, api, monkeypatch):
    from annotations.exporting import writers

    monkeypatch.setattr(writers, "ROW_GROUP", 300)
    texts = [f"text {n}" for n in range(1000)]
    take(cast, parquet_bytes({"text": texts}), "f.parquet")
    rows = export(api(cast.olivia), cast.project, "items", "parquet")
    assert [row["text"] for row in rows] == texts

"""Updates: which item a row means, and what can be asked for."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from annotations.access import project_access
from annotations.importing import running, updating
from annotations.importing.running import Outcome, import_run
from annotations.importing.services import import_receive, import_start
from annotations.models import ImportJob, Item, LabelSchema, Project
from annotations.tasks import run_import
from ledger.errors import DomainError
from tests.factories import make_items
from tests.importing.helpers import csv_bytes, problems, take, update, upload

pytestmark = pytest.mark.django_db(transaction=True)
LONG = {"external_id": "id", "annotator": "who", "label": "label"}
GROUPS = {"external_id": "id", "groups": {"religion": "religion"}}


# --- which item is meant ---------------------------------------------------------------------------------------------


def test_rows_that_mean_no_item_are_bad(cast, items):
    lines = ["one,1,a", "other,1,a", "new,9,a", "two,9,a", ",2,a", "three,,a", "new,,a", ",,a"]
    mapping = GROUPS | {"text": "text"}
    job = update(cast, csv_bytes("text,id,religion", *lines), mapping)
    one, two, _three = items
    assert problems(job) == [
        (2, "bad", f"The id “1” belongs to item {one.pk}, which has another text."),
        (3, "bad", "The project has no item with the id “9”."),
        (4, "bad", f"The text is that of item {two.pk}, whose id is “2”, not “9”."),
        (7, "bad", "The project has no item with this text."),
        (8, "bad", "neither id nor text: which item is meant?"),
    ]
    assert list(Item.objects.order_by("pk").values_list("groups__religion", flat=True)) == ["a", "a", "a"]
    assert job.row_errors.first().excerpt == "other · 1 · a"


def test_items_without_an_id_are_found_by_their_text(cast):
    take(cast, csv_bytes("text", "Grüß Gott"))
    update(cast, csv_bytes("text,id,religion", " Grüß Gott ,5,a"), GROUPS | {"text": "text"})
    item = Item.objects.get()
    assert (item.groups, item.external_id) == ({"religion": "a"}, "")


def test_another_projects_items_are_not_there(cast, items):
    other = make_cast_beside(cast)
    (theirs,) = make_items(other, external_id="77", groups={})
    job = update(cast, csv_bytes("text,id,religion", f"{theirs.payload['text']},77,a"), GROUPS | {"text": "text"})
    assert problems(job) == [(1, "bad", "The project has no item with the id “77”.")]
    theirs.refresh_from_db()
    assert theirs.groups == {}


def make_cast_beside(cast) -> Project:
    project = Project.objects.create(name="Other", created_by=cast.stan, status="active")
    LabelSchema.objects.create(
        project=project, version=1, task_type="single_choice", config=cast.schema.config, created_by=cast.stan
    )
    return project


def test_an_item_that_is_deleted_meanwhile_is_a_bad_row(cast, items, monkeypatch):
    match = updating.match_rows

    def match_and_delete(project, rows):
        found = match(project, rows)
        Item.objects.filter(pk=items[0].pk).delete()
        return found

    monkeypatch.setattr(updating, "match_rows", match_and_delete)
    job = update(cast, csv_bytes("id,religion", "1,a", "2,a"), GROUPS)
    assert problems(job) == [(1, "bad", f"Item {items[0].pk} is not there any more.")]
    assert job.rows_added == 1


def test_bad_cells_and_broken_rows_are_told_by_line(cast, items):
    job = update(cast, csv_bytes("id,who,label", "1,Ann,maybe", "2", "3,,keep", "2,Ann,keep"), LONG)
    assert [number for number, _kind, _why in problems(job)] == [1, 2, 3]
    assert problems(job)[0][2].startswith("Column “label”: “maybe” is not a label")
    assert (job.rows_bad, job.rows_added) == (3, 1)


# --- asking for it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "options", "message"),
    [
        ({"external_id": "id"}, {}, "Say what to add to the items"),
        ({"groups": {"religion": "religion"}}, {}, "Say which column holds the text"),
        (
            {"external_id": "id", "groups": {"religion": "religion"}},
            {"on_existing": "report"},
            "Say which column holds",
        ),
        ({"external_id": "id", "groups": {"religion": "religion"}}, {"on_existing": "merge"}, "are reported"),
    ],
)
def test_what_cannot_be_meant_is_refused(cast, mapping, options, message):
    access = project_access(cast.olivia, cast.project.pk)
    job = import_receive(access=access, filename="f.csv", chunks=[b"id,religion\n1,a\n"])
    with pytest.raises(DomainError, match=message) as refusal:
        import_start(access=access, job_id=job.pk, mapping=mapping, **({"on_existing": "update"} | options))
    assert refusal.value.status == 400


def test_without_a_mapping_a_file_of_ids_is_guessed_for_updates_alone(cast):
    access = project_access(cast.olivia, cast.project.pk)
    job = import_receive(access=access, filename="f.csv", chunks=[b"id,religion\n1,a\n"])
    with pytest.raises(DomainError) as refusal:
        import_start(access=access, job_id=job.pk)
    assert refusal.value.code == "mapping_needed"
    started = import_start(access=access, job_id=job.pk, on_existing="update")
    assert (started.mapping["text"], started.mapping["external_id"], started.mapping["extra"]) == ("", "id", False)
    assert started.mapping["groups"] == {"religion": "religion"}


def test_a_task_past_its_time_limit_goes_on(cast, items, monkeypatch):
    from celery.exceptions import SoftTimeLimitExceeded

    job = upload(cast, csv_bytes("id,religion", "1,a"), mapping=GROUPS, on_existing="update")
    sent: list[int] = []

    def too_long(**_kwargs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(run_import, "delay", sent.append)
    monkeypatch.setattr("annotations.tasks.import_run", too_long)
    assert run_import(job.pk) == "again"
    assert sent == [job.pk]


def test_an_update_waits_for_the_import_that_runs(cast, items):

    job = upload(cast, csv_bytes("id,religion", "1,a"), mapping=GROUPS, on_existing="update")
    with running._project_held(cast.project.pk) as held:
        assert held
        assert import_run(job_id=job.pk) == Outcome.BUSY
        other = upload(cast, csv_bytes("text", "a"))
        assert import_run(job_id=other.pk) == Outcome.BUSY
    assert connection.connection is not None
    assert import_run(job_id=job.pk) == Outcome.ENDED


def test_only_known_ways_are_stored(cast):
    job = upload(cast, csv_bytes("text", "a"))
    with pytest.raises(IntegrityError, match="import_on_existing_known"), transaction.atomic():
        ImportJob.objects.filter(pk=job.pk).update(on_existing="other")

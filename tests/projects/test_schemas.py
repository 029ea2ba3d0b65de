"""New versions of a label schema, and what a version may not break."""

from __future__ import annotations

from copy import deepcopy

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import Assignment, LabelSchema
from annotations.projects.inputs import schema_digest
from annotations.projects.schemas import schema_change, used_keys
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import CHOICES, add_label, make_annotator, make_items


def labels(*keys: str) -> dict:
    return {"labels": [{"key": key, "name": key.title(), "description": "", "shortcut": ""} for key in keys]}


def test_a_change_makes_a_new_version_and_old_labels_keep_theirs(cast):
    (item,) = make_items(cast.project)
    label = add_label(item, make_annotator(cast.project), "keep")
    made, new = schema_change(
        project=cast.project, actor=cast.olivia, schema={"config": labels("keep", "review", "remove", "ask")}
    )
    assert (new, made.version, made.is_current, made.guidelines) == (True, 2, True, "Keep what fits.")
    assert list(cast.project.schemas.values_list("version", "is_current")) == [(2, True), (1, False)]
    label.refresh_from_db()
    assert label.schema_id == cast.schema.pk
    event = LedgerEvent.objects.get(kind="schema.changed")
    assert event.data.pop("schema_sha256") == schema_digest("single_choice", made.config, made.guidelines)
    assert event.data == {
        "version": 2,
        "task_type": "single_choice",
        "labels": ["keep", "review", "remove", "ask"],
        "added": ["ask"],
        "removed": [],
        "guidelines_changed": False,
    }


def test_new_guidelines_are_a_new_version_too(cast):
    made, _new = schema_change(project=cast.project, actor=cast.olivia, schema={"guidelines": "# New\r\nwords "})
    assert (made.version, made.guidelines) == (2, "# New\nwords")
    assert LedgerEvent.objects.get().data["guidelines_changed"] is True


def test_saving_the_same_again_makes_no_version(cast):
    same, new = schema_change(project=cast.project, actor=cast.olivia, schema={"config": deepcopy(CHOICES)})
    assert (same, new) == (cast.schema, False)
    assert not LedgerEvent.objects.exists()


def test_a_label_in_use_cannot_leave_but_an_unused_one_can(cast):
    first, second = make_items(cast.project, 2)
    add_label(first, make_annotator(cast.project), "keep")
    second.gold = "review"
    second.save()
    assert used_keys(cast.project) == {"keep": 1, "review": 1}
    with pytest.raises(DomainError) as refused:
        schema_change(
            project=cast.project, actor=cast.olivia, schema={"config": labels("remove", "ask")}, favourable_label=""
        )
    assert (refused.value.code, refused.value.data) == ("labels_in_use", {"labels": {"keep": 1, "review": 1}})
    made, _new = schema_change(project=cast.project, actor=cast.olivia, schema={"config": labels("keep", "review")})
    assert made.version == 2


def test_the_favourable_label_moves_with_the_schema_in_one_step(cast):
    without = {"config": labels("review", "remove")}
    with pytest.raises(DomainError) as refused:
        schema_change(project=cast.project, actor=cast.olivia, schema=without)
    assert list(refused.value.fields) == ["favourable_label"]
    schema_change(project=cast.project, actor=cast.olivia, schema=without, favourable_label="review")
    cast.project.refresh_from_db()
    assert cast.project.favourable_label == "review"


def test_the_task_type_changes_until_the_first_label(cast):
    many = {"task_type": "multiple_choice", "config": labels("keep", "review", "remove")}
    made, _new = schema_change(project=cast.project, actor=cast.olivia, schema=many)
    assert made.config["max_choices"] == 3
    (item,) = make_items(cast.project)
    add_label(item, make_annotator(cast.project), ["keep", "review"])
    assert used_keys(cast.project) == {"keep": 1, "review": 1}
    with pytest.raises(DomainError) as refused:
        schema_change(project=cast.project, actor=cast.olivia, schema={"task_type": "single_choice"})
    assert (refused.value.code, refused.value.status) == ("task_type_fixed", 409)


def test_no_label_leaves_while_somebody_holds_an_item(cast):
    (item,) = make_items(cast.project)
    now = timezone.now()
    Assignment.objects.create(
        project=cast.project,
        item=item,
        annotator=make_annotator(cast.project),
        schema=cast.schema,
        leased_at=now,
        expires_at=now,
    )
    with pytest.raises(DomainError) as refused:
        schema_change(project=cast.project, actor=cast.olivia, schema={"config": labels("keep", "review")})
    assert refused.value.code == "leases_open"
    more = {"config": labels("keep", "review", "remove", "ask")}
    assert schema_change(project=cast.project, actor=cast.olivia, schema=more)[0].version == 2


def test_an_edit_of_an_older_version_is_refused(cast):
    schema_change(project=cast.project, actor=cast.olivia, schema={"guidelines": "Two"}, expected_version=1)
    with pytest.raises(DomainError) as refused:
        schema_change(project=cast.project, actor=cast.olivia, schema={"guidelines": "Three"}, expected_version=1)
    assert (refused.value.code, refused.value.status) == ("schema_changed", 409)


def test_a_closed_project_keeps_its_schema(cast):
    cast.project.status = "closed"
    cast.project.save()
    with pytest.raises(DomainError) as refused:
        schema_change(project=cast.project, actor=cast.olivia, schema={"guidelines": "Two"})
    assert refused.value.code == "project_closed"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"version": 2}, "schema_one_current"),
        ({"version": 1, "is_current": False}, "schema_version_once"),
        ({"version": 0, "is_current": False}, "schema_version_from_one"),
    ],
)
def test_the_database_holds_the_versions_together(cast, fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LabelSchema.objects.create(
            project=cast.project, task_type="single_choice", config=CHOICES, created_by=cast.olivia, **fields
        )

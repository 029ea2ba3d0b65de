"""Making a project: what it starts with, what is recorded, what is refused."""

from __future__ import annotations

import pytest

from annotations.models import Project
from annotations.projects.services import project_create
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import CHOICES, make_user

SCHEMA = {"task_type": "single_choice", "config": CHOICES, "guidelines": "Keep what fits."}


@pytest.fixture
def olivia(db):
    return make_user("olivia")


def test_a_new_project_is_a_draft_with_one_owner_and_version_one(olivia):
    project = project_create(
        owner=olivia,
        name="  Moderation ",
        schema=SCHEMA,
        attributes=[{"name": "religion", "column": "about_religion"}, {"name": "gender"}],
        redundancy=5,
        favourable_label="keep",
    )
    assert (project.name, project.status, project.min_support) == ("Moderation", "draft", 3)
    assert [(m.user, m.role) for m in project.memberships.all()] == [(olivia, "owner")]
    schema = project.schemas.get()
    assert (schema.version, schema.is_current, schema.guidelines) == (1, True, "Keep what fits.")
    assert [(a.name, a.column) for a in project.attributes.all()] == [
        ("religion", "about_religion"),
        ("gender", "gender"),
    ]


def test_its_creation_is_recorded_without_personal_data(olivia):
    project = project_create(owner=olivia, name="Moderation", schema=SCHEMA)
    event = LedgerEvent.objects.get()
    assert (event.kind, event.actor, event.project_id) == ("project.created", f"user:{olivia.pk}", project.pk)
    assert event.data["labels"] == ["keep", "review", "remove"]
    assert "olivia" not in str(event.data)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 121}, "name"),
        ({"redundancy": 0}, "redundancy"),
        ({"redundancy": 51}, "redundancy"),
        ({"redundancy": 2, "min_support": 3}, "min_support"),
        ({"currency": "E1"}, "currency"),
        ({"wage_per_hour": -1}, "wage_per_hour"),
        ({"expected_seconds": 0}, "expected_seconds"),
        ({"lease_seconds": 29}, "lease_seconds"),
        ({"favourable_label": "nonsense"}, "favourable_label"),
        ({"schema": {"task_type": "single_choice", "config": {"labels": []}}}, "labels"),
        (
            {"schema": {"task_type": "single_choice", "config": CHOICES, "guidelines": "g" * 50_001}},
            "guidelines",
        ),
        ({"attributes": [{"name": ""}]}, "attributes"),
        ({"attributes": [{"name": "Gender"}, {"name": "gender"}]}, "attributes"),
        ({"attributes": [{"name": f"a{n}"} for n in range(21)]}, "attributes"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(olivia, change, field):
    with pytest.raises(DomainError) as refused:
        project_create(**{"owner": olivia, "name": "Moderation", "schema": SCHEMA, **change})
    assert refused.value.status == 400
    assert list(refused.value.fields) == [field]
    assert not Project.objects.exists()
    assert not LedgerEvent.objects.exists()


def test_an_unknown_task_type_is_refused_with_those_that_exist(olivia):
    with pytest.raises(DomainError, match="single_choice, multiple_choice"):
        project_create(owner=olivia, name="Moderation", schema={"task_type": "dance", "config": CHOICES})

"""Changing a project's settings and its protected attributes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from annotations.models import Project
from annotations.projects.services import attributes_set, project_update
from ledger.errors import DomainError
from ledger.models import LedgerEvent


def test_what_is_given_changes_and_the_record_says_from_what_to_what(cast):
    project = project_update(
        project=cast.project, actor=cast.olivia, name="Helpdesk", wage_per_hour=Decimal("14.50"), currency="chf"
    )
    project.refresh_from_db()
    assert (project.name, project.wage_per_hour, project.currency) == ("Helpdesk", Decimal("14.50"), "CHF")
    event = LedgerEvent.objects.get(kind="project.changed")
    assert event.actor == f"user:{cast.olivia.pk}"
    assert event.data["changed"] == {
        "name": ["Moderation", "Helpdesk"],
        "wage_per_hour": ["0.00", "14.50"],
        "currency": ["EUR", "CHF"],
    }


def test_saving_the_same_again_is_no_event(cast):
    project_update(project=cast.project, actor=cast.olivia, name=cast.project.name, redundancy=3)
    assert not LedgerEvent.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"redundancy": 1}, "min_support"), ({"favourable_label": "gone"}, "favourable_label"), ({"name": ""}, "name")],
)
def test_a_refused_change_leaves_all_as_it_was(cast, change, field):
    with pytest.raises(DomainError) as refused:
        project_update(project=cast.project, actor=cast.olivia, summary="New words", **change)
    assert list(refused.value.fields) == [field]
    assert Project.objects.get(pk=cast.project.pk).summary == ""


def test_a_closed_project_is_read_only(cast):
    Project.objects.filter(pk=cast.project.pk).update(status="closed")
    for change in (
        lambda: project_update(project=cast.project, actor=cast.olivia, name="Other"),
        lambda: attributes_set(project=cast.project, actor=cast.olivia, attributes=[]),
    ):
        with pytest.raises(DomainError) as refused:
            change()
        assert (refused.value.code, refused.value.status) == ("project_closed", 409)


def test_the_database_refuses_more_agreement_than_labels(cast):
    with pytest.raises(IntegrityError, match="project_support_in_reach"), transaction.atomic():
        Project.objects.filter(pk=cast.project.pk).update(min_support=4, redundancy=3)


def test_attributes_are_replaced_in_order_and_keep_their_rows(cast):
    kept = cast.project.attributes.get().pk
    attributes_set(
        project=cast.project,
        actor=cast.olivia,
        attributes=[{"name": "gender", "column": "about"}, {"name": "religion", "column": "faith"}],
    )
    rows = list(cast.project.attributes.values_list("name", "column"))
    assert rows == [("gender", "about"), ("religion", "faith")]
    assert cast.project.attributes.get(name="religion").pk == kept
    event = LedgerEvent.objects.get(kind="attributes.changed")
    assert event.data == {
        "before": {"religion": "religion"},
        "after": {"gender": "about", "religion": "faith"},
        "items": 0,
    }
    attributes_set(project=cast.project, actor=cast.olivia, attributes=[{"name": "gender"}])
    assert list(cast.project.attributes.values_list("name", "column")) == [("gender", "gender")]

"""Changing the groups of labelled items: counters follow, what was imported stays, later imports go the same way."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from annotations.grouping.selectors import GroupRules, project_groups
from annotations.grouping.services import (
    groups_count,
    regrouping_apply,
    regrouping_create,
    regroupings_behind,
)
from annotations.models import ImportJob, Item, Project, ProtectedAttribute, Regrouping
from annotations.projects.services import attributes_set
from fairness.models import Counter
from fairness.selectors.live import live_view
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.importing.helpers import csv_bytes, take, update


def grouped(project: Project, values: list[str], attribute: str = "religion") -> list[Item]:
    """Labelled items with these groups of the attribute, folded."""
    items = fresh_items(project, len(values))
    while fold_outbox():
        pass
    Counter.objects.filter(project=project).delete()
    for item, value in zip(items, values, strict=True):
        item.groups = {attribute: value} if value else {}
        item.save(update_fields=["groups"])
    recount(project=project, mend=True)
    annotator = make_annotator(project)
    for item in items:
        add_label(item, annotator, "keep")
    fold_all()
    return items


def regroup(cast, kind: str, rules: dict, attribute: str = "religion") -> Regrouping:
    made = regrouping_create(project=cast.project, actor=cast.olivia, attribute=attribute, kind=kind, rules=rules)
    regrouping_apply(regrouping_id=made.pk)
    made.refresh_from_db()
    return made


def groups(project: Project, attribute: str = "religion") -> list[str | None]:
    return [item.groups.get(attribute) for item in project.items.order_by("pk")]


def people_of(project: Project) -> dict[str, int]:
    view = live_view(project)
    return {group: counts.n for group, counts in view.people.counts.items()} if view.people else {}


def test_a_misspelt_group_is_merged_and_the_counters_follow(cast):
    grouped(cast.project, ["muslim", "muslim", "muslm", "christian"])
    made = regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    assert groups(cast.project) == ["muslim", "muslim", "muslim", "christian"]
    assert (made.items_changed, made.done_at is not None) == (1, True)
    assert recount(project=cast.project) == []  # with what waits in the outbox
    fold_all()
    assert recount(project=cast.project) == []
    assert people_of(cast.project) == {"muslim": 3, "christian": 1}
    assert Item.objects.get(extra__has_key="religion (as imported)").extra == {"religion (as imported)": "muslm"}


def test_numbers_are_put_in_bins_and_in_others_later(cast):
    grouped(cast.project, ["19", "34", "52", "unknown", ""])
    regroup(cast, "bins", {"edges": [30]})
    assert groups(cast.project) == ["below 30", "30 and above", "30 and above", "unknown", None]
    regroup(cast, "bins", {"edges": [30, 50]})
    assert groups(cast.project) == ["below 30", "30 to below 50", "50 and above", "unknown", None]
    fold_all()
    assert recount(project=cast.project) == []
    assert people_of(cast.project)["50 and above"] == 1


def test_groups_of_a_misspelt_attribute_are_taken_over(cast):
    grouped(cast.project, ["muslim", "christian"], attribute="relgion")
    made = regroup(cast, "rename", {"from": "relgion"})
    assert groups(cast.project) == ["muslim", "christian"]
    assert made.items_changed == 2
    fold_all()
    assert recount(project=cast.project) == []
    assert people_of(cast.project) == {"muslim": 1, "christian": 1}


def test_groups_that_an_item_has_already_are_not_overwritten(cast):
    (item,) = grouped(cast.project, ["muslim"])
    Item.objects.filter(pk=item.pk).update(groups={"religion": "muslim", "relgion": "christian"})
    recount(project=cast.project, mend=True)
    assert regroup(cast, "rename", {"from": "relgion"}).items_changed == 0
    assert groups(cast.project) == ["muslim"]


def test_it_is_all_in_the_record(cast):
    grouped(cast.project, ["muslm", "muslim"])
    regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    kinds = list(LedgerEvent.objects.filter(project_id=cast.project.pk).order_by("pk").values_list("kind", flat=True))
    assert kinds[-3:] == ["groups.changing", "items.regrouped", "groups.changed"]


def test_done_twice_it_changes_nothing_more(cast):
    grouped(cast.project, ["muslm", "muslim"])
    made = regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    regrouping_apply(regrouping_id=made.pk)
    made.refresh_from_db()
    assert made.items_changed == 1


def test_a_worker_that_dies_in_between_is_followed_by_another(cast, monkeypatch):
    monkeypatch.setattr("annotations.grouping.services.BATCH", 2)
    grouped(cast.project, ["muslm"] * 5)
    made = regrouping_create(
        project=cast.project,
        actor=cast.olivia,
        attribute="religion",
        kind="merge",
        rules={"values": {"muslm": "muslim"}},
    )
    from annotations.grouping import services

    assert services._batch(made.pk, GroupRules(cast.project))
    assert regroupings_behind() == [made.pk]
    fold_all()
    assert recount(project=cast.project) == []
    regrouping_apply(regrouping_id=made.pk)
    assert groups(cast.project) == ["muslim"] * 5
    assert regroupings_behind() == []
    fold_all()
    assert recount(project=cast.project) == []


def test_one_change_at_a_time(cast):
    rules = {"values": {"a": "b"}}
    regrouping_create(project=cast.project, actor=cast.olivia, attribute="religion", kind="merge", rules=rules)
    with pytest.raises(DomainError, match="still being made") as refused:
        regrouping_create(project=cast.project, actor=cast.olivia, attribute="religion", kind="merge", rules=rules)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    ("fields", "name"), [({"kind": "split"}, "regrouping_kind_known"), ({}, "regrouping_one_at_a_time")]
)
def test_the_database_refuses_what_cannot_be(cast, fields, name):
    usual = {"project": cast.project, "attribute": "religion", "kind": "merge", "rules": {}, "created_by": cast.olivia}
    Regrouping.objects.create(**usual)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Regrouping.objects.create(**(usual | fields))


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("bins", {}),
        ("bins", {"edges": [5, 4]}),
        ("merge", {}),
        ("merge", {"values": {"a": ""}}),
        ("merge", {"values": {"a": "b", "b": "c"}}),
        ("merge", {"values": {"a": "x" * 101}}),
        ("merge", {"values": {str(n): "z" for n in range(201)}}),
        ("rename", {}),
        ("rename", {"from": "religion"}),
        ("split", {}),
    ],
)
def test_rules_that_make_no_sense(cast, kind, rules):
    with pytest.raises(DomainError) as refused:
        regrouping_create(project=cast.project, actor=cast.olivia, attribute="religion", kind=kind, rules=rules)
    assert refused.value.status == 400
    assert not Regrouping.objects.exists()


def test_an_attribute_that_is_not_watched_cannot_be_changed(cast):
    with pytest.raises(DomainError, match="no attribute"):
        regroup(cast, "bins", {"edges": [5]}, attribute="age")


@pytest.mark.django_db(transaction=True)  # imports hold locks on connections of their own
def test_later_imports_go_by_the_rules_and_keep_what_was_imported(cast):
    grouped(cast.project, ["muslm", "muslim"])
    regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    take(cast, csv_bytes("text,religion", "Another one,muslm", "And one more,christian"))
    another = Item.objects.get(payload__text="Another one")
    assert another.groups == {"religion": "muslim"}
    assert another.extra == {"religion (as imported)": "muslm"}
    assert Item.objects.get(payload__text="And one more").extra == {}
    fold_all()
    assert recount(project=cast.project) == []


def test_what_is_counted_is_what_is_there(cast):
    grouped(cast.project, ["muslim"] * 12 + ["muslm", "christian", ""])
    groups_count(project_id=cast.project.pk)
    found = project_groups(cast.project)
    (religion,) = found.attributes
    assert found.survey.items == 15
    assert religion.groups == {"muslim": 12, "muslm": 1, "christian": 1}
    assert religion.missing == 1
    assert [(pair.rare, pair.frequent) for pair in religion.alike] == [("muslm", "muslim")]


def test_two_hundred_groups_are_counted_in_full(cast, monkeypatch):
    monkeypatch.setattr("annotations.grouping.services.KEPT_VALUES", 50)
    grouped(cast.project, [f"value {n}" for n in range(60)])
    groups_count(project_id=cast.project.pk)
    (religion,) = project_groups(cast.project).attributes
    assert (len(religion.groups), religion.left_out, religion.missing) == (50, 10, 0)
    assert len(people_of(cast.project)) == 60
    assert recount(project=cast.project) == []


def test_an_attribute_taken_out_and_put_back_finds_its_groups(cast):
    grouped(cast.project, ["muslim", "christian"])
    attributes_set(project=cast.project, actor=cast.olivia, attributes=[])
    assert people_of(cast.project) == {}
    add_label(cast.project.items.first(), make_annotator(cast.project), "keep")
    fold_all()
    assert recount(project=cast.project) == []
    attributes_set(project=cast.project, actor=cast.olivia, attributes=[{"name": "religion"}])
    assert people_of(cast.project) == {"muslim": 2, "christian": 1}


def test_a_renamed_attribute_is_found_and_its_groups_taken_over(cast):
    grouped(cast.project, ["muslim", "christian"])
    attributes_set(project=cast.project, actor=cast.olivia, attributes=[{"name": "religions", "column": "religion"}])
    groups_count(project_id=cast.project.pk)
    new, old = project_groups(cast.project).attributes
    assert (new.name, new.missing, old.name, old.watched, old.meant) == ("religions", 2, "religion", False, "religions")
    regroup(cast, "rename", {"from": "religion"}, attribute="religions")
    fold_all()
    assert recount(project=cast.project) == []
    assert people_of(cast.project) == {"muslim": 1, "christian": 1}
    assert ProtectedAttribute.objects.get().name == "religions"


@pytest.mark.django_db(transaction=True)  # imports hold locks on connections of their own
def test_a_group_corrected_later_is_what_new_bins_go_by(cast):
    """Whatever was imported last counts, in bins or not."""
    take(cast, csv_bytes("text,id,religion", "one,1,19", "two,2,34", "three,3,52"))
    fold_all()
    regroup(cast, "bins", {"edges": [30]})
    mapping = {"external_id": "id", "groups": {"religion": "religion"}}
    job = update(cast, csv_bytes("id,religion", "1,40", "2,unknown"), mapping)
    assert job.items_corrected == 2
    assert groups(cast.project) == ["30 and above", "unknown", "30 and above"]
    originals = [item.extra.get("religion (as imported)") for item in cast.project.items.order_by("pk")]
    assert originals == ["40", None, "52"]
    regroup(cast, "bins", {"edges": [45]})
    assert groups(cast.project) == ["below 45", "unknown", "45 and above"]
    fold_all()
    assert recount(project=cast.project) == []


def test_while_an_import_runs_no_groups_are_changed(cast):
    job = take(cast, csv_bytes("text,religion", "one,muslm"))
    ImportJob.objects.filter(pk=job.pk).update(status="running")
    with pytest.raises(DomainError, match="An import is running"):
        regroup(cast, "merge", {"values": {"muslm": "muslim"}})

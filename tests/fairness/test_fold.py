"""The fold: counters equal a recount whatever happens, each change counted exactly once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import Annotation, OutboxRow, Project
from annotations.services.changes import item_changes
from evenhand.cli import main
from fairness.models import Counter, MinuteTally, Pulse
from fairness.services import recount as recounting
from fairness.services.fold import fold_outbox
from fairness.services.recount import live_counters, recount
from tests.factories import add_label, make_annotator, make_cast, make_items

LABELS = ["keep", "review", "remove"]


def fresh_items(project: Project, count: int, **fields: Any) -> list:
    """Items that came in by an import: their appearance is a change like any other."""
    items = make_items(project, count, **fields)
    with item_changes(project=project, item_ids=[item.pk for item in items], new_items=True):
        pass
    return items


def withdraw(annotation: Annotation) -> None:
    with item_changes(project=annotation.project, item_ids=[annotation.item_id]) as changes:
        Annotation.objects.filter(pk=annotation.pk).update(status="withdrawn")
        changes.withdraw(item_id=annotation.item_id, annotator_id=annotation.annotator_id)


def cell(project: Project, table: str, key: str, attribute: str = "", group: str = "", other: str = "") -> int:
    row = Counter.objects.filter(
        project=project, table=table, key=key, attribute=attribute, group=group, other=other
    ).first()
    return row.n if row else 0


def test_a_label_moves_its_cells(cast):
    (item,) = fresh_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    assert fold_outbox() == {cast.project.pk: 2}
    assert fold_outbox() == {}
    group = item.groups["religion"]
    assert cell(cast.project, "people", "keep") == 1
    assert cell(cast.project, "people", "keep", "religion", group) == 1
    assert cell(cast.project, "totals", "labels_given") == 1
    assert cell(cast.project, "totals", "labels_needed") == 3
    assert Pulse.objects.get(project=cast.project).version == 1


def test_labels_that_come_with_their_items_are_counted_but_are_no_pace(cast):
    (item,) = make_items(cast.project)
    annotator = make_annotator(cast.project)
    with item_changes(project=cast.project, item_ids=[item.pk], new_items=True) as changes:
        annotation = Annotation.objects.create(
            project=cast.project,
            item=item,
            annotator=annotator,
            schema=changes.schema,
            source="imported",
            value="keep",
            created_at=timezone.now(),
        )
        changes.vote(annotation, kind="human")
    fold_outbox()
    assert cell(cast.project, "people", "keep") == 1
    assert not MinuteTally.objects.exists()
    add_label(item, make_annotator(cast.project), "keep")
    fold_outbox()
    assert MinuteTally.objects.get().people == 1


def test_people_and_a_model_make_a_pair(cast):
    (item,) = fresh_items(cast.project, 1)
    model = make_annotator(cast.project, kind="model")
    for value in ("keep", "keep"):
        add_label(item, make_annotator(cast.project), value)
    add_label(item, model, "remove")
    fold_outbox()
    assert cell(cast.project, f"pair:{model.pk}", "keep", other="remove") == 1


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([*LABELS, "undo", "fold"])), max_size=25
    )
)
def test_counters_equal_a_recount_after_any_history(db, steps):
    with transaction.atomic():
        cast = make_cast()
        items = fresh_items(cast.project, 4)
        annotators = [make_annotator(cast.project, kind="model" if n == 3 else "human") for n in range(4)]
        given_labels: dict[tuple[int, int], Annotation] = {}
        for which, who, what in steps:
            if what == "fold":
                fold_outbox(limit=2)
                continue
            earlier = given_labels.pop((which, who), None)
            if earlier is not None:
                withdraw(earlier)
            if what != "undo":
                given_labels[which, who] = add_label(items[which], annotators[who], what)
        assert recount(project=cast.project) == []  # with rows still in the outbox
        while fold_outbox(limit=3):
            pass
        assert recount(project=cast.project) == []
        assert not OutboxRow.objects.exists()
        transaction.set_rollback(True)


def test_a_wrong_counter_is_found_and_mended(cast, capsys):
    (item,) = fresh_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    fold_outbox()
    Counter.objects.filter(table="people").update(n=7)
    with pytest.raises(CommandError, match="differ"):
        call_command("fairness_recount")
    call_command("fairness_recount", "--mend")
    call_command("fairness_recount")
    assert "live 7, recounted 1" in capsys.readouterr().out


def test_the_console_command_says_what_differs_as_json_and_mends(cast, console, capsys):
    (item,) = fresh_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    while fold_outbox():
        pass
    Counter.objects.filter(table="people", attribute="").update(n=7)
    chosen = ["fairness", "recount", "--project", str(cast.project.pk), "--json"]
    with pytest.raises(CommandError, match="differ"):
        console(*chosen)
    told = json.loads(capsys.readouterr().out)
    assert (told["differing"], told["mended"]) == (1, False)
    (difference,) = told["projects"][0]["differences"]
    assert (difference["cell"]["table"], difference["live"], difference["recounted"]) == ("people", 7, 1)
    console(*chosen, "--mend")
    assert json.loads(capsys.readouterr().out)["mended"] is True
    console(*chosen)
    assert json.loads(capsys.readouterr().out) == {
        "differing": 0,
        "mended": False,
        "projects": [{"project": cast.project.pk, "differences": []}],
    }


def test_a_project_that_is_not_there_is_said(cast, console):
    with pytest.raises(CommandError, match=r"There is no project 999\."):
        console("fairness", "recount", "--project", "999")


@pytest.fixture
def console(monkeypatch) -> Callable[..., None]:
    """``evenhand …`` in this test's transaction: run as a program it would close the connection."""
    monkeypatch.setattr("evenhand.cli.commands.run_django", lambda arguments: call_command(*arguments))
    return lambda *arguments: main(arguments, standalone_mode=False)


@pytest.mark.django_db(transaction=True)
def test_folding_goes_on_while_counters_are_compared_and_mended(monkeypatch):
    """What is folded after the snapshot is in the counters that are mended, and stays in them."""
    cast = make_cast()
    items = fresh_items(cast.project, 3)
    add_label(items[0], make_annotator(cast.project), "keep")
    while fold_outbox():
        pass
    Counter.objects.filter(table="people", key="keep").update(n=F("n") + 5)
    counted = recounting.project_states

    def meanwhile(project: Project):
        yield from counted(project)
        thread = threading.Thread(target=label_and_fold)
        thread.start()
        thread.join(timeout=20)
        assert not thread.is_alive()

    def label_and_fold() -> None:
        add_label(items[1], make_annotator(cast.project), "keep")
        assert fold_outbox()
        connection.close()

    monkeypatch.setattr(recounting, "project_states", meanwhile)
    assert recount(project=cast.project, mend=True)
    monkeypatch.undo()
    assert recount(project=cast.project) == []
    assert cell(cast.project, "people", "keep") == 2


def test_a_negative_counter_is_refused(cast):
    with pytest.raises(IntegrityError, match="counter_never_negative"):
        Counter.objects.create(project=cast.project, table="people", n=-1)


@pytest.mark.django_db(transaction=True)
def test_two_consumers_at_once_count_each_change_once():
    cast = make_cast()
    for item in fresh_items(cast.project, 10):
        add_label(item, make_annotator(cast.project), "keep")
    barrier = threading.Barrier(4)

    def consume() -> None:
        barrier.wait()
        for _ in range(30):
            fold_outbox(limit=3)
        connection.close()

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while fold_outbox():
        pass
    assert cell(cast.project, "people", "keep") == 10
    assert recount(project=cast.project) == []


@pytest.mark.django_db(transaction=True)
def test_a_fold_that_dies_half_way_counts_nothing_and_loses_nothing(monkeypatch):
    cast = make_cast()
    (item,) = fresh_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    monkeypatch.setattr("fairness.services.fold._add_minutes", lambda changes: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fold_outbox()
    assert not live_counters(cast.project).cells
    monkeypatch.undo()
    fold_outbox()
    assert recount(project=cast.project) == []
    assert cell(cast.project, "people", "keep") == 1

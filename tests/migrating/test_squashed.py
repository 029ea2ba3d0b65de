"""Squashed migrations make what the single ones made, and follow them wherever an installation has got to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tests.migrating.catalogue import catalogue

OURS = ("accounts", "annotations", "fairness", "ledger", "llm_workers")


class SingleLoader(MigrationLoader):
    """The migrations as if none of ours had been squashed."""

    def load_disk(self) -> None:
        super().load_disk()
        squashed = [key for key, migration in self.disk_migrations.items() if key[0] in OURS and migration.replaces]
        for key in squashed:
            del self.disk_migrations[key]


@contextmanager
def database(name: str) -> Iterator[None]:
    """The default connection on an empty database of its own."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


def migrate_one_by_one() -> None:
    executor = MigrationExecutor(connection)
    executor.loader = SingleLoader(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def recorded() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


@pytest.fixture
def own_database(django_db_blocker, request):
    usual = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), database(f"{usual}_{request.node.name[:20]}"):
        yield


@pytest.mark.slow
def test_both_ways_lead_to_the_same_database(own_database):
    """The single migrations take their twenty seconds here, so that nobody else's first start does."""
    migrate_one_by_one()
    before = recorded()
    call_command("migrate", verbosity=0)  # the command makes content types and permissions too
    squashed = MigrationLoader(connection).replacements
    ours = {key for key in squashed if key[0] in OURS}
    assert ours
    assert recorded() - before == ours
    one_by_one = catalogue()

    with database(connection.settings_dict["NAME"] + "_at_once"):
        call_command("migrate", verbosity=0)
        assert ours <= recorded()
        at_once = catalogue()
        call_command("migrate", "accounts", "zero", verbosity=0)
        call_command("migrate", verbosity=0)
        there_and_back = catalogue()
    for kind, things in one_by_one.items():
        assert at_once[kind] == things, kind
        assert there_and_back[kind] == things, kind
    empty = {kind for kind, things in one_by_one.items() if not things}
    assert empty <= {"types", "collations", "statistics", "policies", "rules", "settings"}


def test_both_ways_lead_to_the_same_models():
    single, squashed = SingleLoader(None).project_state(), MigrationLoader(None).project_state()
    assert set(single.models) == set(squashed.models)
    for one, other in ((single, squashed), (squashed, single)):
        assert MigrationAutodetector(one, other)._detect_changes() == {}


def closed_sets(graph: MigrationGraph) -> Iterator[set[tuple[str, str]]]:
    """What may be applied where something is missing: all but one and what needs it, or one and what it needs."""
    for node in graph.nodes:
        yield set(graph.nodes) - set(graph.backwards_plan(node))
        yield set(graph.forwards_plan(node))


def test_installations_on_their_way_find_a_way(monkeypatch):
    """Wherever the single migrations were left, the graph has no cycle, and what is missing is the rest of them."""
    single = SingleLoader(None)
    for applied in closed_sets(single.graph):
        monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _self, keys=applied: dict.fromkeys(keys))
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        made = [key for step, _back in plan for key in step.replaces or [(step.app_label, step.name)]]
        assert len(made) == len(set(made))
        assert set(made) & set(single.graph.nodes) == set(single.graph.nodes) - applied


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("tables", "ALTER TABLE annotations_queueentry RESET (fillfactor)"),
        ("columns", "ALTER TABLE annotations_project ALTER name TYPE varchar(121)"),
        ("columns", "ALTER TABLE annotations_case ALTER minutes DROP DEFAULT"),
        ("columns", "ALTER TABLE annotations_item ALTER row_number SET NOT NULL"),
        ("constraints", "ALTER TABLE annotations_case DROP CONSTRAINT case_minutes_positive"),
        ("indexes", "DROP INDEX case_checks"),
        ("triggers", "DROP TRIGGER ledger_event_pending ON ledger_ledgerevent"),
        ("functions", "ALTER FUNCTION ledger_hand_to_sealer() SECURITY DEFINER"),
        ("sequences", "ALTER SEQUENCE annotations_item_id_seq CACHE 2"),
        ("permissions", "UPDATE auth_permission SET name = 'other' WHERE codename = 'add_item'"),
    ],
)
@pytest.mark.django_db
def test_the_catalogue_shows_what_differs(kind, change):
    before = catalogue()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change)
    after = catalogue()
    assert kind in {name for name in before if before[name] != after[name]}

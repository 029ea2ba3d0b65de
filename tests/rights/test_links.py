"""Whatever refers to people is decided about, and erasing does as was decided. Holds for every table there will be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.rights.parts import Fate, linked, links, parts
from accounts.rights.services import person_erase, sweep_erased
from ledger.selectors import events_by_person
from tests.factories import make_user
from tests.rights.conftest import EMAIL, NAME, PASSWORD, WORDS


def links_of_the_schema() -> Iterator[str]:
    """Every foreign key to people, also those of libraries and of tables between two models."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey) and field.related_model is User:
                yield f"{model._meta.app_label}.{model._meta.object_name}.{field.name}"


def test_every_foreign_key_to_people_is_decided_about():
    """A new one: say in its app's part (``PARTS`` in a module of ``settings.PERSONAL_DATA``) what erasing means."""
    found = set(links_of_the_schema())
    assert found - set(links()) == set(), "no part says what becomes of these when a person is erased"
    assert set(links()) - found == set(), "these are no foreign keys to people"
    assert len(links()) == sum(len(part.links) for part in parts()), "two parts decide about the same"


def test_only_what_may_be_empty_is_cut():
    assert [name for name, fate in links().items() if fate is Fate.CUT and not linked(name).null] == []
    assert len({part.name for part in parts()}) == len(parts())


@pytest.mark.parametrize("name", sorted(links()))
def test_erasing_does_as_was_decided(life, name):
    column = linked(name)
    rows = column.model._default_manager.filter(**{column.name: life.paula})
    keys = list(rows.values_list("pk", flat=True))
    assert keys, "the story of Paula lacks a row of this kind: add one"
    person_erase(user=life.paula)
    still = column.model._default_manager.filter(pk__in=keys)
    if links()[name] is Fate.GONE:
        assert not still.exists()
        return
    assert still.count() == len(keys)
    owner = None if links()[name] is Fate.CUT else life.paula.pk
    assert {getattr(row, column.attname) for row in still} == {owner}


def mentions(*words: str) -> dict[str, int]:
    """Table → rows in which one of the words stands, in any column."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            quoted = connection.ops.quote_name(table)
            conditions = " OR ".join(["t::text ILIKE %s"] * len(words))
            cursor.execute(f"SELECT count(*) FROM {quoted} t WHERE {conditions}", [f"%{word}%" for word in words])
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found


def test_nothing_that_says_who_it_was_is_left_in_any_table(life, settings):
    """Name, addresses, and every word that she wrote; in the ledger too."""
    browser = Client()
    browser.post("/accounts/login/", {"login": EMAIL, "password": "wrong"})
    browser.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    who = (NAME, "persson", WORDS)
    before = mentions(*who)
    assert {"accounts_user", "account_emailaddress", "axes_accesslog", "accounts_apitoken", "accounts_invitation",
            "annotations_itemflag", "annotations_review", "annotations_assignment", "annotations_annotation"
            } <= set(before)  # fmt: skip
    person_erase(user=life.paula)
    assert mentions(*who) == {}
    User.objects.filter(pk=life.paula.pk).update(erased_at=timezone.now() - timedelta(hours=1))
    assert Session.objects.count() == 1
    assert sweep_erased() == 1
    assert Session.objects.count() == 0


def test_the_ledger_holds_numbers_and_no_word_about_the_person(life):
    person_erase(user=life.paula)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT actor FROM ledger_ledgerevent")
        actors = {actor for (actor,) in cursor.fetchall()}
        cursor.execute("SELECT actor, subject, data FROM ledger_ledgerevent WHERE kind = 'person.erased'")
        assert cursor.fetchall() == [(f"user:{life.paula.pk}", f"user:{life.paula.pk}", '{"by": "self"}')]
    assert all(actor == "system" or actor.partition(":")[2].isdecimal() for actor in actors)


@pytest.mark.parametrize(
    "still", [{"display_name": "Paula"}, {"is_active": True}, {"is_staff": True}, {"email": "paula@example.org"},
              {"password": "md5$…"}, {"last_login": timezone.now()}],
)  # fmt: skip
def test_an_erased_account_can_be_nobody_again_only_nobody(db, still):
    user = make_user("paula")
    person_erase(user=user)
    with pytest.raises(IntegrityError, match="user_erased_is_nobody"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(**still)


def test_only_what_was_erased_is_swept(db):
    user = make_user("paula")
    with pytest.raises(IntegrityError, match="user_swept_was_erased"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(swept_at=timezone.now())


def test_what_an_account_caused_is_found_without_reading_the_whole_record(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table is too small here for the planner to care
    assert "ledger_event_by_person" in events_by_person("user:12").order_by("pk").explain()

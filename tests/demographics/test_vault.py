"""Sealing: what a copy of the database tells (nothing), keys, and their rotation."""

from __future__ import annotations

import io
import os
from base64 import b64encode, urlsafe_b64encode

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.checks import demographics_key
from accounts.demographics.boxes import Box, box_of, box_save, boxes_of
from accounts.demographics.vault import SealError, Vault
from accounts.models import DemographicBox
from accounts.services.demographics import demographics_change
from annotations.demographics.releasing import counts_of, demographics_release
from annotations.models import DemographicsFigures
from annotations.tasks import count_demographics
from evenhand import secret
from evenhand.doctor import checks
from evenhand.env import EnvError, Environment
from tests.demographics.people import ask, make_workers, tell
from tests.factories import make_user

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_is_sealed_opens_in_its_place_with_its_key_and_nowhere_else():
    sealed = Vault((OLD,)).seal({"gender": "woman"}, "here")
    assert Vault((OLD,)).open(sealed, "here") == {"gender": "woman"}
    assert Vault((NEW, OLD)).open(sealed, "here") == {"gender": "woman"}
    for vault, text, place in (
        (Vault((OLD,)), sealed, "there"),
        (Vault((NEW,)), sealed, "here"),
        (Vault((OLD,)), sealed[:-1] + b"\x00", "here"),
        (Vault((OLD,)), b"", "here"),
    ):
        with pytest.raises(SealError) as caught:
            vault.open(text, place)
        assert "woman" not in str(caught.value)


def test_two_seals_of_the_same_differ_and_short_and_long_texts_have_one_length():
    vault = Vault((OLD,))
    assert vault.seal({}, "x") != vault.seal({}, "x")
    assert len(vault.seal({}, "x")) == len(vault.seal({"gender": "woman" * 50}, "x"))


def test_pseudonyms_need_the_key():
    assert Vault((OLD,)).pseudonyms(7) == Vault((OLD,)).pseudonyms(7) != Vault((NEW,)).pseudonyms(7)
    assert Vault((NEW, OLD)).pseudonyms(7) == [*Vault((NEW,)).pseudonyms(7), *Vault((OLD,)).pseudonyms(7)]


@pytest.mark.parametrize("name", ["", "7", "G" * 64, "a" * 63])
def test_a_box_is_named_by_a_digest_and_nothing_else(db, name):
    with pytest.raises(IntegrityError, match="demographic_box_named_by_digest"), transaction.atomic():
        DemographicBox.objects.create(name=name, sealed=b"x")


def test_the_table_holds_neither_account_nor_answer_nor_time(db):
    user = make_user()
    demographics_change(user=user, answers={"gender": ["woman"]}, consents={12: ["gender"]})
    row = DemographicBox.objects.get()
    assert {field.name for field in DemographicBox._meta.get_fields()} == {"name", "sealed"}
    assert b"woman" not in bytes(row.sealed)
    assert b"gender" not in bytes(row.sealed)
    assert str(user.pk) != row.name


def test_a_box_that_is_put_in_the_place_of_another_does_not_open(db):
    mine, yours = make_user(), make_user()
    demographics_change(user=mine, answers={"gender": ["woman"]})
    demographics_change(user=yours, answers={"gender": ["man"]})
    rows = {box.user_id: box for box in boxes_of([mine.pk, yours.pk]).values()}
    assert len(rows) == 2
    first, second = DemographicBox.objects.all()
    DemographicBox.objects.filter(pk=first.pk).update(sealed=second.sealed)
    assert len(boxes_of([mine.pk, yours.pk])) == 1


def test_keys_rotate_and_the_old_one_can_go(cast, settings):
    settings.DEMOGRAPHICS_KEYS = (OLD,)
    ask(cast.project, "gender")
    users = make_workers(cast.project, 10)
    tell(users, cast.project, "gender", "woman")
    demographics_release(project_id=cast.project.pk)
    names = set(DemographicBox.objects.values_list("name", flat=True))
    settings.DEMOGRAPHICS_KEYS = (NEW, OLD)
    assert checks.demographics().status == "warn"
    tell(users[:1], cast.project, "gender", "man")  # a change seals under the newest at once, in one row still
    assert DemographicBox.objects.count() == 10
    for expected in ("9 people, the counts of 1 projects", "0 people, the counts of 0 projects"):
        said = io.StringIO()
        call_command("demographics_rotate", stdout=said)
        assert expected in said.getvalue()
    settings.DEMOGRAPHICS_KEYS = (NEW,)
    assert not names & set(DemographicBox.objects.values_list("name", flat=True))
    assert box_of(users[0].pk).answers == {"gender": ("man",)}
    assert box_of(users[9].pk).answers == {"gender": ("woman",)}
    assert counts_of(DemographicsFigures.objects.get()) == {"gender": {"woman": 10}}
    assert checks.demographics().status == "ok"


def test_a_lost_key_is_said_and_what_it_sealed_can_be_dropped(cast, settings):
    settings.DEMOGRAPHICS_KEYS = (OLD,)
    ask(cast.project, "gender")
    users = make_workers(cast.project, 10)
    tell(users, cast.project, "gender", "woman")
    demographics_release(project_id=cast.project.pk)
    settings.DEMOGRAPHICS_KEYS = (NEW,)
    assert checks.demographics().status == "fail"
    tell(users[:5], cast.project, "gender", "man")
    assert count_demographics(cast.project.pk) is False  # the counts so far cannot be opened: nothing is shown anew
    assert DemographicsFigures.objects.get().shown == {"gender": {"woman": 5}}
    with pytest.raises(CommandError, match="10 people and the counts of 1 projects"):
        call_command("demographics_rotate", stdout=io.StringIO())
    call_command("demographics_rotate", "--drop-unreadable", stdout=io.StringIO())
    assert DemographicBox.objects.count() == 5
    assert count_demographics(cast.project.pk) is True
    assert DemographicsFigures.objects.get().shown == {"gender": {"man": 5}}


def test_without_a_key_the_doctor_and_the_deployment_check_say_so(db, settings):
    assert demographics_key(None) == []
    box_save(Box(1, answers={"gender": ("woman",)}))
    settings.DEMOGRAPHICS_KEYS = ()
    assert [message.id for message in demographics_key(None)] == ["accounts.W001"]
    assert checks.demographics().status == "fail"
    DemographicBox.objects.all().delete()
    assert checks.demographics().status == "ok"
    with pytest.raises(CommandError, match="is not set"):
        call_command("demographics_rotate")


def test_keys_come_from_the_environment_in_either_base64():
    one, two = os.urandom(32), b"\xff" * 32
    text = f"{b64encode(one).decode()}, {urlsafe_b64encode(two).decode()}"
    assert Environment({secret.DEMOGRAPHICS: text}).keys(secret.DEMOGRAPHICS) == (one, two)
    assert Environment({}).keys(secret.DEMOGRAPHICS) == ()


@pytest.mark.parametrize("text", ["short", "a" * 44, ",", b64encode(b"k" * 31).decode(), b64encode(b"k" * 33).decode()])
def test_a_key_that_cannot_be_one_stops_the_start_and_is_not_repeated(text):
    with pytest.raises(EnvError) as caught:
        Environment({secret.DEMOGRAPHICS: text}).keys(secret.DEMOGRAPHICS)
    assert str(caught.value).startswith("EVENHAND_DEMOGRAPHICS_KEY: its value cannot be used")
    assert text == "," or text not in str(caught.value)


def test_the_local_platform_makes_a_key_once_and_settings_make_none(tmp_path, monkeypatch):
    monkeypatch.setattr(secret, "env", Environment({}))
    assert secret.demographics_keys(tmp_path) == ()
    assert not (tmp_path / "demographics_key").exists()
    made = secret.demographics_key_made(tmp_path)
    assert secret.demographics_key_made(tmp_path) == made
    assert oct((tmp_path / "demographics_key").stat().st_mode & 0o777) == "0o600"
    (key,) = secret.demographics_keys(tmp_path)
    assert len(key) == 32
    monkeypatch.setattr(secret, "env", Environment({secret.DEMOGRAPHICS: b64encode(OLD).decode()}))
    assert secret.demographics_keys(tmp_path) == (OLD,)
    assert secret.demographics_key_made(tmp_path) == b64encode(OLD).decode()

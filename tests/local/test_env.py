"""A wrong variable stops the start with a sentence that names it and says what would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.env import VARIABLES, EnvError, Environment


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("DATABASE_URL", "mysql://u:p@h/x", lambda e: e.database()),
        ("DATABASE_URL", "postgresql://u:p@h:5432", lambda e: e.database()),
        ("REDIS_URL", "http://h:6379", lambda e: e.redis()),
        ("LLM_BASE_URL", "h:8000/v1", lambda e: e.web_urls("LLM_BASE_URL")),
        ("LLM_BASE_URL", "http://a/v1, ftp://b/v1", lambda e: e.web_urls("LLM_BASE_URL")),
        ("EVENHAND_DEBUG", "perhaps", lambda e: e.flag("EVENHAND_DEBUG", False)),
        ("EVENHAND_PORT", "70000", lambda e: e.number("EVENHAND_PORT", 8000, low=1, high=65535)),
        ("EVENHAND_PORT", "eight", lambda e: e.number("EVENHAND_PORT", 8000, low=1, high=65535)),
        ("EMAIL_URL", "mail.example.org", lambda e: e.mail()),
        ("EMAIL_URL", "smtp://h:25?tls=perhaps", lambda e: e.mail()),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(name, value, read):
    with pytest.raises(EnvError) as caught:
        read(Environment({name: value}))
    assert str(caught.value).startswith(f"{name}: ")
    assert "Expected " in str(caught.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "EMAIL_URL"])
def test_an_address_with_a_password_is_not_repeated_in_the_message(name):
    environment = Environment({name: "wrong://user:s3cret@host/x"})
    read = {"DATABASE_URL": environment.database, "REDIS_URL": environment.redis, "EMAIL_URL": environment.mail}
    with pytest.raises(EnvError) as caught:
        read[name]()
    assert "s3cret" not in str(caught.value)


def test_an_undeclared_variable_cannot_be_read():
    with pytest.raises(EnvError, match="SOMETHING_ELSE is not declared"):
        Environment({"SOMETHING_ELSE": "1"}).text("SOMETHING_ELSE")


def test_a_blank_value_counts_as_unset():
    environment = Environment({"EVENHAND_PORT": "  ", "LLM_BASE_URL": "", "DATABASE_URL": " "})
    assert environment.number("EVENHAND_PORT", 8000, low=1, high=65535) == 8000
    assert environment.web_urls("LLM_BASE_URL") == []
    assert environment.database() is None


def test_a_database_over_a_socket_folder_and_one_over_the_network():
    socket = Environment({"DATABASE_URL": "postgresql://postgres@/evenhand?host=/run/my%20pg"}).database()
    assert (socket.host, socket.name, socket.user, socket.port) == ("/run/my pg", "evenhand", "postgres", "")
    network = Environment({"DATABASE_URL": "postgres://a%40b:p%2Fw@db.example:6432/labels"}).database()
    assert (network.user, network.password, network.host, network.port) == ("a@b", "p/w", "db.example", "6432")


def test_several_language_models_and_a_trailing_slash():
    environment = Environment({"LLM_BASE_URL": "http://a:8000/v1/ , https://b/v1"})
    assert environment.web_urls("LLM_BASE_URL") == ["http://a:8000/v1", "https://b/v1"]


def test_the_home_is_absolute_and_understands_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Environment({"EVENHAND_HOME": "~/labels"}).home() == tmp_path / "labels"
    assert Environment({}).home() == Path("var").resolve()


def test_every_variable_has_a_sentence_and_no_name_comes_twice():
    names = [variable.name for variable in VARIABLES]
    assert len(names) == len(set(names))
    assert all(variable.help.endswith(".") for variable in VARIABLES if not variable.help.endswith("0."))

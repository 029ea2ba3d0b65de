"""A running instance is found by the processes beside it, and a dead one is never believed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.local.state import (
    AlreadyRunning,
    InstanceLock,
    ProcessState,
    State,
    is_running,
    read_state,
    running_services,
    state_path,
    write_state,
)
from evenhand.services import broker_url, database_settings, llm_base_urls
from tests.local.scripts import source_environment

SERVICES = {
    "DATABASE_URL": "postgresql://postgres@/evenhand?host=/run/pg",
    "REDIS_URL": "redis://:x@127.0.0.1:7001/0",
    "LLM_BASE_URL": "http://127.0.0.1:7002/v1",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def running(home: Path):
    lock = InstanceLock(home)
    lock.acquire()
    write_state(home, State(pid=1, services=SERVICES, processes={"web": ProcessState(2, 3.5, "/log")}))
    yield home
    lock.release()


def test_the_services_of_a_living_instance_are_found(running):
    assert running_services(running) == SERVICES
    assert read_state(running).processes["web"] == ProcessState(pid=2, created=3.5, log="/log")


def test_the_state_file_holds_a_password_and_is_private(running):
    assert state_path(running).stat().st_mode & 0o777 == 0o600


def test_the_services_of_a_dead_instance_are_not(home):
    write_state(home, State(pid=1, services=SERVICES))
    assert running_services(home) == {}


def test_an_instance_that_was_killed_counts_as_dead(home):
    script = (
        "import sys, time; from pathlib import Path; from evenhand.local.state import *\n"
        "home = Path(sys.argv[1]); lock = InstanceLock(home); lock.acquire()\n"
        "write_state(home, State(pid=1, services={'REDIS_URL': 'redis://x'}))\n"
        "print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=source_environment()) as process:
        assert process.stdout.readline() == b"held\n"
        assert running_services(home) == {"REDIS_URL": "redis://x"}
        process.kill()
        process.wait()
        assert not is_running(home)
        assert running_services(home) == {}


def test_nothing_and_rubbish_mean_no_instance(home, running):
    assert running_services(home / "elsewhere") == {}
    for rubbish in ("", "{", "[]", '{"pid": 1, "unknown": 2}', '{"processes": {"web": {}}}'):
        state_path(running).write_text(rubbish)
        assert read_state(running) is None
        assert running_services(running) == {}


def test_only_the_three_service_variables_are_passed_on(running):
    write_state(running, State(pid=1, services={**SERVICES, "SECRET_KEY": "x", "LLM_BASE_URL": ""}))
    assert sorted(running_services(running)) == ["DATABASE_URL", "REDIS_URL"]


def test_a_second_instance_is_refused_and_a_look_does_not_count_as_one(running):
    assert is_running(running)
    with pytest.raises(AlreadyRunning):
        InstanceLock(running).acquire(patience=0.1)


def test_settings_take_a_running_instance_and_the_environment_before_it(running, monkeypatch):
    for name in SERVICES:
        monkeypatch.delenv(name, raising=False)
    assert database_settings(running)["HOST"] == "/run/pg"
    assert broker_url(running) == SERVICES["REDIS_URL"]
    assert llm_base_urls(running) == ["http://127.0.0.1:7002/v1"]
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@db.example/labels")
    assert database_settings(running)["HOST"] == "db.example"

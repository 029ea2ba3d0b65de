"""What stands in the way of a start is said before anything starts."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from evenhand.local import home as homes
from evenhand.local.errors import LocalError
from evenhand.local.state import ProcessState, State, state_path, write_state
from tests.local.scripts import is_alive


def test_a_new_home_is_made_with_its_folders(tmp_path):
    homes.prepare_home(tmp_path / "deep" / "home")
    assert {path.name for path in (tmp_path / "deep" / "home").iterdir()} == {"run", "logs", "media"}


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out():
    with pytest.raises(LocalError, match=r"/proc/evenhand.* cannot be written \(.+\).*EVENHAND_HOME=/path"):
        homes.prepare_home(Path("/proc/evenhand"))


def test_a_file_in_the_place_of_the_home_is_named(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(LocalError, match="cannot be written"):
        homes.prepare_home(tmp_path / "home")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into a read-only folder")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LocalError, match="cannot be written"):
            homes.prepare_home(tmp_path / "home")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_one(tmp_path, monkeypatch, number):
    def full(self, data):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(LocalError, match=r"is full\. Free some space"):
        homes.prepare_home(tmp_path)


def test_too_little_space_to_work_in_is_called_full(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(homes.shutil, "disk_usage", lambda path: usage._replace(free=homes.LEAST_FREE - 1))
    with pytest.raises(LocalError, match="is full"):
        homes.prepare_home(tmp_path)


@pytest.mark.parametrize("name", ["secret_key", "demographics_key"])
def test_a_key_that_a_full_disk_left_empty_is_made_anew(tmp_path, name):
    (tmp_path / name).write_text("")
    homes.prepare_home(tmp_path)
    assert not (tmp_path / name).exists()
    (tmp_path / name).write_text("a real one")
    homes.prepare_home(tmp_path)
    assert (tmp_path / name).read_text() == "a real one"


def test_a_port_in_use_is_said_with_its_holder_and_a_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalError) as caught:
            homes.require_port("127.0.0.1", port)
    message = str(caught.value)
    assert f"Port {port} on 127.0.0.1 is in use" in message
    assert f"by process {os.getpid()}" in message
    offered = int(message.rsplit("--port ", 1)[1])
    homes.require_port("127.0.0.1", offered)


def test_a_free_port_is_accepted_also_right_after_its_last_user():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first leaves the port in TIME_WAIT
            assert client.recv(1) == b""
    homes.require_port("127.0.0.1", port)


def test_an_address_that_is_not_this_machines_is_said():
    with pytest.raises(LocalError, match=r"cannot listen on 203\.0\.113\.9"):
        homes.require_port("203.0.113.9", 8000)


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def note(home: Path, name: str, pid: int, created: float) -> None:
    (home / "run").mkdir(exist_ok=True)
    write_state(home, State(pid=1, processes={name: ProcessState(pid=pid, created=created, log="")}))


def test_what_a_killed_supervisor_left_is_ended(tmp_path, sleeper):
    note(tmp_path, "worker", sleeper.pid, psutil.Process(sleeper.pid).create_time())
    assert homes.clear_leftovers(tmp_path) == ["worker"]
    assert not is_alive(sleeper.pid)
    assert not state_path(tmp_path).exists()


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path, sleeper):
    note(tmp_path, "worker", sleeper.pid, psutil.Process(sleeper.pid).create_time() - 1000)
    assert homes.clear_leftovers(tmp_path) == []
    assert is_alive(sleeper.pid)


def test_no_state_means_nothing_to_clear(tmp_path):
    (tmp_path / "run").mkdir()
    assert homes.clear_leftovers(tmp_path) == []

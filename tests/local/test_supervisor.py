"""The supervisor's own behaviour, with small processes in the place of the real ones."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.local.scripts import finish, is_alive, start_script, wait_until

PRELUDE = """
import os, signal, sys, time
from pathlib import Path
from evenhand.local.console import Console
from evenhand.local.errors import LocalError
from evenhand.local.process import Spec
from evenhand.local.supervisor import Stopped, Supervisor

folder = Path(sys.argv[1])

def spec(name, source, **options):
    return Spec(name=name, command=[sys.executable, "-S", "-c", source], env=dict(os.environ), cwd=folder, **options)

# Stays until it is asked to stop, and says in a common file that it did.
STAYS = '''
import os, signal, sys, time
def end(number, frame):
    with open("order", "a") as file:
        file.write(NAME + " " + signal.Signals(number).name + "\\\\n")
    sys.exit(0)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, end)
open(NAME + ".pid", "w").write(str(os.getpid()))
while True:
    time.sleep(0.05)
'''

def stays(name, **options):
    return spec(name, f"NAME = {name!r}" + STAYS, ready=(folder / f"{name}.pid").exists, **options)

def supervise(work):
    with Supervisor(Console(["worker"]), folder / "logs") as supervisor:
        try:
            work(supervisor)
        except Stopped:
            print("stopped", flush=True)
        except LocalError as error:
            print("error:", error, flush=True)
        finally:
            supervisor.stop_all()
"""


def supervise(work: str, folder: Path):
    """Start a script whose ``work(supervisor)`` has the given body."""
    body = "".join(f"    {line}\n" for line in work.strip().split("\n"))
    return start_script(f"{PRELUDE}\ndef work(supervisor):\n{body}\nsupervise(work)\n", str(folder))


def pid_of(folder: Path, name: str) -> int:
    wait_until((folder / f"{name}.pid").exists, what=f"the start of {name}")
    wait_until((folder / f"{name}.pid").read_text, what=f"the id of {name}")
    return int((folder / f"{name}.pid").read_text())


FOUR = """
supervisor.start_and_wait(stays("data", stop_rank=2, stop_signal=signal.SIGINT, holds_data=True))
supervisor.start_and_wait(stays("web", stop_rank=0))
supervisor.start_and_wait(stays("one", stop_rank=1))
supervisor.start_and_wait(stays("two", stop_rank=1))
supervisor.run()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_goes_rank_by_rank_with_each_ones_own_signal(tmp_path, number):
    process = supervise(FOUR, tmp_path)
    pids = [pid_of(tmp_path, name) for name in ("data", "web", "one", "two")]
    time.sleep(0.3)
    process.send_signal(number)
    finish(process)
    order = (tmp_path / "order").read_text().split("\n")
    assert order[0] == "web SIGTERM"
    assert sorted(order[1:3]) == ["one SIGTERM", "two SIGTERM"]
    assert order[3] == "data SIGINT"
    assert not any(map(is_alive, pids))


def test_a_killed_process_is_named_with_its_log_and_started_again(tmp_path):
    process = supervise('supervisor.start(stays("web"))\nsupervisor.run()', tmp_path)
    first = pid_of(tmp_path, "web")
    (tmp_path / "web.pid").unlink()
    os.kill(first, signal.SIGKILL)
    second = pid_of(tmp_path, "web")
    process.send_signal(signal.SIGINT)
    output = finish(process)
    assert second != first
    assert "web killed by SIGKILL; starting it again in 1 s." in output
    assert str(tmp_path / "logs" / "web.log") in output


def test_a_killed_data_server_stops_the_rest(tmp_path):
    process = supervise(FOUR, tmp_path)
    two = pid_of(tmp_path, "two")
    time.sleep(0.3)
    os.kill(pid_of(tmp_path, "data"), signal.SIGKILL)
    output = finish(process)
    assert "error: data killed by SIGKILL." in output
    assert (tmp_path / "order").read_text().startswith("web SIGTERM\n")
    assert not is_alive(two)


QUICK = "from evenhand.local import supervisor as module\nmodule.LONGEST_PAUSE = 0.01\n"


def test_a_needed_process_that_keeps_dying_ends_it_with_its_last_lines(tmp_path):
    work = f"{QUICK}supervisor.start(spec('relay', 'print(\"no such table\"); raise SystemExit(3)'))\nsupervisor.run()"
    output = finish(supervise(work, tmp_path))
    assert "error: relay ended with exit code 3 6 times in a row." in output
    assert "    no such table" in output


def test_the_platform_goes_on_without_a_process_that_it_can_spare(tmp_path):
    work = f"{QUICK}supervisor.start(spec('llm', 'raise SystemExit(3)', needed=False))\n"
    process = supervise(work + "supervisor.start(stays('web'))\nsupervisor.run()", tmp_path)
    output = []
    for line in process.stdout:
        output.append(line)
        if "going on without it" in line:
            break
    assert is_alive(pid_of(tmp_path, "web"))
    process.send_signal(signal.SIGTERM)
    finish(process)
    assert "llm ended with exit code 3 6 times in a row" in output[-1]


def test_a_process_that_ignores_the_stop_is_ended_with_its_children(tmp_path):
    stubborn = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
open("child.pid", "w").write(str(child.pid))
time.sleep(60)
"""
    work = f"supervisor.start(spec('worker', {stubborn!r}, stop_seconds=0.5))\nsupervisor.run()"
    process = supervise(work, tmp_path)
    child = pid_of(tmp_path, "child")
    process.send_signal(signal.SIGINT)
    output = finish(process)
    assert "worker did not stop in" in output
    wait_until(lambda: not is_alive(child))


def test_a_second_stop_does_not_wait_but_leaves_data_servers_their_time(tmp_path):
    slow = STAY_LONG.replace("SECONDS", "30")
    data = STAY_LONG.replace("SECONDS", "1.0").replace('"slow"', '"data"')
    work = f"supervisor.start(spec('slow', {slow!r}, stop_seconds=60))\n"
    work += f"supervisor.start(spec('data', {data!r}, stop_rank=1, stop_seconds=60, holds_data=True))\nsupervisor.run()"
    process = supervise(work, tmp_path)
    pid_of(tmp_path, "slow"), pid_of(tmp_path, "data")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    finish(process, seconds=15)
    assert (tmp_path / "data.done").exists()
    assert not (tmp_path / "slow.done").exists()


STAY_LONG = """
import os, signal, sys, time
def end(number, frame):
    time.sleep(SECONDS)
    open(NAME + ".done", "w").close()
    sys.exit(0)
NAME = "slow"
signal.signal(signal.SIGTERM, end)
open(NAME + ".pid", "w").write(str(os.getpid()))
while True:
    time.sleep(0.05)
"""


def test_a_command_that_runs_once_gives_its_lines(tmp_path):
    work = "print('lines:', supervisor.run_once(spec('seed', 'print(1); print(2)')))"
    assert "lines: ['1', '2']" in finish(supervise(work, tmp_path))


def test_a_command_that_fails_is_shown_with_how_it_ended(tmp_path):
    work = "supervisor.run_once(spec('migrate', 'print(\"bad news\"); raise SystemExit(1)'))"
    output = finish(supervise(work, tmp_path))
    assert re.search(
        r"error: migrate ended with exit code 1\. Its log is .*migrate\.log; it ends:\n    bad news", output
    )


def test_a_full_disk_is_read_from_the_last_lines(tmp_path):
    source = "print('PANIC: could not write: No space left on device'); raise SystemExit(1)"
    output = finish(supervise(f"supervisor.run_once(spec('postgres', {source!r}))", tmp_path))
    assert "the disk is full. Free some space" in output


def test_a_process_that_is_never_ready_is_given_up(tmp_path):
    work = (
        "supervisor.start_and_wait(spec('web', 'import time; time.sleep(60)', ready=lambda: False, ready_seconds=0.5))"
    )
    assert "error: web was not ready after 0 s" in finish(supervise(work, tmp_path))


def test_a_stop_while_waiting_for_a_process_is_heeded(tmp_path):
    work = "supervisor.start(stays('data'))\n"
    work += "supervisor.start_and_wait(spec('web', 'import time; time.sleep(60)', ready=lambda: False))"
    process = supervise(work, tmp_path)
    pid_of(tmp_path, "data")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert "stopped" in finish(process)


def test_no_process_outlives_a_supervisor_that_was_killed(tmp_path):
    process = supervise(FOUR, tmp_path)
    pids = [pid_of(tmp_path, name) for name in ("data", "web", "one", "two")]
    time.sleep(0.2)
    process.kill()
    process.wait()
    if not Path("/proc/self").exists():
        pytest.skip("only Linux tells children of their parent's death; elsewhere the next start ends them")
    wait_until(lambda: not any(map(is_alive, pids)), what="the end of the children")


def test_logs_hold_everything_and_the_terminal_only_what_matters(tmp_path):
    source = (
        "print('INFO all is well'); print('2026-01-01 ERROR task: broken'); print('Traceback (most recent call last):')"
        "; print('  File \"x\", line 1'); print('ValueError: no'); print('INFO going on')"
    )
    output = finish(supervise(f"supervisor.run_once(spec('worker', {source!r}))", tmp_path))
    log = (tmp_path / "logs" / "worker.log").read_text()
    assert log.count("\n") == 6
    assert "all is well" not in output
    assert "going on" not in output
    assert all(text in output for text in ("worker   | 2026-01-01 ERROR task: broken", "File", "ValueError: no"))


def test_logs_are_bounded(tmp_path):
    work = "from evenhand.local import process\nprocess.LOG_BYTES = 10_000\n"
    work += "supervisor.run_once(spec('relay', 'for i in range(20000): print(i)'))"
    finish(supervise(work, tmp_path))
    sizes = [path.stat().st_size for path in (tmp_path / "logs").iterdir()]
    assert len(sizes) == 4
    assert max(sizes) <= 10_000


def test_a_line_without_an_end_and_bytes_that_are_no_text_are_kept(tmp_path):
    source = "import sys; sys.stdout.buffer.write(b'first\\n\\xff last')"
    work = f"print('lines:', supervisor.run_once(spec('web', {source!r})))"
    assert "lines: ['first', '\ufffd last']" in finish(supervise(work, tmp_path))

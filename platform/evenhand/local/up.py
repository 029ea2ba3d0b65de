"""`evenhand up`: everything on one machine, from an empty folder to a page, and back to nothing running.

Order: PostgreSQL, Valkey, migrations, web, sample project, language model, workers, beat, relay, crowd. The
stop goes the other way round: web, then everything that works in the background, then the model, Valkey, and
PostgreSQL last. A service whose address is given by the environment is used and not started."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from evenhand.env import Environment, env
from evenhand.local import home as homes
from evenhand.local import models, programs
from evenhand.local.console import Console
from evenhand.local.errors import LocalError, no_space
from evenhand.local.llm import LlamaServer
from evenhand.local.postgres import Postgres
from evenhand.local.process import Spec
from evenhand.local.programs import EVERYWHERE
from evenhand.local.state import (
    AlreadyRunning,
    InstanceLock,
    ProcessState,
    State,
    read_state,
    state_path,
    write_state,
)
from evenhand.local.supervisor import Stopped, Supervisor
from evenhand.local.valkey import Valkey
from evenhand.secret import DEMOGRAPHICS, demographics_key_made, secret_key

NAMES = ("postgres", "valkey", "llm-worker", "seed-demo", "migrate")
DISK_SECONDS = 1.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class Options:
    """How this instance is to run."""

    home: Path
    port: int
    bind: str
    demo: bool = False
    llm: bool = True
    verbose: bool = False

    @property
    def address(self) -> str:
        host = "localhost" if self.bind in (*LOOPBACK, *EVERYWHERE) else self.bind
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@dataclass
class Instance:
    """One running `evenhand up`."""

    options: Options
    console: Console
    state: State = field(init=False)
    children_env: dict[str, str] = field(init=False)
    _supervisor: Supervisor = field(init=False)
    _warned_state: bool = False
    _disk_checked: float = 0.0
    _disk_warned: bool = False

    def __post_init__(self) -> None:
        self.state = State(pid=os.getpid(), demo=self.options.demo)
        self.children_env = self._base_env()

    def _base_env(self) -> dict[str, str]:
        given = env.overridden()
        defaults = {"EVENHAND_PUBLIC_URL": self.options.address, **self._hosts()}
        fixed = {
            "EVENHAND_HOME": str(self.options.home),
            "SECRET_KEY": secret_key(self.options.home),
            DEMOGRAPHICS: demographics_key_made(self.options.home),
            "DJANGO_SETTINGS_MODULE": "evenhand.settings",
            "PYTHONPATH": programs.source_path(given.get("PYTHONPATH", "")),
            "PYTHONUNBUFFERED": "1",
        }
        for name, value in defaults.items():
            if not given.get(name, "").strip():
                fixed[name] = value
        return env.overridden(**fixed)

    def _hosts(self) -> dict[str, str]:
        if self.options.bind in (*LOOPBACK, *EVERYWHERE):
            return {}
        return {"EVENHAND_HOSTS": f"localhost,127.0.0.1,[::1],{self.options.bind}"}

    # --- the whole way -------------------------------------------------------------------------------------
    def run(self) -> None:
        """Start everything, stay until asked to stop, stop everything. LocalError when it cannot or could not
        go on.
        """
        model = self._model()
        with Supervisor(self.console, self.options.home / "logs", self._note) as supervisor:
            self._supervisor = supervisor
            try:
                self._start(supervisor, model)
                supervisor.run(self._each_tick)
            except Stopped:
                pass
            finally:
                self.console.say("stopping…")
                supervisor.stop_all()
                state_path(self.options.home).unlink(missing_ok=True)

    def _start(self, supervisor: Supervisor, model: Path | None) -> None:
        self._start_database(supervisor)
        self._start_broker(supervisor)
        supervisor.run_once(programs.command(self.children_env, "migrate", "--noinput"))
        server = self._language_model(model)
        web = programs.web(
            self.children_env,
            bind=self.options.bind,
            port=self.options.port,
            processes=env.number("EVENHAND_WEB_PROCESSES", 1, low=1, high=64),
        )
        supervisor.start(web)
        people = self._seed(supervisor) if self.options.demo else []
        supervisor.wait_ready(web)
        self.state.address = self.options.address
        self._note()
        self._welcome(people)
        if server:
            self._start_model(supervisor, server)
        for spec in self._background():
            supervisor.start(spec)

    def _start_database(self, supervisor: Supervisor) -> None:
        if env.database():
            self._publish(DATABASE_URL=env.text("DATABASE_URL"))
            return
        postgres = Postgres(self.options.home, self.children_env)
        fresh = not postgres.data.exists()
        self.console.say("making the database…" if fresh else "starting the database…")
        postgres.prepare()
        supervisor.start_and_wait(postgres.spec())
        postgres.make_database()
        self._publish(DATABASE_URL=postgres.url)

    def _start_broker(self, supervisor: Supervisor) -> None:
        given = env.redis()
        if given:
            require_broker(given)
            self._publish(REDIS_URL=given)
            return
        valkey = Valkey(self.options.home, self.children_env)
        valkey.prepare()
        supervisor.start_and_wait(valkey.spec())
        self._publish(REDIS_URL=valkey.url)

    def _model(self) -> Path | None:
        """The local model's file; None, after a sentence that says why, when the platform has to do
        without.
        """
        if not self.options.llm or env.web_urls("LLM_BASE_URL"):
            return None
        try:
            import xllamacpp  # noqa: F401 - only to see whether it is there

            return models.ensure(models.DEFAULT_MODEL, self.options.home)
        except ImportError:
            reason = "The embedded llama.cpp is not installed (pip install 'evenhand[local]')."
        except LocalError as error:
            reason = str(error)
        self.console.say(f"{reason}\nGoing on without a language model: people can label, model runs wait.")
        return None

    def _language_model(self, model: Path | None) -> Spec | None:
        given = env.web_urls("LLM_BASE_URL")
        if given:
            self._publish(LLM_BASE_URL=",".join(given))
        if model is None:
            return None
        threads = env.number("EVENHAND_LLM_THREADS", 1, low=1, high=256)
        server = LlamaServer(self.options.home, self.children_env, models.DEFAULT_MODEL, model, threads)
        self._publish(LLM_BASE_URL=server.url)
        return server.spec()

    def _start_model(self, supervisor: Supervisor, server: Spec) -> None:
        """Have the model answer before the workers ask for it: a run that finds no server pauses."""
        try:
            supervisor.start_and_wait(server)
        except LocalError as error:
            self.console.say(f"{error}\nGoing on without a language model for now: model runs wait.")

    def _background(self) -> list[Spec]:
        concurrency = env.number("EVENHAND_WORKER_CONCURRENCY", 2, low=1, high=256)
        specs = [programs.relay(self.children_env), programs.llm_worker(self.children_env)]
        specs += [
            programs.worker(self.children_env, concurrency=concurrency),
            programs.beat(self.children_env),
        ]
        return [*specs, programs.crowd(self.children_env)] if self.options.demo else specs

    def _seed(self, supervisor: Supervisor) -> list[str]:
        self.console.say("making the sample project, if it is not there yet…")
        return supervisor.run_once(programs.command(self.children_env, "seed_demo"))

    # --- words ---------------------------------------------------------------------------------------------
    def _welcome(self, people: list[str]) -> None:
        self.console.say(f"Evenhand is at {self.options.address}  (Ctrl-C stops it)")
        for line in people:
            self.console.say(line)
        if self.options.bind not in LOOPBACK:
            self._warn_about_reach()
        self.console.say(f"Logs: {self.options.home / 'logs'}   Check: evenhand doctor")

    def _warn_about_reach(self) -> None:
        self.console.say(f"Other machines can reach port {self.options.port}, without encryption.")
        if self.options.bind in EVERYWHERE and not env.listing("EVENHAND_HOSTS", []):
            self.console.say("They are answered only under names listed in EVENHAND_HOSTS.")
        if self.options.demo:
            self.console.say("The sample accounts' passwords are public: do not do this on an open network.")

    # --- keeping book --------------------------------------------------------------------------------------
    def _publish(self, **services: str) -> None:
        self.children_env |= services
        self.state.services |= services
        self._note()

    def _note(self) -> None:
        known = self.state.processes
        self.state.processes = {}
        for name, child in self._supervisor.children.items():
            old = known.get(name)
            born = old.created if old and old.pid == child.pid else homes.created(child.pid)
            self.state.processes[name] = ProcessState(pid=child.pid, created=born, log=str(child.log))
        try:
            write_state(self.options.home, self.state)
        except OSError as error:
            if not self._warned_state:
                self._warned_state = True
                self.console.say(f"{state_path(self.options.home)} cannot be written ({error.strerror}).")

    def _each_tick(self) -> None:
        """Look at the disk: warn when it fills, and stop in order while the database can still write its last page."""
        now = time.monotonic()
        if now - self._disk_checked < DISK_SECONDS:
            return
        self._disk_checked = now
        free = homes.free_space(self.options.home)
        keeps_data = any(child.spec.holds_data for child in self._supervisor.children.values())
        if free < homes.NONE_FREE and keeps_data:
            self.console.say(f"The disk that holds {self.options.home} is full; stopping before anything is lost.")
            raise no_space(self.options.home)
        if free < homes.LEAST_FREE and not self._disk_warned:
            self.console.say(
                f"The disk that holds {self.options.home} is nearly full. Free some space soon: when it is full, "
                "the platform stops."
            )
        self._disk_warned = free < homes.LEAST_FREE


def require_broker(url: str) -> None:
    """LocalError when the given Redis or Valkey does not answer."""
    import redis

    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        raise LocalError(
            f"REDIS_URL: the server does not answer ({error}). Start it, or correct the address."
        ) from error
    finally:
        client.close()


def up(options: Options) -> None:
    """Run one instance on ``options.home`` until it is stopped; LocalError when it cannot start or go on."""
    Environment().database()  # a wrong variable is reported before anything starts
    homes.prepare_home(options.home)
    lock = InstanceLock(options.home)
    try:
        lock.acquire()
    except AlreadyRunning:
        raise LocalError(_already(options.home)) from None
    console = Console(NAMES, verbose=options.verbose)
    try:
        left = homes.clear_leftovers(options.home)
        if left:
            console.say(f"ended what an interrupted start had left: {', '.join(left)}")
        homes.require_port(options.bind, options.port)
        if homes.free_space(options.home) < homes.LITTLE_FREE:
            console.say("Little room is left on the disk (under 1.5 GB).")
        Instance(options, console).run()
        console.say("stopped; everything is kept for the next start.")
    finally:
        lock.release()


def _already(home: Path) -> str:
    state = read_state(home)
    where = f" at {state.address}" if state and state.address else ""
    number = f" (process {state.pid})" if state else ""
    return (
        f"Evenhand is already running{where}{number} on {home}. Use that one, stop it with Ctrl-C where it "
        "runs, or give this one its own folder: EVENHAND_HOME=/another evenhand up"
    )

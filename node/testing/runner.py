"""`rialto test`: which tests this machine can run, on which servers, and how many passed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from node import embedded, places, templates
from node.places import ROOT
from node.testing.servers import answers

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: where Debian puts it
NGINX_BROTLI = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
#: What is also run on the machine's own PostgreSQL and Redis: the parts that speak their dialect themselves.
ON_OWN_SERVERS = ("node/tests/test_realms.py", "sync")


@dataclass(frozen=True)
class Kind:
    """A kind of test that needs something of the machine. `missing` says what, "" when all is there."""

    name: str
    missing: Callable[[], str]
    #: pytest's marker of such tests, "" when they are told by other means
    marker: str = ""


def chromium() -> str:
    """The path of a Chromium, "" when there is none."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), "")


def _no_chromium() -> str:
    return "" if chromium() else "no Chromium on PATH (Debian: apt-get install chromium fonts-noto-core)"


def _no_own_servers() -> str:
    down = [name for name, port in (("PostgreSQL", 5432), ("Redis", 6379)) if not answers("127.0.0.1", port)]
    return f"{' and '.join(down)} does not answer on 127.0.0.1" if down else _cannot_sign_in()


def _cannot_sign_in() -> str:
    import psycopg

    from node.testing.servers import OWN

    try:
        psycopg.connect(OWN.database_url("postgres"), connect_timeout=3).close()
    except psycopg.Error:
        return f"the PostgreSQL on 127.0.0.1 does not let '{OWN.pg_user}' in"
    return ""


def program(name: str) -> str | None:
    """The path of a program; Debian keeps servers where only root looks."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _no_fronts() -> str:
    missing = [name for name in ("nginx", "caddy") if not program(name)]
    if not missing and not NGINX_BROTLI.exists():
        missing = ["nginx's brotli module"]
    packages = "nginx libnginx-mod-http-brotli-static caddy"
    return f"no {' and no '.join(missing)} (Debian: apt-get install {packages})" if missing else ""


def _no_sphinx() -> str:
    return "" if program("searchd") else "no searchd (Debian: apt-get install sphinxsearch)"


BROWSER = Kind("browser tests", _no_chromium, "browser")
FRONTS = Kind("tests of web servers in front of an edge", _no_fronts, "front")
OWN_SERVERS = Kind("a second pass on this machine's own PostgreSQL and Redis", _no_own_servers)
SPHINX = Kind("search by Sphinx", _no_sphinx)


@dataclass
class Count:
    """What a run of pytest came to."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        # "N passed" comes first: whoever reads the last line looks for it.
        more = [f"{number} {word}" for number, word in ((self.failed, "failed"), (self.skipped, "skipped")) if number]
        return ", ".join([f"{self.passed} passed", *more])


@dataclass
class Run:
    """All passes of one `rialto test`."""

    tell: Callable[[str], None]
    count: Count = field(default_factory=Count)
    is_broken: bool = False

    def pytest(self, title: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        """One pytest process. Its output goes straight to the terminal."""
        self.tell(f"--- {title}")
        with tempfile.TemporaryDirectory(prefix="rialto-") as folder:
            report = Path(folder) / "report.xml"
            argv = [sys.executable, "-m", "pytest", "-rfEs", f"--junit-xml={report}", *arguments]
            done = subprocess.run(argv, cwd=ROOT, env={**os.environ, **env}, check=False)  # noqa: S603
            self.count += read_count(report)
        # 5: nothing was collected, which is right for a selection that has no slow tests.
        self.is_broken = self.is_broken or done.returncode not in (0, 5)


def read_count(report: Path) -> Count:
    """Counts out of a JUnit report; an absent one counts as one failure."""
    try:
        suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - pytest wrote it just now
    except (OSError, ElementTree.ParseError):
        return Count(failed=1)
    total = Count()
    for suite in suites:
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        total += Count(int(suite.get("tests", 0)) - bad - skipped, bad, skipped)
    return total


@contextlib.contextmanager
def scratch_servers() -> Iterator[dict[str, str]]:
    """Embedded servers for one run, gone after it; what they are called in the environment."""
    with tempfile.TemporaryDirectory(prefix="rialto-test-") as folder:
        home = Path(folder)
        database, broker = embedded.Postgres(home, durable=False), embedded.Valkey(home)
        try:
            # Migrating six realms anew in each worker took longer than any test: they are copied from the templates.
            template = templates.current()
            database.make([], template / "postgres" if template else None)
            database.launch()
            broker.launch()
            database.wait_ready()
            broker.wait_ready()
            yield {
                "RIALTO_TEST_PG_HOST": str(database.sockets),
                "RIALTO_TEST_PG_USER": places.POSTGRES_USER,
                "RIALTO_TEST_PG_PASSWORD": places.read_secret(home, "postgres_password"),
                "RIALTO_TEST_REDIS": broker.url,
                # Two runs at one time on one machine share nothing, the edge's SQLite file included.
                "RIALTO_TEST_DIR": folder,
                "RIALTO_CHROMIUM": chromium(),
                "RIALTO_TEST_TEMPLATES": str(template or ""),
            }
        finally:
            broker.stop()
            database.stop()


def run(mode: str, more: Sequence[str], *, tell: Callable[[str], None]) -> tuple[Count, bool]:
    """Run the tests of `mode` (fast, usual, all). Returns the counts and whether all is well."""
    left_out = {kind: said for kind in (BROWSER, FRONTS, OWN_SERVERS, SPHINX) if (said := kind.missing())}
    if mode != "fast":
        for kind, said in left_out.items():
            tell(f"left out: {kind.name}: {said}")
        if mode == "all" and left_out:
            return Count(), False
    this = Run(tell)
    quick = ["-m", "not slow and not browser"]
    with scratch_servers() as env:
        if more and mode != "fast":
            this.pytest("the chosen tests", more, env)
        else:
            this.pytest(
                "the fast tests, on embedded servers",
                [*quick, "-n", "2", "--dist", "worksteal", "--reuse-db", *more],
                env,
            )
        if mode != "fast" and not more:
            without = "".join(f" and not {kind.marker}" for kind in left_out if kind.marker)
            this.pytest("the slow tests, one after the other", ["-m", f"slow and not browser{without}"], env)
            if BROWSER not in left_out:
                # Apart, because a browser leaves an event loop running in its process.
                this.pytest("the browser tests", ["-m", "browser"], env)
    if mode != "fast" and not more and OWN_SERVERS not in left_out:
        this.pytest("on this machine's own servers", [*quick, *existing(ON_OWN_SERVERS)], own_servers_env())
    return this.count, not (this.is_broken or this.count.failed)


def existing(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if (ROOT / path).exists()]


def own_servers_env() -> dict[str, str]:
    """Names of their own: a developer's databases of the same server stay what they are."""
    return {"RIALTO_TEST_PREFIX": f"rialto_second_{os.getpid()}"}

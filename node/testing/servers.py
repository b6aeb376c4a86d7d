"""The PostgreSQL and Redis that a test run uses."""

from __future__ import annotations

import atexit
import os
import socket
import sys
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class TestServers:
    """Addresses of a run. `pg_host` may be the directory of a unix socket."""

    __test__ = False

    pg_host: str
    pg_port: str
    pg_user: str
    pg_password: str
    redis_url: str

    def database_url(self, name: str) -> str:
        user, password = quote(self.pg_user, safe=""), quote(self.pg_password, safe="")
        port = f"&port={self.pg_port}" if self.pg_port else ""
        return f"postgresql://{user}:{password}@/{name}?host={quote(self.pg_host, safe='')}{port}"


#: This machine's own servers, as a developer's machine has them.
OWN = TestServers("127.0.0.1", "5432", "root", "", "redis://127.0.0.1:6379/9")


def of_this_run() -> TestServers:
    """What the environment names, else this machine's own servers, else embedded ones for the length of the run."""
    if host := os.environ.get("RIALTO_TEST_PG_HOST"):
        return _from_environment(host)
    if "pytest" not in sys.modules or (answers("127.0.0.1", 5432) and answers("127.0.0.1", 6379)):
        return OWN
    _start_embedded()
    return _from_environment(os.environ["RIALTO_TEST_PG_HOST"])


def _from_environment(host: str) -> TestServers:
    get = os.environ.get
    return TestServers(
        pg_host=host,
        pg_port=get("RIALTO_TEST_PG_PORT", ""),
        pg_user=get("RIALTO_TEST_PG_USER", OWN.pg_user),
        pg_password=get("RIALTO_TEST_PG_PASSWORD", ""),
        redis_url=get("RIALTO_TEST_REDIS", OWN.redis_url),
    )


def _start_embedded() -> None:
    """Plain `pytest` on a machine without servers. The workers of xdist inherit the addresses."""
    from node.testing.runner import scratch_servers

    servers = scratch_servers()
    os.environ.update(servers.__enter__())
    atexit.register(servers.__exit__, None, None, None)


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False

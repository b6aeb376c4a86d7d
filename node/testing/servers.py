"""The PostgreSQL and Redis that a test run uses."""

from __future__ import annotations

import os
import socket
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


def of_this_run() -> TestServers:
    """Whatever the environment names, else this machine's own servers on 127.0.0.1."""
    get = os.environ.get
    return TestServers(
        pg_host=get("RIALTO_TEST_PG_HOST", "127.0.0.1"),
        pg_port=get("RIALTO_TEST_PG_PORT", "5432" if "RIALTO_TEST_PG_HOST" not in os.environ else ""),
        pg_user=get("RIALTO_TEST_PG_USER", "root"),
        pg_password=get("RIALTO_TEST_PG_PASSWORD", ""),
        redis_url=get("RIALTO_TEST_REDIS", "redis://127.0.0.1:6379/9"),
    )


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False

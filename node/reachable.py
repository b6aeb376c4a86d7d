"""Whether the outside things a node names in its settings answer."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from urllib.parse import unquote

from node.config import Config
from node.errors import Refused

PATIENCE_SECONDS = 5
#: what stands where a password stood
HIDDEN = "***"


class NotAnswering(Refused):
    """Something named in rialto.toml does not answer; every such thing is told at once."""

    code = "not_answering"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("this node cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))


def problems_of(settings: Config, *, also_embedded: bool = False) -> list[str]:
    """A sentence for each database and broker that does not answer; embedded ones are asked only when running."""
    if settings.role == "edge":
        return []
    found = []
    for realm, url in settings.realms.items():
        if realm in settings.embedded_realms and not also_embedded:
            continue
        if said := _ask_postgres(url):
            found.append(
                f"realm '{realm}': {without_password(url)} does not answer ({said}); start it or correct [realms]"
            )
    if (also_embedded or not settings.is_redis_embedded) and (said := _ask_redis(settings.redis_url)):
        found.append(f"redis_url: {without_password(settings.redis_url)} does not answer ({said}); start or correct it")
    return found


def cache_problems_of(settings: Config) -> list[str]:
    """A sentence when the program cache has a place of its own and that does not answer. No reason not to start."""
    held = settings.cache
    said, place = "", without_password(held.url)
    if held.backend == "redis" and held.url and held.url != settings.redis_url:
        said = _ask_redis(held.url)
    elif held.backend == "database" and held.url not in settings.realms.values():
        said = _ask_postgres(held.url)
    elif held.backend == "files" and held.folder is not None:
        said, place = _ask_folder(held.folder), str(held.folder)
    return (
        [f"cache: {place} does not answer ({said}); pages and screens go on without it: mend [cache]"] if said else []
    )


def _ask_folder(folder: Path) -> str:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return str(error)
    return "" if os.access(folder, os.W_OK | os.X_OK) else "it may not be written to"


def without_password(url: str) -> str:
    """The same address, fit for a log and a page; also one that is not well formed."""
    # By the last "@", not by what a parser makes of it: a password may hold signs that end an address early.
    hidden = re.sub(r"^(\w+://[^:@]*):.*@", rf"\1:{HIDDEN}@", url)
    return re.sub(r"(?i)([?&](?:ssl)?password=)[^&]*", rf"\1{HIDDEN}", hidden)


def _ask_postgres(url: str) -> str:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=PATIENCE_SECONDS) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return " ".join(str(error).split())[:200] or type(error).__name__
    return ""


def _ask_redis(url: str) -> str:
    import redis

    try:
        redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS).ping()
    except (redis.RedisError, ValueError, OSError) as error:
        return " ".join(str(error).split())[:200]
    return ""


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could bind there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def socket_path(redis_url: str) -> Path | None:
    """The unix socket behind a `unix://` address."""
    return Path(unquote(redis_url.removeprefix("unix://"))) if redis_url.startswith("unix://") else None

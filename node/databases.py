"""Database and broker addresses in the words of the libraries that use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

#: Six aliases in each of a handful of processes: more would eat max_connections (300).
POOL = {"min_size": 0, "max_size": 4, "num_workers": 1, "timeout": 10, "max_idle": 60}


def postgres(url: str, *, pooled: bool = True) -> dict[str, Any]:
    """A Django database from `postgresql://user:password@host:port/name?option=value`; `host` may be a socket dir."""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    port = options.pop("port", None) or str(parts.port or "")
    if pooled:
        options["pool"] = dict(POOL)
    return {
        "ENGINE": "node.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "HOST": host,
        "PORT": port,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "OPTIONS": options,
        # A test opens only the databases it names: one realm's tests never need another's tables.
        "TEST": {"DEPENDENCIES": []},
    }


def sqlite(path: Path | str) -> dict[str, Any]:
    """An edge's database: WAL so that readers never wait, FULL so that an acknowledged commit survives power loss.

    IMMEDIATE takes the write lock at BEGIN: a transaction that reads first could otherwise fail at its first write.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "TEST": {"DEPENDENCIES": []},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;",
        },
    }


def channel_layer(redis_url: str, prefix: str = "rialto") -> dict[str, Any]:
    """Channels over Redis: droppable nudges only, so the pub/sub layer, which keeps nothing."""
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [redis_url], "prefix": prefix},
    }


def celery_broker(redis_url: str) -> str:
    """Kombu spells a Redis on a unix socket its own way."""
    return redis_url.replace("unix://", "redis+socket://", 1) if redis_url.startswith("unix://") else redis_url

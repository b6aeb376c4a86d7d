"""Both roles in one process on SQLite files of simulated disks: `./rialto simulate`. Never used to serve.

No server, no Redis, no network: what production hands to them the simulator carries itself, under its own clock.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from node import config as node_config
from node.realm_names import CENTRAL_REALMS, alias_of
from node.settings.base import *  # noqa: F403
from node.settings.roles import CENTRAL_APPS, EDGE_APPS
from node.settings.shared import *  # noqa: F403

_HOME = Path(os.environ.get("RIALTO_SIMULATE_DIR") or tempfile.gettempdir())

node_config.install(
    node_config.build(
        "the simulator's settings",
        {
            "role": "central",
            "home": _HOME,
            "base_url": "http://central.localhost:8400",
            "secret_key": "only-for-runs-of-the-simulator-only-for-them",
            # Never dialled; a node's settings must name them.
            "realms": {realm: f"postgresql://127.0.0.1/{realm}" for realm in CENTRAL_REALMS},
            "redis_url": "redis://127.0.0.1:1/0",
            "cache": {"backend": "memory"},
        },
    )
)

SECRET_KEY = node_config.config().secret_key
INSTALLED_APPS = [*CENTRAL_APPS, *[app for app in EDGE_APPS if app not in CENTRAL_APPS]]
# One thread runs everything under a loop of the simulator's own: Django's guard against that does not apply.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def _sqlite(alias: str) -> dict[str, object]:
    return {
        "ENGINE": "sync.simulator.database",
        # The world puts a connection to each node's own file in place of this one.
        "NAME": str(_HOME / f"{alias}.sqlite3"),
        "TEST": {"DEPENDENCIES": []},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=200",
        },
    }


DATABASES = {alias: _sqlite(alias) for alias in (*map(alias_of, CENTRAL_REALMS), "edge")}
CHANNEL_LAYERS: dict[str, object] = {}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
MEDIA_ROOT = str(_HOME / "media")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Encrypted columns work without key files; nothing is read after the run.
RIALTO_EPHEMERAL_KEYS = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nothing": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["nothing"], "level": "CRITICAL"},
}

"""Both roles in one process, so that one pytest run covers them. Never used to serve."""

from __future__ import annotations

import os

from node.settings.base import *  # noqa: F403
from node.settings.roles import CENTRAL_APPS, CENTRAL_TEMPLATES, EDGE_APPS

INSTALLED_APPS = [*CENTRAL_APPS, *[app for app in EDGE_APPS if app not in CENTRAL_APPS]]
TEMPLATES = CENTRAL_TEMPLATES

_PREFIX = os.environ.get("RIALTO_TEST_PREFIX", "rialto")
_HOST = os.environ.get("RIALTO_TEST_PG_HOST", "127.0.0.1")
_PORT = os.environ.get("RIALTO_TEST_PG_PORT", "5432")


def _realm(name: str) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": f"{_PREFIX}_{name}",
        "HOST": _HOST,
        "PORT": _PORT,
        "USER": os.environ.get("RIALTO_TEST_PG_USER", "root"),
        "PASSWORD": os.environ.get("RIALTO_TEST_PG_PASSWORD", ""),
        "TEST": {"DEPENDENCIES": []},
    }


DATABASES = {
    "default": _realm("cluster"),
    **{realm: _realm(realm) for realm in ("customers", "catalog", "orders", "work", "stats")},
    "edge": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"/tmp/{_PREFIX}_edge.sqlite3",  # noqa: S108
        "TEST": {"NAME": f"/tmp/{_PREFIX}_edge_test.sqlite3", "DEPENDENCIES": []},  # noqa: S108
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;",
        },
    },
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("RIALTO_TEST_REDIS", "redis://127.0.0.1:6379/9")], "prefix": _PREFIX},
    }
}
# Encrypted columns work without key files; nothing written in a test is read after it.
RIALTO_EPHEMERAL_KEYS = True
ROOT_URLCONF = "central.urls"

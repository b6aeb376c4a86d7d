"""Both roles in one process, so that one pytest run covers them. Never used to serve.

The servers come from the environment (`./rialto test` starts embedded ones and sets it), else from this machine's
own on 127.0.0.1, else embedded ones are started for the length of this pytest run.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from node import config as node_config
from node import databases
from node.realm_names import CENTRAL_REALMS, alias_of
from node.settings.base import *  # noqa: F403
from node.settings.roles import CENTRAL_APPS, EDGE_APPS
from node.settings.shared import *  # noqa: F403
from node.testing import servers

# Each worker of xdist has databases, directories and channels of its own.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_PREFIX = os.environ.get("RIALTO_TEST_PREFIX", "rialto")
_servers = servers.of_this_run()
_HOME = Path(os.environ.get("RIALTO_TEST_DIR") or tempfile.gettempdir()) / f"rialto-test-{_PREFIX}{_WORKER}"
_REDIS = _servers.redis_url

node_config.install(
    node_config.build(
        "the test settings",
        {
            "role": "central",
            "home": _HOME,
            "base_url": "http://central.localhost:8400",
            "secret_key": "only-for-tests-only-for-tests-only-for-tests",
            "realms": {realm: _servers.database_url(f"{_PREFIX}_{realm}") for realm in CENTRAL_REALMS},
            "redis_url": _REDIS,
            "cache": {"backend": "memory"},
        },
    )
)
_config = node_config.config()

SECRET_KEY = _config.secret_key
INSTALLED_APPS = [*CENTRAL_APPS, *[app for app in EDGE_APPS if app not in CENTRAL_APPS]]

DATABASES = {
    # Not pooled: a pool would hold the test databases open when they are to be dropped.
    **{alias_of(realm): databases.postgres(url, pooled=False) for realm, url in _config.realms.items()},
    "edge": databases.sqlite(_HOME / "edge.sqlite3"),
}
DATABASES["edge"]["TEST"]["NAME"] = str(_HOME / "edge_test.sqlite3")
if os.environ.get("RIALTO_TEST_TEMPLATES"):
    # The scratch server holds every realm migrated, each under its own name.
    for _realm in CENTRAL_REALMS:
        DATABASES[alias_of(_realm)]["TEST"]["TEMPLATE"] = _realm
_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)

CHANNEL_LAYERS = {"default": databases.channel_layer(_REDIS, _PREFIX + _WORKER)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = databases.celery_broker(_REDIS)
MEDIA_ROOT = str(_config.media_dir)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; no password of worth is made here
# Encrypted columns work without key files; nothing written in a test is read after it.
RIALTO_EPHEMERAL_KEYS = True

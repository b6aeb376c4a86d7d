"""Django settings of a central node, computed from its `rialto.toml`."""

from __future__ import annotations

from node import databases
from node.config import config
from node.realm_names import alias_of
from node.settings.base import *  # noqa: F403
from node.settings.base import logging_to_stderr
from node.settings.roles import CENTRAL_APPS
from node.settings.shared import *  # noqa: F403

_config = config()

SECRET_KEY = _config.secret_key
INSTALLED_APPS = CENTRAL_APPS

DATABASES = {alias_of(realm): databases.postgres(url) for realm, url in _config.realms.items()}
CHANNEL_LAYERS = {"default": databases.channel_layer(_config.redis_url)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _config.redis_url}}
CELERY_BROKER_URL = databases.celery_broker(_config.redis_url)

MEDIA_ROOT = str(_config.media_dir)
STATIC_ROOT = str(_config.home / "static")
CSRF_TRUSTED_ORIGINS = [_config.base_url]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _config.base_url.startswith("https://")
LOGGING = logging_to_stderr(_config.log_level)
# How a process that wrote a job tells a worker, and how many such messages wait; the sweeper makes good a lost one.
RIALTO_JOB_WAKER = "central.worker.wake"
RIALTO_JOBS_WAITING = "central.worker.waiting"

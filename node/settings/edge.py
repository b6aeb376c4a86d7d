"""Django settings of an edge node: one SQLite database, alias `edge`; there is no `default`."""

from __future__ import annotations

from node import databases
from node.config import config
from node.settings.base import *  # noqa: F403
from node.settings.base import logging_to_stderr
from node.settings.roles import EDGE_APPS, EDGE_MIDDLEWARE, EDGE_TEMPLATES

_config = config()

SECRET_KEY = _config.secret_key
INSTALLED_APPS = EDGE_APPS
MIDDLEWARE = EDGE_MIDDLEWARE
TEMPLATES = EDGE_TEMPLATES
ROOT_URLCONF = "edge.urls"
ASGI_APPLICATION = "edge.asgi.application"

# Django insists on the key `default`; an empty one is Django's own "there is none", and using it raises.
DATABASES = {"default": {}, "edge": databases.sqlite(_config.edge_database)}
MEDIA_ROOT = str(_config.media_dir)
LOGGING = logging_to_stderr(_config.log_level)

"""Which Django apps make up a role. Named here as dotted names only: node/ imports no role."""

from __future__ import annotations

CENTRAL_APPS = [
    "node.apps.NodeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "sync.store.central",
]

EDGE_APPS = [
    "node.apps.NodeConfig",
    "sync.store.edge",
]

CENTRAL_TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

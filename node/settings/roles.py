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
    "django.forms",
    "infra.crypto",
    # Before allauth: their templates stand in for its own.
    "central.ui",
    "central.ui.bulk",
    "central.accounts",
    "central.history",
    "allauth",
    "allauth.account",
    "django_htmx",
    "csp",
    "central.catalog",
    "central.seo",
    "central.setup",
    "sync.store.central",
    "central.cluster",
    "sync.store.jobs",
    "central.notices",
    "central.cdn",
    "central.pages",
    "central.stock",
    "central.people",
    "central.shoppers",
    "central.carts",
    "central.payments",
    "central.pictures",
    "central.orders",
    "central.api",
    "central.exchange",
    "central.failures",
    "central.health",
    "central.keys",
    "central.search",
]

EDGE_APPS = [
    "node.apps.NodeConfig",
    "sites",
    "sync.store.edge",
    "edge.replica",
    "edge.pages",
    "edge.rights",
    "edge.cart",
    "edge.shopper",
    "edge.account",
    "edge.checkout",
    "edge.search",
]

# An edge has no sessions and no accounts; cross-site POSTs are refused by Sec-Fetch-Site, in edge.http.
EDGE_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

EDGE_TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": []},
    }
]

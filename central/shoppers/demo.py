"""The demo's shoppers, shown on the sign-in page of a demo and nowhere else."""

from __future__ import annotations

from django.utils.module_loading import import_string

from node.config import config


def demo_shoppers() -> list[dict[str, str]]:
    """Empty outside a demo: a node that is no demo has no `demo_control` in its settings."""
    if not config().demo_control:
        return []
    try:
        shoppers = import_string("central.setup.demo.SHOPPERS")
    except ImportError:
        return []
    return [{"email": email, "password": word} for email, word in shoppers]

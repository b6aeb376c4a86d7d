"""The providers of this node, made with its settings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from infra.payments.protocol import PaymentProvider, ProviderSettings
from infra.payments.registry import PROVIDERS, provider
from node.config import config


def provider_named(name: str) -> PaymentProvider:
    """Raises `infra.payments.protocol.Refused` for a name that is not in the registry."""
    return _made(name, config().home, config().base_url)


def is_online(name: str) -> bool:
    """Whether the shopper pays on a page. A provider we do not know is none: staff see the order and its name."""
    return name in PROVIDERS and provider_named(name).is_online


@lru_cache(maxsize=16)
def _made(name: str, home: Path, base_url: str) -> PaymentProvider:
    return provider(name, ProviderSettings(home=home, base_url=base_url))

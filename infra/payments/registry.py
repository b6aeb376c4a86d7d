"""The ways to be paid, by name. To add one: a module, a line here, a page in `docs/how-to/`."""

from __future__ import annotations

from typing import cast

from django.utils.module_loading import import_string

from infra.payments.protocol import PaymentProvider, ProviderSettings, Refused

#: dotted paths, so that an unused provider's SDK is never imported
PROVIDERS = {
    "cash_on_delivery": "infra.payments.cash.CashOnDelivery",
    "pretend_card": "infra.payments.pretend.PretendCard",
}


def provider(name: str, settings: ProviderSettings) -> PaymentProvider:
    """Raises `Refused` for a name that is not in the registry."""
    if name not in PROVIDERS:
        raise Refused(f"there is no payment provider '{name}'", provider=name)
    return cast(PaymentProvider, import_string(PROVIDERS[name])(settings))

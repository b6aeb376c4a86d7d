"""Cash, or a card at the door: nothing happens online, staff say when the money is there."""

from __future__ import annotations

from infra.payments.protocol import Callback, Charge, Opened, ProviderSettings, Refused, Settlement, check


class CashOnDelivery:
    is_online = False

    def __init__(self, settings: ProviderSettings) -> None: ...

    def create(self, charge: Charge) -> Opened:
        check(charge)
        return Opened(ref=f"cash:{charge.key}", pay_url="")

    def settle(self, callback: Callback) -> Settlement:
        raise Refused("cash sends no messages")

    def refund(self, ref: str, *, key: str, amount: int, currency: str) -> None:
        raise Refused("cash is given back by hand", ref=ref)

"""What the exchange refuses; each sentence is sent to 1C, which shows it to its operator.

RialtoError
├── ExchangeRefused
└── UnknownKey
"""

from __future__ import annotations

from node.errors import RialtoError


class ExchangeRefused(RialtoError):
    code = "exchange_refused"
    status = 403


class UnknownKey(RialtoError):
    """No such key, or none the person may see."""

    code = "unknown_exchange_key"
    status = 404

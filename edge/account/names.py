"""What signed-in shoppers are called, for a page's header: in memory, for minutes, and never on a disk."""

from __future__ import annotations

import time
from collections import OrderedDict

#: seconds
KEPT_S = 300.0
_MOST = 5_000

_names: OrderedDict[str, tuple[float, str]] = OrderedDict()


def remember(key: str, name: str) -> None:
    """`key`: a grant, or a customer's cart."""
    _names[key] = time.monotonic(), name
    _names.move_to_end(key)
    if len(_names) > _MOST:
        _names.popitem(last=False)


def known(key: str) -> str | None:
    found = _names.get(key)
    return found[1] if found and time.monotonic() - found[0] < KEPT_S else None


def forget_all() -> None:
    _names.clear()

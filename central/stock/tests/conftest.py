from __future__ import annotations

import pytest

from central.stock import assortment


@pytest.fixture(autouse=True)
def all_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goods here are ids without a catalogue."""
    monkeypatch.setattr(assortment, "_read", None)

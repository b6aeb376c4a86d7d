from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from central.orders import labels
from infra import mail
from infra.mail.file import FileGateway


@pytest.fixture(autouse=True)
def _forget_labels() -> Iterator[None]:
    labels._seen.clear()
    yield
    labels._seen.clear()


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The folder into which mails go, one file a Message-ID."""
    monkeypatch.setattr("central.notices.actions.gateway", lambda: FileGateway(tmp_path / "mail"))
    mail.gateway.cache_clear()
    return tmp_path / "mail"

"""Fixtures for every test of the tree. Imported by the root conftest.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from node import config as node_config
from node.testing import pace
from node.testing.flushing import make_and_empty_quickly

make_and_empty_quickly()
pace.keep_addresses()
pace.check_what_was_used()


def pytest_collection_finish() -> None:
    pace.spare_the_collector()


@pytest.fixture(autouse=True)
def first_language() -> Iterator[None]:
    """A request of a test leaves its language behind; the next test begins with the first one."""
    translation.deactivate()
    yield


@pytest.fixture
def node_home(tmp_path: Path) -> Iterator[Path]:
    """`config().home` is a fresh directory, and so are its keys and media."""
    with node_config.overridden(home=tmp_path, media_dir=tmp_path / "media"):
        yield tmp_path


@pytest.fixture
def no_config() -> Iterator[None]:
    """`config()` reads anew inside the test."""
    before = node_config.config()
    node_config.install(None)
    yield
    node_config.install(before)


@pytest.fixture
def anyio_backend() -> Any:
    return "asyncio"

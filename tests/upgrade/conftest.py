from __future__ import annotations

from sync.tests.conftest import clean_registries, declared

__all__ = ["clean_registries", "declared"]

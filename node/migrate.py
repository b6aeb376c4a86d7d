"""Bringing a node's databases to the code's schema. Expects Django to be set up for the node's role."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from node import processes
from node.config import Config
from node.realm_names import EDGE, alias_of
from node.schema import schema_of_code

STAMP = "schema"


def stamp_of(settings: Config) -> str:
    """What `data/schema` holds once this node's databases, wherever they are, have the code's schema."""
    where = "\n".join(f"{realm} {settings.realms[realm]}" for realm in sorted(settings.realms))
    return f"{schema_of_code()} {hashlib.sha256(where.encode()).hexdigest()[:20]}"


def is_current(settings: Config) -> bool:
    """Whether a migration may be skipped; saves the import of the whole role at every start."""
    try:
        return (settings.home / "data" / STAMP).read_text() == stamp_of(settings)
    except OSError:
        return False


def mark_current(settings: Config) -> None:
    """Remember that the databases have the code's schema."""
    file = settings.home / "data" / STAMP
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{STAMP}.{os.getpid()}")
    fresh.write_text(stamp_of(settings))
    fresh.replace(file)


def migrate(settings: Config, tell: Callable[[str], None] = lambda line: None) -> None:
    """Migrate each realm of this node. One process at a time: a second one waits its turn by being refused."""
    from django.core.management import call_command

    realms = [EDGE] if settings.role == "edge" else list(settings.realms)
    with processes.file_lock(settings.home / "migrate.lock", "another process is migrating this node: wait for it"):
        settings.edge_database.parent.mkdir(parents=True, exist_ok=True)
        for realm in realms:
            tell(f"migrating {realm}")
            call_command("migrate", database=alias_of(realm), interactive=False, verbosity=0, skip_checks=True)
        mark_current(settings)

"""A realm that can be moved: a copy of the test's `work`, and empty databases beside it, on the same real server."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from node import config as node_config
from node.config import config
from node.moved import write_private
from node.postgres import base

_numbers = itertools.count()


class Server:
    """The PostgreSQL of this run: makes databases and says how they are reached."""

    def __init__(self) -> None:
        self.where = connections["work"].settings_dict
        self.made: list[str] = []

    def run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def make(self, template: str = "template0") -> str:
        """A database; its URL."""
        name = f"{config().realms['work'].rpartition('/')[2].partition('?')[0]}_{os.getpid()}_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.run(statement.format(sql.Identifier(name), sql.Identifier(template)))
        self.made.append(name)
        return self.url(name)

    def copy(self, url: str) -> str:
        """A database that holds what another one does."""
        return self.make(url.rpartition("/")[2].partition("?")[0])

    def drop(self, name: str) -> None:
        self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, name: str) -> str:
        user, password = quote(self.where["USER"], safe=""), quote(self.where["PASSWORD"] or "", safe="")
        port = f"&port={self.where['PORT']}" if self.where["PORT"] else ""
        return f"postgresql://{user}:{password}@/{name}?host={quote(self.where['HOST'], safe='')}{port}"


@pytest.fixture
def server(db: Any) -> Iterator[Server]:
    one = Server()
    yield one
    for name in one.made:
        one.drop(name)


@pytest.fixture
def home(server: Server, node_home: Path) -> Iterator[Path]:
    """A node whose realm `work` is a database of its own, with rialto.toml as an operator writes it."""
    connections["work"].close()
    source = server.make(connections["work"].settings_dict["NAME"])
    lines = [f'{realm} = "{url}"' for realm, url in config().realms.items() if realm != "work"]
    text = "\n".join(
        [
            'role = "central"  # ours',
            f'secret_key = "{config().secret_key}"',
            f'redis_url = "{config().redis_url}"',
            "[realms]",
            *lines,
            f'work = "{source}"',
            "",
        ]
    )
    write_private(node_home / "rialto.toml", text)
    before = dict(connections["work"].settings_dict)
    with node_config.overridden(realms={**config().realms, "work": source}):
        yield node_home
    # This process may have followed the move, as every process of central does.
    connections["work"].close()
    connections["work"].settings_dict.update(before)
    base._realms["work"].generation += 1
    base._followed = None


@pytest.fixture
def empty(server: Server) -> Callable[[], str]:
    """Makes an empty database and returns its URL."""
    return server.make

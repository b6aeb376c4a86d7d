from __future__ import annotations

import pytest

from edge.pages.book import Book
from edge.pages.cache import pages
from edge.pages.making import Maker
from edge.pages.tests import make
from edge.pages.tests.client import Browser
from edge.replica import sites, words
from node import config as node_config
from node.config import config
from sync.discover import load_edge
from sync.store.writer import reader, writer


@pytest.fixture
def edge(db_of_edge, tmp_path):
    """An empty edge: its database, a media folder of its own, nothing remembered."""
    load_edge()
    with node_config.overridden(home=tmp_path, media_dir=tmp_path / "media", pages_dir=tmp_path / "pages"):
        _forget()
        yield
        writer.stop()
        reader.stop()
        _forget()


def _forget() -> None:
    sites.forget_all()
    words.forget_all()
    pages.clear()


@pytest.fixture
def db_of_edge(request):
    request.applymarker(pytest.mark.django_db(databases=["edge"], transaction=True))
    request.getfixturevalue("transactional_db")


@pytest.fixture
def tea(edge):
    """The shop `tea` with a sister `ink`, two shelves and three goods."""
    make.publish(
        make.make_site("tea", name="Чабрец", label="Чабрец", language="ru", currency="RUB", tagline="Чай и травы"),
        make.make_site("ink", name="Inkwell", label="Inkwell"),
        make.make_category("tea", "green", title="Зелёный чай"),
        make.make_category("tea", "herbs", title="Травы", position=1),
    )
    make.publish_goods(GREEN, SENCHA, THYME, PEN)
    return make.make_site("tea")


@pytest.fixture
def visitor(tea) -> Browser:
    return Browser("tea.localhost")


@pytest.fixture
def maker(tea, tmp_path):
    """The maker of the pages of `tea`, whatever a module means by it."""
    book = Book(config().pages_dir / ".book.sqlite3")
    yield Maker(book, config().pages_dir, tmp_path / "none.sqlite3")
    book.close()


def make_all(maker: Maker) -> None:
    """Until nothing is missing and nothing is old."""
    maker.look_for_missing()
    while maker.renew() or maker.fill():
        pass


def _tea(slug: str, shelf: str, **changes):
    shelves = [make.hex_of("tea", shelf)]
    return make.make_product("tea", slug, categories=shelves, currency="RUB", **changes)


GREEN = _tea("longjing", "green", title="Лунцзин", variants=[make.make_variant("LJ", 199000)])
SENCHA = _tea(
    "sencha",
    "green",
    title="Сенча",
    position=1,
    variants=[make.make_variant("SE", 50000, "size=50 г"), make.make_variant("SE", 90000, "size=100 г")],
)
THYME = _tea("thyme", "herbs", title="Чабрец сушёный", variants=[make.make_variant("TH", 32050, old_price=40000)])
PEN = make.make_product("ink", "heron", title="Heron Steel", variants=[make.make_variant("PEN", 4900)])

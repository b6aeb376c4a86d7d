"""The process that makes pages: lines of JSON from the edge on its stdin, lines of JSON back on its stdout.

It lives while there is work and some minutes more; the edge starts it when there are news, and once in a while for the
robot's rounds. It ends when its edge does: then its stdin ends.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final, NoReturn

import django
import msgspec

from edge.pages.orders import Asked, Done, Heard, LinksTold, Order, Remake, Told, Want

logger = logging.getLogger(__name__)

#: beside the folders of hosts; a web server serves nothing that begins with a dot
BOOK: Final = ".book.sqlite3"
#: fact of the book: how many pages were made since it was begun, whether their bytes were new or not
MADE: Final = "made"
#: without work it ends after this; a start costs a second
IDLE_S: Final = 120.0
#: between two audited pages while there is nothing else to do
AUDIT_S: Final = 5.0
#: between two steps of the robots: news of pages come first
BREATH_S: Final = 0.05
#: changes told in one line, and links
_TELL: Final = 500
_TELL_LINKS: Final = 200


class Worker:
    """`orders`: what the edge said, None when it has gone. `say` puts a line where the edge reads it."""

    def __init__(self, maker: Any, book: Any, links: Any, orders: queue.SimpleQueue[Order | None], say: Any) -> None:
        self._maker, self._book, self._links, self._orders, self._say = maker, book, links, orders, say
        self._said = 0
        self._links_said: set[tuple[int, str]] = set()
        self._audited_at = 0.0
        #: pages that processes before this one have made with this book
        self._made_before = int(book.fact(MADE) or 0)

    def run(self) -> None:
        self._maker.begin()
        self._tell()
        last_work = time.monotonic()
        while True:
            if not self._take_orders(wait_s=0.0):
                return
            if self._maker.step():
                self._tell()
                last_work = time.monotonic()
            elif time.monotonic() - last_work > IDLE_S:
                return
            else:
                has_more = self._walk()
                self._tell()
                if not self._take_orders(wait_s=BREATH_S if has_more else AUDIT_S):
                    return

    def _walk(self) -> bool:
        """A step of the robots. Returns whether they have more to do at once."""
        has_more: bool = self._links.step()
        if time.monotonic() - self._audited_at >= AUDIT_S:
            self._audited_at = time.monotonic()
            self._maker.audit()
        return has_more

    def _take_orders(self, wait_s: float) -> bool:
        """Do what has been said; False when the edge has gone."""
        news: list[tuple[str, str]] = []
        try:
            order = self._orders.get(timeout=wait_s) if wait_s else self._orders.get_nowait()
            while order is not None:
                match order:
                    case Heard(deps):
                        news += deps
                    case Want(site, path):
                        self._maker.want((site, path))
                    case Remake(site, keys):
                        self._maker.remake(site, keys)
                    case Asked(hits):
                        self._book.note_hits(hits)
                    case Told(up_to):
                        self._book.told(up_to)
                    case LinksTold(links):
                        self._links.book.told(links)
                        self._links_said.difference_update(links)
                order = self._orders.get_nowait()
        except queue.Empty:
            if news:
                self._maker.hear(news)
            return True
        return False

    def _tell(self) -> None:
        """New changes, and how things stand. What the edge has not confirmed is told again by the next process."""
        self._book.set_fact(MADE, str(self._made_before + self._maker.rendered))
        self._book.save()
        changes = self._book.changes(self._said, _TELL)
        links = self._links.book.news(self._links_said, _TELL_LINKS)
        self._links_said.update((link.id, link.digest) for link in links)
        while True:
            figures = {
                **self._book.count(),
                "rendered": self._maker.rendered,
                "written": self._maker.written,
                **{name: float(self._book.fact(name) or 0) for name in ("audited", "wrong", "wrong_at")},
            }
            sites = self._book.count_of_sites()
            renders = list(self._maker.renders)
            self._maker.renders.clear()
            book = self._links.book.id
            self._say(Done(changes=changes, figures=figures, sites=sites, links=links, book=book, renders=renders))
            links = []
            if not changes:
                return
            self._said = changes[-1].id
            changes = self._book.changes(self._said, _TELL)
            if not changes:
                return


def _listen(orders: queue.SimpleQueue[Order | None]) -> None:
    decoder = msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        orders.put(decoder.decode(line))
    orders.put(None)


def _lay_static(folder: Path) -> None:
    from edge.pages import static

    try:
        static.lay(folder)
    except OSError as error:  # the edge serves them itself
        logger.error("static files cannot be laid into %s: %s", folder, error)


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not stand between the answers
    os.nice(5)  # shoppers' carts come first
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "node.settings.edge")
    django.setup(set_prefix=False)

    from edge.pages.book import Book
    from edge.pages.links import Links
    from edge.pages.making import Maker
    from infra.caching.node import node_cache
    from node.config import config
    from sync.discover import load_edge

    load_edge()
    node_cache().begin_telling()

    def say(done: Done) -> None:
        answers.write(msgspec.json.encode(done) + b"\n")
        answers.flush()

    folder = config().pages_dir
    book = Book(folder / BOOK)
    links = Links(book, folder)
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[orders], daemon=True).start()
    _lay_static(folder)
    try:
        Worker(Maker(book, folder, config().edge_database), book, links, orders, say).run()
    except BrokenPipeError:
        pass  # the edge has gone
    finally:
        links.close()
        book.close()


def run() -> NoReturn:
    """`main`, and an end that does not wait for the thread that reads: Python's own aborts over the stdin it holds."""
    code = 0
    try:
        main()
    except Exception:
        logger.exception("the maker of pages failed")
        code = 1
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()

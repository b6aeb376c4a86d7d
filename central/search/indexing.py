"""Indexes at central's search servers, kept as an edge keeps its own: a snapshot of the documents, then the log.

A build is a job: it notes where the catalogue's log stands, fills a fresh index beside the one that answers and swaps
it in; what came meanwhile is followed from the noted place. Following repeats itself harmlessly after a crash: putting
an entry twice is putting it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from django.utils import timezone

from central.cluster.documents import site_doc
from central.cluster.models import Site
from central.search.models import Engine, ServerIndex
from central.search.queries import languages_of, search_of, settings_of
from infra.search import Entry
from infra.search.servers import server
from node.errors import RialtoError
from node.realms import CATALOG, atomic
from sites.editions import category_in, edition, product_in
from sites.searching import CATEGORY, PRODUCT, about_entry, category_entry, index_of, product_entry
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, card_key
from sync.events import schedule_job
from sync.logtail import LogRow, NoLogYet, Tail, read_tail
from sync.topics import StateTopic, topic_of

JOB: Final = "search.build_index"
BATCH: Final = 200

State = ServerIndex.State


def schedule(site: Site) -> None:
    """Build the shop's indexes at its server. Nothing to do for a shop that is searched by its edge."""
    engine = search_of(site.pk).engine
    if engine == Engine.EMBEDDED:
        return
    for language in languages_of(site):
        name = index_of(site.pk, language)
        with atomic(CATALOG):
            ServerIndex.objects.update_or_create(
                name=name,
                defaults={
                    "site": site.pk, "language": language, "engine": engine, "state": State.BUILDING, "done": 0,
                    "total": 0, "trouble": "",
                },
            )  # fmt: skip
            schedule_job(JOB, name.encode(), realm=CATALOG)


def build(name: str, *, still_mine: Callable[[], object] = lambda: None) -> int:
    """Fill an index anew and swap it in; returns how many entries it has. Raises what engines raise."""
    row = ServerIndex.objects.filter(name=name).first()
    if row is None:
        return 0
    site = Site.objects.get(pk=row.site)
    engine, settings = server(row.engine), settings_of(row.site, row.language)
    head = _head()
    fresh = engine.make(name, settings)
    total, done = _count(site), 0
    for batch in _batches(_all_entries(site, row.language)):
        engine.put(fresh, settings, batch)
        done += len(batch)
        _note(name, done=done, total=max(total, done))
        still_mine()
    engine.swap(name, fresh)
    _note(
        name,
        state=State.READY, epoch=head.epoch, seq=head.head, documents=done, done=0, total=0,
        built_at=timezone.now(), trouble="",
    )  # fmt: skip
    return done


def failed(name: str, error: Exception) -> None:
    code = error.code if isinstance(error, RialtoError) else type(error).__name__
    _note(name, state=State.FAILED, trouble=code[:60])


def follow() -> None:
    """Bring every index up to the log; one whose place in it is gone is built anew."""
    for row in ServerIndex.objects.filter(state=State.READY):
        try:
            _follow(row)
        except NoLogYet:
            continue
        except RialtoError as error:
            _note(row.name, trouble=error.code[:60])


def _follow(row: ServerIndex) -> None:
    site = Site.objects.get(pk=row.site)
    while True:
        tail = read_tail(CATALOG, row.seq)
        if tail.epoch != row.epoch or row.seq < tail.floor:
            schedule(site)
            return
        if not tail.rows:
            return
        _take(row, site, tail.rows)
        row.seq = tail.end
        state = server(row.engine).state(row.name)
        _note(row.name, seq=row.seq, trouble="", documents=state.documents if state else 0)


def _take(row: ServerIndex, site: Site, news: Iterable[LogRow]) -> None:
    keys: dict[str, set[str]] = {"product": set(), "category": set(), "card": set(), "search": set()}
    for each in news:
        name, _, audience = each.topic.partition(":")
        if name in keys and audience == (site.cart_group if name == "card" else site.pk):
            keys[name].add(each.key)
    engine, settings = server(row.engine), settings_of(site.pk, row.language)
    if keys["search"]:
        engine.configure(row.name, settings)
    products = keys["product"] | _products_of(site, keys["card"])
    shop = _spoken(site, row.language)
    entries = list(_products(site, shop, sorted(products))) + list(_categories(shop, sorted(keys["category"])))
    wanted = {f"{PRODUCT}-{key}" for key in products} | {f"{CATEGORY}-{key}" for key in keys["category"]}
    engine.put(row.name, settings, entries)
    if gone := wanted - {each.id for each in entries}:
        engine.delete(row.name, sorted(gone))


# --- documents, read as edges are sent them -----------------------------------------------------------------------


def _topic(name: str) -> StateTopic:
    found = topic_of(name)
    assert isinstance(found, StateTopic)  # noqa: S101  they are declared as such
    return found


def _spoken(site: Site, language: str) -> SiteDoc:
    """The shop in one of its languages, for all regions."""
    shop = site_doc(site)
    return edition(shop, language, "") or shop


def _all_entries(site: Site, language: str) -> Iterator[Entry]:
    shop = _spoken(site, language)
    tree = _tree(shop)
    yield from (category_entry(shop, each) for each in tree)
    if (about := about_entry(shop)) is not None:
        yield about
    for keys in _pages(f"product:{site.pk}"):
        yield from _products(site, shop, keys, tree)


def _products(site: Site, shop: SiteDoc, keys: list[str], tree: list[CategoryDoc] | None = None) -> Iterator[Entry]:
    """`shop`: the edition whose words are indexed."""
    tree = _tree(shop) if tree is None and keys else tree or []
    full = f"product:{site.pk}"
    for at in range(0, len(keys), BATCH):
        bodies = _topic(full).read(full, keys[at : at + BATCH])
        docs = [product_in(shop, unpack(body, ProductDoc)) for _, body in bodies.values() if body is not None]
        on_sale = _on_sale(site, docs)
        for doc in docs:
            is_on_sale = any(card_key(site.pk, each.sku, each.options) in on_sale for each in doc.variants)
            if (entry := product_entry(shop, doc, tree, is_on_sale=is_on_sale)) is not None:
                yield entry


def _categories(shop: SiteDoc, keys: list[str]) -> Iterator[Entry]:
    full = f"category:{shop.id}"
    bodies = _topic(full).read(full, keys) if keys else {}
    found = (unpack(body, CategoryDoc) for _, body in bodies.values() if body is not None)
    yield from (category_entry(shop, category_in(shop, each)) for each in found)


def _tree(shop: SiteDoc) -> list[CategoryDoc]:
    full = f"category:{shop.id}"
    bodies = [body for keys in _pages(full) for _, body in _topic(full).read(full, keys).values()]
    return [category_in(shop, unpack(body, CategoryDoc)) for body in bodies if body is not None]


def _on_sale(site: Site, docs: list[ProductDoc]) -> set[str]:
    full = f"card:{site.cart_group}"
    keys = [card_key(site.pk, each.sku, each.options) for doc in docs for each in doc.variants]
    found = _topic(full).read(full, keys) if keys else {}
    return {key for key, (_, body) in found.items() if body is not None and unpack(body, CardDoc).is_on_sale}


def _products_of(site: Site, cards: set[str]) -> set[str]:
    """The products whose line cards these are."""
    from central.catalog.models import Offer

    mine = [key for key in cards if key.startswith(f"{site.pk}\x1f")]
    rows = Offer.objects.filter(card_key__in=mine).values_list("listing__product_id", flat=True)
    return {product.hex for product in rows}


def _pages(full: str) -> Iterator[list[str]]:
    after = ""
    while rows := _topic(full).page(full, after, BATCH):
        after = rows[-1][0]
        yield [key for key, _, _ in rows]


def _count(site: Site) -> int:
    from central.catalog.models import Category, Listing

    listings = Listing.objects.filter(site=site.pk, is_active=True).count()
    return listings + Category.objects.filter(site=site.pk, is_active=True).count()


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for each in entries:
        batch.append(each)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _head() -> Tail:
    """Where the log stands; a build begun before the log does is followed from its beginning."""
    try:
        tail = read_tail(CATALOG, 0, 1)
    except NoLogYet:
        return Tail("", 0, 0, 0, ())
    return tail


def _note(name: str, **values: object) -> None:
    with atomic(CATALOG):
        ServerIndex.objects.filter(name=name).update(**values)

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from central.catalog.models import Category, Listing, Offer, ProductPicture, Translation, Variant
from central.cluster.documents import site_doc
from central.cluster.models import Node, Rate, Site
from central.cluster.page_words import own_words
from central.orders.models import DuplicatePair, Order, OrderLine
from central.people.models import OrderContact
from central.setup import demo
from central.setup.goods import SHELVES
from central.setup.goods.translations import WORDS
from central.setup.people import GONE, MORE_STAFF, STAFF, shopper
from central.setup.pictures import PALETTES, picture
from central.setup.pictures.photo import MOTIFS as PHOTOS
from central.setup.pictures.photo import photo
from central.setup.pictures.scene import MOTIFS
from central.stock.models import Movement, PendingUnits, PlannedSupply, Warehouse
from central.stock.queries import check_balance, stock_of
from infra.storage.inspect import inspect_picture
from node.realms import CENTRAL_REALMS, alias_of
from sites.editions import edition, editions_of
from sync.store.jobs.models import Job

ALL_REALMS = [alias_of(realm) for realm in CENTRAL_REALMS]


@pytest.mark.parametrize("motif", sorted(PHOTOS))
def test_every_photo_is_a_large_one_and_always_the_same(motif):
    first = photo(motif, "sand", "seed")

    assert first == photo(motif, "sand", "seed") != photo(motif, "sand", "another seed")
    seen = inspect_picture(first)
    assert (seen.ext, seen.width, seen.height) == ("jpg", 1_000, 1_000)
    assert len(first) > 100_000


@pytest.mark.parametrize("motif", MOTIFS)
def test_every_motif_is_a_harmless_picture_and_always_the_same(motif):
    first = picture(motif, "sage", "seed", "Tea & <milk>")

    assert first == picture(motif, "sage", "seed", "Tea & <milk>")
    assert first != picture(motif, "sage", "another seed", "Tea & <milk>")
    assert (inspect_picture(first).ext, inspect_picture(first).width) == ("svg", 800)
    assert len(first) < 60_000


def test_goods_name_motifs_and_palettes_that_there_are():
    for shelves in SHELVES.values():
        for shelf in shelves:
            for thing in (shelf, *shelf.items):
                assert thing.motif in MOTIFS
                assert thing.palette in PALETTES


def test_titles_are_told_apart_within_a_shop():
    for shelves in SHELVES.values():
        titles = [item.title for shelf in shelves for item in shelf.items]
        assert len(set(titles)) == len(titles)


def test_every_good_has_words_of_the_other_language_and_no_word_has_lost_its_good():
    own = {
        f"{site[0].upper()}-{row:02d}{number:02d}": item.title
        for site, shelves in SHELVES.items()
        for row, shelf in enumerate(shelves, start=1)
        for number, item in enumerate(shelf.items, start=1)
    }

    assert WORDS.keys() == own.keys()
    for sku, (title, text) in WORDS.items():
        is_russian = any("а" <= sign <= "я" for sign in text.casefold())
        assert title and text and is_russian == sku.startswith("I")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_shoppers_can_be_nobody(language):
    people = [shopper(number, language=language) for number in range(1, 200)]

    assert all(one.phone.startswith(("+7000000", "+120255501")) for one in people)
    assert all(one.email.endswith(("@example.com", "@example.org")) for one in people)


def test_the_sign_ins_are_known_without_django():
    import subprocess
    import sys

    code = "import sys; import central.setup.people as p; print(len(p.STAFF), 'django' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.split() == ["4", "False"]


@pytest.mark.slow
@pytest.mark.django_db(databases=ALL_REALMS)
def test_a_seeded_cluster_holds_three_shops_and_their_past(node_home):
    for node in ("a", "b", "c"):
        Node.objects.create(id=node, name=node)

    demo.seed(8400)
    demo.seed(8400)  # a second time changes nothing

    assert {site.pk: (site.language, site.currency, site.node_id) for site in Site.objects.all()} == {
        "tea": ("ru", "RUB", "a"),
        "clay": ("ru", "RUB", "b"),
        "ink": ("en", "EUR", "c"),
    }
    assert Site.objects.get(pk="clay").origin == "http://clay.localhost:8402"
    assert Rate.objects.count() == 2
    assert {
        site: Translation.objects.filter(listing__site=site)
        .exclude(language="ar")
        .values_list("language")
        .distinct()
        .get()
        for site in SHELVES
    } == {
        "tea": ("en",),
        "clay": ("en",),
        "ink": ("ru",),
    }
    assert Translation.objects.exclude(language="ar").count() == len(WORDS)
    assert len(editions_of(site_doc(Site.objects.get(pk="tea")))) == 8
    assert edition(site_doc(Site.objects.get(pk="clay")), "ar", "") is not None
    assert Listing.objects.filter(site="clay", translations__language="ar").count() == 8
    assert len(own_words("ar")) > 60
    assert Listing.objects.count() >= 150
    assert all(5 <= Category.objects.filter(site=site).count() <= 6 for site in ("tea", "clay", "ink"))
    assert not Listing.objects.exclude(product__in=ProductPicture.objects.values("product")).exists()
    assert not Listing.objects.filter(text="").exists()
    assert not Offer.objects.filter(price__lte=0).exists()
    units = [stock.total for stock in stock_of(Variant.objects.values_list("pk", flat=True)).values()]
    assert 0 in units
    assert 1 in units
    assert check_balance() == []
    _check_past()
    assert Warehouse.objects.count() == 3
    assert PendingUnits.objects.filter(state="waiting").count() == 2
    assert PlannedSupply.objects.count() == 2
    assert DuplicatePair.objects.filter(decision="").count() == 1
    assert Movement.objects.filter(cause="transfer").count() == 2 * (12 + 5)
    logins = [row["login"] for row in STAFF] + [row[0] for row in MORE_STAFF]
    assert logins == list(User.objects.order_by("pk").values_list("username", flat=True))
    assert list(User.objects.filter(is_active=False).values_list("username", flat=True)) == [GONE]


def _check_past() -> None:
    assert Order.objects.count() >= 300
    assert OrderContact.objects.count() == Order.objects.count()
    assert not Order.objects.filter(customer=None).exists()
    statuses = set(Order.objects.values_list("status", flat=True))
    assert {"new", "confirmed", "packed", "sent", "delivered", "cancelled"} <= statuses
    sites_of = OrderLine.objects.values_list("order__site", "site", "currency", "order__currency").distinct()
    assert any(order != line for order, line, _, _ in sites_of)
    assert any(ours != theirs for _, _, ours, theirs in sites_of)
    jobs = [job for alias in ALL_REALMS for job in Job.objects.using(alias).all()]
    waiting = {job.handler for job in jobs if job.state != Job.State.FAILED}
    # Nobody is written to about the past: the code of a sign-up that is through is not sent any more.
    assert waiting <= {
        "orders.index_customer", "catalog.import_run", "catalog.note_stock_levels",
        "catalog.note_site_languages", "catalog.note_regions", "catalog.settle_reach", "search.regions_changed",
        "shoppers.mail_code",
        "pictures.plan",
        "pictures.plan_placed",
    }  # fmt: skip
    assert [job.handler for job in jobs if job.state == Job.State.FAILED] == ["orders.mail_status"]


@pytest.mark.slow
@pytest.mark.django_db(databases=ALL_REALMS)
def test_rebase_moves_the_shops_and_gives_them_to_nodes_that_joined_since(node_home, monkeypatch):
    monkeypatch.setattr(demo, "fill_catalogue", lambda: None)
    monkeypatch.setattr(demo, "fill_imports", lambda: None)
    monkeypatch.setattr(demo, "fill_stockroom", lambda: None)
    monkeypatch.setattr(demo.PastOrders, "write", lambda self: 0)
    demo.seed(8400)
    Node.objects.create(id="a", name="A")

    demo.rebase(9000)

    assert [(site.pk, site.origin, site.node_id) for site in Site.objects.all()] == [
        ("clay", "http://clay.localhost:9002", None),
        ("ink", "http://ink.localhost:9003", None),
        ("tea", "http://tea.localhost:9001", "a"),
    ]

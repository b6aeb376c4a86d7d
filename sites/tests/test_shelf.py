from __future__ import annotations

from sites import shelf
from sync.contracts.documents import CardDoc, CategoryDoc, ProductDoc, SiteDoc, VariantDoc, card_key

SITE = SiteDoc(
    id="tea",
    name="Tea",
    label="Tea",
    colour="#123456",
    origin="https://tea.example",
    hosts=["tea.example"],
    language="en",
    currency="EUR",
    theme="tea",
    group="main",
    node="a",
)


def variant(sku: str, price: int, **changes) -> VariantDoc:
    return VariantDoc(**{"id": sku, "sku": sku, "options": "", "options_title": "", "price": price, **changes})


def product(*variants: VariantDoc) -> ProductDoc:
    return ProductDoc(id="p", site="tea", slug="p", title="P", categories=[], currency="EUR", variants=list(variants))


def card(of: VariantDoc, ver: int = 3, **changes) -> dict[str, shelf.HeldCard]:
    values = {"site": "tea", "sku": of.sku, "options": of.options, "variant": of.id, "title": "P"}
    values |= {"options_title": "", "slug": "p", "price": of.price, "currency": "EUR"}
    return {card_key("tea", of.sku, of.options): shelf.HeldCard(CardDoc(**values | changes), ver)}


def category(id: str, parent: str = "", position: int = 0) -> CategoryDoc:
    return CategoryDoc(id=id, site="tea", slug=id, title=id, parent=parent, position=position)


def test_the_price_shown_is_the_one_whose_version_the_cart_will_name():
    one = variant("A", 1000, old_price=1500)

    [unit] = shelf.units_of(SITE, product(one), card(one, ver=8, price=1200))

    assert (unit.price, unit.price_text, unit.price_ref, unit.old_price_text) == (1200, "€12.00", 8, "€15.00")


def test_an_old_price_below_the_price_is_not_struck_out():
    one = variant("A", 1000, old_price=900)

    assert shelf.units_of(SITE, product(one), card(one))[0].old_price_text == ""


def test_a_good_with_one_unit_can_be_added_from_a_list_and_one_with_a_choice_cannot():
    one, two = variant("A", 1000), variant("B", 800)

    single = shelf.good(SITE, product(one), card(one))
    choice = shelf.good(SITE, product(one, two), card(one) | card(two))

    assert single.unit is not None and single.unit.sku == "A" and not single.has_range
    assert choice.unit is None and choice.has_range and choice.price_text == "€8.00"


def test_a_unit_without_a_card_or_off_sale_has_no_button():
    one = variant("A", 1000)

    assert shelf.good(SITE, product(one), {}).unit is None
    assert shelf.good(SITE, product(one), card(one, is_on_sale=False)).unit is None


def test_page_links_name_the_ends_the_neighbours_and_the_gaps():
    def numbers(page: int, pages: int) -> list[int]:
        return [link.number for link in shelf.page_links(SITE, category("c"), "position", page, pages)]

    assert numbers(1, 1) == []
    assert numbers(1, 2) == [1, 2]
    assert numbers(1, 9) == [1, 2, 0, 9]
    assert numbers(5, 9) == [1, 0, 4, 5, 6, 0, 9]
    assert numbers(9, 9) == [1, 0, 8, 9]


def test_the_shelves_below_are_found_and_a_ring_of_parents_ends():
    tree = [category("a"), category("b", "a", 2), category("c", "a", 1), category("d", "b"), category("e")]
    ring = [category("x", "y"), category("y", "x")]

    assert [each.id for each in shelf.children_of(tree, "a")] == ["c", "b"]
    assert sorted(shelf.below(tree, tree[0])) == ["a", "b", "c", "d"]
    assert [each.id for each in shelf.path_to(tree, tree[3])] == ["a", "b", "d"]
    assert sorted(shelf.below(ring, ring[0])) == ["x", "y"]
    assert [each.id for each in shelf.path_to(ring, ring[0])] == ["y", "x"]

"""What the desk shows of goods besides their screens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.catalog.importing.reasons import in_words
from central.catalog.queries import products_visible_to
from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, Hit, Search, add_action, add_entry, add_search
from node.errors import RialtoError


def _why(error: RialtoError) -> str:
    return in_words(str(error).removeprefix("product: "))


def _find_products(user: Any, text: str, limit: int) -> Iterable[Hit]:
    for goods in products_visible_to(user, search=text, limit=limit).rows:
        url = reverse("products-card", args=[goods.product])
        yield Hit(goods.title, url, "package", goods.options_title or goods.sku, goods.site)


add_entry(Entry(20, "products", _("Products"), "package", "see_products", "p"))
add_entry(Entry(21, "categories", _("Categories"), "list", "see_products", in_side_bar=False))
add_entry(Entry(22, "imports", _("Imports"), "upload", "import_goods", "i"))
add_entry(Entry(23, "imports-sources", _("Sources of imports"), "upload", "import_goods", in_side_bar=False))
add_action(Action(20, "products-new", _("New product"), "edit_products", "plus", words=_("add goods item")))
add_action(
    Action(
        22,
        "imports-new",
        _("Import a file"),
        "import_goods",
        "upload",
        where=("home", "products"),
        words=_("new import price list upload"),
    )
)
add_search("products", Search(_("Products"), "see_products", _find_products))
add_sentences(
    {
        "unknown_run": _("There is no such import among those you may see."),
        "unknown_unit": _("There is no such product among those you may see."),
        "bad_goods": lambda error: _now("This cannot be kept: %(why)s.") % {"why": _why(error)},
        "import_refused": _why,
        "unknown_category": _("There is no such category."),
        "unknown_product": _("There is no such product among those you may see."),
        "field_fed": _("“%(source)s” feeds this field: take it over on the product's card first."),
        "many_sites": _("A table to import is of one site: choose a site in the filter first."),
        "stale_product": _("Somebody changed this product meanwhile. Look at it again."),
        "unit_taken": _("The site sells %(sku)s already: change that product, or choose another SKU."),
        "barcode_taken": _("The barcode %(barcode)s names another unit already."),
        "bad_picture": _(
            "This is no picture that can be kept. Choose a JPEG, PNG, WebP, GIF or plain SVG of at most 20 MB."
        ),
        "not_enough_in_pool": _("Shops hold more than that and did not give it back in time: a node may be cut off."),
        "wrong_units": _("This number of units cannot be."),
    }
)

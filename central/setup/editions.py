# ruff: noqa: E501 - texts
"""The demo's shops in more languages and in cities: English tea, Arabic pottery, and tea in three cities."""

from __future__ import annotations

from typing import Any

from central.catalog.actions import set_regional_prices
from central.catalog.editing import Words, set_picture_alts, translate_category, translate_goods
from central.catalog.models import Category, Listing, Offer, ProductPicture
from central.catalog.reach import settle, show_category, show_product
from central.catalog.spoken import note_languages
from central.cluster.locales import make_region, put_language, put_site_region
from central.cluster.page_words import page_texts, set_page_words

BY = "demo"

_ENGLISH_TEA = {
    "name": "Thyme",
    "label": "Thyme",
    "tagline": "Tea and herbs, gathered with care",
    "about": "Thyme is a small tea shop. We buy in small lots, taste each of them and write on the packet where it comes "
    "from and when it was picked.\n\nHerbs dry in bunches, in the shade, and are never ground: so the scent lives until "
    "the cup.\n\nThe shop is made up, for show: you may order anything, and only a mail will arrive.",
    "address": "3 Made-up Street, Little Town",
    "deliveries": {
        "pickup": ("Collect from the shop", "Ready in an hour, kept for two days"),
        "courier": ("Courier", "Tomorrow, 10 to 21"),
    },
    "payments": {
        "cash": ("Cash on delivery", "To the courier or at the till"),
        "card": ("Card online", "A pretend payment: no money moves"),
    },
}
_ARABIC_CLAY = {
    "name": "فخّار",
    "label": "فخّار",
    "tagline": "أوانٍ من ثلاث ورش صغيرة",
    "about": "متجر للخزف. ثلاث ورش تشكّل كل قطعة وتجففها وتحرقها وتزججها باليد، لذلك لا يوجد كوبان متطابقان.\n\nكل ما يمكن "
    "اختباره نختبره بالماء والشاي.\n\nالورش والمتجر من الخيال، للعرض فقط.",
    "address": "زقاق المثال، 12",
    "deliveries": {
        "pickup": ("الاستلام من الورشة", "أيام العمل من 11 إلى 19"),
        "courier": ("توصيل بتغليف آمن", "يومان أو ثلاثة"),
    },
    "payments": {
        "cash": ("نقدًا عند الاستلام", "للمندوب أو عند الصندوق"),
        "card": ("بالبطاقة", "دفع تجريبي: لا تُنقل أموال"),
    },
}

_ENGLISH_SHELVES = {
    "zelyony-chay": ("Green tea", "Fresh harvests to be drunk light and never boiled."),
    "chyorny-chay": ("Black tea", "Fully fermented: bread, honey, dried fruit and a quiet evening."),
    "ulun": ("Oolong", "Between green and black: from lilac to baked apples."),
    "puer-i-bely": ("Pu-erh and white tea", "Tea that knows how to wait."),
    "travy-i-yagody": ("Herbs and berries", "No caffeine: gathered in hills and meadows, dried in the shade."),
    "k-chayu": ("With tea, and as a gift", "Honey, bags for the road and boxes with a ribbon."),
}
_ARABIC_SHELVES = {
    "chashki-i-kruzhki": ("أكواب وفناجين", "للشاي والقهوة ولكل ما يدفئ اليدين."),
    "chayniki": ("أباريق الشاي", "الفوهة لا تقطر والغطاء لا يسقط."),
    "tarelki-i-miski": ("أطباق وأوعية", "مائدة بلا قطعتين متطابقتين."),
    "vazy-i-kuvshiny": ("مزهريات وأباريق", "لغصن واحد أو لمرج كامل."),
    "dlya-doma": ("للمنزل", "أصص وشمعدانات وجرار."),
}
#: sku -> (title, text)
_ARABIC_GOODS = {
    "C-0101": ("كوب «الظهيرة»", "مقبض عريض لثلاث أصابع وحافة لا تحرق."),
    "C-0102": ("كوب «العاصفة»", "طلاء رمادي أزرق ينساب من الحافة كالمطر على الزجاج."),
    "C-0103": ("كوب «الكوبالت»", "طين أبيض وشريط أزرق بضربة فرشاة واحدة."),
    "C-0104": ("كوب «الطحلب»", "أخضر مطفأ من الخارج، وطلاء حليبي أملس من الداخل."),
    "C-0201": ("إبريق «السيلادون»", "إبريق مستدير لشخصين تحت طلاء أخضر شفاف."),
    "C-0202": ("إبريق «الفحم»", "الطين الأسود يحفظ الحرارة طويلًا."),
    "C-0301": ("طبق «البتلة»", "طبعة ورقة على الحافة، وفي كل مرة من شجيرة أخرى."),
    "C-0302": ("طبق «الموجة»", "نصف الطبق مغموس في طلاء أزرق."),
}
_ARABIC_PAGES = {
    "About, delivery, contacts": "عن المتجر والتوصيل والاتصال", "About the shop": "عن المتجر", "Delivery": "التوصيل",
    "free": "مجانًا", "Payment": "الدفع", "Returns": "الإرجاع", "Contacts": "اتصل بنا", "Phone": "الهاتف",
    "E-mail": "البريد الإلكتروني", "Address": "العنوان", "Privacy": "الخصوصية", "Skip to content": "إلى المحتوى",
    "Catalogue": "الكتالوج", "Cart": "السلة", "Your cart is empty.": "سلتك فارغة.", "To the shop": "إلى المتجر",
    "Sections": "الأقسام", "Sort by": "الترتيب", "cheapest first": "الأرخص أولًا", "dearest first": "الأغلى أولًا",
    "by name": "بالاسم", "our choice": "اختيارنا", "Back to the shop": "العودة إلى المتجر", "Checkout": "إتمام الطلب",
    "To the cart": "إلى السلة", "Who are you?": "من أنت؟", "Name": "الاسم", "How do you get it?": "كيف تستلمه؟",
    "How do you pay?": "كيف تدفع؟", "Comment": "تعليق", "Your order": "طلبك", "Goods": "السلع", "To pay": "المبلغ",
    "Place the order": "تأكيد الطلب", "Worth a look": "يستحق نظرة", "Quantity": "الكمية", "Add to cart": "أضف إلى السلة",
    "Delivery, payment and contacts": "التوصيل والدفع والاتصال", "Change": "تغيير", "Remove": "إزالة", "Total": "المجموع",
    "You are here": "أنت هنا", "Home": "الرئيسية", "Shop": "المتجر", "Help": "مساعدة", "About us": "من نحن",
    "To cart": "إلى السلة", "Choose": "اختر", "Pages": "الصفحات", "Back": "السابق", "Next": "التالي", "from": "من",
    "From our sister shops": "من متاجرنا الأخرى", "Our shops": "متاجرنا", "One cart for all of them": "سلة واحدة لها جميعًا",
    "Home page": "الصفحة الرئيسية", "14 days": "14 يومًا", "Description": "الوصف", "Details": "التفاصيل",
    "On the same shelf": "من القسم نفسه", "My account": "حسابي", "Sign in": "تسجيل الدخول", "Search": "بحث",
    "Search the shop": "ابحث في المتجر", "Find": "ابحث", "Shelves": "الأقسام", "Region": "المنطقة", "Language": "اللغة",
    "All regions": "كل المناطق", "Continue in this language?": "هل تريد المتابعة بهذه اللغة؟", "Yes": "نعم",
    "No, stay here": "لا، ابقَ هنا", "Add to cart: %(title)s": "أضف إلى السلة: %(title)s",
    "%(name)s: home page": "%(name)s: الصفحة الرئيسية", "page %(page)s": "صفحة %(page)s",
}  # fmt: skip
_ARABIC_PLURALS = {
    "%(total)s product": ("لا منتجات", "منتج واحد", "منتجان", "%(total)s منتجات", "%(total)s منتجًا", "%(total)s منتج"),
}

_LEAVES = {"ru": "Сухой лист крупным планом", "en": "The dry leaf, close up"}

_ENGLISH_MOSCOW = {
    "address": "7 Made-up Boulevard, Moscow",
    "deliveries": {"pickup": ("Collect on the boulevard", ""), "courier": ("Courier in Moscow", "")},
}

#: id -> (title, English title, parent, places)
_REGIONS = {
    "msk": ("Москва", "Moscow", "", ["RU-MOW", "524901"]),
    "nw": ("Северо-Запад", "North-West", "", ["RU-LEN", "RU-PSK", "RU-NGR"]),
    "spb": ("Санкт-Петербург", "Saint Petersburg", "nw", ["RU-SPE", "498817"]),
    "pskov": ("Псков", "Pskov", "nw", ["504341"]),
}


def fill_editions() -> None:
    """Languages, regions, and what the shops are and ask there."""
    put_language("tea", "en", path="/en", words=_ENGLISH_TEA, by=BY)
    put_language("clay", "ar", path="/ar", words=_ARABIC_CLAY, by=BY)
    # At once, so that the goods are published one time and not again when a worker hears of it.
    note_languages("tea", ["en"])
    note_languages("clay", ["ar"])
    _translate("tea", "en", _ENGLISH_SHELVES, {})
    _translate("clay", "ar", _ARABIC_SHELVES, _ARABIC_GOODS)
    _describe_leaves()
    plain = {text: [said] for text, said in _ARABIC_PAGES.items()}
    plural = {text: list(forms) for text, forms in _ARABIC_PLURALS.items()}
    # A text that the shops have no more is no reason for a demo not to start.
    set_page_words("ar", {text: said for text, said in (plain | plural).items() if text in page_texts()}, by=BY)
    _fill_regions()


def _translate(
    site: str, language: str, shelves: dict[str, tuple[str, str]], goods: dict[str, tuple[str, str]]
) -> None:
    for shelf in Category.objects.filter(site=site, slug__in=shelves):
        translate_category(site, shelf.pk, {language: shelves[shelf.slug]}, by=BY)
    listings = Listing.objects.filter(site=site, offers__variant__sku__in=goods).distinct()
    words = {
        listing.product_id: {language: Words(*goods[listing.offers.values_list("variant__sku", flat=True)[0]])}
        for listing in listings
    }
    translate_goods(site, words, by=BY)


def _describe_leaves() -> None:
    """The second picture of a green tea is its leaves."""
    rows = ProductPicture.objects.filter(product__listings__site="tea", product__variants__sku__startswith="T-01")
    for row in rows.filter(position=1).distinct():
        set_picture_alts(row.product_id, row.media_id, _LEAVES, by=BY)


def _fill_regions() -> None:
    for position, (region, (title, english, parent, places)) in enumerate(_REGIONS.items()):
        make_region(region, title=title, titles={"en": english}, parent=parent, position=position, places=places, by=BY)
    put_site_region(
        "tea", "msk", path="/msk", phone="+7 000 000-04-95", email="msk@example.com", by=BY,
        words={"address": "Москва, Выдуманный бул., 7"}, translations={"en": _ENGLISH_MOSCOW},
        deliveries=_deliveries(("pickup", "Самовывоз на бульваре", 0), ("courier", "Курьер по Москве", 19_000)),
    )  # fmt: skip
    put_site_region("tea", "nw", phone="+7 000 000-08-12", by=BY)
    put_site_region(
        "tea", "spb", path="/spb", by=BY, words={"address": "Санкт-Петербург, Примерная наб., 2"},
        translations={"en": {"address": "2 Sample Embankment, Saint Petersburg"}},
    )  # fmt: skip
    put_site_region("tea", "pskov", path="/pskov", by=BY)
    _price_regions()
    _show_in_regions()


def _show_in_regions() -> None:
    """No presents in Pskov, where nobody packs them, and one herb in the North-West in its capital alone."""
    for gifts in Category.objects.filter(site="tea", slug="k-chayu"):
        show_category("tea", gifts.pk, {"pskov": False}, by=BY)
    herb = Listing.objects.filter(site="tea", categories__slug="travy-i-yagody").order_by("position").first()
    if herb is not None:
        show_product("tea", herb.product_id, {"nw": False, "spb": True}, by=BY)
    settle("tea")


def _deliveries(*ways: tuple[str, str, int]) -> list[dict[str, Any]]:
    return [
        {"code": code, "title": title, "price": price, "needs_address": code == "courier", "note": ""}
        for code, title, price in ways
    ]


def _price_regions() -> None:
    """Green tea costs a tenth more in Moscow and a twentieth less in the North-West, in whole tens of roubles."""
    offers = Offer.objects.filter(site="tea", variant__sku__startswith="T-01").select_related("variant")
    set_regional_prices(
        "tea",
        {
            (offer.variant.sku, offer.variant.options): {
                "msk": _in_tens(offer.price * 1.1),
                "nw": _in_tens(offer.price * 0.95),
            }
            for offer in offers
        },
        by=BY,
    )


def _in_tens(kopecks: float) -> int:
    """Whole tens of roubles, as a price tag says it."""
    return round(kopecks / 1_000) * 1_000

"""The list of categories, with what they are called in the further languages of their sites."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from central.catalog.bulk import OF_SHELVES
from central.catalog.documents import spoken_at
from central.catalog.models import Category, CategoryTranslation, Listing, SpokenLanguages, Translation
from central.catalog.rules import ELSEWHERE, in_history, in_words
from central.cluster.models import Region
from central.cluster.queries import regions_visible_to
from central.cluster.trees import line_above
from central.ui import lists
from central.ui.lists import cells
from central.ui.scope import limit


def languages_to_choose(request: Any) -> list[lists.Option]:
    """The further languages of the sites the person may see."""
    rows = limit(SpokenLanguages.objects.all(), request.user)
    return [lists.Option(code, code) for code in sorted({code for row in rows for code in row.languages})]


def sites_speaking(language: str) -> list[str]:
    rows = SpokenLanguages.objects.filter(languages__contains=[language])
    return list(rows.values_list("site", flat=True))


def untranslated(rows: QuerySet[Any], values: list[str], *, at: str = "") -> QuerySet[Any]:
    """Those without a title in one of the languages, of sites that speak it. `at`: the path to the listing."""
    asked = Q(pk__in=[])
    for language in values:
        translated: type[Model] = Translation if at else CategoryTranslation
        words = translated._default_manager.filter(language=language).exclude(title="")
        done = words.values("listing" if at else "category")
        asked |= Q(site__in=sites_speaking(language)) & ~Q(**{f"{at or 'pk'}__in": done})
    return rows.filter(asked)


def _prepare(rows: list[Any], shown: lists.Shown) -> None:
    spoken = spoken_at(row.site for row in rows)
    titles: dict[Any, dict[str, str]] = {}
    for row in CategoryTranslation.objects.filter(category__in=rows):
        titles.setdefault(row.category_id, {})[row.language] = row.title
    counts: dict[Any, int] = {}
    for category in Listing.categories.through.objects.filter(category__in=rows).values_list("category", flat=True):
        counts[category] = counts.get(category, 0) + 1
    regions = dict(Region.objects.values_list("pk", "title")) if any(row.reach for row in rows) else {}
    for row in rows:
        row.rule = in_words(row.reach, regions)
        known = titles.get(row.pk, {})
        row.said = [(code, known.get(code, "")) for code in sorted(spoken.get(row.site, ()))]
        row.goods = counts.get(row.pk, 0)


def regions_to_choose(request: Any) -> list[lists.Option]:
    return [lists.Option(region.pk, region.title) for region in regions_visible_to(request.user)]


def hidden_in(rows: QuerySet[Any], values: list[str], *, at: str = "") -> QuerySet[Any]:
    """Those that are not shown in one of the regions. `at`: the path to the listing, with its underscores."""
    parents, asked = dict(Region.objects.values_list("pk", "parent_id")), Q(pk__in=[])
    for region in values:
        scopes = [region, *line_above(region, parents), ELSEWHERE]
        says = Coalesce(
            *(KeyTextTransform(each, f"{at}reach") for each in scopes), Value("true"), output_field=TextField()
        )
        asked |= Q(pk__in=rows.annotate(says=says).filter(says="false").values("pk"))
    return rows.filter(asked)


def _said(row: Any, shown: lists.Shown) -> SafeString:
    parts = [
        format_html(
            '<div><span class="language">{}</span> <bdi lang="{}">{}</bdi></div>', code.upper(), code, title or "—"
        )
        for code, title in row.said
    ]
    return SafeString("".join(parts)) if parts else SafeString("—")


CATEGORIES = lists.List(
    name="categories",
    title=_("Categories"),
    right="see_products",
    rows=lambda user: limit(Category.objects.filter(is_active=True).select_related("parent"), user),
    columns=[
        lists.Column(
            "title",
            _("Category"),
            lambda row, shown: row.title,
            sort="title_key",
            export=lambda row: row.title,
            css="grow",
        ),
        lists.Column(
            "parent",
            _("Lies in"),
            lambda row, shown: row.parent.title if row.parent else "—",
            export=lambda row: row.parent.title if row.parent else "",
            is_named=True,
        ),
        lists.Column(
            "site",
            _("Site"),
            lambda row, shown: cells.sites(shown, [row.site]),
            sort="site",
            export=lambda row: row.site,
        ),
        lists.Column(
            "said",
            _("In other languages"),
            _said,
            css="full",
            export=lambda row: "; ".join(f"{code}: {title}" for code, title in row.said if title),
        ),
        lists.Column(
            "reach",
            _("Shown in"),
            lambda row, shown: row.rule or _("everywhere"),
            export=lambda row: in_history(row.shown_in),
            css="wide-only",
        ),
        lists.Column(
            "goods",
            _("Products"),
            lambda row, shown: cells.number(row.goods),
            css="end",
            export=lambda row: row.goods,
            is_named=True,
        ),
    ],
    default_sort="title",
    filters=[
        lists.Sites("site", _("Site")),
        lists.Choices("lacks", _("Not translated into"), languages_to_choose, narrow=untranslated),
        lists.Choices("hidden", _("Not shown in"), regions_to_choose, narrow=hidden_in),
    ],
    search=lists.Search(_("Title"), ("title", "slug")),
    row_url=lambda row: reverse("categories-words", args=[row.pk]),
    prepare=_prepare,
    bulk=OF_SHELVES,
    buttons=[lists.Button(_("Products"), "products", "package")],
    help=_("The shelves of your sites, and what they are called in the further languages their sites speak."),
    empty=lists.Empty(_("No categories yet"), _("They come with the goods, by import."), "list"),
)

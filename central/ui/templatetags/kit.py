"""The kit: what every screen of the desk is made of, as template tags. Built into every template of central.

{% icon "search" %}                     an icon of the sprite (`ui/icons.py` lists the names)
{% asset "ui/desk.css" %}               address of a static file with its content's hash
{% money amount "RUB" %}                minor units -> "1 234,50 ₽", never broken over lines
{% ago moment %}                        "3 min ago", exact on hover, kept fresh by desk.js
{% site_badge "tea" %}                  a site's label in its colour
{% badge text tone %}                   a state: tone is green, amber, red, blue, grey
{% field form.name %}                   label, widget, help and errors, tied together for screen readers
{% query page=2 %}                      this page's query string with changes
{{ user|may:"see_orders" }}             whether the person holds a right
{% kept here=here %}...{% endkept %}    rendered once for these values; nothing else can be seen inside
The parts that are included whole stand in ui/templates/ui/parts/.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django import template
from django.forms import BoundField
from django.template import NodeList
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from central.ui import assets, screens, sites, texts
from infra.caching import Cacheable

register = template.Library()

#: colour names that data may hold (order statuses) -> tones of the kit
TONES = {
    "green": "green",
    "teal": "teal",
    "cyan": "teal",
    "blue": "blue",
    "azure": "blue",
    "indigo": "purple",
    "purple": "purple",
    "yellow": "amber",
    "orange": "amber",
    "amber": "amber",
    "red": "red",
}


@register.simple_tag
def asset(path: str, *, pinned: bool = True) -> str:
    return assets.address(path) if pinned else assets.plain_address(path)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    return _icon(name, css, assets.address("ui/icons.svg"))


@lru_cache(maxsize=1_000)
def _icon(name: str, css: str, sprite: str) -> SafeString:
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', css, sprite, name
    )


#: fragments of screens; what a person may see is among the values they are kept by, as all else that they show
SCREEN: Final = Cacheable("screen", str)


@register.tag
def kept(parser: Parser, token: Token) -> _Kept:
    """`{% kept menu=menu here=here %}...{% endkept %}`: rendered once for each language and these values.

    Inside, only they can be seen, so what is shown without being a value of the key cannot be. No form with a token
    stands there: `ui/tests/test_kept.py` looks.
    """
    values = token_kwargs(token.split_contents()[1:], parser)
    place = len(parser.tokens)  # what is left of the template: another for each `{% kept %}` of it
    inner = parser.parse(("endkept",))
    parser.delete_first_token()
    return _Kept(inner, values, place)


class _Kept(template.Node):
    def __init__(self, inner: NodeList, values: Mapping[str, FilterExpression], place: int) -> None:
        self._inner, self._values, self._place = inner, values, place

    def render(self, context: template.Context) -> str:
        values = {name: expression.resolve(context) for name, expression in self._values.items()}
        shown = (get_language(), *map(_key_of, values.values()))
        html = SCREEN.get(
            (self, shown),
            lambda: self._rendered(context, values),
            lambda: (str(self.origin.template_name), self._place, *shown),
        )
        return SafeString(html)

    def _rendered(self, context: template.Context, values: Mapping[str, Any]) -> str:
        inside = context.new(dict(values))
        inside.template = context.template
        return str(self._inner.render(inside))


def _key_of(value: Any) -> Any:
    """What tells a value from another: itself, or what it says it is `kept_by`."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return tuple(map(_key_of, value))
    return value.kept_by  # one that does not say so may hold anything


@register.simple_tag
def money(amount: int | None, currency: str) -> SafeString:
    if amount is None:
        return SafeString("—")
    return format_html('<span class="money">{}</span>', texts.money(amount, currency, get_language() or "en"))


@register.simple_tag
def ago(moment: datetime | None, css: str = "") -> SafeString:
    if moment is None:
        return SafeString("—")
    language = get_language() or "en"
    return format_html(
        '<time class="ago {}" datetime="{}" title="{}">{}</time>',
        css,
        moment.isoformat(timespec="seconds"),
        texts.exact(moment, language),
        texts.ago(moment, timezone.now(), language),
    )


@register.simple_tag(takes_context=True)
def site_badge(context: template.Context, site: str, count: int = 0) -> SafeString:
    look = sites.looks(context.get("request")).get(site)
    label = look.label if look else site
    times = format_html(" <span class='site-badge-count'>×{}</span>", count) if count > 1 else ""
    return format_html('<span class="site-badge site-{}">{}{}</span>', site, label, times)


@register.simple_tag
def badge(text: str, tone: str = "grey", css: str = "") -> SafeString:
    return format_html('<span class="state state-{} {}">{}</span>', TONES.get(tone, "grey"), css, text)


@register.inclusion_tag("ui/parts/field.html")
def field(bound: BoundField, css: str = "", prefix: str = "", suffix: str = "") -> dict[str, Any]:
    described = [f"{bound.auto_id}-help"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}-errors")
    kind = getattr(bound.field.widget, "input_type", "")
    base = {"checkbox": "form-check-input", "select": "form-select"}.get(kind, "form-control")
    attributes: dict[str, Any] = {"class": f"{base} is-invalid" if bound.errors else base}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attributes),
        "kind": kind,
        "css": css,
        "prefix": prefix,
        "suffix": suffix,
    }


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """This page's query string with `changes`; an empty value takes a parameter out. Starts with "?"."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            parameters.pop(name, None)
        else:
            parameters[name] = value
    return f"?{parameters.urlencode()}"


@register.simple_tag
def rate(micros: int, base: str, quote: str) -> str:
    """The rate a line was charged at: "1 EUR = 98.5 RUB"."""
    return texts.rate(micros, base, quote, get_language() or "en")


@register.simple_tag
def sign(currency: str) -> str:
    """ "₽", "€"; the code where the currency has no sign of its own."""
    return texts.sign(currency)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, "" when it is not there."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def may(user: Any, right: str) -> bool:
    return screens.may(user, right)

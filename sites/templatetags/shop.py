"""What the templates of a shop can say. They are built into the shops' engine: no `{% load %}` is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec
from django import template
from django.template import Context, NodeList
from django.template.base import Parser, Token
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation.trans_real import catalog

from infra.caching import Cacheable
from sites import assets, urls, words
from sites.money import format_money
from sync.contracts.documents import Picture, PictureSource, SiteDoc

register = template.Library()


@register.simple_tag(takes_context=True)
def asset(context: Context, name: str) -> str:
    """`{% asset "shop/css/account.css" %}`: the versioned address of a static file, minified as the site has it."""
    return _from(context, assets.url(name, is_minified=_is_minified(context.get("site"), name)))


@register.simple_tag(takes_context=True)
def theme_asset(context: Context, site: SiteDoc, name: str) -> str:
    """`{% theme_asset site "hero.svg" %}`: a file of the site's theme."""
    return _from(context, assets.url(f"themes/{site.theme}/{name}"))


@register.simple_tag(takes_context=True)
def styles(context: Context, site: SiteDoc) -> SafeString:
    """`{% styles site %}`: the styles of every page, joined and minified as the site has it."""
    rules = site.pages
    found = assets.styles(site.theme, is_minified=rules.minifies_css, is_joined=rules.joins_css)
    return _lines('<link rel="stylesheet" href="{}">', context, found)


@register.simple_tag(takes_context=True)
def scripts(context: Context, site: SiteDoc) -> SafeString:
    """`{% scripts site %}`: the scripts of every page, joined and minified as the site has it."""
    rules = site.pages
    found, imported = assets.scripts(is_minified=rules.minifies_js, is_joined=rules.joins_js)
    modules = _lines('<script type="module" src="{}"></script>', context, found)
    # Named here, what modules import is fetched beside them and not after them
    early = _lines('<link rel="modulepreload" href="{}">', context, imported)
    return format_html("{}\n{}", early, modules) if early else modules


def _lines(form: str, context: Context, paths: list[str]) -> SafeString:
    return format_html_join("\n", form, ((_from(context, path),) for path in paths))


def _is_minified(site: object, name: str) -> bool:
    if not isinstance(site, SiteDoc):
        return False
    return site.pages.minifies_js if name.endswith(".js") else site.pages.minifies_css


def _from(context: Context, path: str) -> str:
    """Where this page fetches the file from."""
    site = context.get("site")
    return urls.file(site, path, str(context.get("path") or "")) if isinstance(site, SiteDoc) else path


@register.filter
def money(amount: int, currency: str) -> str:
    """`{{ line.price|money:line.currency }}`, in the language of the page."""
    return format_money(amount, currency, get_language() or "en")


@register.filter
def paragraphs(text: str) -> list[str]:
    """Plain text parted by empty lines, as a list."""
    return [part for part in (part.strip() for part in text.replace("\r\n", "\n").split("\n\n")) if part]


@register.simple_tag(takes_context=True)
def category_url(context: Context, slug: str, order: urls.Order = "position", page: int = 1) -> str:
    return f"{context.get('base', '')}{urls.category(slug, order, page)}"


@register.simple_tag
def absolute_url(site: SiteDoc, path: str) -> str:
    return urls.absolute(site, path)


@register.filter
def picture_url(picture: Picture) -> str:
    return urls.picture(picture)


@register.filter
def tel(phone: str) -> str:
    """A phone as a `tel:` link wants it: digits, and a plus in front when there was one."""
    digits = "".join(sign for sign in phone if sign.isdigit())
    return f"+{digits}" if phone.strip().startswith("+") else digits


@register.simple_tag
def site_label(site: SiteDoc) -> SafeString:
    """The label of a shop: a dot of its colour and its name in two words."""
    # An SVG attribute, because the content policy allows no style attribute
    return format_html(
        '<span class="site-label"><svg class="site-dot" viewBox="0 0 10 10" aria-hidden="true">'
        '<circle cx="5" cy="5" r="5" fill="{}"/></svg>{}</span>',
        site.colour,
        site.label,
    )


#: how wide a picture is drawn, for the browser to choose a file before it knows the styles
_SIZES = {
    "good": "(min-width: 60em) 20rem, 50vw",
    "tile": "(min-width: 60em) 16rem, 44vw",
    "gallery": "(min-width: 60em) 46rem, 100vw",
}


@register.simple_tag(takes_context=True)
def picture(
    context: Context,
    picture: Picture | None,
    alt: str = "",
    *,
    loading: str = "lazy",
    css: str = "",
    place: str = "good",
) -> SafeString:
    """`{% picture good.picture good.title %}`: the picture with its size, or a neutral frame when there is none.

    `place`: a key of `_SIZES`. `loading`: "eager" for the one picture a page opens with.
    """
    # Written here and in no template: a page has a dozen, and as templates they were a quarter of what it costs
    if picture is None:
        named = _attributes(role="img", aria_label=alt) if alt else ""
        return SafeString(f"<span{_attributes(**{'class': f'no-picture {css}'.rstrip()})}{named}></span>")
    sets: dict[str, list[PictureSource]] = {}
    for source in picture.sources:
        sets.setdefault(source.type, []).append(source)
    own, sizes = sets.pop(_type_of(picture), []), _SIZES[place]
    many = {"srcset": _srcset(context, own), "sizes": sizes} if len(own) > 1 else {}
    image = _attributes(
        src=_from(context, urls.picture(picture)),
        **many,
        width=picture.width,
        height=picture.height,
        alt=alt,
        loading=loading,
        decoding="async",
        **({"fetchpriority": "high"} if loading == "eager" else {}),
        **({"class": css} if css else {}),
    )
    if not sets:
        return SafeString(f"<img{image}>")
    others = "".join(
        f"<source{_attributes(type=type, srcset=_srcset(context, files), sizes=sizes)}>" for type, files in sets.items()
    )
    return SafeString(f"<picture>{others}<img{image}></picture>")


def _attributes(**values: str | int) -> str:
    """` name="value"` of each, escaped."""
    return "".join(f' {name.replace("_", "-")}="{conditional_escape(str(value))}"' for name, value in values.items())


def _type_of(picture: Picture) -> str:
    return next((one.type for one in picture.sources if one.ext == picture.ext), "")


def _srcset(context: Context, files: list[PictureSource]) -> str:
    return ", ".join(f"{_from(context, urls.picture(one))} {one.width}w" for one in files)


@register.filter
def hero_templates(theme: str) -> list[str]:
    """The theme's own hero, else the plain one."""
    return [f"themes/{theme}/hero.html", "shop/includes/hero.html"]


@register.filter
def brand_templates(theme: str) -> list[str]:
    """The theme's own wordmark, else the shop's name in words."""
    return [f"themes/{theme}/brand.html", "shop/includes/brand.html"]


#: values that stand for all of a shop, and so may be seen inside `{% shell %}`
_OF_SHOP: Final = ("site", "base", "home", "is_rtl")
#: by value: a form whose site, shelves or words have changed is never found again
SHELL: Final = Cacheable("shell", str)


@register.tag("shell")
def shell(parser: Parser, token: Token) -> _Shell:
    """`{% shell %}...{% endshell %}`: the same bytes on every page of a shop, rendered once and kept.

    Inside, nothing of the page can be seen, only what is kept by: the site, its shelves, the language and its words.
    """
    place = len(parser.tokens)  # what is left of the template: another for each `{% shell %}` of it
    inner = parser.parse(("endshell",))
    parser.delete_first_token()
    return _Shell(inner, place)


class _Shell(template.Node):
    def __init__(self, inner: NodeList, place: int) -> None:
        self._inner, self._place = inner, place

    def render(self, context: Context) -> str:
        site, whole = context["site"], context["shell"]
        packed = msgspec.msgpack.encode((get_language(), site, whole.categories))
        html = SHELL.get(
            # `sites.words` puts another catalogue in the place of one whose words have changed
            (self, catalog(), packed),
            lambda: self._rendered(context, replace(whole, sisters=(), editions=())),
            lambda: (str(self.origin.template_name), self._place, words.version(), packed),
        )
        return SafeString(html)

    def _rendered(self, context: Context, bare: object) -> str:
        inside = context.new({**{name: context.get(name) for name in _OF_SHOP}, "shell": bare})
        inside.template = context.template
        return str(self._inner.render(inside))

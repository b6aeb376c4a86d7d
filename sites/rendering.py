"""Documents in, HTML out. No database, no request, no shopper: the same documents give the same bytes.

The edge serves what this makes, and central may preview with it. Templates are `shop/*.html` of this app and of any
installed app that has a shop page of its own (cart, checkout).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.template import Context, Engine
from django.template.utils import get_app_template_dirs
from django.utils import translation

from sites import editions, switching, urls
from sites.assets import HERE, manifest
from sync.contracts.documents import CategoryDoc, SiteDoc


@dataclass(frozen=True)
class Shell:
    """What stands around every page of a shop: its shelves, its sister shops, and all editions of the shop itself."""

    categories: tuple[CategoryDoc, ...] = ()
    sisters: tuple[SiteDoc, ...] = ()
    editions: tuple[SiteDoc, ...] = ()


#: of pages that are routes: where the same page of another edition is
_PATHS: Final = {"cart": urls.cart(), "checkout": urls.checkout(), "search": urls.search()}

ShellSource = Callable[[SiteDoc], Shell]

_shell_source: ShellSource = lambda site: Shell()  # noqa: E731


def use_shell(source: ShellSource) -> None:
    """Say where the shell of a page comes from. The edge hands in its replica; without one a page has a bare shell."""
    global _shell_source
    _shell_source = source


def render_page(site: SiteDoc, page: str, context: Mapping[str, Any]) -> str:
    """The HTML of `shop/<page>.html` in the site's language and theme, e.g. `render_page(site, "cart", {...})`.

    A template gets `site`, `shell`, `base` (before each path), `home`, `is_rtl`, `switcher`, and what `context` holds;
    `context["shell"]` overrules the source of the shell, `context["path"]` says where in the edition the page is.
    Call it off the event loop: the shell may be read from a database.
    """
    values = {"site": site, "shell": None, "base": site.base, "home": urls.at(site, urls.home()), **context}
    values["is_rtl"] = editions.is_rtl(site.language)
    if values["shell"] is None:
        values["shell"] = _shell_source(site)
    with translation.override(language_of(site)):
        path = str(context.get("path") or _PATHS.get(page, urls.home()))
        thing = context.get("product") or context.get("category")
        values["switcher"] = switching.switcher(site, values["shell"].editions, path, thing)
        return engine().get_template(f"shop/{page}.html").render(Context(values))


def language_of(site: SiteDoc) -> str:
    """In which a page is written, as gettext names it; what nobody has translated is English."""
    return site.language.lower()


@lru_cache(maxsize=1)
def code_version() -> str:
    """A hash of all that makes pages beside documents: static files, templates, translations, our own code."""
    whole = hashlib.sha256(manifest().version.encode())
    folders = [HERE, *map(Path, get_app_template_dirs("templates"))]
    kinds = (".py", ".html", ".po")
    for path in sorted({path for folder in folders for path in folder.rglob("*") if path.suffix in kinds}):
        whole.update(f"{path.name}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:16]


@lru_cache(maxsize=1)
def engine() -> Engine:
    """An engine of our own: it is the same in both roles, whatever their settings say of templates."""
    return Engine(
        dirs=[str(HERE / "templates"), str(HERE), *map(str, get_app_template_dirs("templates"))],
        libraries={
            "i18n": "django.templatetags.i18n",
            "shop": "sites.templatetags.shop",
        },
        builtins=["django.templatetags.i18n", "sites.templatetags.shop"],
    )

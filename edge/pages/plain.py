"""Pages for when there is no shop to speak for, or nothing to speak with."""

from __future__ import annotations

from html import escape

from edge.pages.building import page_of
from edge.pages.cache import Page
from sites import urls
from sites.rendering import Shell, render_page
from sync.contracts.documents import SiteDoc

_FAILED = {
    "en": ("Something went wrong", "The page could not be made. Your cart is safe; please try again in a minute."),
    "ru": ("Что-то пошло не так", "Страницу не удалось собрать. Корзина цела — попробуйте ещё раз через минуту."),
}
_FRAME = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/static/shop/css/plain.css"></head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""


def unknown_host_page() -> Page:
    """421: the name leads to this machine, and no shop here answers to it."""
    body = (
        "<p>This address leads here, but no shop of ours lives at it. Please check the name.</p>"
        '<p lang="ru">Этот адрес ведёт к нам, но магазина с таким именем здесь нет. Проверьте, верно ли он написан.</p>'
    )
    return page_of(421, _FRAME.format(language="en", title="No such shop", body=body))


def failed_page(site: SiteDoc | None) -> Page:
    """500, made of nothing that could fail: no template, no database, no catalogue of texts."""
    language = site.language if site and site.language in _FAILED else "en"
    title, text = _FAILED[language]
    home = f'<p><a href="{escape(urls.at(site, "/"))}">{escape(site.name)}</a></p>' if site else ""
    return page_of(500, _FRAME.format(language=language, title=title, body=f"<p>{text}</p>{home}"))


def closed_page(site: SiteDoc) -> Page:
    """503: the shop has been switched off. Its sisters are open."""
    from edge.replica.sites import sister_sites

    return page_of(503, render_page(site, "closed", {"shell": Shell(sisters=sister_sites(site))}))

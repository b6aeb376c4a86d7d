"""The shops of this edge as a web server in front of it has to know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from edge.pages import serving, static, wire
from edge.pages.previews import PREVIEW_COOKIE
from edge.replica import sites as shops
from infra.deploy.fronts import Front, Shop
from node.config import config
from node.errors import Refused
from sites import editions, tags, urls
from sync.contracts.documents import SiteDoc

#: the beginning of an address -> the kind of page, as in `sites.urls.Address`
_KINDS: Final = {"/": "home", "/about": "about", "/c/": "category", "/p/": "product"}


def front(
    upstream: str,
    certificates: Path | None,
    port: int,
    tls_port: int,
    *,
    has_brotli: bool = True,
    needs_certificates: bool = False,
) -> Front:
    """Raises `Refused` when there is no shop here, or one with https has no certificate."""
    own = [site for id_ in sorted(shops.own_ids()) if (site := shops.site(id_)) and site.is_active]
    if not own:
        raise Refused("this edge has no open shop: give it one at central (Sites), and let the edge hear of it")
    made = [shop for site in own for shop in _shops(site)]
    if needs_certificates and any(shop.is_secure for shop in made):
        _check_certificates(certificates, [shop for shop in made if shop.is_secure])
    return Front(
        shops=made,
        pages=config().pages_dir,
        media=config().media_dir,
        files=config().pages_dir / static.FOLDER.parent,
        upstream=upstream or f"{config().bind_host}:{config().bind_port}",
        preview_cookie=PREVIEW_COOKIE,
        certificates=certificates.resolve() if certificates else None,
        port=port,
        tls_port=tls_port,
        has_brotli=has_brotli,
    )


def _shops(site: SiteDoc) -> Iterator[Shop]:
    """One for each origin at which editions of the shop live: the files of all that share it lie in one folder."""
    by_origin: dict[str, list[SiteDoc]] = {}
    for each in editions.editions_of(site):
        by_origin.setdefault(each.origin, []).append(each)
    for origin, there in by_origin.items():
        yield _shop(there, site.hosts if origin == site.origin else [])


def _shop(there: Sequence[SiteDoc], names: Sequence[str]) -> Shop:
    """`there`: the editions of one origin; `names`: all host names that lead to it."""
    site = there[0]
    host = editions.host_of(site)
    headers = [(b"cache-control", serving.PUBLIC), *wire.security(site)]
    return Shop(
        id=site.id,
        host=host,
        others=[each for each in dict.fromkeys(map(str.lower, names)) if each != host],
        origin=site.origin,
        headers=[(name.decode(), value.decode()) for name, value in headers],
        tags=dict(_tags(there)),
        packs=site.pages.packs_html,
    )


def _tags(there: Sequence[SiteDoc]) -> Iterator[tuple[str, str]]:
    """Those that an address shows without a look into documents: of the shop, and of its pages of one kind."""
    for edition in there:
        for begin, kind in _KINDS.items():
            yield urls.at(edition, begin), tags.header(tags.page_tags(edition.id, kind)).decode()


def _check_certificates(folder: Path | None, secure: list[Shop]) -> None:
    if folder is None:
        hosts = ", ".join(shop.host for shop in secure)
        raise Refused(
            f"these shops have https: {hosts}. Name a folder with HOST.crt and HOST.key of each: --tls FOLDER"
        )
    files = [folder / f"{shop.host}.{kind}" for shop in secure for kind in ("crt", "key")]
    missing = [file.name for file in files if not file.exists()]
    if missing:
        raise Refused(f"{folder} lacks {', '.join(missing)}")

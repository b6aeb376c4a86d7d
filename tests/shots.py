"""Pictures of every screen and every kind of shop page of a running demo, and contact sheets to look them over.

    ./rialto shots [--base http://central.localhost:8400] [--out test-output/shots] [--only central|shops]

It fails on an error in a browser's console, on a screen that scrolls sideways and on what axe calls serious.
Central in English and Russian, light and dark; the shops in their own language; all at 1440 and 390 pixels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from shutil import which
from typing import Annotated
from urllib.parse import urlsplit

import typer
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = which("chromium")
WIDTHS = {"wide": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
LANGUAGES = ("en", "ru")
SHEET_WIDTH = {"wide": 720, "phone": 260}
PER_ROW = {"wide": 3, "phone": 7}
#: a sheet taller than this is too small to read; a page longer than its share is cut off there
TALLEST = {"wide": 620, "phone": 900}


@dataclass(frozen=True)
class Shot:
    name: str
    width: str
    theme: str
    language: str
    path: Path


@dataclass(frozen=True)
class Options:
    base: str
    out: Path
    login: str
    password: str
    only: str
    part: str = ""


def command(
    base: Annotated[str, typer.Option(help="Central's address.")] = "http://central.localhost:8400",
    out: Annotated[Path, typer.Option(help="The folder the pictures go to.")] = Path("test-output/shots"),
    login: Annotated[str, typer.Option(help="Whom to sign in; else the first person of the demo.")] = "",
    password: Annotated[str, typer.Option(help="His password.")] = "",
    only: Annotated[str, typer.Option(help="central or shops; else both.")] = "",
    part: Annotated[str, typer.Option(help="Only screens of central whose name has this, a regular expression.")] = "",
) -> None:
    """Shoot every screen and shop page of a running demo and lay them out on contact sheets.

    Example: rialto shots --base http://central.localhost:8400 --only central
    """
    problems, sheets = shoot(Options(base.rstrip("/"), out, login, password, only, part))
    for sheet in sheets:
        typer.echo(str(sheet))
    for problem in problems:
        typer.echo(f"PROBLEM {problem}", err=True)
    raise typer.Exit(1 if problems else 0)


def shoot(options: Options) -> tuple[list[str], list[Path]]:
    """What is wrong, in sentences, and the contact sheets."""
    options.out.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        shots: list[Shot] = []
        if options.only != "shops":
            shots += list(_central(browser, options, problems))
        if options.only != "central":
            shots += list(_shops(browser, options, problems))
        browser.close()
    return problems, contact_sheets(shots, options.out)


# --- central -----------------------------------------------------------------------------------------------------


def _central(browser: Browser, options: Options, problems: list[str]) -> Iterator[Shot]:
    with _context(browser, options, "wide", "light", "en", []) as context:
        page = context.new_page()
        sign_in(page, options)
        screens = [each for each in central_screens(page, options) if re.search(options.part, each[0])]
    for width, theme, language in product(WIDTHS, THEMES, LANGUAGES):
        with _context(browser, options, width, theme, language, problems) as context:
            page = context.new_page()
            yield _shoot(page, options, "00 sign-in", "/sign-in", width, theme, language, problems)
            sign_in(page, options)
            for name, path in screens:
                yield _shoot(page, options, name, path, width, theme, language, problems)
            yield _shoot_palette(page, options, width, theme, language, problems)


def sign_in(page: Page, options: Options) -> None:
    """With the given sign-in, else as the first person of the demo's list."""
    page.goto(f"{options.base}/sign-in")
    if options.login:
        page.fill("input[name=login]", options.login)
        page.fill("input[name=password]", options.password)
        page.click(".sign-in form button")
    else:
        page.click(".demo-staff li:first-child button")
    page.wait_for_selector(".frame")


def central_screens(page: Page, options: Options) -> list[tuple[str, str]]:
    """Name and path of each screen; what has an id in its path is found on its list."""
    return [*_of_the_desk(page, options), *_of_stock(page, options), *_of_pages(page, options)]


def _of_the_desk(page: Page, options: Options) -> list[tuple[str, str]]:
    order = _first(page, options, "/orders", r"/orders/[0-9a-f-]{36}$")
    mixed = _first(page, options, "/orders?site=ink&line=tea", r"/orders/[0-9a-f-]{36}$")
    failure = _first(page, options, "/failed-jobs", r"/failed-jobs/[0-9]+$")
    node = _first(page, options, "/nodes", r"/nodes/(?!invite$|watch$)[a-z0-9-]+$")
    cart = _first(page, options, "/carts", r"/carts/[0-9a-f-]{36}$")
    site = _first(page, options, "/sites", r"/sites/(?!new)[a-z0-9-]+$")
    person = _first(page, options, "/staff", r"/staff/[0-9]+$")
    product = _first(page, options, "/products", r"/products/[0-9a-f-]{36}$")
    words = _first(page, options, product, r"/words/[a-z]+$") if product else ""
    green = _first(page, options, "/products?q=T-0101", r"/products/[0-9a-f-]{36}$")
    prices = _first(page, options, green, r"/regions/tea$") if green else ""
    shelf = _first(page, options, "/categories?hidden=pskov", r"/categories/[0-9a-f-]{36}$")
    client = _first(page, options, "/clients", r"/clients/[0-9a-f-]{36}$")
    realm = _first(page, options, "/realms", r"/realms/(?!test$)[a-z]+$")
    run = _first(page, options, "/imports", r"/imports/[0-9a-f-]{36}$")
    key = _first(page, options, "/keys", r"/keys/[0-9a-f-]{36}$")
    exchange = _first(page, options, "/exchange", r"/exchange/keys/[0-9a-f-]{36}$")
    found = [
        ("01 home", "/"),
        ("02 orders", "/orders"),
        ("03 orders filtered", "/orders?site=tea&line=ink&status=new&status=confirmed"),
        ("04 orders none", "/orders?q=no-such-order"),
        ("05 order lines", "/orders/lines"),
        ("06 order", order),
        ("07 order of many sites", mixed),
        ("08 products", "/products"),
        ("08 failed jobs", "/failed-jobs"),
        ("08 failed job", failure),
        ("09 nodes", "/nodes"),
        ("10 node", node),
        ("11 invite", "/nodes/invite"),
        ("12 sites", "/sites"),
        ("13 site", site),
        ("14 new site", "/sites/new"),
        ("14a languages and regions", "/sites/tea/editions"),
        ("14b a language", "/sites/clay/languages/ar"),
        ("14c a region of a site", "/sites/tea/regions/spb"),
        ("14d regions", "/regions"),
        ("14e region", "/regions/spb"),
        ("14f words of the shops", "/words?language=ar"),
        ("14g categories", "/categories"),
        ("14h prices by region", prices),
        ("14i a category", shelf),
        ("14j regions of a category", f"{shelf}/shown" if shelf else ""),
        ("14k regions of a product", prices.replace("/regions/", "/shown/")),
        ("15 profile", "/profile"),
        ("18 staff", "/staff"),
        ("19 member of staff", person),
        ("20 member's history", f"{person}?tab=history" if person else ""),
        ("21 member's form", f"{person}/edit" if person else ""),
        ("22 roles", "/roles"),
        ("23 new role", "/roles/new"),
        ("16 not found", "/no/such/page"),
        ("24 carts", "/carts"),
        ("25 cart", cart),
        ("26 product", product),
        ("27 product's words", words),
        ("28 new product", "/products/new"),
        ("29 clients", "/clients"),
        ("30 client", client),
        ("30a doubts", "/doubts"),
        ("30b two clients", _first(page, options, "/doubts", r"/clients/[0-9a-f-]{36}/merge/[0-9a-f-]{36}$")),
        ("30c whom to merge with", f"{client}/merge" if client else ""),
        ("30d erase a client", f"{client}/erase" if client else ""),
        ("31 realms", "/realms"),
        ("32 realm", realm),
        ("32 test of a database", "/realms/test"),
        ("32a move of a realm", f"{realm}/move" if realm else ""),
        ("33 groups", "/site-groups"),
        ("34 imports", "/imports"),
        ("35 import", run),
        ("36 new import", "/imports/new"),
        ("36a sources of imports", "/imports/sources"),
        ("37 keys", "/keys"),
        ("38 key", key),
        ("39 exchange", "/exchange"),
        ("40 exchange key", exchange),
        ("41 what the API can", "/api/reference"),
        ("45 new order", "/orders/new"),
        ("46 sold twice", "/orders/duplicates"),
        ("47 a pair", _first(page, options, "/orders/duplicates", r"/orders/duplicates/[0-9]+$")),
        ("48 encryption keys", "/encryption-keys"),
        ("51 health", "/health"),
        ("51 health cache", "/health/cache"),
        ("53 new region", "/regions/new"),
        ("55 new language", f"{site}/languages/new" if site else ""),
        ("56 new region of a site", f"{site}/regions/new" if site else ""),
    ]
    return [(name, path) for name, path in found if path]


def _of_stock(page: Page, options: Options) -> list[tuple[str, str]]:
    right = _first(page, options, "/stock/rights?view=all", r"/stock/rights/of/[0-9a-f-]{36}$")
    goods = _first(page, options, "/stock", r"/stock/goods/[0-9a-f-]{36}/change$")
    found = [
        ("60 stock", "/stock"),
        ("61 ledger", "/stock/ledger"),
        ("62 rights of edges", "/stock/rights"),
        ("63 right", right),
        ("64 write off", f"{right}/write-off" if right else ""),
        ("65 receive", "/stock/receive"),
        ("66 transfer", "/stock/transfer"),
        ("67 rules", "/stock/rules"),
        ("68 change", goods),
        ("69 warehouses", "/stock/warehouses"),
        ("70 warehouse", "/stock/warehouses/main"),
        ("71 warehouse's form", "/stock/warehouses/main/edit"),
        ("72 supplies", "/stock/supplies"),
        ("73 supply", _first(page, options, "/stock/supplies", r"/stock/supplies/[0-9]+$")),
        ("74 waiting", "/stock/waiting"),
        ("75 audit", "/stock/audit"),
    ]
    return [(name, path) for name, path in found if path]


def _of_pages(page: Page, options: Options) -> list[tuple[str, str]]:
    account = _first(page, options, "/cdn", r"/cdn/accounts/[0-9a-f-]{36}$")
    zone = _first(page, options, "/cdn/zones", r"/cdn/zone/[0-9a-f-]{36}$")
    feed = _first(page, options, "/feeds", r"/feeds/[0-9]+$")
    found = [
        ("42 pictures", "/pictures"),
        ("43 pictures of a site", "/pictures/sites/clay"),
        ("44 pages", "/pages?site=tea"),
        ("44 page", "/pages/of/tea?path=/"),
        ("46 speed", "/speed?site=clay"),
        ("46 speed of a week", "/speed?site=tea&span=week&kind=product"),
        ("45 broken links", "/broken-links"),
        ("45 broken link", _first(page, options, "/broken-links", r"/broken-links/[0-9]+$")),
        ("80 cdn", "/cdn"),
        ("81 account", account),
        ("82 new account", "/cdn/accounts/new"),
        ("83 zones", "/cdn/zones"),
        ("84 zone", zone),
        ("85 queue of purges", "/cdn/queue"),
        ("86 purges", "/cdn/purges"),
        ("87 purge now", "/cdn/purge"),
        ("88 hosts of files", "/cdn/media"),
        ("89 search", "/search"),
        ("90 search of a site", "/search/sites/tea"),
        ("91 searched words", "/search/words"),
        ("92 synonyms", "/synonyms"),
        ("93 new synonyms", "/synonyms/new"),
        ("94 search engines", "/seo"),
        ("95 patterns", "/seo/tea/patterns/product"),
        ("96 robots", "/seo/tea/robots"),
        ("97 own values of a page", "/seo/tea/page/home"),
        ("98 redirects", "/redirects"),
        ("99 new redirect", "/redirects/new"),
        ("100 sheet of redirects", "/redirects/sheet"),
        ("101 feeds", "/feeds"),
        ("102 feed", feed),
        ("103 feed's form", f"{feed}/edit" if feed else ""),
        ("104 migrations", "/migrations"),
        ("105 new migration", "/migrations/new"),
    ]
    return [(name, path) for name, path in found if path]


def _first(page: Page, options: Options, listed: str, pattern: str) -> str:
    page.goto(options.base + listed)
    for link in page.locator("#main a[href]").all():
        path = urlsplit(link.get_attribute("href") or "").path
        if re.search(pattern, path):
            return path
    return ""


def _shoot_palette(page: Page, options: Options, width: str, theme: str, language: str, problems: list[str]) -> Shot:
    page.goto(f"{options.base}/orders")
    page.keyboard.press("Control+k")
    page.fill("#palette-text", "te")
    page.wait_for_timeout(500)
    return _save(page, options, "17 palette", width, theme, language, problems)


# --- shops -------------------------------------------------------------------------------------------------------


def _shops(browser: Browser, options: Options, problems: list[str]) -> Iterator[Shot]:
    for site, address in _sites(browser, options):
        for width in WIDTHS:
            with _context(browser, options, width, "light", "", problems) as context:
                page = context.new_page()
                for name, path in _shop_pages(page, address):
                    shot = _shoot(page, options, f"{site} {name}", path, width, "light", "shop", problems, base=address)
                    yield shot


def _sites(browser: Browser, options: Options) -> list[tuple[str, str]]:
    with _context(browser, options, "wide", "light", "en", []) as context:
        page = context.new_page()
        sign_in(page, options)
        page.goto(f"{options.base}/sites")
        rows = page.locator("table tr[data-href]").all()
        return [
            (
                (row.get_attribute("data-href") or "").rsplit("/", 1)[-1],
                row.locator("a[target=_blank]").get_attribute("href") or "",
            )
            for row in rows
        ]


def _shop_pages(page: Page, address: str) -> Iterator[tuple[str, str]]:
    """Home, a shelf, a product, then a filled cart and its checkout, and a page that is not there."""
    page.goto(address + "/")
    yield "1 home", "/"
    for name, pattern in (("2 category", r"^/c/"), ("3 product", r"^/p/")):
        path = _link(page, pattern)
        if path:
            yield name, path
            page.goto(address + path)
    button = page.locator("form[action='/_r/cart/form'] button, [data-add]").first
    if button.count():
        button.click()
        page.wait_for_timeout(700)
    yield "4 cart", "/cart"
    yield "5 checkout", "/checkout"
    yield "6 about", "/about"
    yield "7 not found", "/no/such/page"


def _link(page: Page, pattern: str) -> str:
    for link in page.locator("main a[href]").all():
        path = urlsplit(link.get_attribute("href") or "").path
        if re.search(pattern, path):
            return path
    return ""


# --- the camera --------------------------------------------------------------------------------------------------


@contextmanager
def _context(
    browser: Browser, options: Options, width: str, theme: str, language: str, problems: list[str]
) -> Iterator[BrowserContext]:
    across, down = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down},
        color_scheme="dark" if theme == "dark" else "light",
        locale={"ru": "ru-RU"}.get(language, "en-GB"),
        reduced_motion="reduce",
        is_mobile=width == "phone",
        has_touch=width == "phone",
    )
    host = urlsplit(options.base).hostname or "localhost"
    if language:
        context.add_cookies([{"name": "rialto_desk_language", "value": language, "domain": host, "path": "/"}])
        context.add_cookies([{"name": "rialto_desk_theme", "value": theme, "domain": host, "path": "/"}])
    where = f"{width} {theme} {language}"
    context.on("console", lambda message: _note(problems, where, message.type, message.text))
    context.on("weberror", lambda error: problems.append(f"{where}: {error.error}"))
    yield context
    context.close()


def _note(problems: list[str], where: str, kind: str, text: str) -> None:
    # The page that is not there is asked for on purpose.
    if kind == "error" and "404" not in text:
        problems.append(f"{where}: {text}")


def _shoot(
    page: Page,
    options: Options,
    name: str,
    path: str,
    width: str,
    theme: str,
    language: str,
    problems: list[str],
    *,
    base: str = "",
) -> Shot:
    page.goto((base or options.base) + path, wait_until="load")
    page.wait_for_timeout(150)
    return _save(page, options, name, width, theme, language, problems)


def _barriers(page: Page, where: str) -> list[str]:
    """What axe calls serious or critical: people with a screen reader or weak eyes could not use it."""
    found = Axe().run(page).response["violations"]
    return [
        f"{where}: {one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def _save(page: Page, options: Options, name: str, width: str, theme: str, language: str, problems: list[str]) -> Shot:
    across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if across > 0:
        problems.append(f"{name} {width} {language}: {across} px wider than the screen")
    if language == "en":
        problems += _barriers(page, f"{name} {width} {theme}")
    path = options.out / f"{name.replace(' ', '-')}.{width}.{theme}.{language}.png"
    page.screenshot(path=path, full_page=True)
    return Shot(name, width, theme, language, path)


# --- contact sheets ----------------------------------------------------------------------------------------------


def contact_sheets(shots: Iterable[Shot], out: Path) -> list[Path]:
    """One sheet per width, theme and language; the paths of what was written."""
    groups: dict[tuple[str, str, str], list[Shot]] = {}
    for shot in shots:
        groups.setdefault((shot.width, shot.theme, shot.language), []).append(shot)
    return [_sheet(group, out / f"sheet.{'.'.join(key)}.png") for key, group in groups.items()]


def _sheet(shots: list[Shot], path: Path) -> Path:
    width = shots[0].width
    tiles = [_tile(shot) for shot in sorted(shots, key=lambda shot: shot.name)]
    rows = [tiles[at : at + PER_ROW[width]] for at in range(0, len(tiles), PER_ROW[width])]
    heights = [max(tile.height for tile in row) for row in rows]
    sheet = Image.new("RGB", (PER_ROW[width] * (SHEET_WIDTH[width] + 12), sum(heights) + 12 * len(rows)), "#888")
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for index, tile in enumerate(row):
            sheet.paste(tile, (index * (SHEET_WIDTH[width] + 12), top))
        top += height + 12
    sheet.save(path)
    return path


def _tile(shot: Shot) -> Image.Image:
    with Image.open(shot.path) as picture:
        across = SHEET_WIDTH[shot.width]
        small = picture.convert("RGB").resize((across, max(1, picture.height * across // picture.width)))
    small = small.crop((0, 0, across, min(small.height, TALLEST[shot.width])))
    tile = Image.new("RGB", (across, small.height + 18), "#fff")
    tile.paste(small, (0, 18))
    ImageDraw.Draw(tile).text((4, 3), shot.name, fill="#000")
    return tile


if __name__ == "__main__":
    typer.run(command)

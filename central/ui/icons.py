"""The icons of the desk as one sprite, made of the package `@tabler/icons`:

npm pack @tabler/icons && tar xf tabler-icons-*.tgz && python -m central.ui.icons package/icons/outline
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

NAMES = (
    "activity", "adjustments-horizontal", "alert-triangle", "arrow-back-up", "arrow-down", "arrow-left", "arrow-right",
    "arrow-up", "ban", "bolt", "bookmark", "building-store", "check", "checks", "chevron-down", "chevron-left",
    "chevron-right", "chevron-up", "circle-check", "circle-x", "clock", "cloud-off", "columns-3", "command", "copy",
    "credit-card", "database", "device-desktop", "device-floppy", "dots", "download", "external-link", "eye-off",
    "file-spreadsheet", "filter", "heart-plus", "help-circle", "history", "home", "inbox", "info-circle", "key",
    "keyboard", "language", "list", "list-check", "lock", "logout", "mail", "map-pin", "menu-2", "message-2", "moon",
    "package", "pencil", "phone", "photo", "player-stop", "plug-connected", "plug-connected-x", "plus", "receipt",
    "refresh", "scissors", "search", "server-2", "settings", "share", "shopping-cart", "sitemap", "star", "sun",
    "tag", "trash", "truck-delivery", "upload", "user", "users", "users-group", "world", "x",
)  # fmt: skip

SPRITE = Path(__file__).parent / "static" / "ui" / "icons.svg"


def sprite(folder: Path) -> str:
    """One SVG with a symbol per icon; `folder` holds `<name>.svg` of each."""
    symbols = [_symbol(name, (folder / f"{name}.svg").read_text()) for name in NAMES]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _symbol(name: str, text: str) -> str:
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", text, flags=re.DOTALL)
    inner = re.sub(r"\s*\n\s*", "", inner)
    # A style sheet of the page does not reach into a sprite: what a stroke looks like is said here.
    look = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {look}>{inner}</symbol>'


if __name__ == "__main__":
    SPRITE.write_text(sprite(Path(sys.argv[1])))

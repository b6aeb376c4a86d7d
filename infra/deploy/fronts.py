"""What a web server in front of an edge has to know. `nginx` and `caddy` write it in their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: one year: the name of such a file is its content
FOR_EVER: Final = "public, max-age=31536000, immutable"
#: opened by itself an SVG is a document of the shop's origin: it may draw, never run or load
DRAWING: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True)
class Shop:
    """`host` has the pages; requests for `others` are sent there. `headers` go with each page that lies as a file.

    `tags`: an address, or with a slash at its end (but for "/") all below it -> the `Cache-Tag` of such pages. `packs`
    False: its pages go out as they are.
    """

    id: str
    host: str
    others: Sequence[str]
    origin: str
    headers: Sequence[tuple[str, str]]
    tags: Mapping[str, str] = field(default_factory=dict)
    packs: bool = True

    @property
    def is_secure(self) -> bool:
        return self.origin.startswith("https://")


@dataclass(frozen=True)
class Front:
    """`pages`, `media`, `files`: folders that the server's user may read; `/static/...` lies in `files` under its whole
    address. `upstream`: where the edge listens, host:port.

    `certificates`: a folder with `<host>.crt` and `<host>.key`, None where the server gets its own or there are none.
    `port` and `tls_port` are other than 80 and 443 behind another server, or in a test. `preview_cookie`: whoever has
    it (staff) gets each page from the edge itself.
    """

    shops: Sequence[Shop]
    pages: Path
    media: Path
    files: Path
    upstream: str
    preview_cookie: str
    certificates: Path | None = None
    port: int = 80
    tls_port: int = 443
    has_brotli: bool = True

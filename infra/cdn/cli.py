"""`rialto purge-agent`: the purge service beside an nginx."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cdn.agent import Cache, server
from node.errors import WrongUse


def command(
    cache: Annotated[Path, typer.Option(help="The folder of nginx's proxy_cache_path.")],
    key_file: Annotated[Path, typer.Option(help="A file with the key that central shows.")],
    listen: Annotated[str, typer.Option(help="Address and port.")] = "127.0.0.1:9180",
    levels: Annotated[str, typer.Option(help="As in proxy_cache_path.")] = "1:2",
) -> None:
    """Purge files of an nginx's proxy_cache when central asks for it. Run it as nginx's own user."""
    host, _, port = listen.rpartition(":")
    try:
        key = key_file.read_text().strip()
        widths = tuple(int(width) for width in levels.split(":"))
        address = (host, int(port))
    except (OSError, ValueError) as error:
        raise WrongUse(f"the key file, --levels 1:2 or --listen 127.0.0.1:9180 cannot be read: {error}") from error
    if len(key) < 16:
        raise WrongUse(f"the key in {key_file} is shorter than 16 signs: make one by openssl rand -hex 24")
    if not cache.is_dir():
        raise WrongUse(f"there is no folder {cache}: start nginx first")
    service = server(Cache(cache, widths), key, address)
    typer.echo(f"purges {cache} for whoever has the key, on {listen}", err=True)
    service.serve_forever()

"""Look at the shops: `python -m edge.pages.tests.preview [PORT]` serves sample shops from a scratch folder.

Each shop answers at http://<id>.localhost:PORT; nothing is kept.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    from edge.pages import serving, static
    from edge.replica import pictures

    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["path"].startswith("/static/"):
        await static.serve(scope, receive, send)
    elif scope["path"].startswith("/_m/"):
        await pictures.serve(scope, receive, send)
    else:
        await serving.serve(scope, receive, send)


def main(port: int) -> None:
    import uvicorn

    with tempfile.TemporaryDirectory() as home:
        _set_up(Path(home), port)
        from edge.pages.tests.samples import publish_all

        publish_all(port)
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def _set_up(home: Path, port: int) -> None:
    import django

    from node import config

    values = {"role": "edge", "home": home, "bind_port": port, "secret_key": "x" * 40, "link_url": "http://127.0.0.1:9"}
    config.install(config.build("preview", values))
    (home / "data").mkdir()
    os.environ["DJANGO_SETTINGS_MODULE"] = "node.settings.edge"
    django.setup()
    from django.core.management import call_command

    from sync.discover import load_edge

    call_command("migrate", database="edge", verbosity=0)
    load_edge()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8499)

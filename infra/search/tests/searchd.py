"""A real searchd of one's own, on a free port, in a scratch directory."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.search import sphinx


def program() -> str:
    """The path of searchd, "" when there is none."""
    return shutil.which("searchd") or ""


@contextmanager
def server(folder: Path, indexes: Sequence[str]) -> Iterator[int]:
    """searchd with these indexes; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = folder / "sphinx.conf"
    settings.write_text(sphinx.configuration(indexes, folder=folder, listen=f"127.0.0.1:{port}"))
    running = subprocess.Popen(
        [program(), "--config", str(settings), "--nodetach"], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        _wait(port, running)
        yield port
    finally:
        running.terminate()
        running.wait(20)


def _wait(port: int, running: subprocess.Popen[bytes], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if running.poll() is not None:
            raise RuntimeError("searchd has ended by itself")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("searchd does not answer")

"""A load generator: keep-alive connections, one request at a time on each, as browsers make them. Nothing but Python.

`python -m node.bench.hammer` reads one line of JSON, `{"port", "host", "paths", "seconds", "connections", "coding"}`,
asks for the paths in turn over all connections, and answers `{"requests", "seconds", "cpu_s", "bytes"}`. It ends with
an error at the first answer that is not a whole 200 with a length: a rate of errors is no rate. `cpu_s`, its own, tells
whether it was the limit. A process of its own, so that it and the server each have a core.
"""

from __future__ import annotations

import itertools
import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from node.bench.shopper import Failed
from node.places import ROOT

_CHUNK = 1 << 18
#: a server that is silent for so long has failed
PATIENCE_S = 20.0
#: beside the seconds asked for
START_S = 30.0


@dataclass
class _Line:
    """A connection and what is still to come of its answer; 0: the head is."""

    socket: socket.socket
    head: bytes = b""
    left: int = 0


def hammer(
    port: int, host: str, paths: Sequence[str], seconds: float, connections: int, coding: str = "gzip"
) -> dict[str, float]:
    """See the module. Raises `Failed`."""
    question = {"port": port, "host": host, "paths": list(paths), "seconds": seconds, "connections": connections}
    done = subprocess.run(
        [sys.executable, "-m", "node.bench.hammer"],
        cwd=ROOT,
        input=json.dumps({**question, "coding": coding}),
        capture_output=True,
        text=True,
        timeout=seconds + START_S,
        check=False,
    )
    if done.returncode:
        raise Failed(f"the load on port {port} failed: {done.stderr.strip().splitlines()[-1:]}")
    return dict(json.loads(done.stdout))


def _drive(port: int, host: str, paths: Sequence[str], seconds: float, connections: int, coding: str) -> dict[str, Any]:
    asks = itertools.cycle([_request(host, path, coding) for path in paths])
    lines = {line.socket.fileno(): line for line in _connect(port, connections)}
    poll = select.epoll()
    for number in lines:
        poll.register(number, select.EPOLLIN)
    buffer = memoryview(bytearray(_CHUNK))
    requests = received = 0
    began, cpu = time.perf_counter(), time.process_time()
    until = began + seconds
    for line in lines.values():
        line.socket.sendall(next(asks))
    while time.perf_counter() < until:
        ready = poll.poll(PATIENCE_S)
        if not ready:
            raise Failed(f"no answer in {PATIENCE_S:.0f} s")
        for number, _ in ready:
            line = lines[number]
            count = line.socket.recv_into(buffer)
            received += count
            if _take(line, buffer[:count]):
                requests += 1
                line.socket.sendall(next(asks))
    took = time.perf_counter() - began
    return {"requests": requests, "seconds": took, "cpu_s": time.process_time() - cpu, "bytes": received}


def _request(host: str, path: str, coding: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: {coding}\r\n\r\n".encode()


def _connect(port: int, count: int) -> Iterator[_Line]:
    for _ in range(count):
        opened = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield _Line(opened)


def _take(line: _Line, data: memoryview) -> bool:
    """Whether the answer is whole with this part of it."""
    if not data:
        raise Failed("the server closed a connection")
    if line.left:
        line.left -= len(data)
    else:
        line.head += bytes(data)
        end = line.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        line.left = end + 4 + _length(line.head[:end]) - len(line.head)
        line.head = b""
    if line.left < 0:
        raise Failed("more came than was told")
    return line.left == 0


def _length(head: bytes) -> int:
    if head[9:12] != b"200":
        raise Failed(f"an answer is {head[:40]!r}")
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        raise Failed("an answer has no length")
    end = lower.find(b"\r\n", at + 2)
    return int(lower[at + 17 : end if end > 0 else None])


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    print(json.dumps(_drive(**asked)), flush=True)


if __name__ == "__main__":
    main()

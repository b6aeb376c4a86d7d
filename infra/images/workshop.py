"""`make_all(original, specs)`: outputs as they are made, by a child of its own.

A picture that would take all memory, or for ever, takes its child with it and nothing else; its outputs so far were
handed over whole.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

import infra
from infra.images.child import Order, Output, Problem
from infra.images.errors import BY_CODE, FileTooLarge, MakerDied, OutOfMemory, TookTooLong
from infra.images.spec import Made, Spec

#: of the files that are taken in; a larger one is not even handed to the child
MAX_BYTES: Final = 20_000_000
_ROOT: Final = Path(infra.__file__).resolve().parent.parent


@dataclass(frozen=True)
class Limits:
    """What one original may take. Fifty megapixels read whole need about 700 MB of address space."""

    memory: int = 1_500_000_000
    seconds: int = 60


PLAIN: Final = Limits()


def make_all(original: bytes, specs: Sequence[Spec], *, limits: Limits = PLAIN) -> Generator[Made]:
    """One `Made` for each spec, in order, as soon as it is there. Raises an `UnfitPicture` in the middle.

    Close the iterator to end the child early.
    """
    if len(original) > MAX_BYTES:
        raise FileTooLarge(
            f"the file has {len(original)} bytes, more than {MAX_BYTES}: save it smaller and upload it again",
            size=len(original),
            most=MAX_BYTES,
        )
    if not specs:
        return
    order = Order(original=original, specs=list(specs), memory=limits.memory, seconds=limits.seconds)
    child = subprocess.Popen(
        [sys.executable, "-m", "infra.images.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"},
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: S101  both are pipes
    # The wall clock counts too: a child that waits for a disk uses no processor time.
    is_late = threading.Event()
    alarm = threading.Timer(limits.seconds * 2, _end, (child, is_late))
    alarm.start()
    try:
        with suppress(BrokenPipeError):  # it died before it had read all: `_why` says of what
            child.stdin.write(msgspec.msgpack.encode(order))
            child.stdin.close()
        yield from _outputs(child, len(specs), is_late)
    finally:
        alarm.cancel()
        child.kill()
        child.wait()
        child.stdout.close()


def _outputs(child: subprocess.Popen[bytes], count: int, is_late: threading.Event) -> Iterator[Made]:
    for _ in range(count):
        message = _next(child.stdout)  # type: ignore[arg-type]  # a pipe
        if isinstance(message, Output):
            yield message.made
        elif isinstance(message, Problem):
            raise _error(message)
        else:
            raise _why(child, is_late)


def _next(pipe: IO[bytes]) -> Output | Problem | None:
    head = pipe.read(4)
    body = pipe.read(int.from_bytes(head, "big")) if len(head) == 4 else b""
    if not body or len(body) != int.from_bytes(head, "big"):
        return None
    return msgspec.msgpack.decode(body, type=Output | Problem)


def _error(problem: Problem) -> Exception:
    if problem.code == OutOfMemory.code:
        return OutOfMemory("the picture needs more memory than one may: save it smaller and upload it again")
    return BY_CODE.get(problem.code, MakerDied)(problem.text)


def _why(child: subprocess.Popen[bytes], is_late: threading.Event) -> Exception:
    status = child.wait()
    if is_late.is_set() or status == -signal.SIGXCPU:
        return TookTooLong("the picture takes too long to make: save it smaller or simpler and upload it again")
    return MakerDied(f"the process that makes pictures ended with {status}: try again, and tell who runs this node")


def _end(child: subprocess.Popen[bytes], is_late: threading.Event) -> None:
    is_late.set()
    child.kill()

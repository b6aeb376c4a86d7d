"""The child that reads what nobody has read before: `python -m infra.images.child`, one original, then it ends.

In: one message `Order` on stdin. Out: for each output, in order, a frame of four bytes (length, big endian) and a
`Made`, or one last `Problem`. It may use so much memory and processor time and no more, opens no file and no socket.
"""

from __future__ import annotations

import resource
import sys

import msgspec
from msgspec import Struct

from infra.images.spec import Made, Spec


class Order(Struct, frozen=True, kw_only=True, tag="order"):
    original: bytes
    specs: list[Spec]
    memory: int  # bytes of address space
    seconds: int  # of processor time


class Output(Struct, frozen=True, kw_only=True, tag="output"):
    made: Made


class Problem(Struct, frozen=True, kw_only=True, tag="problem"):
    code: str
    text: str


def main() -> None:
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    resource.setrlimit(resource.RLIMIT_AS, (order.memory, order.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (order.seconds, order.seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _do(order)
    except MemoryError:
        _tell(Problem(code="picture_out_of_memory", text=""))


def _do(order: Order) -> None:
    from infra.images.errors import UnfitPicture
    from infra.images.making import make

    for spec in order.specs:
        try:
            made = make(order.original, spec)
        except UnfitPicture as error:
            _tell(Problem(code=error.code, text=str(error)))
            return
        _tell(Output(made=made))


def _tell(message: Output | Problem) -> None:
    body = msgspec.msgpack.encode(message)
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

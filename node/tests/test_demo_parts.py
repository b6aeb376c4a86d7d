"""What stands around the demo's nodes: cables that can be cut, the control socket, the mailbox."""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import socket
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from node import demo, demo_control
from node.demo_control import DemoControlFailed
from node.errors import Refused
from node.mailbox import Mailbox, page, serve_smtp
from node.processes import Locked
from node.proxy import CuttableProxy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def proxy() -> AsyncIterator[CuttableProxy]:
    """A proxy before a server that answers each line with itself."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    cable = CuttableProxy(free_port(), server.sockets[0].getsockname()[1])
    await cable.heal()
    yield cable
    await cable.cut()
    server.close()


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> bytes:
    writer.write(line)
    return await asyncio.wait_for(reader.readline(), 5)


async def test_bytes_pass_until_the_cable_is_cut_and_again_once_healed(proxy: CuttableProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await say(reader, writer, b"one\n") == b"one\n"

    await proxy.cut()

    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()

    await proxy.heal()

    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await say(reader, writer, b"two\n") == b"two\n"
    writer.close()


async def test_cut_and_heal_from_another_process(proxy: CuttableProxy, tmp_path: Path) -> None:
    control = tmp_path / "demo.sock"
    server = await demo_control.serve(control, {"b": proxy})

    assert await asyncio.to_thread(demo_control.state, control=control) == {"b": "up"}
    assert await asyncio.to_thread(demo_control.cut, "b", control=control) == {"b": "cut"}
    assert proxy.is_cut
    assert await asyncio.to_thread(demo_control.heal, "b", control=control) == {"b": "up"}
    assert not proxy.is_cut
    with pytest.raises(DemoControlFailed, match="no node 'z'"):
        await asyncio.to_thread(demo_control.cut, "z", control=control)
    server.close()


def test_without_a_demo_the_control_says_so(tmp_path: Path) -> None:
    with pytest.raises(DemoControlFailed, match="not part of a demo"):
        demo_control.state()
    with pytest.raises(DemoControlFailed, match="is it running"):
        demo_control.state(control=tmp_path / "none.sock")


async def test_a_mail_sent_can_be_read(tmp_path: Path) -> None:
    mailbox, port = Mailbox(tmp_path), free_port()
    server = await serve_smtp(mailbox, port)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", "anna@example.org", "Заказ <b>A-1</b>"
    mail.set_content("Спасибо & до встречи\n")
    mail.add_alternative("<p>Спасибо</p><script>alert(1)</script>", subtype="html")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as line:
            line.send_message(mail)

    await asyncio.to_thread(send)
    server.close()

    status, kind, body = page(mailbox, "/mails.json")
    rows = json.loads(body)
    assert (status, kind) == ("200 OK", "application/json")
    assert [(row["to"], row["subject"], row["text"]) for row in rows] == [
        ("anna@example.org", "Заказ <b>A-1</b>", "Спасибо & до встречи\n")
    ]
    listed = page(mailbox, "/")[2].decode()
    shown = page(mailbox, f"/mail/{rows[0]['id']}")[2].decode()
    assert "&lt;b&gt;A-1" in listed
    assert "Спасибо &amp; до встречи" in shown
    assert "<script" not in listed + shown


@pytest.mark.parametrize("path", ["/mail/../../etc/passwd", "/mail/1-x", "/other", "/mail/", "//"])
def test_the_mailbox_serves_nothing_but_its_mails(tmp_path: Path, path: str) -> None:
    assert page(Mailbox(tmp_path), path)[0] == "404 Not Found"


def test_ports_of_a_demo_stay_within_fifty() -> None:
    ports = demo.Ports(8400)

    assert len(ports.all()) == 9
    assert all(8400 <= port <= 8449 for port in ports.all())
    assert ports.site_url("b") == "http://clay.localhost:8402"


def test_fresh_never_empties_what_is_not_a_demo(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(Refused, match="was not made by the demo"):
        demo.clear(tmp_path)

    assert (tmp_path / "thesis.txt").exists()


def test_fresh_empties_a_demo_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.homes, "demo_record", lambda: tmp_path.parent / "record.json")
    demo.write_note(tmp_path, is_seeded=True, base=8400)
    (tmp_path / "central").mkdir()

    with demo.taken(tmp_path), pytest.raises(Locked, match="a demo runs in"):
        demo.clear(tmp_path)
    assert (tmp_path / "central").exists()

    demo.clear(tmp_path)

    assert demo.read_note(tmp_path) == {}
    assert not (tmp_path / "central").exists()

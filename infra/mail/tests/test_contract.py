"""One contract for every way to send, and what the answers of an SMTP server mean."""

from __future__ import annotations

import email
import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from infra.mail import GATEWAYS, Mail, MailGateway, gateway, message_id
from infra.mail.console import ConsoleGateway
from infra.mail.errors import Refused, Unavailable
from infra.mail.file import FileGateway
from infra.mail.smtp import SmtpGateway

MAIL = Mail(
    key="order-accepted:7",
    to="maria@example.com",
    to_name="Мария, Петрова",
    sender_name="Чабрец",
    subject="Заказ TEA-A-000007\nпринят",
    text="Спасибо!\n",
    html="<p>Спасибо!</p>",
)


class Inbox:
    """An SMTP server's handler that keeps what comes, or answers as told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer_rcpt = ""
        self.answer_data = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.answer_rcpt:
            return self.answer_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(email.message_from_bytes(envelope.content, policy=SMTP))  # type: ignore[arg-type]
        return self.answer_data or "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    handler = Inbox()
    server = Controller(handler, hostname="127.0.0.1", port=free_port())
    server.start()
    yield handler, f"smtp://127.0.0.1:{server.port}"
    server.stop()


Made = tuple[MailGateway, Callable[[], list[EmailMessage]]]


@pytest.fixture(params=sorted(GATEWAYS))
def made(request: pytest.FixtureRequest, tmp_path: Path, inbox: tuple[Inbox, str], capsys: Any) -> Made:
    if request.param == "smtp":
        return SmtpGateway(inbox[1]), lambda: inbox[0].mails
    if request.param == "file":
        return FileGateway(tmp_path), lambda: [
            email.message_from_bytes(path.read_bytes(), policy=SMTP)  # type: ignore[misc]
            for path in sorted(tmp_path.glob("*.eml"))
        ]
    return ConsoleGateway(), list


def test_every_gateway_is_tested() -> None:
    assert set(GATEWAYS) == {"smtp", "file", "console"}
    assert [type(gateway(name)).__name__ for name in GATEWAYS] == ["SmtpGateway", "FileGateway", "ConsoleGateway"]


def test_the_mail_arrives_whole(made: Made) -> None:
    way, arrived = made

    assert way.send(MAIL) == message_id(MAIL)

    for mail in arrived():
        assert mail["To"].addresses[0].display_name == "Мария, Петрова"
        assert mail["To"].addresses[0].addr_spec == "maria@example.com"
        assert mail["From"].addresses[0].display_name == "Чабрец"
        assert str(mail["Subject"]) == "Заказ TEA-A-000007 принят"
        assert mail["Auto-Submitted"] == "auto-generated"
        bodies = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}  # type: ignore[attr-defined]
        assert bodies["text/plain"].splitlines() == ["Спасибо!"]
        assert bodies["text/html"].splitlines() == ["<p>Спасибо!</p>"]


def test_one_key_has_one_message_id(made: Made) -> None:
    way, arrived = made

    assert way.send(MAIL) == way.send(MAIL)

    assert len({mail["Message-ID"] for mail in arrived()}) <= 1


@pytest.mark.parametrize("to", ["", "nobody", "a@b@", "x@example.com\nBcc: all@example.com", "a b@example.com"])
def test_an_address_that_is_none_is_refused(made: Made, to: str) -> None:
    way, arrived = made

    with pytest.raises(Refused):
        way.send(Mail(key="k", to=to, subject="s", text="t"))

    assert arrived() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 try later", Unavailable), ("421 busy", Unavailable), ("550 no such user", Refused), ("552 full", Refused)],
)
@pytest.mark.parametrize("where", ["answer_rcpt", "answer_data"])
def test_a_4xx_is_for_later_and_a_5xx_for_ever(
    inbox: tuple[Inbox, str], answer: str, error: type[Exception], where: str
) -> None:
    setattr(inbox[0], where, answer)

    with pytest.raises(error) as caught:
        SmtpGateway(inbox[1]).send(MAIL)

    assert "maria" not in str(caught.value)


def test_a_server_that_is_not_there_is_for_later() -> None:
    with pytest.raises(Unavailable):
        SmtpGateway(f"smtp://127.0.0.1:{free_port()}").send(MAIL)


def test_a_password_is_not_given_away_without_tls(monkeypatch: pytest.MonkeyPatch, inbox: tuple[Inbox, str]) -> None:
    monkeypatch.setattr("infra.mail.smtp._LOCAL", frozenset())  # as if the server stood elsewhere

    with pytest.raises(Refused, match="no TLS"):
        SmtpGateway(inbox[1].replace("smtp://", "smtp://user:secret@")).send(MAIL)

    assert inbox[0].mails == []


def test_what_jobs_make_of_the_two_failures() -> None:
    assert (Refused.is_final, Unavailable.is_transient) == (True, True)

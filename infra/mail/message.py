"""A `Mail` as the bytes that travel."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from django.utils import timezone

from infra.mail import Mail, message_id
from infra.mail.errors import Refused
from node.config import config


def message_of(mail: Mail) -> EmailMessage:
    """The message, text first, HTML as the alternative. Raises `Refused` for an address that is none."""
    message = EmailMessage(policy=SMTP)
    own_name, own_address = parseaddr(config().mail_from)
    message["From"] = _address(own_address, mail.sender_name or own_name)
    message["To"] = _address(mail.to, mail.to_name)
    if mail.reply_to:
        message["Reply-To"] = _address(mail.reply_to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = message_id(mail)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


def _address(address: str, name: str = "") -> Address:
    local, at, domain = address.rpartition("@")
    # Not printable = a line break or worse: a header of somebody else's making.
    if not at or not local or not domain or "@" in local or " " in address or not address.isprintable():
        raise Refused("this is not an address mail can be sent to")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
        return Address(display_name=" ".join(name.split()), username=local, domain=ascii_domain)
    except (UnicodeError, ValueError, IndexError) as error:
        raise Refused("this is not an address mail can be sent to") from error

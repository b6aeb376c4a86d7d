"""Mail going out: one small protocol, several ways to send.

To add a way: a module here with a class that has `send`, a line in `GATEWAYS`, and the contract test runs on it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from typing import Final, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from node.config import config


@dataclass(frozen=True, repr=False)
class Mail:
    """One mail to one person. `key`: one key, one Message-ID, however often it is sent again."""

    key: str
    to: str
    subject: str
    text: str
    html: str = ""
    to_name: str = ""
    #: in whose name; the address is always the node's `mail_from`
    sender_name: str = ""
    reply_to: str = ""


class MailGateway(Protocol):
    def send(self, mail: Mail) -> str:
        """Hand the mail over and return its Message-ID.

        Raises `Refused` (never try again) or `Unavailable` (try again; had it gone out, it is the same mail).
        """
        ...


GATEWAYS: Final = {  # dotted names, so that what is not used is not imported
    "smtp": "infra.mail.smtp.SmtpGateway",
    "file": "infra.mail.file.FileGateway",
    "console": "infra.mail.console.ConsoleGateway",
}


@lru_cache(maxsize=8)
def gateway(name: str = "") -> MailGateway:
    """The named way to send mail; without a name the one of the settings (`RIALTO_MAIL_GATEWAY`, else SMTP)."""
    made: MailGateway = import_string(GATEWAYS[name or getattr(settings, "RIALTO_MAIL_GATEWAY", "smtp")])()
    return made


def message_id(mail: Mail) -> str:
    """The Message-ID of a mail: of its key alone, so that a mail sent twice is one mail to whoever receives it."""
    digest = hashlib.sha256(mail.key.encode()).hexdigest()[:40]
    _, address = parseaddr(config().mail_from)
    return f"<{digest}@{address.rpartition('@')[2] or 'localhost'}>"

"""Mail onto stderr: for one who tries things out."""

from __future__ import annotations

import sys

from infra.mail import Mail, message_id
from infra.mail.message import message_of


class ConsoleGateway:
    def send(self, mail: Mail) -> str:
        message = message_of(mail)
        print(f"--- mail ---\n{message['To']}: {message['Subject']}\n{mail.text}", file=sys.stderr, flush=True)
        return message_id(mail)

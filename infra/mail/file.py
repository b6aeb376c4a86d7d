"""Mail into files, one `.eml` a mail: for machines without a mail server, and for tests."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from infra.mail import Mail, message_id
from infra.mail.errors import Unavailable
from infra.mail.message import message_of
from node.config import config


class FileGateway:
    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def send(self, mail: Mail) -> str:
        message = message_of(mail)
        folder = self._folder or config().home / "mail"
        path = folder / f"{hashlib.sha256(mail.key.encode()).hexdigest()[:40]}.eml"
        draft = path.with_suffix(".part")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(message.as_bytes())
            os.replace(draft, path)
        except OSError as error:
            raise Unavailable("the folder for mail cannot be written") from error
        return message_id(mail)

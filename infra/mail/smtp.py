"""Mail over SMTP: `smtp://user:password@host:port` or `smtps://…`.

Plain `smtp` turns to TLS when the server offers it, and never gives a password without TLS, except to this machine.
"""

from __future__ import annotations

import smtplib
import ssl
from urllib.parse import SplitResult, unquote, urlsplit

from infra.mail import Mail, message_id
from infra.mail.errors import Refused, Unavailable
from infra.mail.message import message_of
from node.config import config

TIMEOUT_S = 20
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpGateway:
    def __init__(self, url: str = "") -> None:
        self._url = url

    def send(self, mail: Mail) -> str:
        message = message_of(mail)
        try:
            with self._connected(urlsplit(self._url or config().smtp_url)) as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = next(iter(error.recipients.values()))
            raise _failure(code) from error
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("the mail server cannot carry this mail") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable("the mail server does not answer") from error
        return message_id(mail)

    def _connected(self, url: SplitResult) -> smtplib.SMTP:
        host = url.hostname or "localhost"
        # Our own name, told rather than looked up: a lookup may take seconds where there is no resolver.
        ours = urlsplit(config().base_url).hostname or "localhost"
        if url.scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, ours, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, url.port or 25, ours, timeout=TIMEOUT_S)
        try:
            self._greet(server, url, host)
        except BaseException:
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP, url: SplitResult, host: str) -> None:
        server.ehlo_or_helo_if_needed()
        is_private = url.scheme == "smtps"
        if not is_private and server.has_extn("starttls"):
            server.starttls(context=_context(host))
            server.ehlo()
            is_private = True
        if url.username:
            if not is_private and host not in _LOCAL:
                raise Refused("the mail server offers no TLS, so it is not given the password")
            server.login(unquote(url.username), unquote(url.password or ""))


def _context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if host in _LOCAL:
        # The certificate of a server on this machine names another host, if anything.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _failure(code: int) -> Refused | Unavailable:
    """4xx: not now. 5xx: never. The server's words stay out of the error: they quote the address."""
    if code >= 500:
        return Refused(f"the mail server refused the mail ({code})", smtp_code=code)
    return Unavailable(f"the mail server cannot take the mail now ({code})", smtp_code=code)

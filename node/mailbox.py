"""The demo's mailbox: an SMTP server that keeps every mail as a file, and a small page to read them.

`/` lists the mails, `/mail/<id>` shows one, `/mail/<id>.html` its HTML part in a sandbox, `/mails.json` all of them
as JSON: `[{"id", "from", "to", "subject", "date", "text"}]`, newest first.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import os
import re
import time
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

LARGEST_MAIL = 10_000_000
_ID = re.compile(r"[0-9]{13,20}-[0-9a-f]{8}")


class Mailbox:
    """Mails in a folder, one `.eml` file each; the name sorts by time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep one mail; the sender hears 250 only once it is on the disk."""
        await asyncio.to_thread(self.keep, bytes(envelope.original_content or envelope.content))
        return "250 OK"

    def keep(self, raw: bytes) -> str:
        """Write a mail to its file and return its id."""
        name = f"{time.time_ns()}-{os.urandom(4).hex()}"
        fresh = self.folder / f".{name}"
        with fresh.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self.folder / f"{name}.eml")
        return name

    def ids(self) -> list[str]:
        """Newest first."""
        return sorted((path.stem for path in self.folder.glob("[0-9]*.eml")), reverse=True)

    def read(self, name: str) -> EmailMessage | None:
        if not _ID.fullmatch(name):
            return None
        try:
            raw = (self.folder / f"{name}.eml").read_bytes()
        except OSError:
            return None
        return email.message_from_bytes(raw, policy=email.policy.default)


async def serve_smtp(mailbox: Mailbox, port: int) -> asyncio.Server:
    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(mailbox, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="localhost", loop=loop)

    return await loop.create_server(session, "127.0.0.1", port)


async def serve_pages(mailbox: Mailbox, port: int) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), 10)
            while (await asyncio.wait_for(reader.readline(), 10)).strip():
                pass
            method, _, rest = line.decode("latin-1").partition(" ")
            status, kind, body = await asyncio.to_thread(page, mailbox, rest.split(" ")[0])
            head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
            # A mail is a stranger's HTML: no script of it runs and nothing is fetched for it.
            head += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
            head += "frame-src 'self'; sandbox allow-same-origin allow-top-navigation allow-popups\r\n\r\n"
            writer.write(head.encode() + (b"" if method == "HEAD" else body))
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


def page(mailbox: Mailbox, path: str) -> tuple[str, str, bytes]:
    """(status, content type, body) of one address."""
    path = path.partition("?")[0]
    if path == "/":
        return "200 OK", "text/html", _layout("Mail", _list(mailbox)).encode()
    if path == "/mails.json":
        return "200 OK", "application/json", json.dumps(_as_json(mailbox), ensure_ascii=False).encode()
    name = path.removeprefix("/mail/")
    mail = mailbox.read(name.removesuffix(".html")) if name != path else None
    if mail is None:
        return "404 Not Found", "text/html", _layout("Not found", "<p>There is no such mail.</p>").encode()
    if name.endswith(".html"):
        return "200 OK", "text/html", _part(mail, "html").encode()
    return "200 OK", "text/html", _layout(str(mail["subject"] or "(no subject)"), _show(mail, name)).encode()


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _as_json(mailbox: Mailbox) -> list[dict[str, str]]:
    rows = []
    for name in mailbox.ids():
        if (mail := mailbox.read(name)) is not None:
            head = {field: str(mail[field] or "") for field in ("from", "to", "subject", "date")}
            rows.append({"id": name, **head, "text": _part(mail, "plain")})
    return rows


def _list(mailbox: Mailbox) -> str:
    rows = []
    for name in mailbox.ids()[:500]:
        if (mail := mailbox.read(name)) is None:
            continue
        to, subject = escape(str(mail["to"] or "")), escape(str(mail["subject"] or "(no subject)"))
        when = time.strftime("%d.%m %H:%M:%S", time.localtime(int(name.split("-")[0]) / 1e9))
        rows.append(f'<li><a href="/mail/{name}"><b>{subject}</b><span>{to}</span><time>{when}</time></a></li>')
    if not rows:
        return "<p class=muted>No mail yet. Place an order in a shop, then reload this page.</p>"
    return f"<ul>{''.join(rows)}</ul>"


def _show(mail: EmailMessage, name: str) -> str:
    head = "".join(
        f"<dt>{field.title()}</dt><dd>{escape(str(mail[field] or ''))}</dd>" for field in ("from", "to", "date")
    )
    shown = f"<dl>{head}</dl><pre>{escape(_part(mail, 'plain'))}</pre>"
    if _part(mail, "html"):
        shown += f'<h2>As HTML</h2><iframe src="/mail/{name}.html" title="The mail as HTML" sandbox></iframe>'
    return f'<p><a href="/">All mail</a></p>{shown}'


def _layout(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }} h2 {{ font-size: 1.1rem }}
ul {{ list-style: none; padding: 0; border-top: 1px solid #8884 }}
li a {{ display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: .6rem .25rem;
  border-bottom: 1px solid #8884; color: inherit; text-decoration: none }}
li a:hover, li a:focus-visible {{ background: #8881 }}
li span, li time, .muted, dt {{ opacity: .75; font-size: .9rem }}
li b {{ grid-column: 1 / -1 }}
dl {{ display: grid; grid-template-columns: auto 1fr; gap: .1rem 1rem }} dd {{ margin: 0 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; border-top: 1px solid #8884; padding-top: 1rem }}
iframe {{ width: 100%; height: 34rem; border: 1px solid #8884; background: #fff }}
</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"""

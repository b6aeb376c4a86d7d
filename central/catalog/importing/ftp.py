"""Files fetched by FTP: plain (`ftp://`), or over TLS from the first byte (`ftps://`, port 990).

The connection for the data goes to the host of the login, whatever address the server names for it: else a server of
the public internet could send central into its own network.
"""

from __future__ import annotations

import ftplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, unquote

from central.catalog.errors import ImportRefused
from central.catalog.importing import runs

PORTS = {"ftp": 21, "ftps": 990}
_PIECE = 1 << 16


class _Tls(ftplib.FTP_TLS):
    """TLS with a certificate of the host's name, over a connection to an address that was looked up before."""

    def __init__(self, name: str, silence_s: float) -> None:
        super().__init__(context=ssl.create_default_context(), timeout=silence_s)
        self.host = name  # what the certificate is compared with, here and for the data

    def open(self, address: str, port: int) -> None:
        plain = socket.create_connection((address, port), self.timeout)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321
        # Many servers take a connection for data only when it goes on with the session of the login.
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self.context.wrap_socket(data, server_hostname=self.host, session=session), size


@contextmanager
def ftp_pieces(
    parts: SplitResult, address: str, login: tuple[str, str], *, silence_s: float, longest_s: float
) -> Iterator[Iterator[bytes]]:
    """The file at an ftp or ftps address, in pieces. `address`: that of its host. Raises `ImportRefused`."""
    path = unquote(parts.path.removeprefix("/"))
    if any(sign in path + "".join(login) for sign in "\r\n\0"):
        raise ImportRefused("its path, login or password holds a line break")
    with _told(), _opened(parts, address, silence_s) as client:
        client.login(*login)
        if isinstance(client, _Tls):
            client.prot_p()
        client.voidcmd("TYPE I")
        size = _size(client, path)
        if size is not None and size > runs.MAX_UPLOAD:
            raise runs.too_large()
        data = client.transfercmd(f"RETR {path}")
        with data:
            yield _read(client, data, size, longest_s)


def _opened(parts: SplitResult, address: str, silence_s: float) -> ftplib.FTP:
    port = parts.port or PORTS[parts.scheme]
    if parts.scheme == "ftps":
        over_tls = _Tls(parts.hostname or "", silence_s)
        over_tls.open(address, port)
        return over_tls
    client = ftplib.FTP(timeout=silence_s)  # noqa: S321 - what a supplier offers
    client.connect(address, port)
    return client


def _read(client: ftplib.FTP, data: socket.socket, size: int | None, longest_s: float) -> Iterator[bytes]:
    """All of the file, or `ImportRefused`: a part of a price list is no price list."""
    until, got = time.monotonic() + longest_s, 0
    with _told():
        while piece := data.recv(_PIECE):
            got += len(piece)
            if time.monotonic() > until:
                raise ImportRefused(f"it takes longer than {longest_s:g} s")
            yield piece
        data.close()
        client.voidresp()  # only this says that the file was sent whole
    if size is not None and got != size:
        raise ImportRefused("it was cut short on its way")


def _size(client: ftplib.FTP, path: str) -> int | None:
    """Bytes of the file, None when the server does not say."""
    try:
        return client.size(path)
    except ftplib.error_perm:
        return None


@contextmanager
def _told() -> Iterator[None]:
    """What went wrong, without the server's words: they may repeat a login or a path."""
    try:
        yield
    except ftplib.error_perm as error:
        code = str(error)[:3]
        why = "it does not take this login" if code == "530" else f"it answered {code}"
        raise ImportRefused(why) from error
    except ftplib.Error as error:
        raise ImportRefused(f"it answered {str(error)[:3]}") from error
    except (OSError, EOFError) as error:
        raise ImportRefused(f"it did not answer ({type(error).__name__})") from error

"""What kept an address from answering is a word that screens can say, never the name of an exception."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx
import pytest

from infra.http.outgoing import NotCalled, trouble_of


def raised_by(url: str) -> Exception:
    try:
        httpx.get(url, timeout=0.2, trust_env=False)
    except (httpx.HTTPError, ValueError) as error:
        return error
    raise AssertionError(f"{url} answered")


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_nobody_listens() -> None:
    assert trouble_of(raised_by("http://127.0.0.1:1/")) == "no_answer"


def test_it_says_nothing_in_time(silent: socket.socket) -> None:
    assert trouble_of(raised_by(f"http://127.0.0.1:{silent.getsockname()[1]}/")) == "timeout"


@pytest.mark.parametrize(("errno", "word"), [(socket.EAI_NONAME, "unknown_host"), (socket.EAI_AGAIN, "no_lookup")])
def test_its_name_is_not_found(errno: int, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(errno, "as a server of names says it")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    assert trouble_of(raised_by("http://shop.example/")) == word


def test_its_certificate_is_not_right() -> None:
    refused = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    refused.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")

    assert trouble_of(refused) == "certificate"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (NotCalled("private", "its host lies in a private network"), "private"),
        (httpx.TooManyRedirects("20"), "redirects"),
        (httpx.RemoteProtocolError("not HTTP"), "no_answer"),
        (ValueError("no address"), "no_answer"),
    ],
)
def test_each_other_error_has_a_word_of_its_own(error: Exception, word: str) -> None:
    assert trouble_of(error) == word

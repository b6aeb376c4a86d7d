"""Files fetched by FTP, from a real server on loopback."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aioftp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central.catalog.importing import fetching, runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.sources import edit_source, make_source
from central.catalog.models import Offer
from central.catalog.tests.make import DATABASES, make_site
from central.ui.tests import cast
from node import config as node_config
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=DATABASES)

FILE = "sku,title,price\nT1,Sencha,10\n"


@dataclass
class Ftp:
    """A running server whose user `dealer` has the password `s3 cret` and sees `folder`."""

    folder: Path
    port: int

    def url(self, path: str, scheme: str = "ftp", host: str = "localhost") -> str:
        return f"{scheme}://{host}:{self.port}/{path}"


class LyingServer(aioftp.Server):
    """Names another machine's address for the data, as one that attacks central's own network would."""

    def __init__(self, users: Any, **more: Any) -> None:
        super().__init__(users, ipv4_pasv_forced_response_address="10.1.2.3", **more)


def _serve(folder: Path, kind: type[aioftp.Server], tls: ssl.SSLContext | None = None) -> Iterator[Ftp]:
    """Run a server in a loop of its own thread until the test ends."""
    user = aioftp.User("dealer", "s3 cret", base_path=folder, home_path="/")
    loop, server = asyncio.new_event_loop(), kind([user], ssl=tls)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
    yield Ftp(folder, server.server_port)
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def world(node_home: Path, tmp_path: Path) -> Iterator[Path]:
    make_site("tea", "RUB")
    folder = tmp_path / "ftp"
    (folder / "out").mkdir(parents=True)
    (folder / "out" / "prices 1.csv").write_text(FILE)
    with node_config.overridden(fetch_private=True):
        yield folder


@pytest.fixture
def ftp(world: Path) -> Iterator[Ftp]:
    yield from _serve(world, aioftp.Server)


def source(url: str, password: str = "s3 cret") -> ImportSource:  # noqa: S107
    return make_source("Dealer", ["tea"], by="test", url=url, login="dealer", password=password, every_minutes=60)


def fetched(url: str, **login: str) -> ImportRun:
    run = fetching.fetch(source(url, **login).pk)
    assert run is not None
    return run


def test_a_price_list_is_fetched_by_ftp_and_written(ftp: Ftp) -> None:
    run = fetched(ftp.url("out/prices%201.csv"))
    run_due(["catalog"])

    run.refresh_from_db()
    assert (run.state, run.file_name, run.counts) == ("done", "prices 1.csv", {"read": 1, "created": 1})
    assert Offer.objects.get().price == 1_000


def test_the_data_comes_from_the_host_of_the_login_whatever_the_server_says(world: Path) -> None:
    for ftp in _serve(world, LyingServer):
        assert fetched(ftp.url("out/prices%201.csv", host="127.0.0.1")).error == ""


def test_over_tls_the_certificate_is_the_hosts(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path / "ftp.pem", "localhost")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    for ftp in _serve(world, aioftp.Server, tls):
        made = source(ftp.url("out/prices%201.csv", "ftps"))

        stranger = fetching.fetch(made.pk)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusted = fetching.fetch(made.pk)
        ImportRun.objects.update(state="done")
        edit_source(made.pk, {"url": ftp.url("out/prices%201.csv", "ftps", "127.0.0.1")})
        other_name = fetching.fetch(made.pk)

        refused = "the file could not be fetched: it did not answer (SSLCertVerificationError)"
        assert [run and run.error for run in (stranger, trusted, other_name)] == [refused, "", refused]


@pytest.mark.parametrize(
    ("path", "password", "why"),
    [
        ("out/prices%201.csv", "wrong", "it does not take this login"),
        ("out/none.csv", "s3 cret", "it answered 550"),
        ("out/prices%201.csv%0d%0aDELE%20x", "s3 cret", "holds a line break"),
    ],
)
def test_what_is_refused_says_why_and_shows_no_login(ftp: Ftp, path: str, password: str, why: str) -> None:
    run = fetched(ftp.url(path), password=password)

    assert (run.state, why in run.error) == ("failed", True)
    assert password not in run.error
    assert not list((node_config.config().home / "imports").glob("*"))


def test_a_file_that_is_too_large_is_not_read(ftp: Ftp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_UPLOAD", len(FILE) - 1)

    assert "the file is larger than" in fetched(ftp.url("out/prices%201.csv")).error


def test_the_form_keeps_a_password_it_never_shows(ftp: Ftp) -> None:
    made = source(ftp.url("out/prices%201.csv"))
    ada = cast.signed_in(cast.staff("ada", "admin"))
    address = f"/imports/sources/{made.pk}"

    page = ada.get(address).content.decode()
    sent = {"title": "Dealer", "sites": "tea", "url": made.url, "every_minutes": "60", "login": "dealer", "ver": "1"}
    kept = ada.post(address, {**sent, "title": "Dealer 2", "password": ""})
    made.refresh_from_db()

    assert ("dealer" in page, "s3 cret" in page) == (True, False)
    assert (kept.status_code, made.title, made.password) == (302, "Dealer 2", "s3 cret")
    edit_source(made.pk, {"login": ""})
    made.refresh_from_db()
    assert made.password is None


def make_certificate(path: Path, name: str) -> Path:
    """A certificate that signs itself, with its key, for one host name."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path

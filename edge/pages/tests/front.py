"""nginx and Caddy as an operator runs them in front of an edge: our configuration, a scratch folder."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from node.testing import runner

WAIT_S = 20
_NGINX = """load_module /usr/lib/nginx/modules/ngx_http_brotli_static_module.so;
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/rialto.conf;
}}
"""
_CADDY = """{{
    admin off
    auto_https off
    storage file_system {folder}/storage
    default_bind 127.0.0.1
    skip_install_trust
}}
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def make_certificate(folder: Path, host: str) -> None:
    """`<host>.crt` and `.key`, self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{host}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{host}.key").write_bytes(private)


@contextlib.contextmanager
def nginx(folder: Path, configuration: str, port: int) -> Iterator[None]:
    (folder / "rialto.conf").write_text(configuration)
    # A scratch folder is its owner's alone; a real front runs as a user who may read the pages
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user))
    program = runner.program("nginx") or "nginx"
    with _running(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "e.log")], folder, port
    ):
        yield


@contextlib.contextmanager
def caddy(folder: Path, configuration: str, port: int) -> Iterator[None]:
    (folder / "Caddyfile").write_text(_CADDY.format(folder=folder) + configuration)
    program = runner.program("caddy") or "caddy"
    with _running([program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], folder, port):
        yield


@contextlib.contextmanager
def _running(argv: list[str], folder: Path, port: int) -> Iterator[None]:
    home = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=home)
    try:
        until = time.monotonic() + WAIT_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise AssertionError(f"{argv[0]} did not start: {process.communicate()[0]}")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


def trusting_nobody() -> ssl.SSLContext:
    """For a certificate that nobody signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context

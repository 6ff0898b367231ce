"""A server that speaks HTTP/2 over TLS is asked so, over one connection, with conditions."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from selfd_daemon.feeds.fetching.addresses import AllowedHosts
from selfd_daemon.feeds.fetching.fetch import Fetcher, FetchLimits

pytestmark = pytest.mark.anyio
FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"


class Http2Server:
    """Serves one feed with an ETag, and notes what each connection and request was."""

    def __init__(self) -> None:
        self.protocols: list[str | None] = []
        self.requests: list[dict[str, str]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.protocols.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, RequestReceived):
                        self._answer(connection, event)
                writer.write(connection.data_to_send())
                await writer.drain()
        writer.close()

    def _answer(self, connection: H2Connection, event: RequestReceived) -> None:
        asked = {bytes(name).decode(): bytes(value).decode() for name, value in event.headers}
        self.requests.append(asked)
        assert event.stream_id is not None
        if asked.get("if-none-match") == '"1"':
            connection.send_headers(event.stream_id, [(":status", "304")], end_stream=True)
            return
        head = [(":status", "200"), ("etag", '"1"'), ("content-type", "application/rss+xml")]
        connection.send_headers(event.stream_id, head)
        connection.send_data(event.stream_id, FEED, end_stream=True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(own, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + signed.public_bytes(pem))
    return path


@contextlib.asynccontextmanager
async def serving(certificate: Path) -> AsyncIterator[tuple[Http2Server, int]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    web = Http2Server()
    server = await asyncio.start_server(web, "127.0.0.1", 0, ssl=context)
    async with server:
        yield web, server.sockets[0].getsockname()[1]


async def loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_http2_is_spoken_where_the_server_has_it(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(httpx2, "create_ssl_context", lambda **_: trusting)
    async with serving(certificate) as (web, port):
        limits = FetchLimits(seconds=20.0, max_bytes=1 << 20)
        allowed = AllowedHosts(["127.0.0.1"])
        fetcher = Fetcher(limits, allowed, loopback, agent="selfd/test")
        try:
            first = await fetcher.get(f"https://127.0.0.1:{port}/feed")
            tag = first.headers["etag"]
            again = await fetcher.get(first.url, headers={"if-none-match": tag})
        finally:
            await fetcher.close()
    assert (first.status, first.body, again.unchanged) == (200, FEED, True)
    assert web.protocols == ["h2"], "one connection for both"
    assert [each[":path"] for each in web.requests] == ["/feed", "/feed"]

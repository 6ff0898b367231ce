"""A fetch gets what an orderly server sends, and is not hurt by what others do."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx2
import pytest

from selfd_daemon.feeds.errors import (
    AddressError,
    AddressRefusedError,
    FeedError,
    GoneError,
    StatusError,
    TooLargeError,
    UnreachableError,
)
from selfd_daemon.feeds.fetching.addresses import AllowedHosts
from selfd_daemon.feeds.fetching.fetch import Fetcher, FetchLimits
from support.web import LocalWeb, Reply, Seen

pytestmark = pytest.mark.anyio
FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"


class Names:
    """A resolver that leads every name to loopback, unless told what to answer in turn."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.asked: list[str] = []
        self._answers = {name.replace("_", "."): list(turns) for name, turns in answers.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        turns = self._answers.get(host, [["127.0.0.1"]])
        return turns.pop(0) if len(turns) > 1 else turns[0]


@contextlib.asynccontextmanager
async def a_fetcher(
    *allowed: str, names: Names | None = None, **limits: Any
) -> AsyncIterator[Fetcher]:
    chosen = FetchLimits(**{"seconds": 20.0, "max_bytes": 1 << 20, **limits})
    fetcher = Fetcher(
        chosen, AllowedHosts(allowed or ["127.0.0.1"]), names or Names(), agent="selfd/test"
    )
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def test_a_page_comes_with_its_headers_and_our_manners(web: LocalWeb) -> None:
    web.serve("/feed", Reply(headers={"ETag": '"1"', "Content-Type": "Text/XML; x=y"}, body=FEED))
    async with a_fetcher() as fetcher:
        got = await fetcher.get(web.url("/feed"), headers={"if-none-match": '"0"'})
    assert (got.status, got.body, got.url, got.address) == (
        200, FEED, web.url("/feed"), web.url("/feed"),
    )  # fmt: skip
    assert (got.media_type, got.headers["etag"]) == ("text/xml", '"1"')
    asked = web.log[0].headers
    assert asked["user-agent"] == "selfd/test"
    assert asked["accept-encoding"] == "gzip"
    assert asked["if-none-match"] == '"0"'
    assert "cookie" not in asked


async def test_an_unchanged_page_costs_no_body(web: LocalWeb) -> None:
    web.serve("/feed", Reply(304))
    async with a_fetcher() as fetcher:
        got = await fetcher.get(web.url("/feed"))
    assert got.unchanged
    assert got.body == b""


async def test_cookies_are_not_kept(web: LocalWeb) -> None:
    web.serve("/feed", Reply(headers={"Set-Cookie": "id=42; Path=/"}, body=FEED))
    async with a_fetcher() as fetcher:
        await fetcher.get(web.url("/feed"))
        await fetcher.get(web.url("/feed"))
    assert [seen.headers.get("cookie") for seen in web.log] == [None, None]


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {}])
async def test_a_packed_page_is_unpacked_even_when_that_is_not_declared(
    web: LocalWeb, headers: dict[str, str]
) -> None:
    web.serve("/feed", Reply(headers=headers, body=gzip.compress(FEED)))
    async with a_fetcher() as fetcher:
        assert (await fetcher.get(web.url("/feed"))).body == FEED


async def test_a_page_declared_packed_that_is_not_is_read_as_it_is(web: LocalWeb) -> None:
    web.serve("/feed", Reply(headers={"Content-Encoding": "gzip"}, body=FEED))
    async with a_fetcher() as fetcher:
        assert (await fetcher.get(web.url("/feed"))).body == FEED


async def test_the_address_changes_only_as_far_as_it_moved_for_good(web: LocalWeb) -> None:
    web.serve("/old", Reply(301, {"Location": "/older"}))
    web.serve("/older", Reply(308, {"Location": web.url("/kept")}))
    web.serve("/kept", Reply(302, {"Location": "/today"}))
    web.serve("/today", Reply(301, {"Location": "/body"}))
    web.serve("/body", Reply(body=FEED))
    async with a_fetcher() as fetcher:
        got = await fetcher.get(web.url("/old"))
    assert got.url == web.url("/body")
    assert got.address == web.url("/kept"), "what came after the 302 may differ tomorrow"


async def test_redirects_in_a_circle_are_left(web: LocalWeb) -> None:
    web.serve("/a", Reply(302, {"Location": "/b"}))
    web.serve("/b", Reply(302, {"Location": "/a"}))
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="more than 5 times"):
            await fetcher.get(web.url("/a"))
    assert len(web.log) == 6


@pytest.mark.parametrize(
    "location", ["ftp://127.0.0.1/x", "http://user:pw@127.0.0.1/", "http://[", "file:///etc/passwd"]
)
async def test_a_redirect_to_what_cannot_be_fetched_is_refused(
    web: LocalWeb, location: str
) -> None:
    web.serve("/feed", Reply(302, {"Location": location}))
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="which cannot be fetched"):
            await fetcher.get(web.url("/feed"))


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (404, StatusError, r"nothing at http://127\.0\.0\.1.*\(404\)"),
        (403, StatusError, "does not let us read"),
        (429, StatusError, "fewer requests"),
        (503, StatusError, "trouble of its own"),
        (410, GoneError, "removed for good"),
        (301, StatusError, "status 301"),
    ],
)
async def test_a_status_is_told_in_words_a_person_can_act_on(
    web: LocalWeb, status: int, error: type[StatusError], words: str
) -> None:
    web.serve("/feed", Reply(status, {"Retry-After": "120"}))
    async with a_fetcher() as fetcher:
        with pytest.raises(error, match=words) as caught:
            await fetcher.get(web.url("/feed"))
    assert (caught.value.status, caught.value.retry_after) == (status, "120")


async def test_a_name_that_leads_nowhere_is_told() -> None:
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match=r"no address is known for 'nowhere\.invalid'"):
            await fetcher.get("http://nowhere.invalid/feed")


async def test_a_refused_connection_is_told(web: LocalWeb) -> None:
    url = web.url("/feed")
    await web.stop()
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match=r"'127\.0\.0\.1' refused the connection"):
            await fetcher.get(url)
    await web.start()


async def test_a_server_without_tls_is_told(web: LocalWeb) -> None:
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="does not speak TLS"):
            await fetcher.get(web.url("/feed").replace("http:", "https:"))


async def test_a_private_address_is_refused_with_the_setting_that_allows_it(web: LocalWeb) -> None:
    async with a_fetcher("elsewhere.test") as fetcher:
        with pytest.raises(
            AddressRefusedError, match=r"add intranet\.test to feeds\.allow_private"
        ) as caught:
            await fetcher.get(web.url("/feed", "intranet.test"))
    assert caught.value.code == "PRIVATE_ADDRESS"
    assert web.log == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001", "localhost."])
async def test_other_spellings_of_loopback_are_seen_through(web: LocalWeb, host: str) -> None:
    async def really_resolve(name: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    fetcher = Fetcher(FetchLimits(), AllowedHosts([]), really_resolve, agent="selfd/test")
    with pytest.raises(FeedError):
        await fetcher.get(web.url("/feed", host))
    await fetcher.close()
    assert web.log == []


async def test_one_private_address_among_public_ones_is_refused() -> None:
    names = Names(mixed_test=[["93.184.216.34", "127.0.0.1"]])
    async with a_fetcher("elsewhere.test", names=names) as fetcher:
        with pytest.raises(AddressRefusedError, match=r"is at 127\.0\.0\.1"):
            await fetcher.get("http://mixed.test/feed")


async def test_a_name_whose_address_changes_is_judged_by_the_address_that_is_dialled(
    web: LocalWeb,
) -> None:
    """The first answer is public and refuses; the second, asked for the redirect, is loopback."""
    names = Names(rebind_test=[["93.184.216.34"], ["127.0.0.1"]])
    assert await names("rebind.test", 80) == ["93.184.216.34"], "what a check beforehand would see"
    async with a_fetcher("elsewhere.test", names=names) as fetcher:
        with pytest.raises(AddressRefusedError, match=r"is at 127\.0\.0\.1"):
            await fetcher.get(web.url("/feed", "rebind.test"))
    assert names.asked == ["rebind.test", "rebind.test"], "resolved once per dial, not twice"
    assert web.log == []


async def test_a_redirect_to_a_private_address_is_refused(web: LocalWeb) -> None:
    web.serve("/feed", Reply(302, {"Location": web.url("/admin", "router.test")}))
    web.serve("/admin", Reply(body=FEED))
    async with a_fetcher("127.0.0.1") as fetcher:
        with pytest.raises(AddressRefusedError, match=r"router\.test"):
            await fetcher.get(web.url("/feed"))
    assert web.paths() == ["/feed"]


async def test_a_stranger_cannot_redirect_into_what_the_owner_allowed() -> None:
    """Asked of the check itself: no public server can be had here."""
    public, inside = httpx2.URL("http://public.test/"), httpx2.URL("http://nas.test/admin")
    async with a_fetcher("nas.test") as fetcher:
        with pytest.raises(AddressRefusedError, match="follow there by name"):
            fetcher.refuse_detour(public, inside)
        fetcher.refuse_detour(inside, inside)
        fetcher.refuse_detour(inside, public)


async def test_an_unusual_port_of_a_public_host_is_refused() -> None:
    names = Names(public_test=[["93.184.216.34"]])
    async with a_fetcher("elsewhere.test", names=names) as fetcher:
        with pytest.raises(AddressRefusedError, match=r"add public\.test:22 to feeds"):
            await fetcher.get("http://public.test:22/feed")


async def test_a_bomb_is_refused_without_being_unpacked(web: LocalWeb) -> None:
    bomb = gzip.compress(bytes(200 << 20))
    web.serve("/bomb", Reply(headers={"Content-Encoding": "gzip"}, body=bomb))
    async with a_fetcher() as fetcher:
        with pytest.raises(TooLargeError, match=r"raise feeds\.max_body_bytes"):
            await fetcher.get(web.url("/bomb"))


async def test_an_endless_body_is_left_at_the_limit(web: LocalWeb) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"<item/>" * 10_000)
            await writer.drain()

    web.misbehave("/endless", endless)
    async with a_fetcher() as fetcher:
        with pytest.raises(TooLargeError, match="1,048,576 bytes"):
            await fetcher.get(web.url("/endless"))


async def test_a_server_that_never_answers_is_left_after_the_time_allowed(web: LocalWeb) -> None:
    async def silence(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    web.misbehave("/silence", silence)
    async with a_fetcher(seconds=0.3) as fetcher:
        with pytest.raises(UnreachableError, match="did not answer within 0 s"):
            await fetcher.get(web.url("/silence"))


async def test_a_body_that_drips_is_left_when_patience_is_over(web: LocalWeb) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"<")
            await writer.drain()
            await asyncio.sleep(0.02)

    web.misbehave("/drip", drip)
    async with a_fetcher(patience=0.2, min_rate=10_000.0) as fetcher:
        with pytest.raises(UnreachableError, match="too slow to wait for"):
            await fetcher.get(web.url("/drip"))


@pytest.mark.parametrize("length", ["9999", "-5", "abc"])
async def test_a_wrong_length_is_told(web: LocalWeb, length: str) -> None:
    async def lie(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + FEED)
        await writer.drain()

    web.misbehave("/lie", lie)
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="not what HTTP allows, or ended before"):
            await fetcher.get(web.url("/lie"))


async def test_a_packed_body_that_is_cut_short_is_told(web: LocalWeb) -> None:
    web.serve("/cut", Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(FEED)[:-12]))
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="ended before its end"):
            await fetcher.get(web.url("/cut"))


async def test_a_packing_that_was_not_asked_for_is_told(web: LocalWeb) -> None:
    web.serve("/br", Reply(headers={"Content-Encoding": "br"}, body=b"\x0b\x02\x80"))
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="packed as 'br'"):
            await fetcher.get(web.url("/br"))


async def test_what_is_not_http_is_told(web: LocalWeb) -> None:
    async def ssh(writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    web.misbehave("/ssh", ssh)
    async with a_fetcher() as fetcher:
        with pytest.raises(UnreachableError, match="not what HTTP allows"):
            await fetcher.get(web.url("/ssh"))


async def test_a_host_is_asked_for_two_things_at_once_and_no_more(web: LocalWeb) -> None:
    arrived, released = asyncio.Semaphore(0), asyncio.Event()

    async def hold(writer: asyncio.StreamWriter) -> None:
        arrived.release()
        await released.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    for number in range(6):
        web.misbehave(f"/{number}", hold)
    web.serve("/other", Reply(body=FEED))
    async with a_fetcher("one.test", "two.test", concurrency=4) as fetcher:
        calls = [
            asyncio.create_task(fetcher.get(web.url(f"/{number}", "one.test")))
            for number in range(6)
        ]
        await arrived.acquire()
        await arrived.acquire()
        other = await fetcher.get(web.url("/other", "two.test"))
        assert other.body == FEED, "another host does not wait behind a slow one"
        assert len([path for path in web.paths() if path != "/other"]) == 2
        released.set()
        await asyncio.gather(*calls)
    assert len(web.log) == 7


async def test_proxies_of_the_environment_are_not_used(
    web: LocalWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    web.serve("/feed", Reply(body=FEED))
    async with a_fetcher() as fetcher:
        assert (await fetcher.get(web.url("/feed"))).body == FEED


async def test_socket_files_cannot_be_reached() -> None:
    async with a_fetcher() as fetcher:
        with pytest.raises(AddressError, match="must start with https"):
            await fetcher.get("unix:///var/run/docker.sock")


async def test_the_server_sees_one_host_header_with_the_name(web: LocalWeb) -> None:
    seen: list[Seen] = []

    def page(request: Seen) -> Reply:
        seen.append(request)
        return Reply(body=FEED)

    web.serve("/feed", page)
    async with a_fetcher("news.test") as fetcher:
        await fetcher.get(web.url("/feed", "news.test"))
    assert [request.host for request in seen] == [f"news.test:{web.port}"]

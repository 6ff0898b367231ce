"""Feeds: two polls of 500 on loopback, and every captured feed read as feedparser reads it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import psutil
import zstandard

from bench.row import Row
from selfd_daemon.child import Child
from selfd_daemon.errors import ChildError
from selfd_daemon.feeds.parsing.entries import MAX_ENTRIES
from selfd_daemon.feeds.parsing.reading import read
from selfd_daemon.feeds.parsing.text import web_link
from selfd_daemon.feeds.reader import MEMORY_BYTES, SECONDS
from selfd_daemon.visible import visible
from selfd_storage import JobRecord
from support.feed_pages import item, rss
from support.feed_service import Clock, Running, running_feeds
from support.web import LocalWeb, Reply, Seen

FEEDS, ITEMS = 500, 20
URL = "https://bench.example/feed.xml"
WORDS = "The council met on Monday evening and spoke about the bridge, the school and the budget. "


def rows(data: Path | None) -> list[Row]:
    """Measure polling, and reading where the data sets are there."""
    warnings.simplefilter("ignore")  # feedparser's own
    found = asyncio.run(_polling())
    if data is not None:
        found += asyncio.run(_reading(list(_cases(data / "feeds"))))
    return found


async def _polling() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place, ThreadedWeb() as web:
        _fill(web)
        clock = Clock()
        async with running_feeds(Path(place), clock=clock, allow=_hosts()) as running:
            for number, host in enumerate(_hosts()):
                url = web.url(f"/{number}", host)
                await running.store.feeds.add(url=url, title=f"feed {number}")
            first, first_job, slowest = await _timed(running)
            before = len(web.log)
            clock.pass_(hours=1)
            second, second_job, _ = await _timed(running)
            again = web.log[before:]
    conditional = sum("if-none-match" in seen.headers for seen in again)
    good = FEEDS - len(_BAD)
    note = f"{FEEDS} hosts, {len(_BAD)} misbehave; {first_job.metrics['new_articles']:,} articles"
    return [
        Row("poll 500 feeds, first", first, "s", 30, "lower", note),
        Row("poll 500 feeds, loop held", slowest * 1000, "ms", 100, "lower", "processor time"),
        Row("poll 500 feeds, second", second, "s", 30, "lower", "nothing new"),
        Row("second poll, conditional", conditional, "requests", good, "higher"),
        Row("second poll, read", second_job.metrics["parsed"], "feeds", 0, "lower"),
    ]


async def _timed(running: Running) -> tuple[float, JobRecord, float]:
    """Poll all; return how long it took, the job, and the most work between two turns of the loop.

    That work is counted in processor time of the loop's thread, as is the reading below: what
    others do on this machine is not the daemon's doing.
    """
    begun, longest = time.perf_counter(), 0.0
    polling = asyncio.create_task(running.poll())
    while not polling.done():
        before = time.thread_time()
        await asyncio.sleep(0.005)
        longest = max(longest, time.thread_time() - before)
    return time.perf_counter() - begun, polling.result(), longest


def _hosts() -> Sequence[str]:
    return [f"s{number}.test" for number in range(FEEDS)]


def _fill(web: LocalWeb) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(FEEDS):
        items = [
            item(f"{number}-{place}", text=WORDS * 10, at=start - timedelta(hours=place))
            for place in range(ITEMS)
        ]
        web.serve(f"/{number}", _conditional(rss(f"Feed {number}", items), f'"{number}"'))
    body = rss("Bad", [item("a")])
    packed = {"Content-Encoding": "gzip"}
    replies: Mapping[str, Reply] = {
        "gone": Reply(410),
        "busy": Reply(429, {"Retry-After": "3600"}),
        "broken": Reply(500),
        "moved": Reply(302, {"Location": "http://10.0.0.1/"}),
        "bomb": Reply(headers=packed, body=gzip.compress(bytes(64 << 20))),
        "cut": Reply(headers=packed, body=gzip.compress(body)[:-9]),
        "charset": Reply(headers={"Content-Type": "text/xml; charset=nonsense"}, body=b"\xff" * 99),
    }
    writers = {"drip": _drip, "endless": _endless, "short": _short}
    for place, kind in enumerate(_BAD):
        if kind in replies:
            web.serve(f"/{place}", replies[kind])
        else:
            web.misbehave(f"/{place}", writers[kind])


_BAD = 2 * ("gone", "busy", "broken", "moved", "bomb", "cut", "charset", "drip", "endless", "short")


def _conditional(body: bytes, tag: str) -> Any:
    def page(seen: Seen) -> Reply:
        if seen.headers.get("if-none-match") == tag:
            return Reply(304, {"ETag": tag})
        return Reply(headers={"ETag": tag}, body=body)

    return page


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"<")
        await writer.drain()
        await asyncio.sleep(0.5)


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"<item/>" * 10_000)
        await writer.drain()


async def _short(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n<rss>")
    await writer.drain()


class ThreadedWeb:
    """A local web on a loop and in a thread of its own, so that it does not wait for the daemon."""

    def __enter__(self) -> LocalWeb:
        self._loop, self._web = asyncio.new_event_loop(), LocalWeb()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._web.start(), self._loop).result(30)
        return self._web

    def __exit__(self, *failure: object) -> None:
        asyncio.run_coroutine_threadsafe(self._web.stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


@dataclass(frozen=True)
class _Case:
    name: str
    body: bytes
    headers: Mapping[str, str]


def _cases(folder: Path) -> Iterator[_Case]:
    for name in ("feed_cases.jsonl.zst", "hostile_feeds.jsonl.zst"):
        with (folder / name).open("rb") as file:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
            for line in lines:
                case = json.loads(line)
                body = (case.get("body") or "").encode()
                yield _Case(
                    name=case.get("path") or case["id"],
                    body=base64.b64decode(case["b64"]) if case.get("b64") else body,
                    headers={k.lower(): v for k, v in (case.get("headers") or {}).items()},
                )


async def _reading(cases: Sequence[_Case]) -> list[Row]:
    """Read every case as the daemon does, and compare entries with feedparser's."""
    child = Child("feed parser", seconds=SECONDS, memory_bytes=MEMORY_BYTES)
    now = datetime.now(UTC).isoformat()
    same = compared = 0
    slowest, largest, failures = (0.0, ""), (0.0, ""), list[str]()
    for case in cases:
        begun = _processor_time(child)
        try:
            found = await child.call(read, case.body, url=URL, headers=dict(case.headers), now=now)
        except ChildError as error:
            failures.append(f"{case.name}: {error}")
            continue
        slowest = max(slowest, (_processor_time(child) - begun, case.name))
        if child.pid:
            memory = psutil.Process(child.pid).memory_info().rss / 1e6
            largest = max(largest, (memory, case.name))
        if not case.body.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{"):
            compared += 1
            entries, ids = _expected(case)
            same += _entries(found) == entries and ids <= _ids(found)
    await child.close()
    return [
        Row("feeds read as feedparser", same, "feeds", compared, "higher", f"of {compared:,}"),
        Row("feeds that fail to be read", len(failures), "feeds", 0, "lower", "; ".join(failures)),
        Row("slowest feed", slowest[0], "s", 2, "lower", f"processor time, {slowest[1]}"),
        Row("largest parser", largest[0], "MB", 200, "lower", largest[1]),
    ]


def _processor_time(child: Child) -> float:
    if child.pid is None:
        return 0.0
    times = psutil.Process(child.pid).cpu_times()
    return float(times.user + times.system)


def _entries(found: Mapping[str, Any]) -> Sequence[tuple[str | None, bool]]:
    """Return what can be compared: web links and whether there is a date, in order."""
    entries = found["feed"]["entries"] if found["feed"] else []
    return [(entry["url"], bool(entry["published"])) for entry in entries]


def _ids(found: Mapping[str, Any]) -> set[str]:
    return {entry["guid"] for entry in found["feed"]["entries"]} if found["feed"] else set()


def _expected(case: _Case) -> tuple[Sequence[tuple[str | None, bool]], set[str]]:
    """Return the same as feedparser has it, and the ids that only one entry has."""
    parsed = feedparser.parse(
        io.BytesIO(case.body), response_headers={"content-location": URL, **case.headers}
    )
    names = ("published_parsed", "updated_parsed", "created_parsed")
    entries = parsed.entries[:MAX_ENTRIES]
    ids = Counter(visible(str(entry.get("id") or "")).strip() for entry in entries)
    return (
        [(_web(entry), any(entry.get(name) for name in names)) for entry in entries],
        {id for id, count in ids.items() if id and count == 1},
    )


def _web(entry: Any) -> str | None:
    """Return the entry's first link that leads into the web."""
    links = [entry.get("link")]
    links += [link.get("href") for link in entry.get("links") or () if link["rel"] == "enclosure"]
    return next((web for link in links if link and (web := web_link(link))), None)

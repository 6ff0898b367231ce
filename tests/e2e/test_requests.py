"""Requests to a real daemon: what it does, and what bad input is answered with."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from support.daemon import GraphQLError, RunningDaemon

REMEMBER = "mutation ($t: String!) { remember(input: {text: $t}) { id text kind } }"


def test_what_is_remembered_is_found_and_counted(daemon: RunningDaemon) -> None:
    before = daemon.query("{ status { memoryCount } }")["status"]["memoryCount"]
    kept = daemon.query(REMEMBER, t="Mira's boat is moored in Trieste")["remember"]
    assert kept["text"] == "Mira's boat is moored in Trieste"
    found = daemon.query(
        '{ search(query: "where is the boat", first: 1) { text item { ... on Memory { id } } } }'
    )
    assert found["search"] == [{"text": kept["text"], "item": {"id": kept["id"]}}]
    status = daemon.query("{ status { version uptime backend memoryCount residentMemory ready } }")
    assert status["status"]["memoryCount"] == before + 1
    assert status["status"]["ready"] is True
    assert status["status"]["uptime"] > 0
    assert status["status"]["residentMemory"] > 10_000_000
    assert daemon.query("mutation ($i: ID!) { forget(id: $i) }", i=kept["id"]) == {"forget": True}
    assert daemon.query("mutation ($i: ID!) { forget(id: $i) }", i=kept["id"]) == {"forget": False}


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        (REMEMBER, {"t": ""}, "INVALID_INPUT"),
        (REMEMBER, {"t": " \n "}, "INVALID_INPUT"),
        (REMEMBER, {"t": "a\0b"}, "INVALID_INPUT"),
        (REMEMBER, {"t": "x" * 300_000}, "TOO_LARGE"),
        ('mutation { updateMemory(id: "memory:999", text: "x") { id } }', {}, "NOT_FOUND"),
        ('mutation { updateMemory(id: "what?", text: "x") { id } }', {}, "NOT_FOUND"),
        ('mutation { cancelJob(id: "job:999") { id } }', {}, "NOT_FOUND"),
        ("mutation { startJob(kind: EVOLVE) { id } }", {}, "NOT_AVAILABLE"),
        ('mutation { ingest(path: "/no/such/folder") { id } }', {}, None),
        ('mutation { backup(path: "relative.db") { path } }', {}, "INVALID_INPUT"),
        ('mutation { backup(path: "/no/such/folder/x.db") { path } }', {}, "INVALID_INPUT"),
        ('mutation { addFeed(url: "http://127.0.0.1:1/feed") { id } }', {}, None),
    ],
)
def test_a_request_that_cannot_be_met_gets_a_reason_and_a_code(
    daemon: RunningDaemon, document: str, variables: dict[str, Any], code: str | None
) -> None:
    with pytest.raises(GraphQLError) as caught:
        daemon.query(document, **variables)
    assert "internal" not in str(caught.value)
    assert caught.value.codes[0]
    assert code in (None, caught.value.codes[0])


def test_a_text_of_50_megabytes_is_refused_and_the_next_request_is_served(
    daemon: RunningDaemon,
) -> None:
    body = json.dumps({"query": REMEMBER, "variables": {"t": "x" * 50_000_000}}).encode()
    reply = daemon.ask("POST", "/graphql", body, {"Content-Type": "application/json"})
    assert reply.status == 413
    assert json.loads(reply.body)["errors"][0]["message"]
    assert daemon.query("{ status { ready } }") == {"status": {"ready": True}}


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "\xff\xfe"}',
        b"\xff" * 1000,
        b"{",
        b"[]",
        b'{"query": 7}',
        b'{"query": "' + b"{ a" * 200 + b'"}',
        json.dumps({"query": REMEMBER, "variables": {"t": "half a character \ud800"}}).encode(),
    ],
    ids=["utf-16", "bytes", "json", "batch", "type", "depth", "surrogate"],
)
def test_a_body_that_makes_no_sense_is_refused_and_nothing_is_stored(
    daemon: RunningDaemon, body: bytes
) -> None:
    before = daemon.query("{ status { memoryCount } }")
    reply = daemon.ask("POST", "/graphql", body, {"Content-Type": "application/json"})
    assert reply.status in (200, 400)
    assert b"errors" in reply.body or reply.status == 400
    assert b"Traceback" not in reply.body
    assert daemon.query("{ status { memoryCount } }") == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example:1"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Authorization": "Bearer guess"}, 401),
    ],
)
def test_strangers_are_refused(daemon: RunningDaemon, headers: dict[str, str], status: int) -> None:
    body = b'{"query": "{ status { version } }"}'
    sent = {"Content-Type": "application/json", **headers}
    reply = daemon.ask("POST", "/graphql", body, sent)
    assert reply.status == status
    assert b"version" not in reply.body
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in reply.headers


def test_two_host_headers_are_refused(daemon: RunningDaemon) -> None:
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=20) as client:
        host = f"Host: 127.0.0.1:{daemon.port}\r\n"
        client.sendall(f"GET /health HTTP/1.1\r\n{host}{host}\r\n".encode())
        assert client.recv(4096).split()[1] in (b"421", b"400")


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_cannot_open_a_websocket(daemon: RunningDaemon, origin: str) -> None:
    url = f"ws://127.0.0.1:{daemon.port}/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(url, subprotocols=protocols, origin=Origin(origin), proxy=None),
    ):
        pass


def test_pages_for_people_need_no_token_and_hold_no_secret(daemon: RunningDaemon) -> None:
    for path in ("/", "/graphql", "/health"):
        reply = daemon.ask("GET", path, headers={"Accept": "text/html"}, token=False)
        assert reply.status == 200
        assert daemon.token.encode() not in reply.body
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/metrics", "/graphql?query={status{version}}", "/nothing"])
def test_everything_else_needs_the_token(daemon: RunningDaemon, path: str) -> None:
    assert daemon.ask("GET", path, token=False).status == 401


def test_metrics_are_prometheus_text(daemon: RunningDaemon) -> None:
    reply = daemon.ask("GET", "/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert daemon.metric("selfd_resident_memory_bytes") > 10_000_000
    assert daemon.metric("selfd_event_sequence") >= 1


def test_a_backup_job_writes_a_verified_copy(daemon: RunningDaemon, tmp_path: Path) -> None:
    daemon.remember("this is worth keeping twice")
    target = tmp_path / "copy.db"
    written = daemon.query(
        "mutation ($p: String!) { backup(path: $p) { path bytes verified } }", p=str(target)
    )["backup"]
    assert written == {"path": str(target), "bytes": target.stat().st_size, "verified": True}
    with pytest.raises(GraphQLError, match="is there already"):
        daemon.query("mutation ($p: String!) { backup(path: $p) { path } }", p=str(target))

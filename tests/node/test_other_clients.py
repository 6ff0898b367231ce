"""Other people's GraphQL clients and audits against our API, on Node."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from selfd_graphql import MemoryChangeInfo
from selfd_storage import EventRecord
from support.api import TOKEN, api
from support.fakes.samples import NOON

pytestmark = [pytest.mark.anyio, pytest.mark.node]

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / "build" / "node"
AUDITS = 61
SECONDS = 120


@pytest.fixture(scope="session")
def scripts() -> Path:
    """Install the packages beside a copy of our scripts; skip where that cannot be done."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for source in [*HERE.glob("*.mjs"), HERE / "package.json"]:
        shutil.copy(source, INSTALLED)
    flags = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    try:
        subprocess.run(
            [npm, "install", *flags],
            cwd=INSTALLED,
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        if not (INSTALLED / "node_modules").is_dir():
            pytest.skip(f"npm could not install the clients: {error}")
    return INSTALLED


async def run(folder: Path, script: str, url: str) -> list[dict[str, Any]]:
    """Run a script and return the lines that it prints."""
    token = TOKEN.removeprefix("Bearer ")
    process = await asyncio.create_subprocess_exec(
        "node",
        script,
        url,
        token,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


async def test_the_server_audits_of_graphql_http_all_pass(scripts: Path) -> None:
    async with api() as served:
        audits = await run(scripts, "audits.mjs", served.url)
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == AUDITS


async def test_the_client_of_graphql_ws_is_served(scripts: Path) -> None:
    async with api() as served:
        served.services.memories.channel.put(MemoryChangeInfo("ADDED", "memory:1", None))
        served.services.events.channel.put(EventRecord(1, NOON, "memory.added", None, {}))
        heard = await run(scripts, "sockets.mjs", served.url.replace("http", "ws"))
    assert {line["name"]: line["result"] for line in heard} == {
        "query": {"status": {"version": "1.0"}},
        "mutation": {"forget": False},
        "subscription": {"memoryChanged": {"kind": "ADDED", "memory": None}},
        "abort": "complete",
        "failure": "INVALID_INPUT",
        "invalid query": "INVALID_QUERY",
        "syntax error": "INVALID_QUERY",
        "socket after it": {"__typename": "Query"},
        "wrong token": 4403,
        "no token": 4403,
    }
    assert served.services.events.channel.readers == 0


async def test_the_client_of_graphql_sse_is_served(scripts: Path) -> None:
    async with api() as served:
        served.services.events.channel.put(EventRecord(1, NOON, "memory.added", None, {}))
        heard = await run(scripts, "streams.mjs", served.url)
    assert {line["name"]: line["result"] for line in heard} == {
        "query": {"status": {"version": "1.0"}},
        "subscription": {"events": {"kind": "memory.added"}},
        "invalid query": "INVALID_QUERY",
        "wrong token": 401,
    }

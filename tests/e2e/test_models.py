"""Models added, chosen, asked, measured and removed from the command line, over a real daemon."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from support.command import Command
from support.daemon import RunningDaemon
from support.talking import talking_server


@pytest.fixture
def selfd(daemon: RunningDaemon) -> Command:
    return Command(daemon.folder)


@pytest.fixture
def server() -> Iterator[str]:
    """Serve a model in a loop of its own, and give its URL."""
    found: list[str] = []
    ready, leave = threading.Event(), threading.Event()

    async def serve() -> None:
        async with talking_server(["The spare key ", "is under ", "the blue pot."] * 8) as url:
            found.append(url)
            ready.set()
            await asyncio.to_thread(leave.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    leave.set()
    thread.join()


def test_a_model_is_added_used_measured_and_removed(selfd: Command, server: str) -> None:
    added = selfd.ok(
        "models", "add", "http", server, "--name", "talker", "-o", "attempts=1", "--json"
    )
    id = added.json["id"]
    assert added.json["kind"] == "HTTP"
    assert "default" in selfd.ok("models", "use", id).out
    assert "bytes/s: 256 bytes in" in selfd.ok("models", "bench", id).out
    first = selfd.ok("models").out.splitlines()[0]
    assert first.startswith(f"{id}  talker ({server})  http, loaded, ")
    selfd.ok("remember", "The spare key is under the blue pot.")
    answer = selfd.ok("ask", "Where is the spare key?", "--json").json
    assert "under the blue pot" in answer["text"]
    assert "talker" not in selfd.ok("models", "unload", id).err
    assert f"removed {id}" in selfd.ok("models", "remove", id).err
    assert "mind:builtin" in selfd.ok("models").out.splitlines()[0]


def test_wrong_models_are_refused_in_one_line(selfd: Command) -> None:
    assert "is no URL of a server" in selfd("models", "add", "http", "nonsense").err
    assert "write NAME=VALUE" in selfd("models", "add", "http", "http://a", "-o", "x").err
    assert "no mind with id" in selfd("models", "use", "mind:99").err
    assert "there is no mind 'mind:99'" in selfd("models", "remove", "mind:99").err
    other = selfd.ok("models", "add", "http", "http://192.0.2.1", "--name", "far", "--json").json
    assert "add 192.0.2.1 to minds.allow_hosts" in selfd("models", "load", other["id"]).err
    assert "is no name on the hub" in selfd("models", "pull", "nonsense").err


def test_this_machine_is_told_what_it_can_run(selfd: Command) -> None:
    found = selfd.ok("models", "recommend", "--json").json
    assert found[-1]["model"] == "builtin"
    assert "ships with selfd" in selfd.ok("models", "recommend").out

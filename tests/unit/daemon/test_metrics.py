"""Figures for Prometheus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from selfd_daemon.metrics import Metrics
from selfd_daemon.server.counting import Counting
from selfd_graphql.ports import StatusInfo

STATUS = StatusInfo(
    version="0.1.0",
    uptime=12.5,
    backend="numpy",
    mind=None,
    memory_count=3,
    article_count=4,
    running_jobs=1,
    resident_memory=1000,
    ready=True,
    problems=["the disk is almost full"],
)


def _figures(metrics: Metrics) -> dict[str, float]:
    lines = metrics.render(STATUS, latest_event=9).decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_the_state_is_told_as_figures() -> None:
    figures = _figures(Metrics())
    assert figures["selfd_memories"] == 3
    assert figures["selfd_articles"] == 4
    assert figures["selfd_jobs_running"] == 1
    assert figures["selfd_problems"] == 1
    assert figures["selfd_event_sequence"] == 9
    assert figures["selfd_uptime_seconds"] == 12.5
    assert figures["selfd_generations"] == 0


def test_answers_given_again_are_counted_with_the_time_that_they_saved() -> None:
    metrics = Metrics()
    for found, saved in (("miss", 0.0), ("exact", 0.5), ("exact", 0.25), ("semantic", 1.0)):
        metrics.looked_up(found, saved)
    figures = _figures(metrics)
    assert figures['selfd_answer_lookups_total{found="exact"}'] == 2
    assert figures['selfd_answer_lookups_total{found="miss"}'] == 1
    assert figures['selfd_answer_saved_seconds_total{found="exact"}'] == 0.75


@pytest.mark.anyio
async def test_a_generation_counts_until_it_is_closed_and_closes_its_source() -> None:
    metrics = Metrics()
    closed = False

    async def pieces() -> AsyncIterator[str]:
        nonlocal closed
        try:
            while True:
                yield "piece"
        finally:
            closed = True

    generation = metrics.generating(pieces())
    assert await anext(generation) == "piece"
    assert _figures(metrics)["selfd_generations"] == 1
    await generation.aclose()
    assert closed
    assert _figures(metrics)["selfd_generations"] == 0


@pytest.mark.anyio
async def test_requests_are_counted_by_path_and_status_and_made_up_paths_share_one_line() -> None:
    metrics = Metrics()
    clock = iter([0.0, 0.002, 5.0, 5.5, 6.0, 6.1])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/graphql":
            raise RuntimeError("it broke")
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def receive() -> Message:
        raise AssertionError("nobody reads")

    async def send(message: Message) -> None:
        pass

    counting = Counting(app, metrics, monotonic=lambda: next(clock))
    await counting({"type": "http", "path": "/made/up/1"}, receive, send)
    await counting({"type": "http", "path": "/made/up/2"}, receive, send)
    with pytest.raises(RuntimeError, match="it broke"):
        await counting({"type": "http", "path": "/graphql"}, receive, send)
    figures = _figures(metrics)
    assert figures['selfd_requests_total{path="other",status="404"}'] == 2
    assert figures['selfd_requests_total{path="/graphql",status="500"}'] == 1
    assert figures['selfd_request_seconds_bucket{le="0.003",path="other"}'] == 1
    assert figures['selfd_request_seconds_count{path="other"}'] == 2


def test_every_figure_is_in_the_reference() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "daemon.md").read_text()
    lines = Metrics().render(STATUS, latest_event=9).decode().splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert len(names) >= 12
    assert {name for name in names if f"`{name}`" not in page} == set()

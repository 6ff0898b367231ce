"""Real servers of models as peers: mlx-lm's own, and llama.cpp's where it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from selfd_daemon.minds import Delta, Message, MindError, Request
from selfd_daemon.minds.http.mind import HttpMind
from selfd_daemon.minds.options import HttpOptions
from support.minds import told
from support.mlx_models import make_gguf, make_model
from support.serving import free_port

pytestmark = pytest.mark.anyio

ASK = Request((Message("user", "Where is the key?"),), max_bytes=40)


@asynccontextmanager
async def _server(command: list[str], port: int) -> AsyncIterator[HttpMind]:
    """Start a server and yield a mind on it once it listens."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
    options = HttpOptions(model="default_model", timeout_seconds=30)
    mind = HttpMind(f"http://127.0.0.1:{port}", options, monotonic=time.monotonic)
    try:
        async with asyncio.timeout(90):
            while True:
                assert process.returncode is None, "the server ended by itself"
                with contextlib.suppress(MindError):
                    await mind.load()
                    break
        yield mind
    finally:
        await mind.close()
        process.kill()
        await process.wait()


@pytest.mark.mlx
async def test_mlx_lms_server_is_asked_left_and_asked_again(tmp_path: Path) -> None:
    pytest.importorskip("mlx_lm", reason="needs mlx-lm")
    folder, port = make_model(tmp_path / "tiny"), free_port()
    command = [
        sys.executable,
        "-m",
        "mlx_lm",
        "server",
        "--model",
        str(folder),
        "--port",
        str(port),
    ]
    async with _server(command, port) as mind:
        text, ended = await told(mind, ASK)
        assert text
        assert ended.reason in ("stop", "length")
        async with aclosing(mind.generate(Request(ASK.messages, max_bytes=4000))) as events:
            assert isinstance(await anext(events), Delta)
        again, _ = await told(mind, ASK)
        assert again == text
        raw, _ = await told(mind, Request((Message("user", "The cat"),), max_bytes=20, raw=True))
        assert raw
        with pytest.raises(MindError, match="it cannot score a text: that takes logprobs"):
            await mind.score("The cat")


@pytest.mark.mlx
async def test_llama_cpps_server_is_asked_left_and_asked_again(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp.server", reason="needs llama-cpp-python[server]")
    pytest.importorskip("mlx", reason="needs mlx, which writes its file")
    file, port = make_gguf(tmp_path / "tiny.gguf"), free_port()
    options = [
        "--model",
        str(file),
        "--port",
        str(port),
        "--n_ctx",
        "512",
        "--chat_format",
        "chatml",
        "--logits_all",
        "true",
    ]
    async with _server([sys.executable, "-m", "llama_cpp.server", *options], port) as mind:
        text, ended = await told(mind, ASK)
        assert ended.reason in ("stop", "length")
        async with aclosing(mind.generate(Request(ASK.messages, max_bytes=300))) as events:
            await anext(events)
        again, _ = await told(mind, ASK)
        assert again == text
        with pytest.raises(MindError, match="broke off before its end"):  # it says no more
            await told(mind, Request((Message("user", "x" * 2000),), max_bytes=40))
        assert (await told(mind, ASK))[0] == text
        assert "score" in (await mind.limits()).abilities
        whole, part = await mind.score("the cat sleeps"), await mind.score("sleeps", "the cat ")
        assert 0 < part.bits < whole.bits
        assert part.bytes == 6

"""A mind behind a server on loopback that behaves as each test says, often badly."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import stamina

from selfd_daemon.minds import Delta, Ended, Message, MindError, Priority, Request
from selfd_daemon.minds.errors import MindAddressError, MindFieldError
from selfd_daemon.minds.http.mind import HttpMind
from selfd_daemon.minds.options import HttpOptions, read_options
from support.minds import told

pytestmark = pytest.mark.anyio

ASK = Request((Message("system", "Be brief."), Message("user", "Where is the key?")))
Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A server of a model: it lists one, and answers as `behave` says."""

    behave: Behaviour
    lists: tuple[str, str] = ("/v1/models", '{"data": [{"id": "tiny"}]}')
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def end(self) -> None:
        """Leave every connection that is still open, also those that hang."""
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                path = first.split()[1]
                headers = dict(line.lower().split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.asked.append((path, headers, body))
                if path == self.lists[0]:
                    writer.write(_reply(200, self.lists[1]))
                elif path in ("/v1/models", "/api/tags"):
                    writer.write(_reply(404, "{}"))
                else:
                    await self.behave(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.left.set()
            writer.close()


def _reply(status: int, body: str) -> bytes:
    return (
        f"HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


def _stream(*chunks: str, ended: bool = True) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for chunk in chunks:
            data = chunk.encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
        if not ended:
            raise ConnectionError
        writer.write(b"0\r\n\r\n")

    return behave


def _delta(text: str, ended: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": ended}
    return f"data: {json.dumps({'choices': [choice]})}\n\n"


async def _hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


DONE = "data: [DONE]\n\n"


@asynccontextmanager
async def _mind(peer: Peer, **options: object) -> AsyncIterator[HttpMind]:
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
        stack.push_async_callback(peer.end)
        stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        mind = HttpMind(
            f"http://127.0.0.1:{port}/v1/",
            read_options(HttpOptions, options),
            monotonic=time.monotonic,
            environ={"KEY": "secret"},
        )
        stack.push_async_callback(mind.close)
        with stamina.set_testing(True, attempts=3, cap=True):  # it retries, and does not wait
            yield mind


async def _refused(peer: Peer, request: Request = ASK, **options: object) -> MindError:
    async with _mind(peer, **options) as mind:
        with pytest.raises(MindError, match=r".+") as caught:
            await asyncio.wait_for(told(mind, request), 10)
        peer.behave = _stream(_delta("fine", "stop"), DONE)
        text, _ = await told(mind, ASK)
        assert text == "fine", "the next request must be answered"
    return caught.value


async def test_an_openai_server_is_asked_and_heard() -> None:
    peer = Peer(_stream(": ping\n\n", _delta("Under "), _delta("the é"), _delta("", "stop"), DONE))
    async with _mind(peer, key_env="KEY") as mind:
        text, ended = await told(mind, ASK)
    assert (text, ended.reason, ended.error) == ("Under the é", "stop", None)
    path, headers, body = peer.asked[-1]
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "bearer secret"
    asked = json.loads(body)
    assert asked["model"] == "tiny"
    assert asked["messages"][1] == {"role": "user", "content": "Where is the key?"}


async def test_an_ollama_server_is_recognised() -> None:
    lines = [
        json.dumps({"message": {"content": "Under "}, "done": False}) + "\n",
        json.dumps({"message": {"content": "it"}, "done": True, "done_reason": "length"}) + "\n",
    ]
    peer = Peer(_stream(*lines), lists=("/api/tags", '{"models": [{"name": "small:1b"}]}'))
    async with _mind(peer) as mind:
        text, ended = await told(mind, ASK)
    assert (text, ended.reason) == ("Under it", "length")
    assert peer.asked[-1][0] == "/api/chat"
    assert json.loads(peer.asked[-1][2])["model"] == "small:1b"


async def test_a_stream_cut_anywhere_is_put_together() -> None:
    stream = "".join([_delta("Ünder "), _delta("the mat", "stop"), DONE])
    data = stream.encode()
    for at in range(0, len(data), 7):
        halves = data[:at], data[at:]

        async def behave(
            writer: asyncio.StreamWriter, halves: tuple[bytes, bytes] = halves
        ) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + halves[0])
            await writer.drain()
            writer.write(halves[1])
            await writer.drain()
            raise ConnectionError

        async with _mind(Peer(behave)) as mind:
            assert (await told(mind, ASK))[0] == "Ünder the mat"


async def test_a_server_that_drops_mid_stream_leaves_a_part_that_says_so() -> None:
    async with _mind(Peer(_stream(_delta("Under the"), ended=False))) as mind:
        text, ended = await told(mind, ASK)
    assert (text, ended.reason) == ("Under the", "cut")
    assert ended.error is not None
    assert "it broke off before its end" in ended.error


async def test_a_server_that_ends_without_saying_so_leaves_a_part() -> None:
    async with _mind(Peer(_stream(_delta("Under the")))) as mind:
        text, ended = await told(mind, ASK)
    assert (text, ended.reason) == ("Under the", "cut")


async def test_a_server_that_hangs_before_its_first_word_is_left() -> None:
    error = await _refused(Peer(_hang), timeout_seconds=0.2)
    assert "said nothing for 0.2 s" in str(error)
    assert error.code == "UNREACHABLE"


async def test_a_server_that_hangs_mid_stream_leaves_a_part() -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + _delta("Un").encode())
        await _hang(writer)

    async with _mind(Peer(behave), timeout_seconds=0.2) as mind:
        text, ended = await told(mind, ASK)
    assert (text, ended.reason) == ("Un", "cut")


@pytest.mark.parametrize(
    "said", ["data: {oops\n\n", "data: [1]\n\n", 'data: {"choices": 7}\n\n', "data: \xff\n\n"]
)
async def test_broken_json_is_named(said: str) -> None:
    assert "it sent what is no answer" in str(await _refused(Peer(_stream(said))))


async def test_broken_json_after_some_text_leaves_a_part() -> None:
    async with _mind(Peer(_stream(_delta("Under"), "data: {oops\n\n"))) as mind:
        text, ended = await told(mind, ASK)
    assert (text, ended.reason) == ("Under", "cut")


async def test_an_endless_stream_of_nothing_is_left() -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(_delta("").encode() * 100)
            await writer.drain()

    assert "came to no end" in str(await _refused(Peer(behave)))


async def test_an_endless_line_is_left() -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    assert "came to no end" in str(await _refused(Peer(behave)))


async def test_an_endless_answer_ends_where_it_was_to_end() -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(_delta("on and ").encode())
            await writer.drain()

    peer = Peer(behave)
    async with _mind(peer) as mind:
        text, ended = await told(mind, Request(ASK.messages, max_bytes=20))
        assert (len(text), ended.reason) == (20, "length")
        await asyncio.wait_for(peer.left.wait(), 5)


async def test_leaving_closes_the_connection_at_once() -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + _delta("Un").encode())
        await writer.drain()
        await _gone(writer)

    async def _gone(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b": still here\n\n")
            await writer.drain()
            await asyncio.sleep(0)

    peer = Peer(behave)
    async with _mind(peer) as mind:
        async with aclosing(mind.generate(ASK)) as events:
            assert await anext(events) == Delta("Un")
        before = time.perf_counter()
        await asyncio.wait_for(peer.left.wait(), 5)
        assert time.perf_counter() - before < 1.0  # a tenth is the aim; the machine may be busy


async def test_a_server_that_is_busy_is_asked_again() -> None:
    tries = 0

    async def behave(writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            writer.write(_reply(503, '{"error": "loading"}'))
        else:
            await _stream(_delta("now", "stop"), DONE)(writer)

    async with _mind(Peer(behave)) as mind:
        assert (await told(mind, ASK))[0] == "now"
    assert tries == 3


async def test_a_connection_that_the_server_closed_meanwhile_is_made_anew() -> None:
    tries = 0

    async def behave(writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionError  # the connection ends without a word of answer
        await _stream(_delta("again", "stop"), DONE)(writer)

    async with _mind(Peer(behave)) as mind:
        assert (await told(mind, ASK))[0] == "again"
    assert tries == 2


async def test_a_refusal_is_passed_on_in_the_servers_own_words() -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(_reply(400, '{"error": "context length exceeded"}'))

    assert 'status 400: {"error": "context length exceeded"}' in str(await _refused(Peer(behave)))


async def test_a_prompt_over_the_context_is_refused_before_anything_is_sent() -> None:
    peer = Peer(_hang)
    error = await _refused(peer, Request((Message("user", "x" * 200),)), context_bytes=100)
    assert error.code == "TOO_LARGE"
    assert "the prompt has 200 bytes, this mind takes 100" in str(error)


async def test_nothing_listening_is_said_plainly(unused_port: int) -> None:
    mind = HttpMind(
        f"http://127.0.0.1:{unused_port}", HttpOptions(attempts=2), monotonic=time.monotonic
    )
    with (
        stamina.set_testing(True, attempts=2, cap=True),
        pytest.raises(MindError, match="nothing listens there: is it running"),
    ):
        await told(mind, ASK)
    await mind.close()


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_another_machine_must_be_allowed_by_name() -> None:
    mind = HttpMind("http://192.0.2.7:8080", HttpOptions(), monotonic=time.monotonic)
    with pytest.raises(MindAddressError, match=r"add 192\.0\.2\.7 to minds\.allow_hosts"):
        await told(mind, ASK)
    await mind.close()
    away = HttpMind(
        "http://192.0.2.7:8080",
        HttpOptions(),
        allowed=("192.0.2.7",),
        offline=True,
        monotonic=time.monotonic,
    )
    with pytest.raises(MindError, match="selfd is offline"):
        await told(away, ASK)
    await away.close()


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://a", "http://", "http://a:b", "http://u@h"])
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(MindFieldError, match=r"URL"):
        HttpMind(url, HttpOptions(), monotonic=time.monotonic)


async def test_vectors_come_back_in_order_and_of_unit_length() -> None:
    rows = [{"index": 1, "embedding": [0.0, 2.0]}, {"index": 0, "embedding": [3.0, 4.0]}]

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(_reply(200, json.dumps({"data": rows})))

    async with _mind(Peer(behave)) as mind:
        assert await mind.embed(["a", "b"]) == [[0.6, 0.8], [0.0, 1.0]]


async def test_what_servers_do_not_tell_is_said() -> None:
    async def refuse(writer: asyncio.StreamWriter) -> None:
        writer.write(_reply(400, '{"error": "no echo"}'))

    async with _mind(Peer(refuse)) as mind:
        with pytest.raises(MindError, match="cannot score a text"):
            await mind.score("a")
        assert "score" not in (await mind.limits()).abilities
        with pytest.raises(MindError, match="does not tell what may come next"):
            await mind.next_byte(b"a")


async def test_a_text_is_scored_where_the_server_echoes_its_tokens() -> None:
    costs = {"text_offset": [0, 3, 8, 14], "token_logprobs": [None, -1.0, -3.0, -9.0]}

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(_reply(200, json.dumps({"choices": [{"text": "", "logprobs": costs}]})))

    peer = Peer(behave)
    async with _mind(peer) as mind:
        await mind.load()
        assert "score" in (await mind.limits()).abilities
        after = await mind.score("cat sleeps", after="The ")
        whole = await mind.score("The cat sleeps")
    nat = 1 / math.log(2)
    assert (after.bytes, whole.bytes) == (10, 14)
    assert after.bits == pytest.approx(3 * nat)
    assert whole.bits == pytest.approx(4 * nat * 3 / 2)
    assert json.loads(peer.asked[-1][2])["echo"] is True


async def test_a_key_that_is_not_in_the_environment_is_named() -> None:
    async with _mind(Peer(_hang), key_env="NO_SUCH") as mind:
        with pytest.raises(MindFieldError, match="environment has no 'NO_SUCH'"):
            await told(mind, ASK)


async def test_only_so_many_are_asked_at_once_and_a_person_goes_before_the_night() -> None:
    peer = Peer(_hang)
    async with _mind(peer, at_once=1) as mind:
        open_ones = [asyncio.create_task(told(mind, ASK)) for _ in range(64)]
        await asyncio.sleep(0)
        with pytest.raises(MindError, match="64 requests are open") as caught:
            await told(mind, ASK)
        assert caught.value.code == "MIND_BUSY"
        for each in open_ones:
            each.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        peer.behave = _stream(_delta("free", "stop"), DONE)
        peer.asked.clear()
        urgent = {"night": Priority.NIGHT, "agent": Priority.AGENT, "person": Priority.PERSON}
        asked = [
            told(mind, Request((Message("user", name),), priority=priority))
            for name, priority in {"first": Priority.NIGHT, **urgent}.items()
        ]
        assert {text for text, _ in await asyncio.gather(*asked)} == {"free"}
    order = [json.loads(body)["messages"][0]["content"] for _, _, body in peer.asked if body]
    assert order == ["first", "person", "agent", "night"]


async def test_who_asks_much_waits_behind_those_who_ask_once() -> None:
    peer = Peer(_stream(_delta("free", "stop"), DONE))
    async with _mind(peer, at_once=1) as mind:
        names = ["much", "much", "much", "once"]
        asked = [told(mind, Request((Message("user", name),), client=name)) for name in names]
        await asyncio.gather(*asked)
    order = [json.loads(body)["messages"][0]["content"] for _, _, body in peer.asked if body]
    assert order == ["much", "once", "much", "much"]


async def test_an_ended_stream_reports_its_figures() -> None:
    async with _mind(Peer(_stream(_delta("four", "stop"), DONE))) as mind:
        _, ended = await told(mind, ASK)
    assert isinstance(ended, Ended)
    assert ended.bytes == 4
    assert 0.0 < ended.first <= ended.seconds

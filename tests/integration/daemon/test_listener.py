"""The listening socket on a real loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from selfd_daemon.errors import PortError
from selfd_daemon.server.listener import listen


def test_port_0_picks_a_free_port_on_loopback_only() -> None:
    with contextlib.closing(listen(0)) as opened:
        host, port = opened.getsockname()
        assert host == "127.0.0.1"
        assert port > 0


def test_a_taken_port_is_refused_with_its_number_and_the_next_step() -> None:
    with contextlib.closing(listen(0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortError, match=rf":{port}: another program .* --port N") as caught:
            listen(port)
        assert caught.value.port == port


@pytest.mark.anyio
async def test_connections_send_at_once_instead_of_waiting_for_acknowledgements() -> None:
    """asyncio sets TCP_NODELAY only where the socket says that it is TCP."""
    accepted: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

    class Reply(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted.set_result(transport.get_extra_info("socket"))

    opened = listen(0)
    assert opened.proto == socket.IPPROTO_TCP
    server = await asyncio.get_running_loop().create_server(Reply, sock=opened)
    try:
        _, writer = await asyncio.open_connection(*opened.getsockname())
        connection = await accepted
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        writer.close()
        await writer.wait_closed()
    finally:
        server.close()
        await server.wait_closed()

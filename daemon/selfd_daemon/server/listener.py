"""The listening socket: loopback only, and made so that replies are never delayed."""

from __future__ import annotations

import errno
import socket

from selfd_daemon.errors import PortError

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Open a socket on 127.0.0.1; port 0 picks a free one.

    The protocol is named because asyncio sets TCP_NODELAY only on sockets that say they are TCP:
    without it a reply written in two parts waits for the client's delayed acknowledgement, 40 ms.

    Raises:
        PortError: the port is taken, or too low for this user.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, port))
        opened.listen(128)
    except OSError as error:
        opened.close()
        raise PortError(port, _reason(error)) from error
    opened.setblocking(False)
    return opened


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program uses that port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "this user may not open that port"
    return (error.strerror or str(error)).lower()

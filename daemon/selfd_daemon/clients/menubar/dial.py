"""The door to the daemon: a WebSocket that has shown the menu bar's own token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from selfd_daemon.clients.menubar.errors import AwayError
from selfd_daemon.errors import TokenFileError
from selfd_daemon.paths import DataFolder
from selfd_daemon.server.announcement import read_announcement
from selfd_daemon.server.token import read_token

SECONDS_TO_OPEN = 10.0
NOT_ACCEPTED = 4403


@contextmanager
def opened(folder: DataFolder, start: str) -> Iterator[ClientConnection]:
    """Yield a socket to the daemon that serves the folder; `start` is the command that starts it.

    Raises:
        AwayError: there is no daemon, or it does not let us in, or it left.
    """
    not_running = AwayError("the daemon is not running", f"start it with {start}")
    announcement = read_announcement(folder.announcement)
    if announcement is None:
        raise not_running
    token = _token(folder.menubar_token, start)
    try:
        socket = connect(
            f"ws://{urlsplit(announcement.url).netloc}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            open_timeout=SECONDS_TO_OPEN,
            close_timeout=1.0,
            compression=None,
            max_size=None,  # our own daemon, on this machine
            proxy=None,
        )
    except (OSError, InvalidHandshake) as error:
        raise not_running from error
    with socket:
        try:
            payload = {"authorization": f"Bearer {token}"}
            socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            socket.recv(timeout=SECONDS_TO_OPEN)
            yield socket
        except TimeoutError as error:
            raise AwayError("the daemon does not answer", "look at selfd status") from error
        except ConnectionClosed as error:
            if error.rcvd and error.rcvd.code == NOT_ACCEPTED:
                raise AwayError(
                    "the daemon does not accept menubar.token", "restart the daemon"
                ) from error
            raise not_running from error


def _token(path: Path, start: str) -> str:
    try:
        return read_token(path)
    except FileNotFoundError as error:
        raise AwayError(
            f"the daemon made no {path.name}", f"stop it with selfd down, then run {start}"
        ) from error
    except TokenFileError as error:
        reason, _, next_step = str(error).partition(": ")
        raise AwayError(reason, next_step) from error

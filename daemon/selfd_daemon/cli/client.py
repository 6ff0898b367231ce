"""The running daemon as a command sees it: requests over HTTP, streams over a WebSocket.

The standard library's HTTP client is enough on loopback, and it is there at once.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from selfd_daemon.cli.errors import (
    CommandError,
    InterruptedStreamError,
    NotRunningError,
    RefusedError,
)
from selfd_daemon.cli.folder import data_folder, is_default
from selfd_daemon.errors import TokenFileError
from selfd_daemon.paths import DataFolder
from selfd_daemon.server.announcement import read_announcement
from selfd_daemon.server.token import read_token

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_SECONDS_FOR_A_REPLY = 600.0  # a large model may think for minutes
_SECONDS_TO_OPEN = 10.0
_PROTOCOL = "graphql-transport-ws"
_MESSAGES = {
    401: "the daemon does not accept the token in {token!r}: is --data-dir the folder it serves?",
    421: "the daemon does not answer to this address",
}


class Client:
    """Sends the documents of graphql/operations/ to the daemon that serves a data folder."""

    def __init__(self, folder: DataFolder, url: str, token: str) -> None:
        self.folder = folder
        self.url = url
        self._token = token
        self._address = urlsplit(url)

    @classmethod
    def find(cls, flag: Path | None) -> Client:
        """Find the daemon of the data folder that `flag` or the environment names.

        Raises:
            NotRunningError: nothing says that one is running.
        """
        folder = data_folder(flag)
        announcement = read_announcement(folder.announcement)
        if announcement is None:
            raise NotRunningError(folder.root, is_default=is_default(folder))
        try:
            return cls(folder, announcement.url, read_token(folder.token))
        except FileNotFoundError as error:
            raise NotRunningError(folder.root, is_default=is_default(folder)) from error
        except TokenFileError as error:
            raise CommandError(str(error)) from error

    def send(self, operation: str, **variables: Any) -> Any:
        """Run a query or mutation and return the value of its one field.

        Raises:
            NotRunningError: the daemon is gone.
            RefusedError: it refused, for a reason that it gave.
        """
        request = _request(operation, variables)
        return _value(self._post("/graphql", json.dumps(request).encode()))

    def sign_in_link(self) -> str:
        """Return the dashboard's address with a code that lets one browser in, once."""
        return f"{self.url}/#code={self._post('/session/code', b'{}')['code']}"

    def stream(self, operation: str, **variables: Any) -> Generator[Any, None, None]:
        """Run a subscription, yielding the value of its one field each time.

        Closing the generator ends the work in the daemon.
        """
        with self._connected() as socket:
            message = {"id": "1", "type": "subscribe", "payload": _request(operation, variables)}
            socket.send(json.dumps(message))
            while True:
                message = json.loads(socket.recv())
                match message["type"]:
                    case "next":
                        yield _value(message["payload"])
                    case "error":
                        raise _refusal(message["payload"])
                    case "complete":
                        return
                    case "ping":
                        socket.send('{"type": "pong"}')

    def _post(self, path: str, body: bytes) -> Mapping[str, Any]:
        connection = http.client.HTTPConnection(self._address.netloc, timeout=_SECONDS_FOR_A_REPLY)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json, application/json",
        }
        try:
            connection.connect()
        except OSError as error:
            raise self._not_running() from error
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", path, body, headers)
            # A daemon that stops reading has said why: a reply is there all the same.
            reply = connection.getresponse()
            content = reply.read()
        except TimeoutError as error:
            seconds = int(_SECONDS_FOR_A_REPLY)
            raise CommandError(f"the daemon did not answer within {seconds} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise CommandError("the daemon hung up: see selfd status") from error
        finally:
            connection.close()
        if reply.status in _MESSAGES:
            raise CommandError(_MESSAGES[reply.status].format(token=str(self.folder.token)))
        try:
            return json.loads(content)  # type: ignore[no-any-return]  # checked by _value
        except ValueError as error:
            raise CommandError(
                f"the daemon answered with status {reply.status} and no JSON: see its log in "
                f"{str(self.folder.logs)!r}"
            ) from error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[ClientConnection]:
        from websockets.exceptions import ConnectionClosed, InvalidHandshake
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        try:
            socket = connect(
                f"ws://{self._address.netloc}/graphql",
                subprotocols=[Subprotocol(_PROTOCOL)],
                open_timeout=_SECONDS_TO_OPEN,
                close_timeout=1.0,
                compression=None,
                max_size=None,  # our own daemon, on this machine
                proxy=None,
            )
        except (OSError, InvalidHandshake) as error:
            raise self._not_running() from error
        with socket:
            try:
                payload = {"authorization": f"Bearer {self._token}"}
                socket.send(json.dumps({"type": "connection_init", "payload": payload}))
                socket.recv(timeout=_SECONDS_TO_OPEN)
                yield socket
            except ConnectionClosed as error:
                reason = error.rcvd.reason if error.rcvd else ""
                raise InterruptedStreamError(reason or "it stopped") from error

    def _not_running(self) -> NotRunningError:
        return NotRunningError(self.folder.root, is_default=is_default(self.folder))


def _request(operation: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    from selfd_graphql.operations import document

    given = {name: value for name, value in variables.items() if value is not None}
    return {"query": document(operation), "variables": given}


def _value(payload: Mapping[str, Any]) -> Any:
    if errors := payload.get("errors"):
        raise _refusal(errors)
    [value] = payload["data"].values()  # our documents have one root field each
    return value


def _refusal(errors: list[Mapping[str, Any]]) -> RefusedError:
    first = errors[0]
    code = first.get("extensions", {}).get("code", "")
    return RefusedError(str(first["message"]), str(code))

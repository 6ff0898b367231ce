"""The connection to the daemon, in a thread of its own: it follows, sends, comes back by itself."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from random import Random
from threading import Event, Lock, Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from selfd_daemon.clients.menubar.dial import opened
from selfd_daemon.clients.menubar.errors import AwayError
from selfd_daemon.clients.menubar.requests import ASK, Request
from selfd_daemon.clients.menubar.updates import (
    AnswerEnded,
    AnswerGrew,
    Away,
    Connected,
    JobFailed,
    JobSeen,
    Json,
    NightEnded,
    Refused,
    Remembered,
    StatusRead,
    ThoughtSeen,
    TonightRead,
    Update,
)
from selfd_daemon.clock import Monotonic, Now, utc_now
from selfd_daemon.paths import DataFolder
from selfd_graphql.operations import document

SECONDS_BETWEEN_LOOKS = 60.0  # at the figures and problems, of which no event tells
LONGEST_PAUSE = 5.0  # between attempts: the daemon is on this machine, so one costs little

Deliver = Callable[[Update], None]


def pause(attempt: int, rng: Random) -> float:
    """Return how long to wait before an attempt: longer each time, and never twice the same."""
    return min(LONGEST_PAUSE, 0.25 * 2.0 ** min(attempt, 10)) * rng.uniform(0.5, 1.0)


class Connection:
    """Follows the daemon of a data folder. What it hears is delivered from its own thread."""

    def __init__(
        self,
        folder: DataFolder,
        deliver: Deliver,
        *,
        start: str = "selfd up",
        rng: Random | None = None,
        now: Now = utc_now,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._folder = folder
        self._deliver = deliver
        self._start = start
        self._rng = rng or Random()
        self._monotonic = monotonic
        self._stopping = Event()
        self._lock = Lock()
        self._socket: ClientConnection | None = None
        self._running: dict[str, Request] = {}
        self._numbers = itertools.count(1)
        self._began = now()
        self._seen = 0  # the last event; the next connection goes on after it
        self._thread = Thread(target=self._live, name="menu bar connection", daemon=True)

    def open(self) -> None:
        """Begin to follow the daemon, now and whenever it is there."""
        self._thread.start()

    def close(self) -> None:
        """Hang up, and wait until the thread is gone."""
        self._stopping.set()
        with self._lock:
            socket = self._socket
        if socket is not None:
            socket.close()
        self._thread.join()

    def send(self, request: Request) -> str:
        """Send a request and return its id; what becomes of it is delivered under that id."""
        id = str(next(self._numbers))
        with self._lock:
            socket = self._socket
            if socket is not None:
                self._running[id] = request
        if socket is None:
            self._deliver(Refused(id, "the daemon is not running"))
            return id
        payload = {"query": document(request.document), "variables": request.variables}
        with suppress(ConnectionClosed):  # the thread hears of it, and refuses what is running
            socket.send(json.dumps({"id": id, "type": "subscribe", "payload": payload}))
        return id

    def cancel(self, id: str) -> None:
        """End a request; the daemon stops working on it."""
        with self._lock:
            socket = self._socket
            known = self._running.pop(id, None)
        if socket is not None and known is not None:
            with suppress(ConnectionClosed):
                socket.send(json.dumps({"id": id, "type": "complete"}))

    def refresh(self) -> None:
        """Read the figures again."""
        with self._lock:
            here = self._socket is not None
        if here:
            self.send(Request("status"))
            self.send(Request("tonight"))

    def _live(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                with opened(self._folder, self._start) as socket:
                    attempt = 0
                    self._follow(socket)
            except AwayError as error:
                self._leave(Away(error.reason, error.next_step))
            self._stopping.wait(pause(attempt, self._rng))
            attempt += 1

    def _leave(self, away: Away) -> None:
        """Tell that the daemon is gone, first to those who wait for it."""
        with self._lock:
            self._socket = None
            lost = list(self._running)
            self._running.clear()
        for id in lost:
            self._deliver(Refused(id, "the daemon stopped before it was done"))
        self._deliver(away)

    def _follow(self, socket: ClientConnection) -> None:
        """Ask for everything that is shown, then hear until the daemon leaves."""
        with self._lock:
            self._socket = socket
        if self._stopping.is_set():  # close() may have looked for the socket before it was there
            return
        self._deliver(Connected())
        kinds = ["job.failed", "night.ended"]
        self.send(Request("events", {"kinds": kinds, "after": self._seen}))
        self.send(Request("thoughts"))
        self.send(Request("journal", {"first": 1}))
        self.send(Request("job_progress"))
        self.send(Request("jobs", {"first": 20, "state": "RUNNING"}))
        self.refresh()
        look = self._monotonic() + SECONDS_BETWEEN_LOOKS
        while True:
            try:
                text = socket.recv(timeout=max(0.0, look - self._monotonic()))
            except TimeoutError:
                self.refresh()
                look = self._monotonic() + SECONDS_BETWEEN_LOOKS
            else:
                self._hear(socket, json.loads(text))

    def _hear(self, socket: ClientConnection, message: Mapping[str, Any]) -> None:
        id = message.get("id", "")
        request = self._running.get(id)
        match message["type"]:
            case "ping":
                socket.send('{"type": "pong"}')
            case "next" if request and (errors := message["payload"].get("errors")):
                self._refuse(id, errors)
            case "next" if request:
                [value] = message["payload"]["data"].values()  # our documents have one root field
                self._take(id, request, value)
            case "error" if request:
                self._refuse(id, message["payload"])
            case "complete" if request:
                self._complete(id, request)

    def _take(self, id: str, request: Request, value: Any) -> None:
        match request.document:
            case "status":
                self._deliver(StatusRead(value))
            case "jobs":
                for edge in value["edges"]:
                    self._deliver(JobSeen(edge["node"]))
            case "job_progress":
                self._deliver(JobSeen(value))
                if value["finishedAt"]:
                    self.refresh()
            case "tonight" | "pause_nights":
                self._deliver(TonightRead(value))
            case "thoughts":
                self._deliver(ThoughtSeen(value))
            case "journal":
                for edge in value["edges"]:
                    self._deliver(ThoughtSeen(edge["node"]))
            case "events":
                self._happened(value)
            case "job" if value:
                self._deliver(JobFailed(value))
            case "generate":
                self._deliver(_of_answer(id, value))
            case "remember":
                self._deliver(Remembered(id, value))
                self.refresh()

    def _happened(self, event: Json) -> None:
        """Tell of what happened since the menu bar started; the log also tells of before."""
        self._seen = event["sequence"]
        if datetime.fromisoformat(event["at"]) < self._began:
            return
        if event["kind"] == "night.ended":
            self._deliver(NightEnded(event))
        else:
            self.send(Request("job", {"id": event["subject"]}))

    def _complete(self, id: str, request: Request) -> None:
        with self._lock:
            self._running.pop(id, None)
        if request.document == ASK:  # a whole answer was taken before; the model then ignores this
            self._deliver(Refused(id, "the daemon ended the answer before it was whole"))

    def _refuse(self, id: str, errors: list[Json]) -> None:
        with self._lock:
            self._running.pop(id, None)
        self._deliver(Refused(id, str(errors[0]["message"])))


def _of_answer(id: str, event: Json) -> Update:
    if event["__typename"] == "TextDelta":
        return AnswerGrew(id, event["text"])
    if event["answer"]:
        return AnswerEnded(id, event["answer"])
    return Refused(id, "the daemon ended the answer before it was whole")

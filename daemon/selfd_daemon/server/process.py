"""One daemon from start to stop: lock, token, socket, services, server, signals."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version as installed_version
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp

from selfd_daemon.clock import utc_now
from selfd_daemon.errors import DaemonError
from selfd_daemon.logs import set_up_logs
from selfd_daemon.paths import PRIVATE_UMASK
from selfd_daemon.server.announcement import Announcement, announced
from selfd_daemon.server.app import build_app
from selfd_daemon.server.banner import banner, greeting
from selfd_daemon.server.listener import HOST, listen
from selfd_daemon.server.lock import sole_daemon
from selfd_daemon.server.notify import ServiceManager
from selfd_daemon.server.session import Sessions
from selfd_daemon.server.token import load_token
from selfd_daemon.settings import Settings
from selfd_daemon.wiring import running
from selfd_storage import StorageError

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SECONDS_TO_STOP = 10.0
SECONDS_TO_DRAIN = 3
MOST_CONNECTIONS = 512
MOST_SOCKET_MESSAGE = 1024 * 1024

log = structlog.get_logger(__name__)


def run(settings: Settings) -> int:
    """Serve until a signal to stop, and return the process's exit status.

    Whatever keeps the daemon from starting is told in one line on stderr, with status 1.
    """
    os.umask(PRIVATE_UMASK)
    try:
        settings.folder.prepare()
        with sole_daemon(settings.folder.lock), ExitStack() as until_stopped:
            is_first = not settings.folder.token.exists()
            token = load_token(settings.folder.token)
            opened = until_stopped.enter_context(contextlib.closing(listen(settings.port)))
            menubar_token = load_token(settings.folder.menubar_token)
            set_up_logs(settings.logs, settings.folder, secrets=[token, menubar_token])
            serving = _serve(
                settings, opened, token, menubar_token, until_stopped, is_first=is_first
            )
            asyncio.run(serving)
    except (DaemonError, StorageError) as error:
        sys.stderr.write(f"selfd: {error}\n")
        return 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    return 0


async def _serve(
    settings: Settings,
    opened: socket.socket,
    token: str,
    menubar_token: str,
    until_stopped: ExitStack,
    *,
    is_first: bool,
) -> None:
    port: int = opened.getsockname()[1]
    version = installed_version("selfd")
    manager = ServiceManager()
    announcement = Announcement(
        pid=os.getpid(),
        url=f"http://{HOST}:{port}",
        graphql=f"http://{HOST}:{port}/graphql",
        version=version,
        started_at=utc_now(),
    )
    sessions = Sessions(token, now=time.time)
    stop = stop_by_signal(manager)
    async with running(settings, version=version) as daemon:
        status = await daemon.system.status()
        welcome = greeting(status, await daemon.minds.recommended()) if is_first else ""

        def ready() -> None:
            until_stopped.enter_context(announced(settings.folder.announcement, announcement))
            sys.stdout.write(banner(announcement, status, settings, sessions.new_code()) + welcome)
            sys.stdout.flush()
            manager.tell("READY=1")
            log.info("ready", url=announcement.url, version=version)

        app = build_app(
            daemon,
            port=port,
            token=token,
            menubar_token=menubar_token,
            sessions=sessions,
            monotonic=time.monotonic,
        )
        server = _Server(_config(app), stop, ready=ready, stopping=daemon.end_streams)
        alive = asyncio.create_task(manager.keep_alive())
        try:
            await server.serve(sockets=[opened])
        finally:
            alive.cancel()
    log.info("stopped")


class _Server(uvicorn.Server):
    """uvicorn without its timer and its signal handlers: it sleeps until there is work."""

    def __init__(
        self,
        config: uvicorn.Config,
        stop: asyncio.Event,
        *,
        ready: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._stop = stop
        self._ready = ready
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `stop_by_signal`: uvicorn raises them again after a clean stop."""
        yield

    async def main_loop(self) -> None:
        """Say that we are ready, and wait for the signal."""
        self._ready()
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close sockets with 1012, so that their clients come back, then end what streams still."""
        asyncio.get_running_loop().call_soon(self._stopping)
        await super().shutdown(sockets)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MOST_SOCKET_MESSAGE,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_DRAIN,
    )


def stop_by_signal(manager: ServiceManager) -> asyncio.Event:
    """Return an event that a signal to stop sets; from then on the process ends within 10 s.

    The handler is the interpreter's own and the deadline is kept by a thread of it, so that both
    work when the event loop hangs. What was acknowledged is safe in the database by then.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def received(number: int, _: FrameType | None) -> None:
        faulthandler.dump_traceback_later(SECONDS_TO_STOP, exit=True)
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # once is enough
        loop.call_soon_threadsafe(stopping, signal.Signals(number).name)

    def stopping(name: str) -> None:
        log.info("stopping", signal=name)
        manager.tell("STOPPING=1")
        stop.set()

    for each in STOP_SIGNALS:
        signal.signal(each, received)
    return stop

"""A hub on loopback that speaks what huggingface_hub asks for: one model, at one commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

COMMIT = "c0ffee" + "0" * 34
MODEL = "owner/tiny"
LARGE = ".safetensors"  # such files are kept as LFS, and named by SHA-256


@dataclass
class Hub:
    """What is served, what goes wrong, and what was asked.

    drops: bytes of a large file after which each of so many connections breaks. stalls: bytes after
    which a connection waits for `go_on`. changed: the bytes sent are not those of the hash.
    """

    files: Mapping[str, bytes]
    url: str = ""
    drops: list[int] = field(default_factory=list)
    stalls: int | None = None
    changed: bool = False
    ranges: list[str | None] = field(default_factory=list)
    stalled: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def tree(self) -> list[dict[str, object]]:
        return [
            {"type": "file", "path": name, "size": len(data), "oid": git_hash(data)}
            | ({"lfs": _lfs(data)} if name.endswith(LARGE) else {})
            for name, data in self.files.items()
        ]


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _lfs(data: bytes) -> dict[str, object]:
    return {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._file(send=False)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in (f"/api/models/{MODEL}", f"/api/models/{MODEL}/revision/main"):
            self._json({"id": MODEL, "modelId": MODEL, "sha": COMMIT, "siblings": []})
        elif path == f"/api/models/{MODEL}/tree/{COMMIT}":
            self._json(self.hub.tree())
        elif path.startswith("/api/"):
            self._missing()
        else:
            self._file(send=True)

    def _json(self, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _missing(self) -> None:
        self.send_response(404)
        self.send_header("x-error-code", "RepoNotFound")
        self.send_header("content-length", "0")
        self.end_headers()

    def _file(self, *, send: bool) -> None:
        name = self.path.partition("?")[0].removeprefix(f"/{MODEL}/resolve/{COMMIT}/")
        if name not in self.hub.files:
            self._missing()
            return
        data, wanted = self.hub.files[name], self.headers.get("range")
        is_large = name.endswith(LARGE)
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("x-repo-commit", COMMIT)
        self.send_header(
            "etag", f'"{hashlib.sha256(data).hexdigest() if is_large else git_hash(data)}"'
        )
        self.send_header("content-length", str(len(data) - begin))
        self.end_headers()
        if send:
            self._send(data[begin:], wanted, is_large=is_large)

    def _send(self, data: bytes, wanted: str | None, *, is_large: bool) -> None:
        hub = self.hub
        if hub.changed and is_large:
            data = bytes(byte ^ 1 for byte in data)
        if is_large:
            hub.ranges.append(wanted)
            if hub.drops:
                self.wfile.write(data[: hub.drops.pop(0)])
                self.close_connection = True
                return
            if hub.stalls is not None:
                self.wfile.write(data[: hub.stalls])
                data, hub.stalls = data[hub.stalls :], None
                hub.stalled.set()
                hub.go_on.wait(60)
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running_hub(folder: Path) -> Iterator[Hub]:
    """Serve the files of a folder as `MODEL`."""
    hub = Hub({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        hub.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()

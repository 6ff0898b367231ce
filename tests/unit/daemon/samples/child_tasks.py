"""Functions for `test_child.py` to run in a child process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any


def describe(body: bytes, *, suffix: str = "") -> dict[str, Any]:
    return {"length": len(body), "text": body[:20].decode() + suffix, "pid": os.getpid()}


def refuse(body: bytes) -> None:
    raise ValueError(f"cannot read {body.decode()}")


def spin(body: bytes) -> None:
    while True:
        pass


def sleep(body: bytes) -> None:
    time.sleep(60)


def compute(body: bytes, *, seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def grow(body: bytes) -> int:
    pieces = []
    while True:
        pieces.append(b"x" * (8 << 20))


def crash(body: bytes) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def chatter(body: bytes) -> str:
    print("a library that prints")
    return "quiet"


def write_file(body: bytes) -> None:
    Path(body.decode()).write_text("left behind")


def environment(body: bytes) -> dict[str, str]:
    return dict(os.environ)

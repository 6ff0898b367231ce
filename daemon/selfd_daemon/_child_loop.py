"""The child's end of `child.py`: read a request, run it, write the result, until the pipe closes.

Started by `Child` alone. Frames are an 8-byte big-endian length and that many bytes; a request is a
JSON frame and a frame with the body, a reply is one JSON frame.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

import orjson

_HEADER = 8
_NICENESS = 5  # the daemon's own loop comes first


def serve() -> None:
    """Answer requests on stdin until it is closed."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into a reply
    hello = orjson.loads(_read(source))
    _limit(int(hello["memory_bytes"]))
    _write(sink, orjson.dumps({"pid": os.getpid()}))
    while True:
        try:
            request, body = orjson.loads(_read(source)), _read(source)
        except EOFError:
            return
        _allow_seconds(float(hello["seconds"]))
        answer = _answer(request, body)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(sink, answer)


def _answer(request: dict[str, Any], body: bytes) -> bytes:
    try:
        function: Any = importlib.import_module(request["module"])
        for name in request["function"].split("."):
            function = getattr(function, name)
        return orjson.dumps({"result": function(body, **request["options"])})
    except MemoryError:
        return orjson.dumps({"memory": True})
    except Exception as error:  # whatever a stranger's bytes can cause is the caller's to judge
        text = str(error)[:1000].encode("utf-8", "replace").decode()
        return orjson.dumps({"error": type(error).__name__, "message": text})


def _limit(memory_bytes: int) -> None:
    """Take away what parsing does not need; the kernel enforces it even on a hijacked process."""
    os.nice(_NICENESS)
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _allow_seconds(seconds: float) -> None:
    """Allow this call its processor time: SIGPROF ends the process after it.

    The kernel's own limit counts whole seconds; it comes after for whoever switches the timer off,
    and it ends a child that has lost its parent.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _read(source: BinaryIO) -> bytes:
    length = int.from_bytes(_exactly(source, _HEADER))
    return _exactly(source, length)


def _exactly(source: BinaryIO, count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _write(sink: BinaryIO, frame: bytes) -> None:
    sink.write(len(frame).to_bytes(_HEADER))
    sink.write(frame)
    sink.flush()

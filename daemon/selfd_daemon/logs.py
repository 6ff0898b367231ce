"""Structured logs: JSON lines in logs/ that rotate, readable lines on the terminal, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from logging.handlers import RotatingFileHandler
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from selfd_daemon.paths import DataFolder
from selfd_daemon.settings import LogSettings

HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"token|secret|passw|authorization|cookie|api_?key", re.IGNORECASE)
_BEARER = re.compile(r"(?i)(bearer\s+)[\w.~+/=-]+")
_CREDENTIALS = re.compile(r"(?i)(\w+://)[^/\s:@]+:[^/\s@]+@")


class Redaction:
    """A processor that hides secrets by their name, by their form, and by their value."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Return the line with every secret replaced."""
        return {key: self._hide(key, value) for key, value in event.items()}

    def _hide(self, name: str, value: Any) -> Any:
        if isinstance(value, str | bytes) and name != "event" and _SECRET_NAMES.search(name):
            return HIDDEN
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, Mapping):
            return {key: self._hide(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._hide(name, inner) for inner in value]
        return value

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _CREDENTIALS.sub(rf"\1{HIDDEN}@", _BEARER.sub(rf"\1{HIDDEN}", text))


def set_up_logs(
    settings: LogSettings,
    folder: DataFolder,
    *,
    secrets: Sequence[str] = (),
    terminal: TextIO = sys.stderr,
) -> None:
    """Send the lines of structlog and of every library to the log file and to `terminal`."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    file = RotatingFileHandler(
        folder.logs / "selfd.jsonl",
        maxBytes=settings.max_bytes,
        backupCount=settings.keep,
        encoding="utf-8",
        delay=True,
    )
    redact = Redaction(secrets)
    file.setFormatter(
        _formatter(
            before,
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(serializer=_as_json),
        )
    )
    lines = logging.StreamHandler(terminal)
    colours = terminal.isatty()
    lines.setFormatter(
        _formatter(
            before,
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0),
        )
    )
    level = settings.level.upper()
    logging.basicConfig(level=level, handlers=[file, lines], force=True)
    for library in ("asyncio", "httpx2", "httpcore2", "uvicorn", "websockets", "strawberry"):
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.raiseExceptions = False  # a full disk must not fill the terminal with tracebacks


def _formatter(before: list[Processor], *after: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
    )


def _as_json(line: EventDict, **_: Any) -> str:
    return orjson.dumps(line, default=repr).decode()

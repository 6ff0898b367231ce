"""The two languages that servers of models speak: that of OpenAI, and Ollama's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import orjson

from selfd_daemon.minds.door import Request

LN2 = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one line of a stream says. ended: why there is no more; error: what went wrong."""

    text: str = ""
    ended: Literal["stop", "length"] | None = None
    error: str | None = None


class GarbledLineError(ValueError):
    """A line is none that the protocol knows."""


class Wire(Protocol):
    """How a server is asked, and what it answers line by line."""

    listing: str
    embedding: str
    scoring: str | None

    def path(self, request: Request) -> str: ...
    def body(self, request: Request, model: str) -> dict[str, Any]: ...
    def read(self, line: bytes) -> Piece | None:
        """Read a line; None where it says nothing.   Raises: GarbledLineError."""
        ...

    def names(self, listed: Any) -> list[str]:
        """Return the models that a server lists."""
        ...

    def vectors(self, told: Any) -> list[list[float]]: ...
    def score_body(self, text: str, model: str) -> dict[str, Any]: ...
    def costs(self, told: Any) -> list[tuple[int, float | None]]:
        """Return where each token of a text begins, in characters, and its bits, if it has any.

        Raises: GarbledLineError: the server does not tell.
        """
        ...


class OpenAiWire:
    """Server-sent events of `chat.completion.chunk`s, or of completions of a raw text."""

    listing = "/v1/models"
    embedding = "/v1/embeddings"
    scoring: str | None = "/v1/completions"

    def path(self, request: Request) -> str:
        """Return where to ask."""
        return "/v1/completions" if request.raw else "/v1/chat/completions"

    def body(self, request: Request, model: str) -> dict[str, Any]:
        """Return what to ask; a token has at least a byte."""
        asked: dict[str, Any] = {
            "model": model,
            "stream": True,
            "max_tokens": request.max_bytes,
            "temperature": request.temperature,
        }
        if request.seed is not None:
            asked["seed"] = request.seed
        if request.stop:
            asked["stop"] = list(request.stop)
        if request.raw:
            return asked | {"prompt": request.text}
        return asked | {"messages": _messages(request)}

    def read(self, line: bytes) -> Piece | None:
        """Read a line of an event stream."""
        if not line.startswith(b"data:"):
            return None  # a comment, an event's name, the empty line between two
        data = line[5:].strip()
        if data == b"[DONE]":
            return Piece(ended="stop")
        told = _object(data)
        if error := _error(told):
            return error
        choices = told.get("choices")
        if not isinstance(choices, list):
            raise GarbledLineError(data[:80])
        if not choices or not isinstance(choices[0], dict):
            return None  # the line with the figures
        choice = choices[0]
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else choice.get("text")
        return Piece(_text(text), _ended(choice.get("finish_reason")))

    def names(self, listed: Any) -> list[str]:
        """Return the ids of models."""
        return _names(listed, "data", "id")

    def vectors(self, told: Any) -> list[list[float]]:
        """Return embeddings, in the order of the texts."""
        rows = sorted(told["data"], key=lambda row: int(row["index"]))
        return [[float(number) for number in row["embedding"]] for row in rows]

    def score_body(self, text: str, model: str) -> dict[str, Any]:
        """Return how to ask for a text back with its costs; servers make one token at least."""
        return {
            "model": model,
            "prompt": text,
            "max_tokens": 1,
            "temperature": 0.0,
            "echo": True,
            "logprobs": 1,
        }

    def costs(self, told: Any) -> list[tuple[int, float | None]]:
        """Read the logprobs of an echoed text, in nats."""
        try:
            found = told["choices"][0]["logprobs"]
            pairs = list(zip(found["text_offset"], found["token_logprobs"], strict=True))
            costs = [(int(at), None if it is None else -float(it) / LN2) for at, it in pairs]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise GarbledLineError("no logprobs") from error
        if sum(bits is not None for _, bits in costs) < 2:  # of what it made itself, and no echo
            raise GarbledLineError("no logprobs of the prompt")
        return costs


class OllamaWire:
    """One JSON object a line."""

    listing = "/api/tags"
    embedding = "/api/embed"
    scoring: str | None = None

    def path(self, request: Request) -> str:
        """Return where to ask."""
        return "/api/generate" if request.raw else "/api/chat"

    def body(self, request: Request, model: str) -> dict[str, Any]:
        """Return what to ask; a token has at least a byte."""
        options: dict[str, Any] = {
            "num_predict": request.max_bytes,
            "temperature": request.temperature,
        }
        if request.seed is not None:
            options["seed"] = request.seed
        if request.stop:
            options["stop"] = list(request.stop)
        asked: dict[str, Any] = {"model": model, "stream": True, "options": options}
        if request.raw:
            return asked | {"prompt": request.text, "raw": True}
        return asked | {"messages": _messages(request)}

    def read(self, line: bytes) -> Piece | None:
        """Read a line of JSON."""
        if not line.strip():
            return None
        told = _object(line)
        if error := _error(told):
            return error
        message = told.get("message")
        text = message.get("content") if isinstance(message, dict) else told.get("response")
        ended = _ended(told.get("done_reason") or "stop") if told.get("done") is True else None
        return Piece(_text(text), ended)

    def names(self, listed: Any) -> list[str]:
        """Return the names of models."""
        return _names(listed, "models", "name")

    def vectors(self, told: Any) -> list[list[float]]:
        """Return embeddings, in the order of the texts."""
        return [[float(number) for number in row] for row in told["embeddings"]]

    def score_body(self, text: str, model: str) -> dict[str, Any]:
        """Raise: there is no such question."""
        raise GarbledLineError("its protocol has no logprobs of a prompt")

    def costs(self, told: Any) -> list[tuple[int, float | None]]:
        """Raise: there is no such answer."""
        raise GarbledLineError("its protocol has no logprobs of a prompt")


def _messages(request: Request) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in request.messages]


def _object(data: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise GarbledLineError(data[:80]) from error
    if not isinstance(told, dict):
        raise GarbledLineError(data[:80])
    return told


def _error(told: dict[str, Any]) -> Piece | None:
    error = told.get("error")
    if not error:
        return None
    return Piece(error=str(error.get("message", error) if isinstance(error, dict) else error)[:300])


def _text(text: object) -> str:
    if text is not None and not isinstance(text, str):
        raise GarbledLineError(str(text)[:80])
    return text or ""


def _ended(reason: object) -> Literal["stop", "length"] | None:
    if reason is None:
        return None
    return "length" if reason == "length" else "stop"


def _names(listed: Any, key: str, name: str) -> list[str]:
    rows = listed.get(key) if isinstance(listed, dict) else None
    found = [row.get(name) for row in rows or [] if isinstance(row, dict)]
    return [each for each in found if isinstance(each, str)]

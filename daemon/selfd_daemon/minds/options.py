"""What may be chosen for a mind of each kind, read from JSON and checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from selfd_daemon.minds.errors import MindFieldError

Chosen = TypeVar("Chosen", bound="MindOptions")

KV_BITS = (4, 8)
CONNECTIONS = 16  # to one server


@dataclass(frozen=True, slots=True)
class MindOptions:
    """Base of the options; a subclass checks its own in `__post_init__`."""


@dataclass(frozen=True, slots=True)
class MlxOptions(MindOptions):
    """context_tokens: of prompt and answer; None is what the model was made for, up to 8,192.
    kv_bits: bits of each remembered number, None keeps them whole. idle_seconds: unused for so
    long, it is unloaded. adapter: folder of a LoRA adapter that is loaded with it.
    """

    context_tokens: int | None = None
    kv_bits: int | None = None
    idle_seconds: float = 600.0
    adapter: str | None = None

    def __post_init__(self) -> None:
        if self.kv_bits is not None and self.kv_bits not in KV_BITS:
            raise MindFieldError(f"kv_bits must be 4 or 8, got {self.kv_bits!r}")
        _positive(self, "context_tokens", "idle_seconds")


@dataclass(frozen=True, slots=True)
class HttpOptions(MindOptions):
    """model: its name on the server; None is the first that it lists. protocol: None asks the
    server. key_env: the variable of the daemon's environment that holds the key. timeout_seconds:
    how long the server may say nothing. attempts: to reach it, for one request. at_once: requests
    that it is given; others wait, the most urgent in front.
    """

    model: str | None = None
    protocol: Literal["openai", "ollama"] | None = None
    key_env: str | None = None
    context_bytes: int = 32_768
    timeout_seconds: float = 60.0
    attempts: int = 3
    at_once: int = 4

    def __post_init__(self) -> None:
        if self.protocol not in (None, "openai", "ollama"):
            raise MindFieldError(f"protocol must be openai or ollama, got {self.protocol!r}")
        _positive(self, "context_bytes", "timeout_seconds", "attempts", "at_once")
        if self.at_once > CONNECTIONS:
            raise MindFieldError(f"at_once must be at most {CONNECTIONS}, got {self.at_once}")


@dataclass(frozen=True, slots=True)
class EnsembleOptions(MindOptions):
    """method: how members are joined unless a question says otherwise."""

    method: Literal["VOTE", "WEIGHTED", "CONSENSUS", "HYBRID", "BYTE"] = "HYBRID"

    def __post_init__(self) -> None:
        methods = ("VOTE", "WEIGHTED", "CONSENSUS", "HYBRID", "BYTE")
        if self.method not in methods:
            raise MindFieldError(f"method must be one of {', '.join(methods)}, got {self.method!r}")


def read_options(kind: type[Chosen], given: Mapping[str, Any]) -> Chosen:
    """Build options from JSON.   Raises: MindFieldError: a name or a value is not known."""
    known = {field.name: str(field.type) for field in fields(kind)}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}" if near else f"it takes {', '.join(sorted(known))}"
            raise MindFieldError(f"this kind of mind has no option {name!r}: {hint}")
        if not _fits(value, known[name]):
            raise MindFieldError(f"option {name} must be {known[name]}, got {value!r}")
    return kind(**given)


def _fits(value: object, type_: str) -> bool:
    if value is None:
        return "None" in type_
    if isinstance(value, bool):
        return False
    if "float" in type_:
        return isinstance(value, int | float)
    return isinstance(value, int if "int" in type_ else str)


def _positive(options: MindOptions, *names: str) -> None:
    for name in names:
        value = getattr(options, name)
        if value is not None and not value > 0:
            raise MindFieldError(f"{name} must be more than 0, got {value!r}")

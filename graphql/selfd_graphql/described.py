"""strawberry's decorators, with docstrings as the descriptions that clients read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, cast, dataclass_transform

import strawberry

R = TypeVar("R", bound=Callable[..., Any])
C = TypeVar("C")
E = TypeVar("E", bound=Enum)


def field(resolver: R) -> R:
    """Make a resolver a field of its type."""
    return cast(R, strawberry.field(resolver, description=_words(resolver)))


def mutation(resolver: R) -> R:
    """Make a resolver a mutation."""
    return cast(R, strawberry.mutation(resolver, description=_words(resolver)))


def subscription(resolver: R) -> R:
    """Make a resolver a subscription."""
    return cast(R, strawberry.subscription(resolver, description=_words(resolver)))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def output(cls: type[C]) -> type[C]:
    """Make a class an object type."""
    return strawberry.type(cls, description=_words(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface(cls: type[C]) -> type[C]:
    """Make a class an interface."""
    return strawberry.interface(cls, description=_words(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input(cls: type[C]) -> type[C]:
    """Make a class an input type."""
    return strawberry.input(cls, description=_words(cls))


def enum(cls: type[E]) -> type[E]:
    """Make an Enum an enum type."""
    return strawberry.enum(cls, description=_words(cls))


def _words(thing: object) -> str:
    """Return a docstring as one paragraph."""
    return " ".join((inspect.getdoc(thing) or "").split())

"""The steps of a night, in their order: what each is called, and what does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from selfd_storage import JobKind

Hook: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a job of a kind, or, where `kind` is None, what wiring hooked to its name.

    What nothing here does is skipped, and the report says so.
    """

    name: str
    kind: JobKind | None
    sentence: str
    options: Mapping[str, Any] = field(default_factory=dict)


NIGHT = {"night": True}  # such a job waits for all that a night waits for

STEPS: tuple[Step, ...] = (
    Step("consolidate", "CONSOLIDATE", "Reflect on the episodes that are over."),
    Step("recompress", "COMPRESS", "Pack texts anew with dictionaries of their kind."),
    Step("re-embed", None, "Embed anew what an older embedder embedded."),
    Step("fine-tune", "FINETUNE", "Teach the built-in model your own new words.", NIGHT),
    Step("adapt", "LORA", "Adapt the mlx-lm mind to your feedback.", NIGHT),
    Step("distil", "DISTILL", "Teach the built-in model by a larger mind of yours.", NIGHT),
    Step("evaluate", "EVALUATE", "Measure the serving weights on the fixed old text.", NIGHT),
    Step("refit", None, "Learn from feedback how sure answers may be."),
    Step("assess", "ASSESS_SELF", "Test what selfd says of itself."),
    Step("reflect", "CONSOLIDATE", "Reflect on what has ended since, this night too."),
    Step("back up", "BACKUP", "Write a backup and read it back.", {"nightly": True}),
)

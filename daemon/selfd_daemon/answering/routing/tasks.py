"""What kinds of questions there are; `router.py` tells them apart."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Task: TypeAlias = Literal["code", "maths", "memory", "news", "chat", "planning"]
TASKS: tuple[Task, ...] = get_args(Task)

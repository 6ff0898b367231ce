"""Limits: does it declare what is disabled, all of it and nothing else?"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from selfd_daemon.jobs import JobRunner
from selfd_daemon.self_model.assessment.verdicts import measured
from selfd_daemon.self_model.introspection.answers import SelfAnswer
from selfd_daemon.self_model.measures import limits
from selfd_daemon.settings import Settings
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import MindInfo
from selfd_storage import JobKind, SelfTestRecord

NAME = "limits"
THRESHOLD = 1.0
_QUESTION = "What can you not do?"


async def declared_limits(
    ask: Callable[[str], Awaitable[SelfAnswer | None]],
    jobs: JobRunner,
    settings: Settings,
    *,
    minds: Sequence[MindInfo],
    weights: Path,
) -> SelfTestRecord:
    """Ask what it cannot do, and try."""
    answer = await ask(_QUESTION)
    said = "" if answer is None else answer.text
    truths = _truths(settings, minds, weights)
    wrong = [words for words, is_so in truths.items() if (words in said) != is_so]
    listed = said.partition(limits.NO_JOBS)[2].partition(";")[0].rstrip(".").split(", ")
    for kind in limits.ALL_JOBS:
        if (kind in listed) == await _is_done(jobs, kind, declared_missing=kind in listed):
            wrong.append(f"jobs of kind {kind}")
    count = len(truths) + len(limits.ALL_JOBS)
    told = f"{count - len(wrong)} of {count} limits are as it declares them."
    wrongly = f" Declared wrongly: {'; '.join(wrong)}." if wrong else ""
    return measured(NAME, 1 - len(wrong) / count, THRESHOLD, told + wrongly)


def _truths(settings: Settings, minds: Sequence[MindInfo], weights: Path) -> dict[str, bool]:
    free = shutil.disk_usage(settings.data_dir).free
    return {
        limits.OFFLINE: settings.offline,
        limits.NO_WEIGHTS: not weights.is_file(),
        limits.ONLY_QUOTES: {mind.kind for mind in minds} <= {"BUILTIN"},
        limits.NO_BACKUPS: not settings.backup.nightly,
        limits.NO_FULL_TEXT: not settings.feeds.full_text,
        limits.SHORT_OF_ROOM: free < settings.disk.floor_bytes,
    }


async def _is_done(jobs: JobRunner, kind: JobKind, *, declared_missing: bool) -> bool:
    """Tell whether jobs of a kind are done here; one said to be missing is tried."""
    if not declared_missing:
        return kind in jobs.kinds
    try:
        started = await jobs.start(kind, {})
    except ServiceError as error:
        return error.code != "NOT_AVAILABLE"
    await jobs.cancel(started.id)
    return True

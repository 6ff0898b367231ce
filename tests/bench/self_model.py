"""Two days with selfd, and its assessment: what it remembers, answers, and knows of itself.

A dialogue of LoCoMo is remembered. On the first day a third of its questions are asked, each answer
rated at once, as right when it cites a turn of the annotated evidence; its night refits how sure
answers may be. On the second day the other questions are asked. Then selfd assesses itself. What it
says of its answers to the dialogues that ship is measured before the first day, too, with the
weights that ship: the assessment uses those in force, which the night has moved.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.answers import UNANSWERABLE
from bench.locomo import read, remember
from bench.row import Row
from selfd_daemon.self_model.assessment.answers import dialogue_answers
from selfd_daemon.self_model.assessment.prediction import success_prediction
from selfd_daemon.self_model.measures.metacognition import (
    calibration_curve,
    expected_calibration_error,
)
from selfd_daemon.settings import Settings
from selfd_daemon.wiring import Daemon, running
from selfd_graphql.ports import Question
from selfd_storage import PredictionRecord, SelfTestRecord

FIRST_DAY = 3  # one question in so many
SECONDS_TO_SETTLE = 30.0  # the journal comes a few seconds after what it tells of


def rows(data: Path | None) -> Sequence[Row]:
    """Return what the assessment finds, and what a look costs."""
    if data is None:
        return []
    return asyncio.run(_day(data))


async def _day(data: Path) -> list[Row]:
    dialogue = next(iter(read(data / "memory" / "locomo_conversations.jsonl.zst")))
    questions = [
        each
        for each in read(data / "memory" / "locomo_qa.jsonl.zst")
        if each["conv"] == dialogue["id"]
    ]
    with TemporaryDirectory(prefix="selfd-bench-") as folder:
        settings = Settings.load({"data_dir": folder, "port": 0, "offline": True})
        async with running(settings, version="bench") as daemon:
            fresh = await dialogue_answers(
                daemon.search, settings.answering, time.monotonic, _unheard
            )
            turns = await remember(daemon.search, dialogue)
            first, second = (
                questions[::FIRST_DAY],
                [each for place, each in enumerate(questions) if place % FIRST_DAY],
            )
            for question in first:
                await _ask(daemon, question, turns)
            judged = await daemon.search.track_record.predictions()
            found = [*_tests("fresh", fresh), *_predicted("first day", judged)]
            night = await daemon.answering.refit()
            found.append(
                Row("self, refit, log loss", night.after - night.before, "nats", None, "lower",
                    f"{night.answers} answers, {'accepted' if night.accepted else 'rejected'}")
            )  # fmt: skip
            for question in second:
                await _ask(daemon, question, turns)
            later = await daemon.search.track_record.predictions()
            found += _predicted("second day", later[: len(later) - len(judged)])
            await asyncio.sleep(SECONDS_TO_SETTLE)
            return [*found, *await _assessed(daemon)]


def _predicted(day: str, judged: Sequence[PredictionRecord]) -> list[Row]:
    """Say how well it knew beforehand which answers of a day would be right."""
    test = success_prediction(judged)
    error = expected_calibration_error(calibration_curve(judged)) or 0.0
    note = f"{len(judged)} judged answers"
    return [
        Row(f"self, {day}, skill", test.value, "", None, "higher", test.explanation),
        Row(f"self, {day}, calibration error", error, "", None, "lower", note),
    ]


def _tests(when: str, tests: Sequence[SelfTestRecord]) -> list[Row]:
    return [
        Row(f"self, {when}, {test.name}", test.value, "", test.threshold, "higher",
            test.explanation)
        for test in tests
    ]  # fmt: skip


async def _unheard(progress: float) -> None:
    """Take progress that nobody waits for."""


async def _ask(daemon: Daemon, question: Mapping[str, Any], turns: Mapping[str, set[str]]) -> None:
    """Ask one question and rate the answer as its owner would."""
    wanted = set() if question["kind"] == UNANSWERABLE else set(question["evidence"])
    evidence = {memory for memory, held in turns.items() if held & wanted}
    answer = await daemon.answering.ask(Question(question["question"]))
    if not answer.abstained:
        is_right = any(cited.item_id in evidence for cited in answer.citations)
        await daemon.answering.give_feedback(
            answer.id, rating=1 if is_right else -1, correction=None
        )


async def _assessed(daemon: Daemon) -> list[Row]:
    entries = (await daemon.self_model.journal(first=1, after=None)).total
    started = time.perf_counter()
    job = await daemon.self_model.assess()
    async for state in daemon.jobs.progress(job.id):
        job = state
    (found,) = await daemon.self_model.assessments(1)
    model = await daemon.self_model.model(None)
    seconds = time.perf_counter() - started
    error = model.calibration_error or 0.0
    judged = f"{model.counts['judged']} judged answers"
    return [
        *_tests("second day", found.tests),
        Row("self, calibration error", error, "", None, "lower", judged),
        Row("self, journal", float(entries), "entries", None, "higher", "before the assessment"),
        Row("self, the assessment", seconds, "s", None, "lower", "all tests"),
    ]

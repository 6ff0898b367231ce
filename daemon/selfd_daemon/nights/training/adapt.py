"""The LORA job: an mlx-lm mind learns from feedback what should have been said.

A correction is what should have been said, and the answer that it corrects is what should not; an
answer that was liked is itself what should be said. It goes on from the adapter that is on, and
what comes of it is switched on if it passes the gate: better on pairs that were held out, and no
worse, within margins, on old text, in preferring what was chosen, in retrieval by its own states
and in telling its own text. The model's own files stay as they are.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfd_daemon.jobs import JobContext, NothingToDoError
from selfd_daemon.minds.errors import MindError
from selfd_daemon.minds.mlx.files import find_folder
from selfd_daemon.minds.options import MlxOptions, read_options
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.errors import TrainingError, disk_in_words
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.gate import Limits, judge
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.training.process import ORDER
from selfd_daemon.nights.training.supervision import NightObstacle, reporter, supervised
from selfd_storage import CheckpointRecord, MindRecord, Store

WORKER = "selfd_models.training.lora.worker"
LEAST_PAIRS = 10
HELD_EVERY = 5  # one pair of so many, by its hash, is held out
PASSES = 4  # over the pairs
MOST_STEPS = 400
RATE = 1e-4
LIMITS = Limits(old=0.05)  # an adapter may cost a large model a little


@dataclass(frozen=True, slots=True)
class FeedbackPair:
    """A question, what should be said to it, and what should not, where that is known.

    conversation: in which it was asked.
    """

    prompt: str
    chosen: str
    rejected: str | None
    conversation: str = ""

    @property
    def is_held_out(self) -> bool:
        """Whether it is only for measuring; a question has all its pairs on one side."""
        return hashlib.sha256(self.prompt.encode()).digest()[0] % HELD_EVERY == 0


def can_adapt() -> None:
    """Look whether minds of mlx-lm can be adapted here.

    Raises:
        TrainingError: they cannot.
    """
    if importlib.util.find_spec("mlx_lm") is None:
        raise TrainingError("adapting minds needs the mlx extra: pip install 'selfd[mlx]'")


class MindAdapter:
    """Does LORA jobs."""

    def __init__(
        self,
        store: Store,
        activity: Activity,
        folder: Path,
        adapters: Adapters,
        *,
        obstacle: NightObstacle,
        meter: Meter,
        niceness: int = 15,
    ) -> None:
        self._store = store
        self._activity = activity
        self._folder = folder
        self._adapters = adapters
        self._obstacle = obstacle
        self._meter = meter
        self._niceness = niceness

    async def run_job(self, job: JobContext) -> Mapping[str, Any]:
        """Adapt the mind of the option `mind`, or the first one of mlx-lm, and judge that."""
        mind = await self._mind(job.options.get("mind"))
        parent = await self._adapters.active(mind.id, mind.model)
        folder = self._folder / job.id.replace(":", "-")
        kept = folder / ORDER  # of a run that was interrupted: its pairs stay as they were
        if kept.exists():
            order: dict[str, Any] = json.loads(await asyncio.to_thread(kept.read_text, "utf-8"))
        else:
            order = await self._order(mind, parent, float(job.options.get("rate", RATE)))
        process = supervised(folder, WORKER, self._activity, self._obstacle, job)
        try:
            with disk_in_words():
                with self._meter.measuring():
                    figures = await process.run(order, reporter(job, self._meter, process))
                learned = await self._judged(folder / "adapter", parent, order, figures)
            await job.report(1.0, learned["reason"])
            return learned
        finally:
            if not process.was_interrupted:
                shutil.rmtree(folder, ignore_errors=True)

    async def _order(
        self, mind: MindRecord, parent: CheckpointRecord, rate: float
    ) -> dict[str, Any]:
        pairs = await feedback_pairs(self._store)
        learned = [asdict(pair) for pair in pairs if not pair.is_held_out]
        held_out = [asdict(pair) for pair in pairs if pair.is_held_out]
        if len(pairs) < LEAST_PAIRS or not held_out or not learned:
            raise NothingToDoError(
                f"there are {len(pairs)} corrected or liked answers: it takes {LEAST_PAIRS}"
            )
        digest = hashlib.sha256(json.dumps([learned, held_out]).encode()).hexdigest()
        known = await self._store.checkpoints.all(mind.id)
        if any(each.data_hash == digest for each in known):
            raise NothingToDoError("there is no feedback that it has not learned from")
        serving = await self._adapters.serving(mind.id)
        return {
            "model": await self._weights(mind),
            "adapter": None if serving is None else str(serving),
            "parent": parent.id,
            "hash": digest,
            "pairs": learned,
            "held_out": held_out,
            "steps": min(MOST_STEPS, PASSES * len(learned)),
            "rate": rate,
            "backend": "mlx",
            "niceness": self._niceness,
        }

    async def _judged(
        self,
        adapter: Path,
        parent: CheckpointRecord,
        order: Mapping[str, Any],
        figures: Mapping[str, Any],
    ) -> dict[str, Any]:
        items = {pair["conversation"] for pair in order["pairs"]}
        left = {pair.conversation for pair in await feedback_pairs(self._store)}
        if not items <= left or order["parent"] != parent.id:
            raise TrainingError("what it learned from is gone or has changed: it learns anew later")
        record = await self._adapters.adopt(
            adapter,
            parent=parent,
            verdict=judge(figures, LIMITS),
            figures=figures,
            data_hash=order["hash"],
            items=sorted(items),
        )
        return {
            "mind": parent.mind,
            "checkpoint": record.id,
            "promoted": record.promoted,
            "reason": record.reason,
            "pairs": len(order["pairs"]),
            **figures,
        }

    async def _mind(self, id: object) -> MindRecord:
        known = [each for each in await self._store.minds.all() if each.kind == "MLX"]
        chosen = [each for each in known if id in (None, each.id)]
        if not chosen:
            raise NothingToDoError("there is no mlx-lm mind to adapt: selfd models add makes one")
        if read_options(MlxOptions, chosen[0].options).adapter is not None:
            raise NothingToDoError(
                f"{chosen[0].name} has an adapter that you chose (option adapter)"
            )
        return chosen[0]

    async def _weights(self, mind: MindRecord) -> str:
        try:
            return str(await asyncio.to_thread(find_folder, mind.model))
        except MindError as error:
            raise TrainingError(str(error)) from error


async def feedback_pairs(store: Store) -> Sequence[FeedbackPair]:
    """Read what the owner thought of answers, the last word on each."""
    pairs, after = [], 0
    while rows := await store.portable.read("conversations", after, 100):
        after = rows[-1][0]
        for _, line in rows:
            pairs += _pairs_of(line) if line is not None else []
    return pairs


def _pairs_of(line: Mapping[str, Any]) -> list[FeedbackPair]:
    found = []
    for answer in line["answers"]:
        if not answer["feedback"]:
            continue
        said = answer["feedback"][-1]
        question = line["messages"][answer["question"]]["text"]
        text = line["messages"][answer["message"]]["text"]
        if said["correction"]:
            found.append(FeedbackPair(question, said["correction"], text, line["id"]))
        elif said["rating"] > 0:
            found.append(FeedbackPair(question, text, None, line["id"]))
    return found

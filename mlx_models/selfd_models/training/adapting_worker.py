"""The process that adapts an mlx-lm model: as `worker`, but from pairs to an adapter.

`python -m selfd_models.training.adapting_worker FOLDER` reads FOLDER/order.json, learns, measures
held-out pairs and a little of the fixed old text with and without the adapter, and leaves
FOLDER/result.json and FOLDER/adapter/.
"""

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfd_models.training.adapting import Adaptation, Adapter, Pair
from selfd_models.training.comparison import compare
from selfd_models.training.replay import OLD, read_sample
from selfd_models.training.worker import STOPPED, TRAINED, finish, say, work_for_parent

OLD_BYTES = 400  # of each piece: an mlx-lm model on a processor is slow


def main() -> int:
    """Do what the order says.   Returns: as `worker.main`."""
    return work_for_parent("selfd_models.training.adapting_worker", Path(sys.argv[1]), _work)


def _work(folder: Path, order: dict[str, Any], stop: threading.Event) -> int:
    pairs, held_out = (
        [Pair(each["prompt"], each["chosen"], each["rejected"]) for each in order[part]]
        for part in ("pairs", "held_out")
    )
    adapter = Adapter(
        Adaptation(
            Path(order["model"]),
            folder,
            pairs,
            order["steps"],
            order["rate"],
            adapter=Path(order["adapter"]) if order["adapter"] else None,
        )
    )
    before = _before(folder, adapter, held_out)

    def report(step: int, loss: float) -> None:
        share = TRAINED * step / order["steps"]
        say(progress=share, step=step, steps=order["steps"], bits=loss)

    if adapter.learn(report, stop.is_set) is None or stop.is_set():
        return STOPPED
    finish(folder, _difference(before, _measured(adapter, held_out)))
    return 0


def _before(folder: Path, adapter: Adapter, held_out: Sequence[Pair]) -> dict[str, Any]:
    """Measure the model as it is, once: a run that is taken up again has learned already."""
    kept = folder / "before.json"
    if not kept.exists():
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(_measured(adapter, held_out)), "utf-8")
        partial.replace(kept)
    known: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return known


def _measured(adapter: Adapter, held_out: Sequence[Pair]) -> dict[str, Any]:
    old = [("", str(each["text"])[:OLD_BYTES]) for each in read_sample(OLD)]
    told = {
        "new": [adapter.bits(pair.prompt, pair.chosen) for pair in held_out],
        "old": [adapter.bits(*each) for each in old],
    }
    rejected = [pair for pair in held_out if pair.rejected is not None]
    prefers = sum(
        adapter.bits(pair.prompt, pair.chosen)[0]
        < adapter.bits(pair.prompt, pair.rejected or "")[0]
        for pair in rejected
    )
    return {**told, "prefers": prefers / len(rejected) if rejected else None}


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("new", "old"):
        sizes = [size for _, size in before[name]]
        bits = [[bit for bit, _ in which[name]] for which in (before, after)]
        found[name] = asdict(compare(sizes, *bits))
    if before["prefers"] is not None:
        found["preference"] = {
            "before": before["prefers"],
            "after": after["prefers"],
            "least": before["prefers"],
        }
    return found


if __name__ == "__main__":
    sys.exit(main())

"""The process that adapts an mlx-lm model: as `training.worker`, but from pairs to an adapter.

`python -m selfd_models.training.lora.worker FOLDER` reads FOLDER/order.json, learns, tries it
out with and without what was learned, and leaves FOLDER/result.json and FOLDER/adapter/.
"""

import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfd_models.training.lora.adapting import Adaptation, Adapter, Pair
from selfd_models.training.lora.trials import Tried, difference, try_out
from selfd_models.training.worker import STOPPED, TRAINED, finish, say, work_for_parent


def main() -> int:
    """Do what the order says.   Returns: as `worker.main`."""
    return work_for_parent("selfd_models.training.lora.worker", Path(sys.argv[1]), _work)


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
    finish(folder, difference(before, try_out(adapter, held_out)))
    return 0


def _before(folder: Path, adapter: Adapter, held_out: Sequence[Pair]) -> Tried:
    """Measure the model as it is, once: a run that is taken up again has learned already."""
    kept = folder / "before.json"
    if not kept.exists():
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(try_out(adapter, held_out))), "utf-8")
        partial.replace(kept)
    return Tried(**json.loads(kept.read_text("utf-8")))


if __name__ == "__main__":
    sys.exit(main())

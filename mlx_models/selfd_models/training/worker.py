"""The process that a night trains in: an order in, lines of JSON out, gone with its parent.

`python -m selfd_models.training.worker FOLDER` reads FOLDER/order.json, trains, measures parent and
candidate, and leaves FOLDER/result.json. Each line on its standard output is a report. When its
standard input closes, or at SIGTERM, it saves a checkpoint and ends; started again, it goes on.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfd_models.errors import ModelError
from selfd_models.training.background import step_back
from selfd_models.training.blas import preload
from selfd_models.training.evaluation.trials import evaluate, try_out
from selfd_models.training.trainer import Progress
from selfd_models.training.tuning import Tune, tune

ORDER, RESULT = "order.json", "result.json"
STOPPED = 3  # the status of a worker that was asked to stop
TRAINED = 0.8  # of the progress; the rest is measuring


Work = Callable[[Path, dict[str, Any], threading.Event], int]


def main() -> int:
    """Do what the order says.   Returns: 0 done, 1 refused or failed, 3 stopped half-way."""
    return work_for_parent("selfd_models.training.worker", Path(sys.argv[1]), _work)


def work_for_parent(module: str, folder: Path, work: Work) -> int:
    """Do work at low priority, until it is done, fails in words, or the parent wants no more."""
    order = json.loads((folder / ORDER).read_text("utf-8"))
    more = preload() if order["backend"] == "mlx" else {}
    if more:
        again = [sys.executable, "-m", module, str(folder)]
        os.execve(sys.executable, again, {**os.environ, **more})
    step_back(int(order["niceness"]))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    try:
        return work(folder, order, stop)
    except ModelError as error:
        say(error=str(error))
    except OSError as error:
        say(error=f"{error.strerror or error}: {error.filename or folder}".lower())
    except Exception as error:  # safetensors tells of a full disk in an exception of its own
        say(error=f"{type(error).__name__}: {error}")
    for partial in folder.glob("*.partial"):
        partial.unlink(missing_ok=True)
    return 1


def _watch_parent(stop: threading.Event) -> None:
    while os.read(0, 1024):  # sys.stdin would keep the interpreter from ending
        pass
    stop.set()


def _work(folder: Path, order: dict[str, Any], stop: threading.Event) -> int:
    if order.get("what") == "evaluate":
        serving, root = Path(order["base"]), Path(order["root"])
        cache, judged = Path(order["cache"]), order["judged"]
        finish(folder, evaluate(serving, root, judged=judged, cache=cache, say=say))
        return 0
    steps = int(order["steps"])

    def report(progress: Progress) -> None:
        share = TRAINED * progress.step / steps
        say(progress=share, step=progress.step, steps=steps, bits=round(progress.bits, 4))

    candidate = tune(
        Tune(
            base=Path(order["base"]),
            folder=folder,
            shares=order["shares"],
            backend=order["backend"],
            steps=steps,
            texts=order["texts"],
            rows=order["rows"],
            heat=order["heat"],
            seed=order["seed"],
            save_seconds=order["save_seconds"],
        ),
        report=report,
        stopping=stop.is_set,
    )
    if candidate is None or stop.is_set():
        return STOPPED
    base, root, cache = (Path(order[name]) for name in ("base", "root", "cache"))
    figures = try_out(
        candidate, base, root, judged=order["judged"], folder=folder, cache=cache, say=say
    )
    finish(folder, figures)
    return 0


def finish(folder: Path, figures: dict[str, Any]) -> None:
    """Leave the result behind, whole or not at all."""
    partial = folder / f"{RESULT}.partial"
    partial.write_text(json.dumps(figures), "utf-8")
    partial.replace(folder / RESULT)
    say(progress=1.0)


def say(**report: Any) -> None:
    """Report one line to the parent."""
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

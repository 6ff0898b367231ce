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
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfd_models.builtin import BuiltinModel
from selfd_models.errors import ModelError
from selfd_models.training.blas import preload
from selfd_models.training.comparison import by_kind, compare, cut, measure
from selfd_models.training.corpus import read_records
from selfd_models.training.replay import OLD, read_sample
from selfd_models.training.trainer import Progress
from selfd_models.training.tuning import Tune, tune

ORDER, RESULT = "order.json", "result.json"
STOPPED = 3  # the status of a worker that was asked to stop
Piece = tuple[str, bytes]
NEW_PIECE = 1024  # bytes: there is little new text, and an interval needs many pieces
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
    os.nice(int(order["niceness"]))
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
        finish(folder, _evaluate(order))
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
    finish(folder, _measure(order, candidate))
    return 0


def finish(folder: Path, figures: dict[str, Any]) -> None:
    """Leave the result behind, whole or not at all."""
    partial = folder / f"{RESULT}.partial"
    partial.write_text(json.dumps(figures), "utf-8")
    partial.replace(folder / RESULT)
    say(progress=1.0)


def _evaluate(order: dict[str, Any]) -> dict[str, Any]:
    """Measure what serves on the fixed old text, beside what ships."""
    old = _old_pieces()
    models = (BuiltinModel.load(Path(order[which])) for which in ("root", "base"))
    told = [_remembered(Path(order["cache"]), model, old) for model in models]
    return {"shipped": _difference(old, *told)}


def _measure(order: dict[str, Any], candidate: Path) -> dict[str, Any]:
    """Compare parent and candidate as they would serve, and the candidate with what ships."""
    parent, root = Path(order["base"]), Path(order["root"])
    before, after = BuiltinModel.load(parent), BuiltinModel.load(candidate)
    texts = read_records(Path(order["new"]))
    new = [(kind, piece) for kind, text in texts for piece in cut([text], NEW_PIECE)]
    told = [_bits("new", model, new) for model in (before, after)]
    found = {"new": _difference(new, *told)}
    say(progress=TRAINED + (1.0 - TRAINED) / 2.0, measured="new")
    old = _old_pieces()
    kept = Path(order["cache"])
    told = [_remembered(kept, model, old) for model in (before, after)]
    found["old"] = _difference(old, *told)
    if root != parent:
        told[0] = _remembered(kept, BuiltinModel.load(root), old)
        found["shipped"] = _difference(old, *told)
    return found


def _old_pieces() -> list[Piece]:
    return [(each["group"], piece) for each in read_sample(OLD) for piece in cut([each["text"]])]


def _difference(
    pieces: Sequence[Piece], before: Sequence[float], after: Sequence[float]
) -> dict[str, Any]:
    kinds, sizes = [kind for kind, _ in pieces], [len(piece) for _, piece in pieces]
    return asdict(compare(sizes, before, after)) | {
        "kinds": {
            kind: [bits, by_kind(kinds, sizes, after)[kind]]
            for kind, bits in by_kind(kinds, sizes, before).items()
        }
    }


def _bits(name: str, model: BuiltinModel, pieces: Sequence[Piece]) -> list[float]:
    """Measure a model, and say how far that is: it takes seconds a piece on a busy machine."""
    texts = [piece for _, piece in pieces]
    return measure(model, texts, lambda done: say(measuring=name, done=done, of=len(texts)))


def _remembered(folder: Path, model: BuiltinModel, pieces: Sequence[Piece]) -> list[float]:
    """Measure a model on the fixed old set, once in its life."""
    kept = folder / f"{model.fingerprint}.json"
    if kept.exists():
        known: list[float] = json.loads(kept.read_text("utf-8"))
        if len(known) == len(pieces):
            return known
    bits = _bits("old", model, pieces)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(bits), "utf-8")
    partial.replace(kept)
    return bits


def say(**report: Any) -> None:
    """Report one line to the parent."""
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

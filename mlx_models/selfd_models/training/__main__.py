"""Train from the command line: `python -m selfd_models.training --preset nano --corpus DIR`."""

import argparse
import os
import signal
import sys
from pathlib import Path

from selfd_models.config import PRESETS, TINY
from selfd_models.errors import ModelError
from selfd_models.training import run
from selfd_models.training.blas import describe, preload

CONFIGS = {**PRESETS, TINY.name: TINY}  # the tiny one shows in seconds that all is in place


def main() -> int:
    """Parse, train, print progress.   Returns: 0 done, 1 refused or failed."""
    arguments = _parser().parse_args()
    if arguments.backend == "mlx":
        _put_openblas_in_front()
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stop.append(received))
    try:
        _train(arguments, stop)
    except ModelError as error:
        sys.stderr.write(f"selfd: {error}\n")
        return 1
    return 0


def _put_openblas_in_front() -> None:
    """Start this process over with OpenBLAS loaded first, where that helps and was not done."""
    more = preload()
    if more:
        again = [sys.executable, "-m", "selfd_models.training", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **more})
    told = describe()
    if told:
        sys.stderr.write(f"{told}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m selfd_models.training", description=__doc__)
    parser.add_argument("--preset", choices=sorted(CONFIGS), default="nano")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of text")
    parser.add_argument("--state", type=Path, required=True, help="folder of the run")
    parser.add_argument("--backend", choices=("jax", "mlx"), default="jax")
    parser.add_argument("--recipe", choices=("own", "nano"), default="own")
    parser.add_argument("--seed", type=int, default=7353)
    parser.add_argument("--texts", type=int, default=8, help="texts in a step")
    parser.add_argument("--rows", type=int, default=2048, help="bytes in a text")
    parser.add_argument("--steps", type=int, help="stop at this step")
    parser.add_argument("--cool", type=int, help="cool a copy of the run down over so many steps")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    parser.add_argument("--evaluate-minutes", type=float, default=20.0)
    parser.add_argument("--save-minutes", type=float, default=4.0)
    return parser


def _train(arguments: argparse.Namespace, stop: list[int]) -> None:
    from selfd_models.training.data.corpus import Recipe
    from selfd_models.training.data.recipes import NANO
    from selfd_models.training.trainer import Options, Progress

    def report(progress: Progress) -> None:
        held_out = progress.held_out or {}
        scores = "".join(f"  {kind} {bits:.3f}" for kind, bits in held_out.items())
        sys.stderr.write(
            f"step {progress.step}  {progress.bytes / 1e6:.2f} MB  {progress.bits:.3f} bits/byte"
            f"  {progress.speed / 1e3:.2f} kB/s  fired {progress.fired:.3f}"
            f"  load {progress.worst_load:+.2f}  draft {progress.draft_bits:.2f}{scores}\n"
        )
        sys.stderr.flush()

    options = Options(
        config=CONFIGS[arguments.preset],
        corpus=arguments.corpus,
        state=arguments.state,
        recipe=NANO if arguments.recipe == "nano" else Recipe(),
        backend=arguments.backend,
        seed=arguments.seed,
        texts=arguments.texts,
        rows=arguments.rows,
        steps=arguments.steps,
        cool=arguments.cool,
        resume=arguments.resume,
        evaluate_seconds=arguments.evaluate_minutes * 60.0,
        save_seconds=arguments.save_minutes * 60.0,
    )
    sys.stderr.write(f"training {arguments.preset} on {arguments.backend}, seed {options.seed}\n")
    run(
        options,
        report=report,
        say=lambda line: print(line, file=sys.stderr),  # noqa: T201
        stopping=lambda: bool(stop),
    )


if __name__ == "__main__":
    sys.exit(main())

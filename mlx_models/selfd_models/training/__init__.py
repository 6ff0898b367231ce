"""Training of the byte hybrid: `run` from the first step or from the newest checkpoint.

Importing this package is cheap; numpy and the array backend are imported when a run starts.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from selfd_models.training.trainer import Options, Progress

__all__ = ["run"]


def run(
    options: "Options",
    *,
    report: "Callable[[Progress], None]",
    say: "Callable[[str], None]",
    stopping: "Callable[[], bool]",
) -> None:
    """Train until done or `stopping()`; the state folder then holds a checkpoint and the curves."""
    from selfd_models.ops import load_ops
    from selfd_models.training.curves import Curves
    from selfd_models.training.data.preparation import make_ready
    from selfd_models.training.trainer import Trainer

    ops = load_ops(options.backend)
    rank, _ = ops.workers()
    if rank == 0:
        make_ready(options.corpus, options.state, options.recipe, options.seed, say)
    ops.settle(ops.average({"ready": ops.zeros((1,))}))  # the others wait for the first
    if rank > 0:  # on another machine the folder is another one
        make_ready(options.corpus, options.state, options.recipe, options.seed, lambda line: None)
    curves = Curves(options.state)

    def record(progress: "Progress") -> None:
        if rank == 0:
            curves.add(progress)
            report(progress)

    Trainer(options, record, stopping).run()
    if rank == 0:
        curves.draw()

"""One compiled training step, shared by every run in this process that asks for the same."""

from collections.abc import Callable
from functools import cache
from typing import Any

from selfd_models.config import Config
from selfd_models.ops import Array, backend, load_ops
from selfd_models.training.optimisation.objective import Batch, Weights, objective
from selfd_models.training.optimisation.optimiser import Rates, update
from selfd_models.training.optimisation.rounding import rounded

Step = Callable[..., tuple[Any, Any, dict[str, Array]]]


@cache
def training_step(
    config: Config, weights: Weights, rates: Rates, name: backend, passes: int, packed: bool
) -> Step:
    """Compile (parameters, moments, batch, heat, step number) -> the first two anew, and figures.

    The parameters and moments that go in are used up. packed: run forwards on 4-bit weights.
    """
    ops = load_ops(name)

    def loss(parameters: Any, batch: Batch) -> Any:
        if packed:
            parameters = rounded(parameters, config, ops=ops)
        return objective(parameters, batch, config, weights, ops=ops, passes=passes)

    graded = ops.value_and_grad(loss)

    def take(parameters: Any, moments: Any, batch: Batch, heat: Array, step: Array) -> Any:
        (_, figures), gradients = graded(parameters, batch)
        gradients, figures = ops.average(gradients), ops.average(figures)
        parameters, moments = update(
            parameters, gradients, moments, heat, step, figures, config, rates, ops=ops
        )
        return parameters, moments, figures

    compiled: Step = ops.compile(take, reuse=(0, 1))
    return compiled

"""Muon for matrices, AdamW for the rest, and the two rules that need no gradient.

Letters: I inputs, O outputs of a matrix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selfd_models.config import Config
from selfd_models.network.spiking import HOMEOSTASIS, LOWEST_THRESHOLD, TARGET_RATE
from selfd_models.ops import Array, ArrayOps
from selfd_models.parameters import Spec, specify

Tree = dict[str, Array]


@dataclass(frozen=True)
class Rates:
    """Learning rates at full heat and the other dials (research/models.md section 18)."""

    matrix: float = 0.015
    table: float = 4e-3
    vector: float = 4e-3
    router: float = 3e-4  # ten times as much and all patches choose the same two experts
    momentum: float = 0.95
    beta1: float = 0.9
    beta2: float = 0.99
    decay: float = 0.04
    balance: float = 0.01
    average: float = 0.998


# Coefficients of the quintic Newton-Schulz iteration (Jordan 2024, Muon).
_QUINTIC = (3.4445, -4.7750, 2.0315)


def start(parameters: Tree) -> dict[str, Tree]:
    """Give the optimiser's first state: moments of each parameter, and the running average.

    `first` holds Muon's momentum or Adam's first moment; `second` Adam's second, else nothing.
    """
    return {
        "first": {name: value * 0.0 for name, value in parameters.items()},
        "second": {name: value * 0.0 for name, value in parameters.items()},
        "average": {name: value * 1.0 for name, value in parameters.items()},
    }


def update(
    parameters: Tree,
    gradients: Tree,
    state: Mapping[str, Tree],
    heat: Array,
    step: Array,
    figures: Mapping[str, Array],
    config: Config,
    rates: Rates,
    *,
    ops: ArrayOps,
) -> tuple[Tree, dict[str, Tree]]:
    """Take one step.

    Args: heat: a number, 0 to 1, times every rate. step: a number, from 1.
    Returns: the new parameters and state.
    """
    specs = specify(config)
    new: Tree = {}
    first, second = dict(state["first"]), dict(state["second"])
    gradients = _clipped(gradients, ops)
    for name, value in parameters.items():
        spec, gradient = specs[name], gradients[name]
        if spec.role == "fixed":
            new[name] = value
        elif spec.role == "matrix":
            first[name] = rates.momentum * first[name] + gradient
            direction = orthogonal(gradient + rates.momentum * first[name], ops=ops)
            speed = rates.matrix * max(1.0, spec.shape[-1] / spec.shape[-2]) ** 0.5
            new[name] = value * (1.0 - heat * rates.matrix * rates.decay) - heat * speed * direction
        else:
            first[name] = rates.beta1 * first[name] + (1.0 - rates.beta1) * gradient
            second[name] = rates.beta2 * second[name] + (1.0 - rates.beta2) * gradient * gradient
            mean = first[name] / (1.0 - rates.beta1**step)
            spread = ops.sqrt(second[name] / (1.0 - rates.beta2**step))
            new[name] = value - heat * _speed(spec, rates) * mean / (spread + 1e-8)
    _govern(new, figures, config, rates, ops=ops)
    share = ops.minimum(step / (step + 10.0), rates.average)  # a young average forgets faster
    average = {
        name: share * state["average"][name] + (1.0 - share) * value for name, value in new.items()
    }
    return new, {"first": first, "second": second, "average": average}


def orthogonal(x: Array, *, ops: ArrayOps) -> Array:
    """Bring all singular values of a matrix near 1.   Args: x: (..., I, O).   Returns: the same."""
    axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = ops.transpose(x, axes)
    x = x / (ops.sqrt(ops.sum(x * x, axis=(-2, -1), keepdims=True)) + 1e-7)
    a, b, c = _QUINTIC
    for _ in range(5):
        square = x @ ops.transpose(x, axes)
        x = a * x + (b * square + c * (square @ square)) @ x
    return ops.transpose(x, axes) if tall else x


def _speed(spec: Spec, rates: Rates) -> float:
    speeds = {"table": rates.table, "vector": rates.vector, "router": rates.router}
    return speeds[spec.role]


def _clipped(gradients: Tree, ops: ArrayOps) -> Tree:
    """Scale all gradients down together so that their norm is at most 1."""
    squares: Any = 0.0
    for gradient in gradients.values():
        squares = squares + ops.sum(gradient * gradient, axis=tuple(range(gradient.ndim)))
    scale = ops.minimum(1.0 / (ops.sqrt(squares) + 1e-6), 1.0)
    return {name: gradient * scale for name, gradient in gradients.items()}


def _govern(
    new: Tree, figures: Mapping[str, Array], config: Config, rates: Rates, *, ops: ArrayOps
) -> None:
    """Move thresholds towards the firing rate wanted, and routing biases towards even loads."""
    hybrids = [at for at, kind in enumerate(config.pattern) if kind == "H"]
    for at, layer in enumerate(hybrids):
        name = f"latent.{layer}.mixer.spike.threshold"
        moved = new[name] + HOMEOSTASIS * (figures["fired"][at] - TARGET_RATE)
        new[name] = ops.maximum(moved, LOWEST_THRESHOLD)
        name = f"latent.{layer}.experts.bias"
        gap = 1.0 / config.experts - figures["load"][at]
        new[name] = new[name] + rates.balance * ops.where(gap > 0.0, 1.0, -1.0)

"""The door on numpy: the reference, and what serves without MLX. It cannot differentiate."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from selfd_models.errors import BackendError
from selfd_models.ops.door import Array, ArrayOps, Step, backend


class NumpyOps:
    """Plain numpy, one function per operation."""

    name: backend = "numpy"
    cheap_loops = False

    array = staticmethod(np.asarray)
    numpy = staticmethod(np.asarray)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    sqrt = staticmethod(np.sqrt)
    tanh = staticmethod(np.tanh)
    cos = staticmethod(np.cos)
    sin = staticmethod(np.sin)
    abs = staticmethod(np.abs)
    round = staticmethod(np.round)
    maximum = staticmethod(np.maximum)
    minimum = staticmethod(np.minimum)
    argmax = staticmethod(np.argmax)
    take_along = staticmethod(np.take_along_axis)
    transpose = staticmethod(np.transpose)

    def floats(self, x: Array) -> Array:
        return np.asarray(x, np.float32)

    def zeros(self, shape: Sequence[int]) -> Array:
        return np.zeros(shape, np.float32)

    def arange(self, size: int) -> Array:
        return np.arange(size, dtype=np.int32)

    def sigmoid(self, x: Array) -> Array:
        return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))  # exp(60) is far below float32's end

    def where(self, condition: Array, x: Array | float, y: Array | float) -> Array:
        return np.where(condition, _single(x), _single(y))

    def sum(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return np.sum(x, axis=axis, keepdims=keepdims)

    def mean(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return np.mean(x, axis=axis, keepdims=keepdims)

    def max(self, x: Array, axis: int, keepdims: bool = False) -> Array:
        return np.max(x, axis=axis, keepdims=keepdims)

    def argsort(self, x: Array) -> Array:
        return np.argsort(x, kind="stable").astype(np.int32)

    def cumsum(self, x: Array, axis: int) -> Array:
        return np.cumsum(x, axis=axis, dtype=x.dtype)

    def take(self, x: Array, rows: Array) -> Array:
        return x[rows]

    def concatenate(self, parts: Sequence[Array], axis: int) -> Array:
        return np.concatenate(parts, axis=axis)

    def stack(self, parts: Sequence[Array], axis: int) -> Array:
        return np.stack(parts, axis=axis)

    def pad(self, x: Array, axis: int, before: int, after: int) -> Array:
        widths = [(0, 0)] * x.ndim
        widths[axis] = (before, after)
        return np.pad(x, widths)

    def segment_sum(self, x: Array, segment: Array, count: int) -> Array:
        total = np.zeros((count, x.shape[1]), x.dtype)
        np.add.at(total, segment, x)
        return total

    def segment_max(self, x: Array, segment: Array, count: int) -> Array:
        lowest = np.finfo(x.dtype).min
        largest = np.full((count, x.shape[1]), lowest, x.dtype)
        np.maximum.at(largest, segment, x)
        return np.where(largest == lowest, np.float32(0.0), largest)

    def stop_gradient(self, x: Array) -> Array:
        return x

    def scan(self, step: Step, state: Array, inputs: Array) -> tuple[Array, Array]:
        outputs = []
        for at in range(len(inputs[0] if isinstance(inputs, tuple) else inputs)):
            now = tuple(x[at] for x in inputs) if isinstance(inputs, tuple) else inputs[at]
            state, output = step(state, now)
            outputs.append(output)
        return state, np.stack(outputs)

    def value_and_grad(self, loss: Callable[..., Any]) -> Callable[..., Any]:
        raise BackendError("numpy cannot differentiate: train with jax or mlx")

    def compile(
        self, function: Callable[..., Any], reuse: tuple[int, ...] = ()
    ) -> Callable[..., Any]:
        return function

    def workers(self) -> tuple[int, int]:
        return 0, 1

    def average(self, tree: dict[str, Array]) -> dict[str, Array]:
        return tree

    def settle(self, values: Any) -> None:
        return None


def _single(x: Array | float) -> Array:
    return np.float32(x) if isinstance(x, float) else x


# A cast, because the library's own signatures are wider than the door's.
OPS = cast(ArrayOps, NumpyOps())

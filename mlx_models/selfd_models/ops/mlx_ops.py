"""The door on MLX: Metal on Apple Silicon, plain processors elsewhere."""

import os
from collections.abc import Callable, Sequence
from typing import Any, cast

os.environ["MLX_ENABLE_TF32"] = "0"  # read at import; its default rounds products to 10 bits

import mlx.core as mx
import numpy as np

from selfd_models.ops.door import Array, ArrayOps, Step, backend


class MlxOps:
    """Thin names over mlx.core."""

    name: backend = "mlx"
    cheap_loops = False

    array = staticmethod(mx.array)
    numpy = staticmethod(np.array)
    exp = staticmethod(mx.exp)
    log = staticmethod(mx.log)
    sqrt = staticmethod(mx.sqrt)
    tanh = staticmethod(mx.tanh)
    cos = staticmethod(mx.cos)
    sin = staticmethod(mx.sin)
    abs = staticmethod(mx.abs)
    round = staticmethod(mx.round)
    sigmoid = staticmethod(mx.sigmoid)
    maximum = staticmethod(mx.maximum)
    minimum = staticmethod(mx.minimum)
    where = staticmethod(mx.where)
    argmax = staticmethod(mx.argmax)
    take_along = staticmethod(mx.take_along_axis)
    transpose = staticmethod(mx.transpose)
    stop_gradient = staticmethod(mx.stop_gradient)

    def floats(self, x: Array) -> Array:
        return x.astype(mx.float32)

    def zeros(self, shape: Sequence[int]) -> Array:
        return mx.zeros(list(shape), mx.float32)

    def arange(self, size: int) -> Array:
        return mx.arange(size, dtype=mx.int32)

    def sum(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return mx.sum(x, axis=axis, keepdims=keepdims)

    def mean(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return mx.mean(x, axis=axis, keepdims=keepdims)

    def max(self, x: Array, axis: int, keepdims: bool = False) -> Array:
        return mx.max(x, axis=axis, keepdims=keepdims)

    def argsort(self, x: Array) -> Array:
        # Ties by position, which mx.argsort does not promise: make every key distinct.
        return mx.argsort(x * x.size + mx.arange(x.size))

    def cumsum(self, x: Array, axis: int) -> Array:
        return mx.cumsum(x, axis=axis)

    def take(self, x: Array, rows: Array) -> Array:
        return x[rows]

    def concatenate(self, parts: Sequence[Array], axis: int) -> Array:
        return mx.concatenate(list(parts), axis=axis)

    def stack(self, parts: Sequence[Array], axis: int) -> Array:
        return mx.stack(list(parts), axis=axis)

    def pad(self, x: Array, axis: int, before: int, after: int) -> Array:
        widths = [(0, 0)] * x.ndim
        widths[axis] = (before, after)
        return mx.pad(x, widths)

    def segment_sum(self, x: Array, segment: Array, count: int) -> Array:
        return mx.zeros((count, x.shape[1]), x.dtype).at[segment].add(x)

    def segment_max(self, x: Array, segment: Array, count: int) -> Array:
        lowest = float(np.finfo(np.float32).min)
        fixed = mx.stop_gradient(x)
        largest = mx.full((count, x.shape[1]), lowest).at[segment].maximum(fixed)
        # A scattered maximum has no gradient in MLX: pass it to the rows that hold the maximum.
        holds = mx.where(fixed == largest[segment], 1.0, 0.0)
        total = self.segment_sum(holds * x, segment, count)
        return total / mx.maximum(self.segment_sum(holds, segment, count), 1.0)

    def scan(self, step: Step, state: Array, inputs: Array) -> tuple[Array, Array]:
        outputs = []
        for at in range(len(inputs[0] if isinstance(inputs, tuple) else inputs)):
            now = tuple(x[at] for x in inputs) if isinstance(inputs, tuple) else inputs[at]
            state, output = step(state, now)
            outputs.append(output)
        return state, mx.stack(outputs)

    def value_and_grad(self, loss: Callable[..., Any]) -> Callable[..., Any]:
        graded: Callable[..., Any] = mx.value_and_grad(loss)
        return graded

    def compile(
        self, function: Callable[..., Any], reuse: tuple[int, ...] = ()
    ) -> Callable[..., Any]:
        return function

    def workers(self) -> tuple[int, int]:
        group = mx.distributed.init()
        return group.rank(), group.size()

    def average(self, tree: dict[str, Array]) -> dict[str, Array]:
        size = self.workers()[1]
        if size == 1:
            return tree
        return {name: mx.distributed.all_sum(value) / size for name, value in tree.items()}

    def settle(self, values: Any) -> None:
        mx.eval(values)


# A cast, because the library's own signatures are wider than the door's.
OPS = cast(ArrayOps, MlxOps())

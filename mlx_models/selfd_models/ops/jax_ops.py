"""The door on JAX: for training, compiled by XLA, on processors and graphics cards."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from selfd_models.ops.door import Array, ArrayOps, Step, backend

# Matrix products stay float32 where the hardware would rather round (TF32 on graphics cards).
jax.config.update("jax_default_matmul_precision", "highest")  # type: ignore[no-untyped-call]  # jax


class JaxOps:
    """Thin names over jax.numpy."""

    name: backend = "jax"
    cheap_loops = jax.default_backend() == "cpu"

    array = staticmethod(jnp.asarray)
    numpy = staticmethod(jax.device_get)
    exp = staticmethod(jnp.exp)
    log = staticmethod(jnp.log)
    sqrt = staticmethod(jnp.sqrt)
    tanh = staticmethod(jnp.tanh)
    cos = staticmethod(jnp.cos)
    sin = staticmethod(jnp.sin)
    abs = staticmethod(jnp.abs)
    round = staticmethod(jnp.round)
    sigmoid = staticmethod(jax.nn.sigmoid)
    maximum = staticmethod(jnp.maximum)
    minimum = staticmethod(jnp.minimum)
    where = staticmethod(jnp.where)
    argmax = staticmethod(jnp.argmax)
    take_along = staticmethod(jnp.take_along_axis)
    transpose = staticmethod(jnp.transpose)
    stop_gradient = staticmethod(jax.lax.stop_gradient)

    def floats(self, x: Array) -> Array:
        return x.astype(jnp.float32)

    def zeros(self, shape: Sequence[int]) -> Array:
        return jnp.zeros(shape, jnp.float32)

    def arange(self, size: int) -> Array:
        return jnp.arange(size, dtype=jnp.int32)

    def sum(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return jnp.sum(x, axis=axis, keepdims=keepdims)

    def mean(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        return jnp.mean(x, axis=axis, keepdims=keepdims)

    def max(self, x: Array, axis: int, keepdims: bool = False) -> Array:
        return jnp.max(x, axis=axis, keepdims=keepdims)

    def argsort(self, x: Array) -> Array:
        return jnp.argsort(x, stable=True)

    def cumsum(self, x: Array, axis: int) -> Array:
        return jnp.cumsum(x, axis=axis)

    def take(self, x: Array, rows: Array) -> Array:
        return x[rows]

    def concatenate(self, parts: Sequence[Array], axis: int) -> Array:
        return jnp.concatenate(parts, axis=axis)

    def stack(self, parts: Sequence[Array], axis: int) -> Array:
        return jnp.stack(parts, axis=axis)

    def pad(self, x: Array, axis: int, before: int, after: int) -> Array:
        widths = [(0, 0)] * x.ndim
        widths[axis] = (before, after)
        return jnp.pad(x, widths)

    def segment_sum(self, x: Array, segment: Array, count: int) -> Array:
        return jnp.zeros((count, x.shape[1]), x.dtype).at[segment].add(x)

    def segment_max(self, x: Array, segment: Array, count: int) -> Array:
        lowest = float(np.finfo(np.float32).min)
        largest = jnp.full((count, x.shape[1]), lowest, x.dtype).at[segment].max(x)
        return jnp.where(largest == lowest, 0.0, largest)

    def scan(self, step: Step, state: Array, inputs: Array) -> tuple[Array, Array]:
        last, outputs = jax.lax.scan(step, state, inputs)
        return last, outputs

    def value_and_grad(self, loss: Callable[..., Any]) -> Callable[..., Any]:
        return jax.value_and_grad(loss, has_aux=True)

    def compile(
        self, function: Callable[..., Any], reuse: tuple[int, ...] = ()
    ) -> Callable[..., Any]:
        compiled: Callable[..., Any] = jax.jit(function, donate_argnums=reuse)
        return compiled

    def workers(self) -> tuple[int, int]:
        return 0, 1

    def average(self, tree: dict[str, Array]) -> dict[str, Array]:
        return tree

    def settle(self, values: Any) -> None:
        return None


# A cast, because the library's own signatures are wider than the door's.
OPS = cast(ArrayOps, JaxOps())

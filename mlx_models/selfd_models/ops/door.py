"""What a layer may do with arrays. Besides these, only operators, slices, `.shape`, `.reshape`.

Letters in the docstrings: N rows, S segments, T steps.
"""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from selfd_models.errors import BackendError

Array: TypeAlias = Any
"""An array of the backend in use; `Any` ends here (STYLE rule 21)."""

backend: TypeAlias = Literal["numpy", "mlx", "jax"]

Step = Callable[[Array, Array], tuple[Array, Array]]


class ArrayOps(Protocol):
    """The operations that every backend has; float32 unless the argument is of integers."""

    name: backend
    cheap_loops: bool  # whether a scan's step costs so little that a plain loop beats chunks

    def array(self, value: Any) -> Array:
        """Bring a numpy array to the backend, in its own dtype."""

    def numpy(self, value: Array) -> Any:
        """Bring an array back as numpy."""

    def floats(self, x: Array) -> Array:
        """Turn integers into float32."""

    def zeros(self, shape: Sequence[int]) -> Array:
        """Give float32 zeros."""

    def arange(self, size: int) -> Array:
        """Give 0 to size - 1, int32."""

    def exp(self, x: Array) -> Array:
        """Raise e to each element."""

    def log(self, x: Array) -> Array:
        """Take each element's natural logarithm."""

    def sqrt(self, x: Array) -> Array:
        """Take each element's root."""

    def tanh(self, x: Array) -> Array:
        """Take each element's hyperbolic tangent."""

    def sigmoid(self, x: Array) -> Array:
        """Squash each element into 0 to 1."""

    def cos(self, x: Array) -> Array:
        """Take each element's cosine."""

    def sin(self, x: Array) -> Array:
        """Take each element's sine."""

    def abs(self, x: Array) -> Array:
        """Drop each element's sign."""

    def round(self, x: Array) -> Array:
        """Go to the nearest whole number, halves to the even one."""

    def maximum(self, x: Array, y: Array | float) -> Array:
        """Keep the larger of two, element by element."""

    def minimum(self, x: Array, y: Array | float) -> Array:
        """Keep the smaller of two, element by element."""

    def where(self, condition: Array, x: Array | float, y: Array | float) -> Array:
        """Choose element by element."""

    def sum(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        """Add up along an axis."""

    def mean(self, x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        """Average along an axis."""

    def max(self, x: Array, axis: int, keepdims: bool = False) -> Array:
        """Keep the largest along an axis."""

    def argmax(self, x: Array, axis: int) -> Array:
        """Point at the first largest along an axis."""

    def argsort(self, x: Array) -> Array:
        """Order one axis of integers, smallest first."""

    def cumsum(self, x: Array, axis: int) -> Array:
        """Add up running along an axis."""

    def take(self, x: Array, rows: Array) -> Array:
        """Gather rows of the first axis.   Returns: rows.shape + x.shape[1:]."""

    def take_along(self, x: Array, index: Array, axis: int) -> Array:
        """Gather along one axis by an index that broadcasts against `x`."""

    def concatenate(self, parts: Sequence[Array], axis: int) -> Array:
        """Join along an axis."""

    def stack(self, parts: Sequence[Array], axis: int) -> Array:
        """Join along a new axis."""

    def transpose(self, x: Array, axes: Sequence[int]) -> Array:
        """Reorder axes."""

    def pad(self, x: Array, axis: int, before: int, after: int) -> Array:
        """Add zeros to one axis."""

    def segment_sum(self, x: Array, segment: Array, count: int) -> Array:
        """Add rows up by segment.   Args: x: (N, D). segment: (N,).   Returns: (count, D)."""

    def segment_max(self, x: Array, segment: Array, count: int) -> Array:
        """Keep the largest by segment; an empty one is finite.   Returns: (count, D)."""

    def stop_gradient(self, x: Array) -> Array:
        """Let no gradient through."""

    def scan(self, step: Step, state: Array, inputs: Array) -> tuple[Array, Array]:
        """Carry a state along the first axis.

        Args: step: (state, input) -> (state, output). state, inputs: an array or a tuple of them;
            inputs: (T, ...).   Returns: the last state; the outputs, (T, ...).
        """

    def value_and_grad(self, loss: Callable[..., Any]) -> Callable[..., Any]:
        """Differentiate (parameters, ...) -> (loss, rest) by the parameters.

        Returns: (parameters, ...) -> ((loss, rest), gradients).
        """

    def compile(
        self, function: Callable[..., Any], reuse: tuple[int, ...] = ()
    ) -> Callable[..., Any]:
        """Compile a function of arrays, where the backend can.

        reuse: the arguments that the caller will not read again; their memory takes the results.
        """

    def workers(self) -> tuple[int, int]:
        """Give this process's number and how many train together; (0, 1) when alone."""

    def average(self, tree: dict[str, Array]) -> dict[str, Array]:
        """Average arrays over the processes that train together; all of them must call it."""

    def settle(self, values: Any) -> None:
        """Compute what is still pending in a tree of arrays, where the backend is lazy."""


def load_ops(name: backend) -> ArrayOps:
    """Import one backend.   Raises: BackendError: it is not installed."""
    if importlib.util.find_spec("mlx" if name == "mlx" else name) is None:
        extra = "train" if name == "jax" else "mlx"
        raise BackendError(f"{name} is not installed: pip install 'selfd[{extra}]'")
    module = importlib.import_module(f"selfd_models.ops.{name}_ops")
    ops: ArrayOps = module.OPS
    return ops

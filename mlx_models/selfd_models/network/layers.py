"""The small layers that everything else is made of.

Letters: B batch, T steps (bytes or patches), D width, H hidden width, K taps.
"""

from collections.abc import Mapping

from selfd_models.ops import Array, ArrayOps

Parameters = Mapping[str, Array]
"""Arrays by dotted name, as `parameters.py` lists them."""


class View(Mapping[str, Array]):
    """The parameters below one prefix: `View(p, "encoder.0")["gain"]` is `p["encoder.0.gain"]`."""

    def __init__(self, parameters: Parameters, prefix: str) -> None:
        self._parameters = parameters
        self._prefix = prefix + "."

    def __getitem__(self, name: str) -> Array:
        return self._parameters[self._prefix + name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        cut = len(self._prefix)
        return (name[cut:] for name in self._parameters if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def linear(x: Array, weight: Array) -> Array:
    """Multiply the last axis by a matrix, as one flat product.

    Compilers find the fast kernels, above all for the gradient of `weight`, in two dimensions.
    Args: x: (..., I). weight: (I, O).   Returns: (..., O).
    """
    return (x.reshape(-1, x.shape[-1]) @ weight).reshape(*x.shape[:-1], weight.shape[-1])


def rms_norm(x: Array, gain: Array, *, ops: ArrayOps) -> Array:
    """Scale each position to unit mean square (Zhang & Sennrich 2019, eq. 4).

    Args: x: (..., D). gain: (D,).   Returns: (..., D).
    """
    mean_square = ops.mean(x * x, axis=-1, keepdims=True)  # (..., 1)
    return x * (1.0 / ops.sqrt(mean_square + 1e-6)) * gain


def causal_conv(x: Array, kernel: Array, before: Array | None = None, *, ops: ArrayOps) -> Array:
    """Mix each channel with its own past: tap k reads k steps back.

    Args: x: (B, T, D). kernel: (K, D). before: (B, K - 1, D), zeros if not given.
    Returns: (B, T, D).
    """
    taps, size = kernel.shape[0], x.shape[1]
    if before is None:
        before = ops.zeros((x.shape[0], taps - 1, x.shape[2]))
    padded = ops.concatenate([before, x], axis=1)  # (B, T + K - 1, D)
    mixed = x * kernel[0]
    for back in range(1, taps):
        start = taps - 1 - back
        mixed = mixed + padded[:, start : start + size] * kernel[back]
    return mixed


def feed_forward(x: Array, up: Array, down: Array, *, ops: ArrayOps) -> Array:
    """Two products with relu squared between them (So et al. 2021, Primer).

    Args: x: (..., D). up: (D, H). down: (H, D).   Returns: (..., D).
    """
    hidden = ops.maximum(linear(x, up), 0.0)  # (..., H)
    return linear(hidden * hidden, down)


def conv_block(x: Array, p: Parameters, *, ops: ArrayOps) -> Array:
    """Add to each byte what a short causal window of bytes says.

    Args: x: (B, T, D).   Returns: (B, T, D).
    """
    mixed = causal_conv(rms_norm(x, p["gain"], ops=ops), p["conv"], ops=ops)
    return x + feed_forward(mixed, p["up"], p["down"], ops=ops)

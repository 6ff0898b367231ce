"""Training against the weights that will be shipped: 4-bit values forwards, float32 backwards.

The rule is MLX's affine quantisation, so that what is trained is what `mx.quantize` stores: per
group of 32 inputs, w is a multiple of a scale above a bias, the end farthest from zero exact.
Letters: I inputs, O outputs, G groups.
"""

from selfd_models.config import Config
from selfd_models.ops import Array, ArrayOps
from selfd_models.parameters import GROUP, is_packed, specify

LEVELS = 15  # 4 bits


def rounded(parameters: dict[str, Array], config: Config, *, ops: ArrayOps) -> dict[str, Array]:
    """Round every packed matrix; gradients pass through as if nothing had happened."""
    specs = specify(config)
    return {
        name: value + ops.stop_gradient(nearest(value, ops=ops) - value)
        if is_packed(specs[name])
        else value
        for name, value in parameters.items()
    }


def nearest(weight: Array, *, ops: ArrayOps) -> Array:
    """Give the nearest 4-bit weights.   Args: weight: (..., I, O).   Returns: the same shape."""
    shape = weight.shape
    groups = weight.reshape(*shape[:-2], shape[-2] // GROUP, GROUP, shape[-1])
    top = ops.max(groups, axis=-2, keepdims=True)  # (..., G, 1, O)
    bottom = -ops.max(-groups, axis=-2, keepdims=True)
    below = ops.abs(bottom) > ops.abs(top)
    scale = ops.maximum((top - bottom) / LEVELS, 1e-7)
    scale = ops.where(below, scale, -scale)
    edge = ops.where(below, bottom, top)
    steps = ops.round(edge / scale)
    some = ops.abs(steps) > 0.0
    scale = ops.where(some, edge / ops.where(some, steps, 1.0), scale)
    bias = ops.where(some, edge, 0.0)
    level = ops.minimum(ops.maximum(ops.round((groups - bias) / scale), 0.0), float(LEVELS))
    return (level * scale + bias).reshape(shape)

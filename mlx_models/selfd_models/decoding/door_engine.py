"""The plain engine: the layers as `model.forward` has them, on any backend.

Letters: R rows of a tile, D byte width.
"""

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import CONV_TAPS, Config
from selfd_models.decoding import patch_steps
from selfd_models.decoding.engine import Decoded, Encoded, LatentState
from selfd_models.network.layers import Parameters, View, linear, rms_norm
from selfd_models.ops import Array, ArrayOps

Floats = NDArray[np.float32]

TOGETHER = 12  # rows that are always multiplied together, so that a row has one company only


class DoorEngine:
    """`Engine` on the door; its latent's state stays with the backend."""

    def __init__(self, p: Parameters, config: Config, ops: ArrayOps) -> None:
        self._p = {name: ops.array(value) for name, value in p.items()}
        self._config, self._ops = config, ops
        self.exact = _one_company(ops, config)

    def encode(self, x: Floats, rings: Floats) -> Encoded:
        """Run the encoder."""
        told, windows = self._blocks("encoder", x, rings)
        pooled = rms_norm(told, self._p["patch.gain"], ops=self._ops)
        self._ops.settle([told, pooled, windows])
        return Encoded(self._told(told), self._told(windows), self._told(pooled))

    def decode(self, x: Floats, rings: Floats) -> Decoded:
        """Run the decoder and the head."""
        told, windows = self._blocks("decoder", x, rings)
        plain = np.ones(x.shape[1], np.float32)
        normal = rms_norm(told, self._ops.array(plain), ops=self._ops)
        logits = self._times(normal * self._p["head.gain"], self._p["head.weight"])
        self._ops.settle([normal, logits, windows])
        return Decoded(self._told(logits), self._told(normal), self._told(windows))

    def start(self) -> LatentState:
        """Give the latent's state before the first patch."""
        return patch_steps.start(self._config, ops=self._ops)

    def step(self, pooled: Floats, length: int, state: LatentState) -> tuple[Floats, LatentState]:
        """Take a patch in."""
        p, ops = self._p, self._ops
        patch = linear(ops.array(pooled)[None, None], p["patch.weight"]) + p["patch.length"][length]
        size = ops.array(np.array([[length]], np.int32))
        z, state = patch_steps.step(patch, size, p, self._config, state, ops=ops)
        told = linear(rms_norm(z, p["context.gain"], ops=ops), p["context.weight"])
        ops.settle([told, state])
        return self._told(told)[0, 0], state

    def _told(self, value: Array) -> Floats:
        told: Floats = self._ops.numpy(value)
        return told

    def _blocks(self, kind: str, x: Floats, rings: Floats) -> tuple[Array, Array]:
        """Run the convolution blocks of one kind, as `layers.conv_block` does, from `rings`."""
        ops, told, windows = self._ops, self._ops.array(x), []
        for number, ring in enumerate(rings):
            view = View(self._p, f"{kind}.{number}")
            normal = rms_norm(told, view["gain"], ops=ops)
            apart = ring.ndim == 3
            window = ops.concatenate(
                [ops.array(ring), normal[:, None] if apart else normal], axis=1 if apart else 0
            )
            mixed = 0.0
            for back in range(CONV_TAPS):
                at = CONV_TAPS - 1 - back
                read = window[:, at] if apart else window[at : at + len(x)]
                mixed = mixed + read * view["conv"][back]
            hidden = ops.maximum(self._times(mixed, view["up"]), 0.0)
            told = told + self._times(hidden * hidden, view["down"])
            windows.append(window)
        return told, ops.stack(windows, axis=0)

    def _times(self, x: Array, weight: Array) -> Array:
        """Multiply rows, TOGETHER at a time, zeros filling up."""
        size = x.shape[0]
        full = self._ops.pad(x, 0, 0, -size % TOGETHER)
        parts = [full[at : at + TOGETHER] @ weight for at in range(0, size, TOGETHER)]
        return self._ops.concatenate(parts, axis=0)[:size]


def _one_company(ops: ArrayOps, config: Config) -> bool:
    """Try whether a row's place among the TOGETHER changes its bits."""
    drawn = np.random.default_rng(0)
    wide = config.byte_width
    for outputs in sorted({wide, config.encoder_hidden, config.decoder_hidden, 256}):
        for inputs in sorted({wide, config.encoder_hidden, config.decoder_hidden}):
            weight = ops.array(drawn.standard_normal((inputs, outputs), np.float32))
            rows = drawn.standard_normal((TOGETHER, inputs), np.float32)
            straight = ops.numpy(ops.array(rows) @ weight)
            turned = ops.numpy(ops.array(np.roll(rows, 5, axis=0)) @ weight)
            if not (np.roll(straight, 5, axis=0) == turned).all():
                return False
    return True

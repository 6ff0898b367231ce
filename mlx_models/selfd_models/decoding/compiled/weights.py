"""A model's weights as the kernels read them: the structures of their headers, and the layout.

Letters: I inputs, O outputs, G = I / 32 groups. Outputs are filled up with zeros.
"""

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import TYPICAL_PATCH, Config
from selfd_models.decoding.latent_steps import rotary_speeds
from selfd_models.quantise import GROUP, Packed

Floats = NDArray[np.float32]

FILL, BLOCK = 16, 64  # as arithmetic.h has them

_INT, _POINTER = ctypes.c_int32, ctypes.c_void_p
# Asked several times a byte: four times as quick as an array's own `ctypes`.
_addressof, _first_octet = ctypes.addressof, ctypes.c_char.from_buffer


def _structure(name: str, **fields: type) -> type[ctypes.Structure]:
    return type(name, (ctypes.Structure,), {"_fields_": list(fields.items())})


Matrix = _structure(
    "Matrix",
    inputs=_INT,
    filled=_INT,
    packed=_POINTER,
    floats=_POINTER,
)
Block = _structure("Block", conv=_POINTER, up=Matrix, down=Matrix)
Hybrid = _structure(
    "Hybrid",
    gain=_POINTER,
    state_in=Matrix,
    conv=_POINTER,
    decay=_POINTER,
    step=_POINTER,
    skip=_POINTER,
    state_gain=_POINTER,
    state_out=Matrix,
    spike_in=Matrix,
    leak=_POINTER,
    threshold=_POINTER,
    spike_out=Matrix,
    forget=Matrix,
    target=Matrix,
    rate=_POINTER,
    amplitude=_POINTER,
    liquid_out=Matrix,
    gate_down=Matrix,
    gate_up=Matrix,
    gate_scale=_POINTER,
    experts_gain=_POINTER,
    router=Matrix,
    bias=_POINTER,
    up=_POINTER,
    down=_POINTER,
    shared_up=Matrix,
    shared_down=Matrix,
)
Attention = _structure(
    "Attention",
    gain=_POINTER,
    query=Matrix,
    key=Matrix,
    value=Matrix,
    query_gain=_POINTER,
    key_gain=_POINTER,
    speeds=_POINTER,
    out=Matrix,
    dense_gain=_POINTER,
    up=Matrix,
    down=Matrix,
)
Model = _structure(
    "Model",
    width=_INT,
    deep=_INT,
    encoder_layers=_INT,
    decoder_layers=_INT,
    encoder=_POINTER,
    decoder=_POINTER,
    pooled_gain=_POINTER,
    head_gain=_POINTER,
    head=Matrix,
    patch=Matrix,
    length=_POINTER,
    context_gain=_POINTER,
    context=Matrix,
    layers=_INT,
    core_first=_INT,
    core_after=_INT,
    attends=_POINTER,
    place=_POINTER,
    hybrids=_POINTER,
    attentions=_POINTER,
    gamma=_POINTER,
    channels=_INT,
    size=_INT,
    heads=_INT,
    spiking=_INT,
    liquid=_INT,
    experts=_INT,
    query_heads=_INT,
    key_heads=_INT,
    head_width=_INT,
    window=_INT,
    room=_INT,
    typical_patch=ctypes.c_float,
    scratch=_INT,
)


Embedding = _structure(
    "Embedding",
    width=_INT,
    table_bits=_INT,
    recall_bits=_INT,
    masks=_POINTER,
    salts=_POINTER,
    letters=_POINTER,
    bytes=_POINTER,
    tables=_POINTER,
    recalls=_POINTER,
)


class KernelWeights:
    """Lays arrays out; what the structures point at lives as long as this does."""

    def __init__(
        self, parameters: Mapping[str, Floats], packed: Mapping[str, Packed] | None = None
    ) -> None:
        self._p, self._packed = parameters, packed or {}
        self._kept: list[Any] = []
        self._widest = 0

    def model(self, config: Config) -> ctypes.Structure:
        """Lay a whole model out."""
        p, vector, matrix = self._p, self.vector, self.matrix
        kinds = config.layer_kinds()
        at = [f"latent.{number}." for number in range(len(kinds))]
        hybrids = [self._hybrid(at[n], config) for n, kind in enumerate(kinds) if kind == "H"]
        attentions = [self._attention(at[n], config) for n, kind in enumerate(kinds) if kind == "A"]
        places = [kinds[:number].count(kind) for number, kind in enumerate(kinds)]
        laid = Model(
            width=config.byte_width,
            deep=config.latent_width,
            encoder_layers=config.encoder_layers,
            decoder_layers=config.decoder_layers,
            encoder=self._all(Block, self._blocks("encoder", config.encoder_layers)),
            decoder=self._all(Block, self._blocks("decoder", config.decoder_layers)),
            pooled_gain=vector(p["patch.gain"]),
            head_gain=vector(p["head.gain"]),
            head=matrix("head.weight"),
            patch=matrix("patch.weight"),
            length=vector(p["patch.length"]),
            context_gain=vector(p["context.gain"]),
            context=matrix("context.weight"),
            layers=len(kinds),
            core_first=config.core[0],
            core_after=config.core[1],
            attends=vector(np.array([kind == "A" for kind in kinds], np.int32)),
            place=vector(np.array(places, np.int32)),
            hybrids=self._all(Hybrid, hybrids),
            attentions=self._all(Attention, attentions),
            gamma=vector(p["core.gamma"]),
            channels=config.state_channels,
            size=config.state_size,
            heads=config.state_heads,
            spiking=config.spiking,
            liquid=config.liquid,
            experts=config.experts,
            query_heads=config.heads,
            key_heads=config.kv_heads,
            head_width=config.head_width,
            window=config.window,
            room=2 * config.window,
            typical_patch=TYPICAL_PATCH,
        )
        laid.scratch = self._widest
        return laid

    def vector(self, values: NDArray[Any]) -> int:
        """Keep an array of numbers of 32 or 64 bits, and give its address."""
        kept = np.ascontiguousarray(values)
        if not kept.flags.writeable:  # its address could not be asked
            kept = kept.copy()
        assert kept.dtype in (np.float32, np.int32, np.uint32, np.uint64), kept.dtype
        self._kept.append(kept)
        return address(kept)

    def _all(self, kind: type[ctypes.Structure], found: Sequence[ctypes.Structure]) -> int:
        """Lay structures side by side and give the address of the first."""
        side_by_side = (kind * max(len(found), 1))(*found)
        self._kept.append(side_by_side)
        return ctypes.addressof(side_by_side)

    def matrix(self, name: str, expert: int | None = None) -> ctypes.Structure:
        """Lay a matrix out, of 4 bits where the file has it so.   Args: expert: which of many."""
        packed, weight = self._packed.get(name), self._p[name]
        if expert is not None:
            weight = weight[expert]
            packed = packed and Packed(*(part[expert] for part in packed))
        inputs, outputs = weight.shape
        filled = -(-outputs // FILL) * FILL
        self._widest = max(self._widest, inputs, filled)
        laid = Matrix(inputs=inputs, filled=filled)
        if packed is None:
            laid.floats = self.vector(_in_blocks(weight, filled))
        else:
            words = packed.words.T.reshape(inputs // GROUP, -1, outputs)  # (G, 4, O)
            affine = [packed.scales.T, packed.biases.T]
            rows = [part.astype(np.float32).view(np.uint32)[:, None] for part in affine]
            together = np.concatenate([words, *rows], axis=1).reshape(-1, outputs)  # (6 G, O)
            laid.packed = self.vector(_in_blocks(together, filled))
        return laid

    def _blocks(self, kind: str, count: int) -> list[ctypes.Structure]:
        found = []
        for number in range(count):
            at = f"{kind}.{number}."
            conv = self.vector(self._p[at + "conv"][::-1] * self._p[at + "gain"])
            found.append(Block(conv, self.matrix(at + "up"), self.matrix(at + "down")))
        return found

    def _hybrid(self, at: str, config: Config) -> ctypes.Structure:
        p, vector, matrix = self._p, self.vector, self.matrix
        leak = 1.0 / (1.0 + np.exp(-p[at + "mixer.spike.leak"]))
        experts = range(config.experts)
        return Hybrid(
            gain=vector(p[at + "mixer.gain"]),
            state_in=matrix(at + "mixer.state.in"),
            conv=vector(p[at + "mixer.state.conv"][::-1]),
            decay=vector(-np.exp(p[at + "mixer.state.decay"])),
            step=vector(p[at + "mixer.state.step"]),
            skip=vector(p[at + "mixer.state.skip"]),
            state_gain=vector(p[at + "mixer.state.gain"]),
            state_out=matrix(at + "mixer.state.out"),
            spike_in=matrix(at + "mixer.spike.in"),
            leak=vector(leak),
            threshold=vector(p[at + "mixer.spike.threshold"]),
            spike_out=matrix(at + "mixer.spike.out"),
            forget=matrix(at + "mixer.liquid.forget"),
            target=matrix(at + "mixer.liquid.target"),
            rate=vector(np.exp(p[at + "mixer.liquid.rate"])),
            amplitude=vector(p[at + "mixer.liquid.amplitude"]),
            liquid_out=matrix(at + "mixer.liquid.out"),
            gate_down=matrix(at + "mixer.gate.down"),
            gate_up=matrix(at + "mixer.gate.up"),
            gate_scale=vector(p[at + "mixer.gate.scale"]),
            experts_gain=vector(p[at + "experts.gain"]),
            router=matrix(at + "experts.router"),
            bias=vector(p[at + "experts.bias"]),
            up=self._all(Matrix, [matrix(at + "experts.up", each) for each in experts]),
            down=self._all(Matrix, [matrix(at + "experts.down", each) for each in experts]),
            shared_up=matrix(at + "experts.shared_up"),
            shared_down=matrix(at + "experts.shared_down"),
        )

    def _attention(self, at: str, config: Config) -> ctypes.Structure:
        p, vector, matrix = self._p, self.vector, self.matrix
        scale = np.float32(config.head_width**-0.5)
        return Attention(
            gain=vector(p[at + "mixer.gain"]),
            query=matrix(at + "mixer.query"),
            key=matrix(at + "mixer.key"),
            value=matrix(at + "mixer.value"),
            query_gain=vector(p[at + "mixer.query_gain"] * scale),
            key_gain=vector(p[at + "mixer.key_gain"]),
            speeds=vector(rotary_speeds(config.head_width)),
            out=matrix(at + "mixer.out"),
            dense_gain=vector(p[at + "dense.gain"]),
            up=matrix(at + "dense.up"),
            down=matrix(at + "dense.down"),
        )


def _in_blocks(rows: NDArray[Any], filled: int) -> NDArray[Any]:
    """Lay rows out block by block of outputs.   Args: rows: (..., O).   Returns: flat."""
    full = np.pad(rows, ((0, 0), (0, filled - rows.shape[1])))
    blocks = [full[:, at : at + BLOCK].reshape(-1) for at in range(0, filled, BLOCK)]
    return np.concatenate(blocks)


def address(array: NDArray[Any]) -> int:
    """Give where an array's first number lies; it must be writable and not empty."""
    return _addressof(_first_octet(array))  # type: ignore[arg-type]  # arrays are buffers

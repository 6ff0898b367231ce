"""Every parameter's name, shape and first value, known without allocating any of them.

A parameter tree is a flat mapping from dotted names to float32 arrays. Weights multiply from the
right: (inputs, outputs).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from selfd_models.config import (
    BYTES,
    CONV_TAPS,
    LONGEST_PATCH,
    PHASES,
    RECALL_ROWS,
    RECALLS,
    TABLES,
    Config,
)

Start = Literal["zeros", "ones", "normal", "tap", "decay", "step", "leak", "threshold", "rate"]
Role = Literal["matrix", "table", "vector", "router", "fixed"]


@dataclass(frozen=True)
class Spec:
    """One parameter: its shape, how it starts, and how it is trained.

    role: `matrix` is orthogonalised (Muon), `table`, `vector` and `router` are not; `fixed` ones
    carry no gradient and are moved by rules of their own. spread: of a normal start, its deviation.
    """

    shape: tuple[int, ...]
    start: Start = "normal"
    role: Role = "vector"
    spread: float = 0.0

    @property
    def size(self) -> int:
        """Count the numbers in it."""
        return math.prod(self.shape)


GROUP = 32  # inputs that share a scale and a bias in a packed matrix


def is_packed(spec: Spec) -> bool:
    """Say whether a parameter is shipped as 4-bit values: a matrix whose inputs fill groups."""
    return spec.role == "matrix" and spec.shape[-2] % GROUP == 0


def _matrix(inputs: int, outputs: int, *lead: int, gain: float = 1.0) -> Spec:
    return Spec((*lead, inputs, outputs), "normal", "matrix", gain * inputs**-0.5)


def _table(rows: int, width: int, *lead: int, spread: float) -> Spec:
    return Spec((*lead, rows, width), "normal", "table", spread)


def _ones(*shape: int) -> Spec:
    return Spec(shape, "ones")


def _zeros(*shape: int, role: Role = "vector") -> Spec:
    return Spec(shape, "zeros", role)


def specify(config: Config) -> dict[str, Spec]:
    """List every parameter of a model, in a fixed order."""
    specs: dict[str, Spec] = {}
    for name, spec in _model(config):
        assert name not in specs
        specs[name] = spec
    return specs


def _model(config: Config) -> Iterator[tuple[str, Spec]]:
    wide, deep = config.byte_width, config.latent_width
    yield "embed.bytes", _table(BYTES + 1, wide, spread=0.5)
    yield "embed.tables", _table(config.table_rows, config.table_width, TABLES, spread=0.1)
    yield "embed.recalls", _table(RECALL_ROWS, config.recall_width, RECALLS, spread=0.1)
    for number in range(config.encoder_layers):
        yield from _conv_block(f"encoder.{number}", wide, config.encoder_hidden)
    yield "patch.gain", _ones(wide)
    yield "patch.weight", _matrix(2 * wide, deep)
    yield "patch.length", _table(LONGEST_PATCH + 1, deep, spread=0.1)
    for number, kind in enumerate(config.layer_kinds()):
        layer = _hybrid(config) if kind == "H" else _attention(config)
        yield from ((f"latent.{number}.{name}", spec) for name, spec in layer)
    yield "core.gamma", _zeros(deep)
    yield "context.gain", _ones(deep)
    yield "context.weight", _matrix(deep, wide)
    yield "context.start", _zeros(wide)
    yield "context.phase", _table(PHASES, wide, spread=0.1)
    for number in range(config.decoder_layers):
        yield from _conv_block(f"decoder.{number}", wide, config.decoder_hidden)
    yield "head.gain", _ones(wide)
    yield "head.weight", Spec((wide, BYTES), "zeros", "table")
    yield from ((f"draft.{name}", spec) for name, spec in _draft(config))


def _conv_block(prefix: str, width: int, hidden: int) -> Iterator[tuple[str, Spec]]:
    yield f"{prefix}.gain", _ones(width)
    yield f"{prefix}.conv", Spec((CONV_TAPS, width), "tap")
    yield f"{prefix}.up", _matrix(width, hidden)
    yield f"{prefix}.down", _zeros(hidden, width, role="matrix")


def _hybrid(config: Config) -> Iterator[tuple[str, Spec]]:
    deep, rank, many = config.latent_width, config.gate_rank, config.experts
    channels, size, heads = config.state_channels, config.state_size, config.state_heads
    yield "mixer.gain", _ones(deep)
    yield "mixer.state.in", _matrix(deep, 2 * channels + 2 * size + heads)
    yield "mixer.state.conv", Spec((CONV_TAPS, channels + 2 * size), "tap")
    yield "mixer.state.decay", Spec((heads,), "decay")
    yield "mixer.state.step", Spec((heads,), "step")
    yield "mixer.state.skip", _ones(heads)
    yield "mixer.state.gain", _ones(channels)
    yield "mixer.state.out", _matrix(channels, deep)
    yield "mixer.spike.in", _matrix(deep, config.spiking)
    yield "mixer.spike.leak", Spec((config.spiking,), "leak")
    yield "mixer.spike.threshold", Spec((config.spiking,), "threshold", "fixed")
    yield "mixer.spike.out", _matrix(config.spiking, deep)
    yield "mixer.liquid.forget", _matrix(deep, config.liquid)
    yield "mixer.liquid.target", _matrix(deep, config.liquid)
    yield "mixer.liquid.rate", Spec((config.liquid,), "rate")
    yield "mixer.liquid.amplitude", _ones(config.liquid)
    yield "mixer.liquid.out", _matrix(config.liquid, deep)
    yield "mixer.gate.down", _matrix(deep, rank)
    yield "mixer.gate.up", _zeros(rank, 3 * deep, role="matrix")
    yield "mixer.gate.scale", Spec((3, deep), "normal", "vector", 0.1)
    yield "experts.gain", _ones(deep)
    yield "experts.router", Spec((deep, many), "normal", "router", deep**-0.5)
    yield "experts.bias", _zeros(many, role="fixed")
    yield "experts.up", _matrix(deep, config.expert_hidden, many)
    yield "experts.down", Spec((many, config.expert_hidden, deep), "zeros", "matrix")
    yield "experts.shared_up", _matrix(deep, config.shared_hidden)
    yield "experts.shared_down", _zeros(config.shared_hidden, deep, role="matrix")


def _attention(config: Config) -> Iterator[tuple[str, Spec]]:
    deep, width = config.latent_width, config.head_width
    yield "mixer.gain", _ones(deep)
    yield "mixer.query", _matrix(deep, config.heads * width)
    yield "mixer.key", _matrix(deep, config.kv_heads * width)
    yield "mixer.value", _matrix(deep, config.kv_heads * width)
    yield "mixer.query_gain", _ones(width)
    yield "mixer.key_gain", _ones(width)
    yield "mixer.out", _zeros(config.heads * width, deep, role="matrix")
    yield "dense.gain", _ones(deep)
    yield "dense.up", _matrix(deep, config.attention_hidden)
    yield "dense.down", _zeros(config.attention_hidden, deep, role="matrix")


def _draft(config: Config) -> Iterator[tuple[str, Spec]]:
    slots, width = config.draft_length, config.draft_width
    yield "in", _matrix(2 * config.byte_width, slots * width)
    yield "slot", _table(slots, width, spread=0.1)
    for number in range(2):
        yield f"{number}.mix_gain", _ones(width)
        yield f"{number}.mix", _zeros(slots, slots)
        yield f"{number}.gain", _ones(width)
        yield f"{number}.up", _matrix(width, 2 * width)
        yield f"{number}.down", _zeros(2 * width, width, role="matrix")
    yield "out", _matrix(width, config.byte_width)
    yield "out_gain", _ones(config.byte_width)


def count(config: Config) -> int:
    """Count a model's parameters without making any."""
    return sum(spec.size for spec in specify(config).values())


def mixer_shares(config: Config) -> dict[str, float]:
    """Give each path's share of a hybrid layer's mixer; the gate is the fusion's share."""
    layer = {name: spec.size for name, spec in _hybrid(config) if name.startswith("mixer.")}
    total = sum(layer.values())
    paths = ("state", "spike", "liquid", "gate")
    sizes = {
        path: sum(size for name, size in layer.items() if name.startswith(f"mixer.{path}."))
        for path in paths
    }
    return {path: size / total for path, size in sizes.items()}


def initialise(config: Config, seed: int) -> dict[str, NDArray[np.float32]]:
    """Make the first parameters; the same seed gives the same numbers on every host."""
    rng = np.random.default_rng(seed)
    return {name: _first(spec, rng) for name, spec in specify(config).items()}


def _first(spec: Spec, rng: np.random.Generator) -> NDArray[np.float32]:
    shape, width = spec.shape, spec.shape[-1]
    match spec.start:
        case "zeros":
            value: NDArray[np.float64] = np.zeros(shape)
        case "ones":
            value = np.ones(shape)
        case "normal":
            return rng.standard_normal(shape, np.float32) * np.float32(spec.spread)
        case "tap":  # mostly the present, a little of the past
            value = rng.standard_normal(shape) * 0.1
            value[0] += 1.0
        case "decay":  # A ~ U(1, 16), state-spaces/mamba mamba2_simple.py
            value = np.log(rng.uniform(1.0, 16.0, shape))
        case "step":  # dt log-uniform in .001 to .1, through the inverse of softplus
            dt = np.exp(rng.uniform(math.log(1e-3), math.log(1e-1), shape))
            value = dt + np.log(-np.expm1(-dt))
        case "leak":  # beta evenly over .8 to .97
            beta = np.linspace(0.8, 0.97, width)
            value = np.log(beta / (1.0 - beta))
        case "threshold":
            value = np.full(shape, 0.3)
        case "rate":  # half-lives of 1 to 500 patches, evenly in the logarithm
            value = np.log(math.log(2.0) / np.geomspace(1.0, 500.0, width))
    return value.astype(np.float32)

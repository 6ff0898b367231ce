"""What each part of the shipped model is worth: the part taken away, the rest as it is.

A path is taken away by zeroing what comes out of it; the model is not trained again, so that a
figure says what this checkpoint relies on, not what the part could have been replaced by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.row import Row
from selfd_models.checkpoint import SHIPPED, Checkpoint, load
from selfd_models.config import LONGEST_PATCH, Config
from selfd_models.layout import Layout, lay_out
from selfd_models.network.latent import Trace
from selfd_models.network.model import forward, logits
from selfd_models.ops import load_ops
from selfd_models.patcher import Patcher
from selfd_models.training.evaluation.held_out import HeldOut

EACH = 2  # pieces of 8 kB per kind of text
STATIC = 6  # bytes of a patch where all are of one length: nearest whole number to the mean
LOW_RATE, HIGH_RATE, IN_BAND = 0.02, 0.50, 0.95  # of the spiking neurons

Parameters = Mapping[str, NDArray[np.float32]]
Change = Callable[[dict[str, NDArray[np.float32]]], None]


class _Static(Patcher):
    """Patches of one length, whatever the bytes."""

    def ends(self, data: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """End a patch every few bytes."""
        ends: NDArray[np.bool_] = np.arange(1, len(data) + 1) % STATIC == 0
        return ends


def rows(data: Path | None, path: Path = SHIPPED) -> Sequence[Row]:
    """Measure the file at `path`; nothing where there is no text to measure on."""
    if data is None or not path.exists():
        return []
    held_out = HeldOut.read(data / "text", "en_valid*", EACH)
    whole = load(path)
    plain, found = _measured(whole, held_out)
    for name, changed, passes in _without(whole):
        bits, _ = _measured(changed, held_out, passes)
        found.append(
            Row(f"ablation: {name}", bits - plain, "bits", None, "higher", f"{bits:.3f} a byte")
        )
    return found


def _without(whole: Checkpoint) -> Sequence[tuple[str, Checkpoint, int]]:
    """List the model with one part taken away at a time, and how often its core runs."""

    def zeroed(*ends: str) -> Checkpoint:
        return _changed(whole, lambda p: _zero(p, ends))

    static = _Static(
        whole.patcher.pairs, whole.patcher.triples, whole.patcher.quads, whole.patcher.threshold
    )
    return [
        ("state-space path zeroed", zeroed("mixer.state.out"), 2),
        ("spiking path zeroed", zeroed("mixer.spike.out"), 2),
        ("liquid path zeroed", zeroed("mixer.liquid.out"), 2),
        ("attention zeroed", zeroed("latent.2.mixer.out"), 2),
        ("routed experts zeroed", zeroed("experts.down"), 2),
        ("shared expert zeroed", zeroed("experts.shared_down"), 2),
        ("random router", _changed(whole, _random_router), 2),
        ("latent unseen by the decoder", zeroed("context.weight"), 2),
        ("recall features zeroed", zeroed("embed.recalls"), 2),
        ("hashed n-grams zeroed", zeroed("embed.tables"), 2),
        ("recursion off", whole, 1),
        (f"static patches of {STATIC} bytes", replace(whole, patcher=static), 2),
    ]


def _changed(whole: Checkpoint, change: Change) -> Checkpoint:
    parameters = dict(whole.parameters)
    change(parameters)
    return replace(whole, parameters=parameters)


def _zero(parameters: dict[str, NDArray[np.float32]], ends: Sequence[str]) -> None:
    names = [name for name in parameters if name.endswith(tuple(ends))]
    assert names, f"no parameter ends in {ends}"
    parameters.update({name: np.zeros_like(parameters[name]) for name in names})


def _random_router(parameters: dict[str, NDArray[np.float32]]) -> None:
    """Put noise of the same spread in the place of what chooses experts."""
    rng = np.random.default_rng(0)
    for name, value in list(parameters.items()):
        if name.endswith("experts.router"):
            drawn = rng.standard_normal(value.shape) * value.std()
            parameters[name] = drawn.astype(np.float32)


def _measured(
    checkpoint: Checkpoint, held_out: HeldOut, passes: int = 2
) -> tuple[float, list[Row]]:
    """Give the mean bits per byte over the kinds; what the neurons and the experts did."""
    config, ops = checkpoint.config, load_ops("numpy")
    tally = _Tally(config)
    kinds = []
    for pieces in held_out.pieces.values():
        nats = 0.0
        for piece in pieces:
            layout = lay_out([piece], checkpoint.patcher, config)
            out = forward(checkpoint.parameters, layout, config, ops=ops, passes=passes)
            scores = logits(checkpoint.parameters, out.decoded)[0]
            scores = scores - scores.max(axis=-1, keepdims=True)
            nats -= float(scores[np.arange(len(piece)), piece].sum(dtype=np.float64))
            nats += float(np.log(np.exp(scores).sum(axis=-1)).sum(dtype=np.float64))
            tally.add(out.traces, layout)
        kinds.append(nats / math.log(2.0) / sum(map(len, pieces)))
    return float(np.mean(kinds)), tally.rows()


class _Tally:
    """Spikes and routed patches, layer by layer, both runs of the core together."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._fired: dict[int, NDArray[np.float64]] = {}
        self._loads: dict[int, NDArray[np.int64]] = {}
        self._patches: dict[int, int] = {}
        self._lengths = np.zeros(LONGEST_PATCH + 1, np.int64)

    def add(self, traces: Sequence[Trace], layout: Layout) -> None:
        """Count one piece."""
        self._lengths += np.bincount(layout.length[0], minlength=LONGEST_PATCH + 1)
        for layer, spikes, routing in traces:
            fired = np.asarray(spikes[0]).sum(axis=0, dtype=np.float64)
            chosen = np.asarray(routing.chosen).reshape(-1)
            load = np.bincount(chosen, minlength=self._config.experts)
            self._fired[layer] = self._fired.get(layer, 0.0) + fired
            self._loads[layer] = self._loads.get(layer, 0) + load
            self._patches[layer] = self._patches.get(layer, 0) + spikes.shape[1]

    def rows(self) -> list[Row]:
        """Give the figures of models.md sections 3 and 6."""
        rates = [self._fired[layer] / self._patches[layer] for layer in self._fired]
        loads = [load / load.sum() for load in self._loads.values()]
        every = np.concatenate(rates)
        band = float(((every >= LOW_RATE) & (every <= HIGH_RATE)).mean())
        share = np.concatenate(loads)
        by_layer = ", ".join(f"{rate.mean():.3f}" for rate in rates)
        mean = float((self._lengths * np.arange(len(self._lengths))).sum() / self._lengths.sum())
        worst = max(load.max() * self._config.experts - 1.0 for load in loads)
        return [
            Row("model: bytes a patch, held out", mean, "bytes", None, "higher"),
            Row(
                "model: spikes per neuron and patch",
                float(every.mean()),
                "",
                0.20,
                "lower",
                by_layer,
            ),
            Row(
                "model: least busy layer's spikes",
                min(float(rate.mean()) for rate in rates),
                "",
                0.10,
                "higher",
            ),
            Row("model: neurons within .02 to .50", band, "share", IN_BAND, "higher"),
            Row("model: experts, MaxVio", worst, "", 0.5, "lower", "the worst layer"),
            Row("model: busiest expert", share.max(), "of load", 0.25, "lower"),
            Row("model: least busy expert", share.min(), "of load", 0.05, "higher"),
        ]

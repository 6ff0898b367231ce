"""What this machine can run: known models against its chip, memory and disk, each with its reason.

Nothing is asked of the network. Speeds are expected from the memory's: each token reads all weights
that take part in it once; a measured speed, where there is one, stands beside it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from selfd_daemon.host.state import HostState
from selfd_daemon.minds.mlx.files import INSTALL, USUAL_CONTEXT, ModelFiles
from selfd_daemon.minds.room import Memory, size_text
from selfd_graphql.ports import RecommendationInfo

BYTES_PER_TOKEN = 4.0  # of English text, on the average
SHOWN = 6
DISK_LEFT = 10e9  # bytes that a fetched model leaves free
SLOWEST = 10.0  # bytes/s: slower than this nobody reads along
BUILTIN_MEMORY = 120_000_000  # bytes; the budget that `make bench` holds it to


@dataclass(frozen=True, slots=True)
class Known:
    """A model that is worth running. hub: its name there, before the bits. active: parameters that
    take part in a token. kv_numbers: remembered for each token.
    """

    hub: str
    parameters: float
    active: float
    kv_numbers: int


# Sizes as their makers give them, rounded.
KNOWN = (
    Known("mlx-community/Llama-3.3-70B-Instruct", 70.6e9, 70.6e9, 2 * 80 * 8 * 128),
    Known("mlx-community/Qwen3-32B", 32.8e9, 32.8e9, 2 * 64 * 8 * 128),
    Known("mlx-community/Qwen3-30B-A3B", 30.5e9, 3.3e9, 2 * 48 * 4 * 128),
    Known("mlx-community/Qwen3-14B", 14.8e9, 14.8e9, 2 * 40 * 8 * 128),
    Known("mlx-community/Qwen3-8B", 8.2e9, 8.2e9, 2 * 36 * 8 * 128),
    Known("mlx-community/Qwen3-4B", 4.0e9, 4.0e9, 2 * 36 * 8 * 128),
    Known("mlx-community/Llama-3.2-3B-Instruct", 3.2e9, 3.2e9, 2 * 28 * 8 * 128),
    Known("mlx-community/Qwen3-1.7B", 1.7e9, 1.7e9, 2 * 28 * 8 * 128),
    Known("mlx-community/Llama-3.2-1B-Instruct", 1.24e9, 1.24e9, 2 * 16 * 8 * 64),
    Known("mlx-community/Qwen3-0.6B", 0.6e9, 0.6e9, 2 * 28 * 8 * 128),
)
BITS = (8, 4)
# Bytes/s of unified memory, as Apple gives them; of the smaller variant where there are two.
BANDWIDTH = {
    "M1": 68e9, "M1 Pro": 200e9, "M1 Max": 400e9, "M1 Ultra": 800e9,
    "M2": 100e9, "M2 Pro": 200e9, "M2 Max": 400e9, "M2 Ultra": 800e9,
    "M3": 100e9, "M3 Pro": 150e9, "M3 Max": 300e9, "M3 Ultra": 819e9,
    "M4": 120e9, "M4 Pro": 273e9, "M4 Max": 410e9,
}  # fmt: skip
Backend: TypeAlias = Literal["metal", "processor"] | None
_BACKENDS: Mapping[Backend, str] = {
    "metal": "mlx-lm runs it on the chip's GPU",
    "processor": "mlx-lm runs it on the processor here, several times slower than on a GPU",
    None: f"it cannot run here as yet, for mlx-lm is missing: {INSTALL}",
}
SHARE_REACHED = 0.7  # of a chip's bandwidth: a guess, which a measured speed replaces


def recommend(
    host: HostState,
    measured: Mapping[str, float],
    present: frozenset[str],
    backend: Backend,
) -> Sequence[RecommendationInfo]:
    """Say what this machine can run, the most able first; without mlx-lm, what it could run.

    Args:
        measured: bytes/s by model, of minds that were measured here.
        present: names on the hub of what was fetched.
        backend: what would run models of mlx-lm here.
    """
    memory = Memory(host.memory_total, host.memory_available)
    found = [*_present_ones(host, memory, present), *_fetchable(host, memory, present)]
    told = [
        replace(
            each,
            measured=measured.get(each.model),
            runnable=backend is not None,
            reason=f"{each.reason}; {_BACKENDS[backend]}",
        )
        for each in found[: SHOWN - 1]
    ]
    return [_builtin(), *told] if backend is None else [*told, _builtin()]


def backend_here(host: HostState) -> Backend:
    """Tell what would run a model of mlx-lm here, without loading it."""
    if importlib.util.find_spec("mlx_lm") is None:
        return None
    return "metal" if host.device.startswith("Apple ") else "processor"


def _present_ones(
    host: HostState, memory: Memory, present: frozenset[str]
) -> Iterator[RecommendationInfo]:
    for known in KNOWN:
        for bits in BITS:
            if _name(known, bits) in present and _needs(known, bits) <= memory.room:
                yield _told(known, bits, host, memory, present=True)
                break


def _fetchable(
    host: HostState, memory: Memory, present: frozenset[str]
) -> Iterator[RecommendationInfo]:
    for known in KNOWN:
        if any(_name(known, bits) in present for bits in BITS):
            continue
        for bits in BITS:
            fits = _needs(known, bits) <= memory.room
            speed = _expected(known, bits, host)
            if not fits or _on_disk(known, bits) + DISK_LEFT > host.disk_free:
                continue
            if speed is not None and speed < SLOWEST:
                continue
            yield _told(known, bits, host, memory, present=False)
            break


def _told(
    known: Known, bits: int, host: HostState, memory: Memory, *, present: bool
) -> RecommendationInfo:
    needs, speed = _needs(known, bits), _expected(known, bits, host)
    lies = (
        "it is on this machine already"
        if present
        else f"to fetch {size_text(_on_disk(known, bits))}, {size_text(host.disk_free)} are free"
    )
    pace = (
        f"its speed on {host.device} is not known before it is measured"
        if speed is None
        else f"{host.device} should give about {speed:,.0f} bytes/s"
    )
    return RecommendationInfo(
        model=_name(known, bits),
        quantization=f"{bits}-bit",
        resident_memory=needs,
        reason=(
            f"{known.parameters / 1e9:g}e9 parameters in {bits} bits need {size_text(needs)} of "
            f"the {size_text(memory.room)} that can be had; {lies}; {pace}"
        ),
        present=present,
        expected=speed,
        measured=None,
        runnable=True,
    )


def _builtin() -> RecommendationInfo:
    return RecommendationInfo(
        model="builtin",
        quantization="4-bit",
        resident_memory=BUILTIN_MEMORY,
        reason="it ships with selfd, runs anywhere, and answers in the words of your own sources",
        present=True,
        expected=None,
        measured=None,
        runnable=True,
    )


def _name(known: Known, bits: int) -> str:
    return f"{known.hub}-{bits}bit"


def _needs(known: Known, bits: int) -> int:
    files = ModelFiles(
        folder=Path(),
        architecture="",
        weight_bytes=_on_disk(known, bits),
        parameters=round(known.parameters),
        bits=bits,
        context=USUAL_CONTEXT,
        kv_numbers=known.kv_numbers,
    )
    return files.needs(USUAL_CONTEXT)


def _on_disk(known: Known, bits: int) -> int:
    return round(known.parameters * (bits / 8 + 4 / 64))


def _expected(known: Known, bits: int, host: HostState) -> float | None:
    bandwidth = next(
        (
            BANDWIDTH[chip]
            for chip in sorted(BANDWIDTH, key=len, reverse=True)
            if f" {chip}" in f" {host.device}"
        ),
        None,
    )
    if bandwidth is None:
        return None
    read = known.active * (bits / 8 + 4 / 64)
    return SHARE_REACHED * bandwidth / read * BYTES_PER_TOKEN


def fetched() -> frozenset[str]:
    """Return the names of the models that were fetched to this machine, looking nowhere else."""
    try:
        from huggingface_hub import constants
    except ImportError:
        return frozenset()
    folder = Path(constants.HF_HUB_CACHE)
    return frozenset(
        path.name.removeprefix("models--").replace("--", "/", 1)
        for path in folder.glob("models--*--*")
        if any(path.glob("snapshots/*/config.json"))
    )

"""A model's folder, read without loading it: what it is, whether it is whole, what it will take."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfd_daemon.minds.errors import MindMissingError, MindUnavailableError

LONGEST_HEADER = 100_000_000  # bytes; safetensors' own limit
USUAL_CONTEXT = 8192  # tokens: many models were made for more than a machine has memory for
GROUP = 64  # numbers that share a scale and a bias where they are quantised
SCALES = 4 / GROUP  # bytes of both for each number
ROOM = 0.15  # of the weights: what a step needs on the way
LEAST_ROOM = 64 << 20
INSTALL = "install selfd[mlx]"
# What is fetched of a model of the hub; never its programs.
FETCHED = ("*.json", "*.jinja", "*.txt", "tokenizer.model", "model*.safetensors")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """weight_bytes: on disk, and so in memory. bits: of a weight, None where they are whole.
    context: tokens that it was made for. kv_numbers: remembered for each token of a text.
    """

    folder: Path
    architecture: str
    weight_bytes: int
    parameters: int
    bits: int | None
    context: int
    kv_numbers: int

    def needs(self, context: int, kv_bits: int | None = None, bits: int | None = None) -> int:
        """Return the memory that it takes with so many tokens, as it is or quantised to `bits`."""
        weights = self.weight_bytes
        if bits is not None:
            weights = min(weights, round(self.parameters * (bits / 8 + SCALES)))
        each = 2.0 if kv_bits is None else kv_bits / 8 + SCALES
        remembered = round(self.kv_numbers * context * each)
        return weights + remembered + max(LEAST_ROOM, round(weights * ROOM))


def find_folder(model: str) -> Path:
    """Return the folder of a model, given its path or its name on the hub.

    Raises:
        MindMissingError: it is not on this machine.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise MindMissingError(f"there is no folder {model!r}: give the folder of an MLX model")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MindMissingError(f"models of the hub need mlx-lm: {INSTALL}") from error
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = Path(snapshot_download(model, allow_patterns=[*FETCHED], local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise MindMissingError(
            f"{model!r} is neither a folder nor a model that was fetched to this machine: "
            f"fetch it with selfd models pull {model}"
        ) from error
    if not (found / "config.json").exists():
        raise MindMissingError(
            f"{model!r} was fetched only in part: selfd models pull {model} goes on"
        )
    return found


def read_files(folder: Path) -> ModelFiles:
    """Read what a folder holds.

    Raises:
        MindMissingError: it holds no model.
        MindUnavailableError: a file is cut short or changed; the message names it.
    """
    config = _config(folder)
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights:
        raise MindMissingError(f"{str(folder)!r} has no model*.safetensors: it holds no weights")
    headers = [_header(path) for path in weights]
    size = sum(path.stat().st_size for path in weights)
    quantized = config.get("quantization") or config.get("quantization_config") or {}
    bits = quantized.get("bits")
    text = config.get("text_config", config)
    return ModelFiles(
        folder=folder,
        architecture=str(config.get("model_type", "unknown")),
        weight_bytes=size,
        parameters=sum(_parameters(header, bits) for header in headers),
        bits=bits if isinstance(bits, int) else None,
        context=int(text.get("max_position_embeddings") or USUAL_CONTEXT),
        kv_numbers=_kv_numbers(text),
    )


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise MindMissingError(
            f"{str(folder)!r} has no config.json: give the folder of an MLX model"
        ) from error
    except (ValueError, OSError) as error:
        raise MindUnavailableError(f"{str(path)!r} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise MindUnavailableError(f"{str(path)!r} holds no settings: fetch the model again")
    return config


def _header(path: Path) -> Mapping[str, Any]:
    """Read a weight file's table of contents, and see that the file ends where it says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else LONGEST_HEADER + 1
        try:
            if length > LONGEST_HEADER:
                raise ValueError("no table of contents")
            header: Mapping[str, Any] = json.loads(file.read(length))
            ends = [int(it["data_offsets"][1]) for name, it in header.items() if name[:2] != "__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise MindUnavailableError(
                f"{str(path)!r} is no safetensors file, or damaged: fetch the model again"
            ) from error
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        raise MindUnavailableError(
            f"{str(path)!r} has {size:,} bytes where its table says {expected:,}: "
            "fetch the model again"
        )
    return header


def _parameters(header: Mapping[str, Any], bits: object) -> int:
    """Count numbers; of quantised ones several lie in one of 32 bits, beside scales and biases."""
    total = 0
    for name, told in header.items():
        if name.startswith("__") or name.endswith((".scales", ".biases")):
            continue
        count = math.prod(told["shape"])
        packed = isinstance(bits, int) and told["dtype"] == "U32"
        total += count * 32 // int(str(bits)) if packed else count
    return total


def _kv_numbers(config: Mapping[str, Any]) -> int:
    """Return how many numbers attention remembers for each token; 0 where config does not say."""
    layers, heads = config.get("num_hidden_layers"), config.get("num_attention_heads")
    width = config.get("hidden_size")
    if not (isinstance(layers, int) and isinstance(heads, int) and isinstance(width, int)):
        return 0
    each = config.get("head_dim") or width // max(heads, 1)
    return 2 * layers * int(config.get("num_key_value_heads") or heads) * int(each)

"""What ships with selfd: the built-in mind as the API names it, its weights, and the embedder."""

from __future__ import annotations

import importlib.resources
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from selfd_graphql.ports import MindInfo

if TYPE_CHECKING:
    from selfd_models.builtin import BuiltinModel
    from selfd_models.embedding.embedder import Embedder

BUILTIN_MIND = MindInfo(
    id="mind:builtin",
    name="builtin",
    kind="BUILTIN",
    model="extractive",
    loaded=True,
    is_default=True,
    parameters=None,
    bytes_per_second=None,
)


def load_model(path: Path | None = None) -> BuiltinModel:
    """Load the weights that ship with selfd, or others; numpy and some 100 MB of memory."""
    from selfd_models.builtin import BuiltinModel

    return BuiltinModel.load(path)


def load_embedder() -> Embedder:
    """Load the embedder that ships with selfd."""
    from selfd_models.embedding.embedder import Embedder

    return Embedder.load()


def model_ships() -> bool:
    """Say whether there are weights to load, without loading anything."""
    if importlib.util.find_spec("selfd_models") is None:
        return False
    return (importlib.resources.files("selfd_models") / "weights" / "nano.safetensors").is_file()

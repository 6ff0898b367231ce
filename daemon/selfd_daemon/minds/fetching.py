"""Fetching a model from the hub, which only its owner's own command does."""

from __future__ import annotations

from pathlib import Path

from selfd_daemon.minds.errors import MindFieldError, MindMissingError, MindOfflineError
from selfd_daemon.minds.mlx_files import INSTALL

FILES = ("*.json", "*.jinja", "*.txt", "tokenizer.model", "model*.safetensors")  # never programs


def fetch(model: str, *, offline: bool, endpoint: str | None = None) -> Path:
    """Fetch a model, showing progress, and return its folder.

    Args:
        endpoint: of the hub; None is the usual one.

    Raises:
        MindError: it cannot be fetched; what came so far is kept for the next time.
    """
    if offline:
        raise MindOfflineError(f"selfd is offline, so {model!r} cannot be fetched")
    if model.count("/") != 1:
        raise MindFieldError(f"{model!r} is no name on the hub: write owner/name")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MindMissingError(f"models of the hub need mlx-lm: {INSTALL}") from error
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, allow_patterns=list(FILES), endpoint=endpoint))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = (str(error).strip().splitlines() or ["no connection"])[0]
        raise MindMissingError(f"{model!r} cannot be fetched: {reason}") from error

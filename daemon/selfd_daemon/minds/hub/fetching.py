"""Fetching a model from the hub, which only its owner's own command does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from selfd_daemon.minds.errors import (
    MindFieldError,
    MindMissingError,
    MindOfflineError,
    MindUnavailableError,
)
from selfd_daemon.minds.hub.file import HubFile, fetch_file
from selfd_daemon.minds.mlx.files import FETCHED, INSTALL
from selfd_daemon.minds.room import size_text

Progress = Callable[[float, str], None]


def fetch(
    model: str,
    *,
    offline: bool,
    progress: Progress = lambda _share, _what: None,
    endpoint: str | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch a model and return its folder.

    Args:
        progress: told the share that is here, and what is being fetched.
        endpoint: of the hub; None is the usual one, or that of the variable HF_ENDPOINT.

    Raises:
        MindError: it cannot be fetched; what came so far is kept for the next time.
    """
    if offline:
        raise MindOfflineError(f"selfd is offline, so {model!r} cannot be fetched")
    if model.count("/") != 1:
        raise MindFieldError(f"{model!r} is no name on the hub: write owner/name")
    try:
        from huggingface_hub import HfApi, constants, get_token, hf_hub_download, snapshot_download
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError as error:
        raise MindMissingError(f"models of the hub need mlx-lm: {INSTALL}") from error
    disable_progress_bars()  # `progress` tells
    cache = Path(constants.HF_HUB_CACHE)
    blobs = cache / f"models--{model.replace('/', '--')}" / "blobs"
    with _errors(model):
        HfApi(endpoint=endpoint).model_info(model)  # says what a dry run would not: is it there?
        plan = snapshot_download(model, allow_patterns=[*FETCHED], endpoint=endpoint, dry_run=True)
        missing = [each for each in plan if each.will_download]
        missing.sort(key=lambda each: each.filename == "config.json")  # without it there is none
        files = [_described(model, each.filename, each.commit_hash, endpoint) for each in missing]
        total = sum(file.size for file in files)
        _refuse_full_disk(model, files, blobs, cache)
        token, done = get_token(), 0
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        for file, each in zip(files, missing, strict=True):
            if not (blobs / file.hash).exists():
                told = _telling(progress, file.name, done, total)
                fetch_file(file, blobs, headers, told, pause=pause)
            done += file.size
            hf_hub_download(model, each.filename, revision=each.commit_hash, endpoint=endpoint)
        return Path(snapshot_download(model, allow_patterns=[*FETCHED], endpoint=endpoint))


def _described(model: str, name: str, commit: str, endpoint: str | None) -> HubFile:
    """Ask the hub where a file lies, how long it is, and what its hash is."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(model, name, revision=commit, endpoint=endpoint)
    told = get_hf_file_metadata(url, endpoint=endpoint)
    if told.etag is None or told.size is None:
        raise MindUnavailableError(f"the hub tells neither hash nor size of {name!r} of {model!r}")
    return HubFile(name, url, told.size, told.etag)


def _telling(progress: Progress, name: str, before: int, total: int) -> Callable[[int], None]:
    def told(here: int) -> None:
        both = f"{size_text(before + here)} of {size_text(total)}"
        progress((before + here) / max(1, total), f"{name}, {both}")

    return told


def _refuse_full_disk(model: str, files: Sequence[HubFile], blobs: Path, cache: Path) -> None:
    """Refuse what would not fit before a byte of it is fetched."""
    parts = (blobs / f"{file.hash}.part" for file in files)
    here = sum(part.stat().st_size for part in parts if part.exists())
    left = sum(file.size for file in files) - here
    place = next(each for each in (cache, *cache.parents) if each.exists())
    free = shutil.disk_usage(place).free
    if left > free:
        raise MindUnavailableError(
            f"{model!r} needs {size_text(left)} more, and {size_text(free)} are free in "
            f"{str(place)!r}: make room, or name another folder in the variable HF_HOME",
            needs=left,
            free=free,
        )


@contextmanager
def _errors(model: str) -> Iterator[None]:
    """Turn what the hub and its client can do into something that a person can act on."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise MindMissingError(
            f"{model!r} is given to those who accepted its terms: do so on its page, and put a "
            "token into the variable HF_TOKEN"
        ) from error
    except RepositoryNotFoundError as error:
        raise MindMissingError(
            f"there is no model {model!r} on the hub, or it is private: check its name"
        ) from error
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        reason = (str(error).strip().splitlines() or ["no connection"])[0]
        raise MindMissingError(f"{model!r} cannot be fetched: {reason}") from error
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise MindMissingError(f"{model!r} cannot be fetched: {reason}") from error
    except OSError as error:
        raise MindMissingError(f"{model!r} cannot be kept: {error}") from error

"""The documents that our own clients send, by name.

They lie in `graphql/operations/*.graphql` in the repository and under `static/operations/` in an
installed selfd.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_INSTALLED = Path(__file__).parent / "static" / "operations"
_IN_REPOSITORY = Path(__file__).parents[1] / "operations"


def folder() -> Path:
    """Return the folder that holds the documents."""
    return _INSTALLED if _INSTALLED.is_dir() else _IN_REPOSITORY


@cache
def document(name: str) -> str:
    """Return the document `name`, as in `document("remember_many")`."""
    return (folder() / f"{name}.graphql").read_text(encoding="utf-8")


def names() -> list[str]:
    """Return the name of every document, sorted."""
    return sorted(path.stem for path in folder().glob("*.graphql"))

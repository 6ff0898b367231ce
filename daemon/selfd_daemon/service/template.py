"""The templates of launchd/, found in a checkout and in an installed wheel, and filled in."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[3] / "launchd"


def read_template(name: str) -> str:
    """Return a template's text; the wheel carries launchd/ inside this package."""
    packaged = resources.files("selfd_daemon.service") / "templates" / name
    source = packaged if packaged.is_file() else CHECKOUT / name
    return source.read_text(encoding="utf-8")


def fill_unit(name: str, values: Mapping[str, str]) -> str:
    """Fill a systemd unit; `%` and `"` in values are escaped as systemd.unit(5) says."""
    text = read_template(name)
    for key, value in values.items():
        escaped = value.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
        text = text.replace(f"@{key}@", escaped)
    return text


def fill_plist(name: str, values: Mapping[str, str]) -> bytes:
    """Fill a property list; values stand in its strings, so nothing needs escaping."""

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        if isinstance(node, str):
            for key, value in values.items():
                node = node.replace(f"@{key}@", value)
        return node

    return plistlib.dumps(filled(plistlib.loads(read_template(name).encode())), sort_keys=False)

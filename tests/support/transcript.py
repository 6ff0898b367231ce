"""Pages that show commands and what they print: run the commands, put in what they really print.

    PYTHONPATH=tests python -m support.transcript README.md     # writes the page anew if it differs

In a block marked `console`, a line that begins with `$ ` is run in a shell, in the root of the
repository and on one daemon for the whole page; what follows, up to the next such line, is what
it printed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.command import SELFD
from support.daemon import running_daemon

ROOT = Path(__file__).parents[2]
USUAL_FOLDER = "~/.local/share/selfd"
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_CHANGING = (  # what differs from run to run, each with what stands for it in a comparison
    (re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?"), "DATE"),
    (re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{4}\b"), "DATE"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s|min)\b"), "SPAN"),
    (re.compile(r"\b\d+(\.\d+)? (k|M|G)B\b"), "SIZE"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\bimportance 0\.\d\d\b"), "importance SHARE"),  # grows once it was measured
)


def rewritten(page: str) -> str:
    """Return a page with the output of its commands as it is now."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "data"
        with running_daemon(folder):
            return _BLOCK.sub(lambda block: "".join(_outputs(block[0], folder)), page)


def comparable(page: str) -> str:
    """Return a page without what differs from run to run."""
    for pattern, name in _CHANGING:
        page = pattern.sub(name, page)
    return page


def commands(page: str) -> list[str]:
    """Return the commands that a page shows."""
    return [
        line.removeprefix("$ ")
        for block in _BLOCK.findall(page)
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def _outputs(block: str, folder: Path) -> Iterator[str]:
    path = f"{SELFD.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SELFD_DATA_DIR": str(folder)}
    for number, command in enumerate(commands(f"```console\n{block}```\n")):
        yield "\n" * bool(number) + f"$ {command}\n"
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )
        yield done.stdout.replace(str(folder), USUAL_FOLDER)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        before = file.read_text()
        now = rewritten(before)
        if comparable(now) != comparable(before):  # else it is as true as it was
            file.write_text(now)

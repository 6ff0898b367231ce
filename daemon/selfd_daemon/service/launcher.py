"""The start script in the data folder: what the system runs, whatever happens to the environment.

The service's file names this script and never an environment, so that an upgrade or a move of the
environment needs no new install: selfd writes the script anew when it starts from somewhere else.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

SCRIPT = """\
#!/bin/sh
# Written by selfd, which replaces it when it starts from another environment.
umask 077
python={python}
data={data}
# A session's PATH has no place of pipx and uv, and on a Mac none of Homebrew.
PATH="${{PATH:-/usr/bin:/bin}}:${{HOME:-}}/.local/bin:/opt/homebrew/bin:/usr/local/bin"
if "$python" -c "import selfd_daemon" 2>/dev/null; then
    exec "$python" -X faulthandler -m selfd_daemon.cli up --service --data-dir "$data"
fi
if command -v selfd >/dev/null 2>&1; then
    exec selfd up --service --data-dir "$data"
fi
echo "selfd: $python has it no more, and no selfd is on the PATH: install selfd again, then run" \\
    "selfd service install" >&2
exit 0  # a clean end, so that the system does not try again for ever
"""


def script_path(data_folder: Path) -> Path:
    """Return where the script lies."""
    return data_folder / "service" / "start"


def write_script(data_folder: Path, python: Path | None = None) -> Path:
    """Write the script for `python`, by default the one that runs now; return its path."""
    path = script_path(data_folder)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = SCRIPT.format(
        python=shlex.quote(str(python or Path(sys.executable))), data=shlex.quote(str(data_folder))
    )
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.chmod(0o700)
    return part.replace(path)


def refresh_script(data_folder: Path) -> bool:
    """Write the script anew if it is there and names another environment; True when it was."""
    path = script_path(data_folder)
    if not path.exists() or f"python={shlex.quote(sys.executable)}\n" in path.read_text("utf-8"):
        return False
    write_script(data_folder)
    return True


def remove_script(data_folder: Path) -> None:
    """Remove the script and its folder; silent when they are gone."""
    path = script_path(data_folder)
    path.unlink(missing_ok=True)
    if path.parent.exists():
        path.parent.rmdir()

"""The installed `selfd` command, run as a person or a script runs it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SELFD = Path(sys.executable).with_name("selfd")
SECONDS_TO_END = 120.0  # a shared machine may be slow; no test measures this


@dataclass(frozen=True)
class Done:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """`selfd` with its data folder chosen by the environment."""

    folder: Path

    def __call__(
        self, *arguments: str | Path, input: str | bytes = b"", cwd: Path | None = None
    ) -> Done:
        """Run it with pipes, as a script does."""
        done = subprocess.run(
            [SELFD, *map(str, arguments)],
            input=input.encode() if isinstance(input, str) else input,
            capture_output=True,
            env=self._environment(),
            cwd=cwd,
            timeout=SECONDS_TO_END,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def ok(self, *arguments: str | Path, **how: Any) -> Done:
        """Run it and insist that it says it went well."""
        done = self(*arguments, **how)
        assert done.status == 0, done.err
        return done

    def on_a_terminal(self, *arguments: str | Path, typed: str = "") -> tuple[int, str]:
        """Run it on a terminal of its own, type, and return its status and all that it showed."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(self._environment(), TERM="xterm-256color", COLUMNS="100")
            os.execv(SELFD, [str(SELFD), *map(str, arguments)])
        os.write(terminal, typed.encode())
        shown = b""
        until = time.monotonic() + SECONDS_TO_END
        while select.select([terminal], [], [], until - time.monotonic())[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # Linux says so when the last writer has closed it
                break
            if not piece:
                break
            shown += piece
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SELFD_")}
        return {**kept, "SELFD_DATA_DIR": str(self.folder)}

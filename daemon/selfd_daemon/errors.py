"""DaemonError
├── ChildError               a call in a child process failed; the process is fine or replaced
│   ├── ChildTimeoutError    it took longer than it may
│   ├── ChildMemoryError     it needed more memory than it may
│   ├── ChildDiedError       the process ended in the middle of it
│   └── ChildTaskError       the function raised
├── SettingError             a setting breaks its rule, or there is no setting of that name
└── StartError               the daemon cannot start
    ├── AlreadyRunningError  another daemon holds the data folder
    ├── DataFolderError      the data folder cannot be made or written to
    ├── PortError            the port is taken or not ours to open
    └── TokenFileError       others could read the token, or it is not ours
"""

from __future__ import annotations

from pathlib import Path


class DaemonError(Exception):
    """Base of every error that the daemon raises on purpose."""


class ChildError(DaemonError):
    """Base of what a call in a child process can fail with."""


class ChildTimeoutError(ChildError):
    """The work took longer than it may."""


class ChildMemoryError(ChildError):
    """The work needed more memory than it may."""


class ChildDiedError(ChildError):
    """The process ended in the middle of the work."""


class ChildTaskError(ChildError):
    """The function raised; `type` is the name of what it raised."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message or type)
        self.type = type


class SettingError(DaemonError):
    """A setting breaks its rule; `name` is None when the whole file cannot be read."""

    def __init__(self, message: str, *, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class StartError(DaemonError):
    """The daemon cannot start; the message says what to do about it."""


class AlreadyRunningError(StartError):
    """Another daemon holds the data folder; `pid` is None when it left no trace of itself."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        who = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"{who} already serves {str(folder)!r}: stop it with selfd down, "
            "or choose another folder with --data-dir"
        )
        self.folder = folder
        self.pid = pid


class DataFolderError(StartError):
    """The data folder cannot be made or written to."""

    def __init__(self, folder: Path, reason: str, next_step: str) -> None:
        super().__init__(f"cannot use the data folder {str(folder)!r}: {reason}; {next_step}")
        self.folder = folder


class PortError(StartError):
    """The port cannot be opened."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            f"cannot listen on 127.0.0.1:{port}: {reason}; "
            "choose another port with --port N, or --port 0 for any free one"
        )
        self.port = port


class TokenFileError(StartError):
    """The token file is not private; the message holds the command that mends it."""

    def __init__(self, path: Path, reason: str, next_step: str) -> None:
        super().__init__(f"the token file {str(path)!r} {reason}: {next_step}")
        self.path = path

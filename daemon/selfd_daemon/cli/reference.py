"""`python -m selfd_daemon.cli.reference` prints docs/reference/cli.md, made from the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer

from selfd_daemon.cli.entry import app

_HEAD = """# Command line

Results go to stdout, everything else to stderr. The exit status is 0 for done, 1 for refused or
failed, 2 for wrong usage. A known error is one line that names the next step. `--json` prints what
the API returned, for other programs.

Every command takes `--data-dir DIR`: the folder of the daemon that is meant; else it is the
environment's `SELFD_DATA_DIR`, else the platform's own. Times are given as `2026-11-01`,
`2026-11-01T18:00`, or as how long ago: `3d`, `12h`. Ids are those that other commands print, such
as `memory:12`.

This page is generated from the commands: `make docs` writes it anew.
"""
_EVERYWHERE = ("help", "data_dir", "version", "install_completion", "show_completion")


def page() -> str:
    """Return docs/reference/cli.md; a test holds the file to it."""
    root = typer.main.get_command(app)
    parts = [_HEAD]
    for name, command in commands(root, "selfd"):
        parts.append(_section(name, command))
    return "\n".join(parts)


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command below one by its full name, groups before their members."""
    for part, inner in getattr(command, "commands", {}).items():
        yield f"{name} {part}", inner
        yield from commands(inner, f"{name} {part}")


def _section(name: str, command: Any) -> str:
    parameters = [each for each in command.params if each.name not in _EVERYWHERE]
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    options = [each for each in parameters if each.param_type_name == "option"]
    usage = " ".join([name, *(_metavar(each) for each in arguments)])
    lines = [
        f"## {name}",
        "",
        f"    {usage}{' [OPTIONS]' if options else ''}",
        "",
        command.help,
        "",
    ]
    if parameters:
        lines += ["| | |", "| --- | --- |"]
        lines += [f"| `{_metavar(each)}` | {each.help} |" for each in arguments]
        lines += [f"| `{_flags(each)}` | {each.help}{_default(each)} |" for each in options]
        lines.append("")
    return "\n".join(lines)


def _metavar(argument: Any) -> str:
    name = f"{argument.metavar}{'...' if argument.nargs == -1 else ''}"
    return name if argument.required else f"[{name}]"


def _flags(option: Any) -> str:
    flags = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return flags
    return f"{flags} {option.metavar or 'TEXT'}"


def _default(option: Any) -> str:
    if option.is_flag or option.default in (None, [], ()):
        return ""
    return f" Default: {getattr(option.default, 'value', option.default)}."


if __name__ == "__main__":
    sys.stdout.write(page())

"""Completion in zsh from the first Tab on.

zsh reads a completion file as the body of a function, at the first Tab. Typer's only defines there
what completes, so that this Tab does nothing; ours goes on to complete.
"""

from __future__ import annotations

from typer import _completion_shared

_COMPLETES = '\n[[ ${funcstack[1]} == _%(prog_name)s ]] && %(complete_func)s "$@"\n'


def complete_at_the_first_tab() -> None:
    """Add to the script that --show-completion and --install-completion give out for zsh."""
    scripts = _completion_shared._completion_scripts  # there is no public door
    if _COMPLETES not in scripts["zsh"]:
        scripts["zsh"] += _COMPLETES

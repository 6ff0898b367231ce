"""The package's door: what it names, and that it stays light."""

from __future__ import annotations

import subprocess
import sys

import selfd_graphql


def test_all_names_are_there_and_sorted() -> None:
    assert selfd_graphql.__all__ == sorted(selfd_graphql.__all__)
    for name in selfd_graphql.__all__:
        assert hasattr(selfd_graphql, name)


def test_ports_and_documents_come_without_strawberry_and_starlette() -> None:
    code = (
        "import sys, selfd_graphql, selfd_graphql.operations;"
        "print(sorted({'strawberry', 'starlette', 'graphql'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert printed.strip() == "[]"

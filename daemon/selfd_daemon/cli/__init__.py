"""The command line, `selfd`: a command parses, calls the daemon over GraphQL, and prints.

Results go to stdout, everything else to stderr. The exit status is 0 for done, 1 for refused or
failed, 2 for wrong usage. What a command needs is imported inside it, so that help stays instant.
"""

from selfd_daemon.cli.entry import app, main

__all__ = ["app", "main"]

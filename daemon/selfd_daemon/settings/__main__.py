"""`python -m selfd_daemon.settings` prints docs/reference/settings.md, made from the table."""

from __future__ import annotations

import sys

from selfd_daemon.settings.lines import reference_page
from selfd_daemon.settings.table import Settings

if __name__ == "__main__":
    sys.stdout.write(reference_page(Settings.lines()))

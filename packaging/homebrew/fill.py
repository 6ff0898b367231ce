"""Fill the formula in for one release: `python packaging/homebrew/fill.py SDIST URL > selfd.rb`.

SDIST is the source archive that `python -m build --sdist` made, URL where it can be downloaded.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from urllib.parse import urlsplit

TEMPLATE = Path(__file__).with_name("selfd.rb.in")


def formula(archive: Path, url: str) -> str:
    """Return the formula of one release.

    Raises:
        ValueError: the address is not one of https, or does not name the archive.
    """
    address = urlsplit(url)
    if address.scheme != "https" or not address.path.endswith(archive.name):
        raise ValueError(f"{url!r} is no https address of {archive.name}")
    values = {
        "@HOMEPAGE@": f"{address.scheme}://{address.netloc}/",
        "@URL@": url,
        "@SHA256@": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }
    text = TEMPLATE.read_text(encoding="utf-8").partition("\n")[2]  # the first line is about it
    for name, value in values.items():
        text = text.replace(name, value)
    return text


if __name__ == "__main__":
    archive, url = sys.argv[1:]
    sys.stdout.write(formula(Path(archive), url))

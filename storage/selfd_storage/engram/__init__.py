"""Engrams: one portable file that holds a folder bit for bit and can be searched as it is.

`build` makes one, `Engram.open` reads one: search, extract, update, info. Codes are for search; the
bytes that come back are stored chunks, checked by SHA-256.
"""

from selfd_storage.engram.archive import Damage, Engram, EngramInfo, Extracted
from selfd_storage.engram.build import build
from selfd_storage.engram.search import Found

__all__ = ["Damage", "Engram", "EngramInfo", "Extracted", "Found", "build"]

"""Everything that is kept as plain JSON objects, one a line, out of the store and in again.

`Portable` is the store's part for it. An export of an import of an export is that export.
"""

from selfd_storage.portable.conversations import cited_items
from selfd_storage.portable.lines import Outcome, PortableKind
from selfd_storage.portable.part import Portable, portable_kinds
from selfd_storage.portable.reflections import cited_memories

__all__ = ["Outcome", "Portable", "PortableKind", "cited_items", "cited_memories", "portable_kinds"]

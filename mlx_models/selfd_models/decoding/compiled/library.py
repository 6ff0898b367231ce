"""Where the kernels lie, of which sources they are, and whether they were built.

`packaging/build_kernels.py` reads this file by its path, before selfd is installed.
"""

import ctypes
import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
NAME = "kernels.so"

_INT, _POINTER = ctypes.c_int, ctypes.c_void_p
_ARGUMENTS = {
    "selfd_read": [_POINTER, _INT, *[_POINTER] * 4],
    "selfd_encode": [_POINTER, _INT, _INT, *[_POINTER] * 3],
    "selfd_decode": [_POINTER, _INT, _INT, *[_POINTER] * 4],
    "selfd_step": [_POINTER, _INT, _INT, _INT, *[_POINTER] * 6],
    "selfd_multiply": [_POINTER] * 3,
}


def digest(folder: Path) -> str:
    """Hash the sources, to tell whether a library is theirs."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.[ch]")):
        found.update(path.read_bytes())
    return found.hexdigest()


@cache
def kernels() -> ctypes.PyDLL | None:
    """Load the library; None if it was not built, or of other sources than those beside it.

    A call takes less than the interpreter's own turn of 5 ms, so that its lock is kept.
    """
    try:
        found = ctypes.PyDLL(str(FOLDER / NAME))
        told = ctypes.c_char_p.in_dll(found, "selfd_source").value
    except (OSError, ValueError):
        return None
    if told != digest(FOLDER).encode():
        return None
    for name, arguments in _ARGUMENTS.items():
        function = getattr(found, name)
        function.argtypes, function.restype = arguments, None
    return found

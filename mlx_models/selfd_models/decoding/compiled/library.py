"""Where the kernels lie, of which sources they are, and which form is this processor's.

`packaging/build_kernels.py` reads this file by its path, before selfd is installed.
"""

import ctypes
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
NAME = "kernels.so"

# The forms of the kernels by machine, the widest first, and what the compiler is told for each.
_AVX2 = ("-mavx2", "-mfma")
_AVX512 = (*_AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl")
FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {"_avx512": _AVX512, "_avx2": _AVX2, "_plain": ()},
}
ONE_FORM: dict[str, tuple[str, ...]] = {"_plain": ()}

_INT, _POINTER = ctypes.c_int, ctypes.c_void_p
_ARGUMENTS = {
    "read": [_POINTER, _INT, *[_POINTER] * 4],
    "encode": [_POINTER, _INT, _INT, *[_POINTER] * 3],
    "decode": [_POINTER, _INT, _INT, *[_POINTER] * 4],
    "step": [_POINTER, _INT, _INT, _INT, *[_POINTER] * 6],
    "multiply": [_POINTER] * 3,
}

Function = Callable[..., None]


class Kernels(NamedTuple):
    """A form's name, and its functions, as the headers have them."""

    form: str
    read: Function
    encode: Function
    decode: Function
    step: Function
    multiply: Function


def digest(folder: Path) -> str:
    """Hash the sources, to tell whether a library is theirs."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.[ch]")):
        found.update(path.read_bytes())
    return found.hexdigest()


@cache
def kernels(form: str | None = None) -> Kernels | None:
    """Load the library; None if it was not built, or of other sources than those beside it.

    A call takes less than the interpreter's own turn of 5 ms, so that its lock is kept.
    Args: form: this processor's if not given.
    """
    try:
        library = ctypes.PyDLL(str(FOLDER / NAME))
        told = ctypes.c_char_p.in_dll(library, "selfd_source").value
    except (OSError, ValueError):
        return None
    if told != digest(FOLDER).encode():
        return None
    library.selfd_form.restype = ctypes.c_char_p
    form = form or library.selfd_form().decode()
    functions = []
    for name, arguments in _ARGUMENTS.items():
        function = getattr(library, f"selfd_{name}{form}")
        function.argtypes, function.restype = arguments, None
        functions.append(function)
    return Kernels(form, *functions)

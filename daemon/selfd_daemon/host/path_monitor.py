"""macOS: whether the way to the internet is expensive, or the owner asked for low data use.

It is a program of its own, which prints 1 or 0, because a slip in calling a framework by hand ends
the process that makes it, and that must not be the daemon:

    python -m selfd_daemon.host.path_monitor

Sources: Apple's Network/path_monitor.h and Network/path.h (macOS 10.15 and later); the layout of
blocks in memory is that of LLVM's Block-ABI-Apple.
"""

from __future__ import annotations

import ctypes
import sys
from queue import Empty, SimpleQueue

PATIENCE = 1.5  # seconds for the first word of the system; it usually takes some milliseconds
IS_GLOBAL = 1 << 28  # a block without captured variables, which nobody copies or frees
_NETWORK = "/System/Library/Frameworks/Network.framework/Network"
_TELLING = ("nw_path_is_expensive", "nw_path_is_constrained")
_Invoke = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _Descriptor(ctypes.Structure):
    _fields_ = (("reserved", ctypes.c_ulong), ("size", ctypes.c_ulong))


class _Block(ctypes.Structure):
    _fields_ = (
        ("isa", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("invoke", _Invoke),
        ("descriptor", ctypes.POINTER(_Descriptor)),
    )


def is_costly(system: ctypes.CDLL, network: ctypes.CDLL) -> bool | None:
    """Ask for the present path; None where no answer comes in time.

    Args:
        system: libSystem, which has queues and the class of blocks.
        network: the Network framework.
    """
    answers: SimpleQueue[bool] = SimpleQueue()
    tell = [_function(network, name, ctypes.c_bool, 1) for name in _TELLING]

    def hear(_: int | None, path: int | None) -> None:
        answers.put(any(each(path) for each in tell))

    block = _block(system, _Invoke(hear))
    queue = _function(system, "dispatch_get_global_queue", ctypes.c_void_p, 0)
    queue.argtypes = (ctypes.c_long, ctypes.c_ulong)
    monitor = _function(network, "nw_path_monitor_create", ctypes.c_void_p, 0)()
    _function(network, "nw_path_monitor_set_queue", None, 2)(monitor, queue(0, 0))
    _function(network, "nw_path_monitor_set_update_handler", None, 2)(
        monitor, ctypes.addressof(block)
    )
    _function(network, "nw_path_monitor_start", None, 1)(monitor)
    try:
        return answers.get(timeout=PATIENCE)
    except Empty:
        return None
    finally:
        _function(network, "nw_path_monitor_cancel", None, 1)(monitor)


def _function(
    library: ctypes.CDLL, name: str, result: type | None, pointers: int
) -> ctypes._NamedFuncPointer:
    """Return a C function that takes pointers."""
    function = library[name]
    function.restype, function.argtypes = result, (ctypes.c_void_p,) * pointers
    return function


def _block(system: ctypes.CDLL, invoke: ctypes._CFunctionType) -> _Block:
    isa = ctypes.addressof(ctypes.c_void_p.in_dll(system, "_NSConcreteGlobalBlock"))
    descriptor = _Descriptor(0, ctypes.sizeof(_Block))
    return _Block(isa, IS_GLOBAL, 0, invoke, ctypes.pointer(descriptor))


def main() -> None:
    """Print 1 where the path is costly, 0 where not, nothing where the system does not say."""
    if sys.platform != "darwin":
        return
    found = is_costly(ctypes.CDLL(None), ctypes.CDLL(_NETWORK))
    if found is not None:
        sys.stdout.write(f"{int(found)}\n")


if __name__ == "__main__":
    main()

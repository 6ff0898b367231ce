"""No icon in the Dock: on macOS an app of the menu bar is an accessory."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys

_ACCESSORY = 1  # NSApplicationActivationPolicyAccessory, as LSUIElement in an Info.plist


def leave_the_dock() -> None:
    """Make this process an accessory; elsewhere than on macOS nothing is to be done.

    Qt has no call for it, so the Objective-C runtime is asked. It comes after the QApplication,
    which makes the NSApplication.
    """
    if sys.platform != "darwin":
        return
    objc = ctypes.cdll.LoadLibrary(ctypes.util.find_library("objc") or "libobjc.dylib")
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    objc.objc_getClass.argtypes = objc.sel_registerName.argtypes = [ctypes.c_char_p]
    send = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    send_number = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long)
    address = ctypes.cast(objc.objc_msgSend, ctypes.c_void_p).value
    assert address is not None
    shared = send(address)(
        objc.objc_getClass(b"NSApplication"), objc.sel_registerName(b"sharedApplication")
    )
    send_number(address)(shared, objc.sel_registerName(b"setActivationPolicy:"), _ACCESSORY)

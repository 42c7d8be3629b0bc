"""Machine code as a built-in function of Python: a call costs 0.1 us, through ctypes 0.5 us."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

METH_FASTCALL = 0x80


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


#: CPython keeps pointers to them.
_methods: list[_Method] = []


def builtin(address: int, own: int) -> Callable[..., Any]:
    """The function at the address, whose C signature is that of METH_FASTCALL; its ``self`` is the
    number ``own``."""
    method = _Method(b"launch", address, METH_FASTCALL, None)
    _methods.append(method)
    create = ctypes.pythonapi.PyCFunction_NewEx
    create.restype = ctypes.py_object
    create.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    function: Callable[..., Any] = create(ctypes.addressof(method), own, None)
    return function

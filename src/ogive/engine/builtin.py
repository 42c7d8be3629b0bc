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


def builtin(address: int) -> Callable[..., Any]:
    """The function at the address, whose C signature is that of METH_FASTCALL.

    It runs with the interpreter lock held: for work of a few microseconds.
    """
    method = _Method(b"kernel", address, METH_FASTCALL, None)
    _methods.append(method)
    create = ctypes.pythonapi.PyCFunction_NewEx
    create.restype, create.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
    function: Callable[..., Any] = create(ctypes.addressof(method), None, None)
    return function

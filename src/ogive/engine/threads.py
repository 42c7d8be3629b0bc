"""Kernels on torch's own threads, so that two pools never compete for the processor's cores.

A kernel's region is a function ``f(arguments, thread, threads)`` that does one thread's share.
torch's OpenMP library runs it as it runs torch's operators; torch.set_num_threads holds for it.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import torch

from ogive.engine import compiler

Pool = Callable[[int, int, int], None]

_Function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
# OpenMP starts functions of one argument, which do not know their thread. The two functions that
# tell it arrive as pointers: code that goes to the disk must not contain addresses.
ENTRY = """
define void @enter(ptr %call) {
  %arguments.at = getelementptr ptr, ptr %call, i64 1
  %thread.at = getelementptr ptr, ptr %call, i64 2
  %threads.at = getelementptr ptr, ptr %call, i64 3
  %region = load ptr, ptr %call
  %arguments = load ptr, ptr %arguments.at
  %get_thread = load ptr, ptr %thread.at
  %get_threads = load ptr, ptr %threads.at
  %thread = call i32 %get_thread()
  %threads = call i32 %get_threads()
  %thread.wide = sext i32 %thread to i64
  %threads.wide = sext i32 %threads to i64
  call void %region(ptr %arguments, i64 %thread.wide, i64 %threads.wide)
  ret void
}
"""

_forked = False


def available() -> int:
    """How many threads a call may use now: torch's number, but 1 in a child made by a fork."""
    return 1 if _forked else torch.get_num_threads()


def run(address: int, arguments: int, threads: int) -> None:
    """Runs the region at this address on at most so many threads, and waits for all of them."""
    if threads == 1 or _forked:
        _Function(address)(arguments, 0, 1)
    else:
        pool()(address, arguments, threads)


@lru_cache(maxsize=1)
def pool() -> Pool:
    """What runs a region on several threads: torch's OpenMP library, else Python's threads."""
    library = openmp()
    return PythonThreads() if library is None else OpenMP(library)


def openmp() -> ctypes.CDLL | None:
    """The OpenMP library that torch runs its operators on, if it speaks GCC's dialect.

    The loader binds torch's calls to the first library that the whole process can see, which is
    another one than torch's own if a user preloads it, and otherwise to the one torch depends on.
    """
    if os.name == "nt":
        return None
    for name in (None, str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so")):
        with suppress(OSError):
            library = ctypes.CDLL(name)
            if hasattr(library, "GOMP_parallel") and hasattr(library, "omp_get_thread_num"):
                return library
    return None


class OpenMP:
    """Regions on the threads of an OpenMP library; it may give a region fewer than asked for."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._parallel = library.GOMP_parallel
        self._parallel.argtypes = (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_uint,
        )
        self._parallel.restype = None
        self._entry = compiler.load(ENTRY, "threads").address("enter")
        self._thread = _address(library.omp_get_thread_num)
        self._threads = _address(library.omp_get_num_threads)
        self._call = ctypes.c_void_p * 4

    def __call__(self, address: int, arguments: int, threads: int) -> None:
        call = self._call(address, arguments, self._thread, self._threads)
        self._parallel(self._entry, call, threads, 0)


def _address(function: object) -> int:
    found = ctypes.cast(function, ctypes.c_void_p).value  # type: ignore[arg-type]
    assert found is not None
    return found


class PythonThreads:
    """Regions on threads of Python's, where torch's are out of reach; ctypes releases the GIL."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="ogive")

    def __call__(self, address: int, arguments: int, threads: int) -> None:
        region = _Region(address, arguments, threads)
        started = []
        try:
            for thread in range(1, threads):
                try:
                    started.append(self._executor.submit(region.share, thread))
                except RuntimeError:  # no thread is to be had, as when the interpreter ends
                    region.share(thread)
            region.share(0)
            wait(started)
        finally:
            region.leave()


class _Region:
    """A region that several threads run; the memory it works on is safe to free after leave()."""

    def __init__(self, address: int, arguments: int, threads: int) -> None:
        self._function = _Function(address)
        self._arguments = arguments
        self._threads = threads
        self._open = set(range(threads))
        self._running = set[object]()

    def share(self, thread: int) -> None:
        """One thread's share, unless it was begun before or the caller has left."""
        # known as running before it looks for work, so that leave() waits for whoever found some
        run = object()
        self._running.add(run)
        try:
            self._open.remove(thread)
            self._function(self._arguments, thread, self._threads)
        except KeyError:
            pass
        finally:
            self._running.discard(run)

    def leave(self) -> None:
        """Lets no share begin any more and waits for those that run: a KeyboardInterrupt may have
        ended the caller's wait."""
        self._open.clear()
        while self._running:
            with suppress(KeyboardInterrupt):
                time.sleep(0.0001)


def _in_child() -> None:
    """The threads of the pool stay with the parent; waiting for them would never end."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

"""Kernels on torch's own threads, so that two pools never compete for the processor's cores.

A kernel's region is a function ``f(arguments, thread, threads)`` that does one thread's share; its
arguments are 64-bit numbers, one behind the other. torch's OpenMP library runs it as it runs
torch's operators; torch.set_num_threads holds for it.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import torch

from ogive.engine.cpu import compiler
from ogive.engine.cpu.trampoline import builtin

#: The fewest elements worth waking another thread for.
SHARE = 8192
#: ``pool(region, threads, *numbers)`` runs the region at this address on at most so many threads
#: and waits for all of them; the numbers are the region's arguments. 0 threads are the caller's
#: own, which keeps the interpreter's lock: for work of a few microseconds.
Pool = Callable[..., object]

_Function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
# OpenMP starts functions of one argument, which do not know their thread. Its functions arrive as
# pointers: code that goes to the disk must not contain addresses.
LAUNCH = """
declare i64 @PyLong_AsLongLong(ptr)
declare ptr @PyLong_AsVoidPtr(ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare void @Py_IncRef(ptr)

define internal void @enter(ptr %call) {
  %arguments.at = getelementptr ptr, ptr %call, i64 1
  %library.at = getelementptr ptr, ptr %call, i64 2
  %region = load ptr, ptr %call
  %arguments = load ptr, ptr %arguments.at
  %library = load ptr, ptr %library.at
  %thread.at = getelementptr ptr, ptr %library, i64 1
  %threads.at = getelementptr ptr, ptr %library, i64 2
  %get_thread = load ptr, ptr %thread.at
  %get_threads = load ptr, ptr %threads.at
  %thread = call i32 %get_thread()
  %threads = call i32 %get_threads()
  %thread.wide = sext i32 %thread to i64
  %threads.wide = sext i32 %threads to i64
  call void %region(ptr %arguments, i64 %thread.wide, i64 %threads.wide)
  ret void
}

define ptr @launch(ptr %self, ptr %given, i64 %n) {
entry:
  %first = load ptr, ptr %given
  %second.at = getelementptr ptr, ptr %given, i64 1
  %second = load ptr, ptr %second.at
  %rest = getelementptr ptr, ptr %given, i64 2
  %region = call ptr @PyLong_AsVoidPtr(ptr %first)
  %threads = call i64 @PyLong_AsLongLong(ptr %second)
  %count = sub i64 %n, 2
  %arguments = alloca i64, i64 %count
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %take ]
  %more = icmp ult i64 %i, %count
  br i1 %more, label %take, label %choose
take:
  %number.at = getelementptr ptr, ptr %rest, i64 %i
  %number = load ptr, ptr %number.at
  %value = call i64 @PyLong_AsLongLong(ptr %number)
  %to = getelementptr i64, ptr %arguments, i64 %i
  store i64 %value, ptr %to
  %next = add i64 %i, 1
  br label %head
choose:
  %held = icmp eq i64 %threads, 0
  br i1 %held, label %brief, label %release
brief:
  call void %region(ptr %arguments, i64 0, i64 1)
  br label %done
release:
  %lock = call ptr @PyEval_SaveThread()
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %single, label %parallel
single:
  call void %region(ptr %arguments, i64 0, i64 1)
  br label %return
parallel:
  %library = call ptr @PyLong_AsVoidPtr(ptr %self)
  %call = alloca [3 x ptr]
  %arguments.at = getelementptr ptr, ptr %call, i64 1
  %library.at = getelementptr ptr, ptr %call, i64 2
  store ptr %region, ptr %call
  store ptr %arguments, ptr %arguments.at
  store ptr %library, ptr %library.at
  %start = load ptr, ptr %library
  %wanted = trunc i64 %threads to i32
  call void %start(ptr @enter, ptr %call, i32 %wanted, i32 0)
  br label %return
return:
  call void @PyEval_RestoreThread(ptr %lock)
  br label %done
done:
  call void @Py_IncRef(ptr %first)
  ret ptr %first
}
"""

_forked = False


def workers(count: int) -> int:
    """How many threads run a kernel over so many elements now; 0 is no other, see Pool.

    At most torch's number, and 1 in a child made by a fork: the threads stay with the parent.
    """
    if count <= SHARE:
        return 0
    return 1 if count < 2 * SHARE or _forked else min(count // SHARE, torch.get_num_threads())


@lru_cache(maxsize=1)
def pool() -> Pool:
    """What runs regions: torch's OpenMP library, else Python's threads."""
    library = openmp()
    return PythonThreads() if library is None else launcher(library)


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


def launcher(library: ctypes.CDLL | None) -> Pool:
    """The pool of an OpenMP library, which may give a region fewer threads than asked for; without
    a library, of no more than one thread."""
    names = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads") if library else ()
    functions = [ctypes.cast(getattr(library, name), ctypes.c_void_p) for name in names]
    table = (ctypes.c_void_p * 3)(*(f.value for f in functions))
    _tables.append(table)
    code = compiler.load(LAUNCH, "threads")
    return builtin(code.address("launch"), ctypes.addressof(table))


#: Launchers keep their addresses.
_tables: list[object] = []


class PythonThreads:
    """Regions on threads of Python's, where torch's are out of reach; ctypes releases the GIL."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="ogive")
        self._alone = launcher(None)

    def __call__(self, address: int, threads: int, *numbers: int) -> None:
        if threads <= 1:
            self._alone(address, threads, *numbers)
        else:
            self._share(_Region(address, numbers, threads), threads)

    def _share(self, region: _Region, threads: int) -> None:
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

    def __init__(self, address: int, numbers: Sequence[int], threads: int) -> None:
        self._function = _Function(address)
        self._arguments = (ctypes.c_int64 * len(numbers))(*numbers)
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
            self._function(ctypes.addressof(self._arguments), thread, self._threads)
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

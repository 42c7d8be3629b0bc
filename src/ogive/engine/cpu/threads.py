"""Kernels on torch's own threads, so that two pools never compete for the processor's cores.

A kernel's region is a function ``f(arguments, thread, threads)`` that does one thread's share; its
arguments are 64-bit numbers, one behind the other. torch's OpenMP library runs it as it runs
torch's operators; torch.set_num_threads holds for it.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from pathlib import Path

import torch

from ogive.engine.cpu import compiler
from ogive.engine.cpu.trampoline import builtin
from ogive.printers.llvm import I32, I64, POINTER, VOID, Function, Module, Register
from ogive.process import born_forked, forked

#: The fewest elements worth waking another thread for.
SHARE = 8192
#: ``pool(region, threads, *numbers)`` runs the region at this address on at most so many threads
#: and waits for all of them; the numbers are the region's arguments. 0 threads are the caller's
#: own, which keeps the interpreter's lock: for work of a few microseconds.
Pool = Callable[..., object]

_Function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def _text() -> str:
    """``launch``, a built-in function whose ``self`` is a library's three functions; given a
    region, a number of threads and the region's arguments.

    The functions arrive as pointers: code that goes to the disk must not contain addresses.
    """
    module = Module()
    module.define("enter", {"call": POINTER}, _enter, "")
    inputs = {"self": POINTER, "given": POINTER, "n": I64}
    module.define("launch", inputs, _launch, "", "")
    return module.text()


def _enter(f: Function, call: Register) -> None:
    """What OpenMP starts: a function of one argument, which does not know its thread."""
    region, arguments, library = (call.slot(k, POINTER) for k in range(3))
    thread, threads = (f.indirect(library.slot(k, POINTER), I32).to("i64", "sext") for k in (1, 2))
    f.indirect(region, VOID, arguments, thread, threads)


def _launch(f: Function, own: Register, given: Register, n: Register) -> Register:
    first, second = given.slot(0, POINTER), given.slot(1, POINTER)
    region = f.foreign("PyLong_AsVoidPtr", POINTER, first)
    threads = f.foreign("PyLong_AsLongLong", I64, second)
    count, rest = n - 2, given.at(2, "ptr")
    arguments = f.stack("i64", 8, count)
    with f.when(count.compare("ne", 0)), f.loop(count) as i:
        number = f.foreign("PyLong_AsLongLong", I64, rest.slot(i, POINTER))
        arguments.at(i, "i64").store(number, 8)
    alone = (arguments, n.number(0), n.number(1))
    blocks = ("brief", "release", "single", "parallel", "restore", "done")
    brief, release, single, parallel, restore, done = map(f.block, blocks)
    f.branch(threads.compare("eq", 0), brief(), release())
    f.begin(brief)
    f.indirect(region, VOID, *alone)
    f.jump(done())
    f.begin(release)
    lock = f.foreign("PyEval_SaveThread", POINTER)
    f.branch(threads.compare("eq", 1), single(), parallel())
    f.begin(single)
    f.indirect(region, VOID, *alone)
    f.jump(restore())
    f.begin(parallel)
    library, call = f.foreign("PyLong_AsVoidPtr", POINTER, own), f.stack("[3 x ptr]", 8)
    for k, part in enumerate((region, arguments, library)):
        call.at(k, "ptr").store(part, 8)
    wanted, enter = threads.to("i32", "trunc"), Register(f, POINTER, "@enter")
    f.indirect(library.slot(0, POINTER), VOID, enter, call, wanted, wanted.number(0))
    f.jump(restore())
    f.begin(restore)
    f.foreign("PyEval_RestoreThread", VOID, lock)
    f.jump(done())
    f.begin(done)
    f.foreign("Py_IncRef", VOID, first)
    return first


@contextmanager
def limited_to(count: int | None) -> Iterator[None]:
    """Lets torch, and kernels, compute with so many threads in the block; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def waiting_for_nobody() -> Iterator[None]:
    """Lets torch's operators wait for no thread that stayed with the parent of a fork: for ogive's
    own work, which is on larger tensors than the caller's may be."""
    with limited_to(1) if born_forked() else nullcontext():
        yield


def workers(count: int) -> int:
    """How many threads run a kernel over so many elements now; 0 is no other, see Pool.

    At most torch's number, and 1 in a child made by a fork: the threads stay with the parent.
    """
    if count <= SHARE:
        return 0
    return 1 if count < 2 * SHARE or _forked else min(count // SHARE, torch.get_num_threads())


@lru_cache(maxsize=1)
def pool() -> Pool:
    """What runs regions: torch's OpenMP library, else Python's threads, as in the child of a fork:
    OpenMP would wait there for threads that stayed with the parent."""
    library = None if born_forked() else openmp()
    return PythonThreads() if library is None else launcher(library)


def openmp() -> ctypes.CDLL | None:
    """The OpenMP library that torch runs its operators on, if it has the functions of GCC's.

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
    launch = compiler.load(_text(), "threads").address("launch")
    _held.extend((table, launch))
    return builtin(launch, ctypes.addressof(table))


#: What launchers know the addresses of.
_held: list[object] = []


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
                except RuntimeError:  # no thread can be started, as when the interpreter ends
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


def _alone() -> None:
    """Gives torch one thread in a child of a fork, as its DataLoader does: its operators, which the
    trial of an arithmetic and the eager engine run, would wait for the parent's threads forever."""
    global _forked
    _forked = True
    torch.set_num_threads(1)


_forked = False
if forked():
    _alone()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alone)

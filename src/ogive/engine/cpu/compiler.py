"""LLVM's textual language in, addresses of machine code out.

llvmlite optimises a module for the processor at hand and links it into the process. The machine
code is kept on the disk (cache.py), under a hash of everything that determines it; code from the
disk and fresh code are linked the same way and are the same bytes.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from ogive.engine import cache
from ogive.errors import EngineError

# To be raised whenever the same text would be compiled differently than before.
_PROCEDURE = 2
#: How the text of a module begins that is vectors straight down the page, with nothing to be moved
#: out of its loops. What the passes below make of it is as fast as what all of level 2 makes, in a
#: third of the time.
STRAIGHT = "; straight\n"
#: How the text begins of a module that is run once, in a trial. It is compiled in less than half of
#: the time, to code that takes twice as long and gives the same bits: nothing in a kernel's text
#: lets LLVM compute otherwise than is written.
ONCE = "; once\n"
_PASSES = {
    STRAIGHT: (
        *("always_inliner", "simplify_cfg", "sroa", "instruction_combine", "new_gvn"),
        *("aggressive_dce", "simplify_cfg"),
    ),
    ONCE: ("always_inliner", "simplify_cfg", "sroa"),
}

_T = TypeVar("_T")

# Held during every use of LLVM. Reentrant, because a thread that forks takes it as well.
_lock = threading.RLock()
#: What is linked, by the digest of its text.
_libraries: WeakValueDictionary[bytes, Library] = WeakValueDictionary()
#: What nobody holds any more; it is unloaded under the lock, for which no finaliser may wait.
_unheld: list[object] = []
_numbers = count()


class Library:
    """A module that is linked into the process, and stays there as long as this, or the address of
    one of its functions, is held."""

    def __init__(self, name: str, linker: Any, link: Any) -> None:
        self.name = name
        self._linker = linker
        # LLVM unloads what nobody holds
        self._links = [link]

    def __del__(self) -> None:
        _unheld.append(self._links)

    def address(self, symbol: str) -> Address:
        """Where a function of the module starts."""
        return _uninterrupted(lambda: self._look_up(symbol))

    def _look_up(self, symbol: str) -> Address:
        with _lock:
            try:
                link = self._linker.lookup(self.name, symbol)
            except RuntimeError as error:
                raise EngineError(
                    f"no address for the kernel's function {symbol!r}: {error}"
                ) from None
            self._links.append(link)
            return Address(link[symbol], self)


class Address(int):
    """Where a function starts, which it does as long as this is held."""

    _library: Library

    def __new__(cls, number: int, library: Library) -> Address:
        address = super().__new__(cls, number)
        address._library = library
        return address


class Toolchain:
    """llvmlite, set up for the processor at hand."""

    def __init__(self) -> None:
        llvm = _llvmlite()
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._llvm = llvm
        self._cpu, self._features = _processor(llvm)
        self._machine = self._target_machine()
        self._hasty_machine = self._target_machine(opt=0)
        # RuntimeDyld, the older linker, may place a kernel out of reach of its constants; but it
        # is the one that knows Windows
        self._linker = llvm.create_lljit_compiler(
            self._target_machine(), use_jit_link=os.name != "nt", suppress_errors=True
        )

    def _target_machine(self, opt: int = 3) -> Any:
        return self._llvm.Target.from_default_triple().create_target_machine(
            cpu=self._cpu,
            features=self._features,
            opt=opt,
            reloc="pic",
            codemodel="default",
            jit=True,
        )

    def key(self, source: str) -> str:
        """A hash of everything that determines the machine code."""
        llvm_version = ".".join(map(str, self._llvm.llvm_version_info))
        llvmlite_version = importlib.import_module("llvmlite").__version__
        parts = (
            f"procedure {_PROCEDURE}",
            f"llvmlite {llvmlite_version}, LLVM {llvm_version}",
            self._machine.triple,
            self._cpu,
            self._features,
            source,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def compile(self, source: str) -> bytes:
        """Machine code, as an object file."""
        try:
            module = self._llvm.parse_assembly(source, context=self._llvm.create_context())
            module.triple = self._machine.triple
            module.data_layout = str(self._machine.target_data)
            module.verify()
        except RuntimeError as error:
            raise EngineError(
                f"LLVM refuses a kernel: {str(error).strip()}; this is a fault of ogive's or an "
                "llvmlite too old for it: update both with: pip install -U ogive llvmlite"
            ) from error
        self._optimise(module, source)
        machine = self._hasty_machine if source.startswith(ONCE) else self._machine
        code: bytes = machine.emit_object(module)
        return code

    def _optimise(self, module: Any, source: str) -> None:
        # kernels are written in vectors already: looking for more took a third of the time
        options = self._llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = False
        options.slp_vectorization = False
        options.loop_unrolling = False
        passes = self._llvm.create_pass_builder(self._machine, options)
        few = next((few for start, few in _PASSES.items() if source.startswith(start)), None)
        manager = self._few_passes(few) if few else passes.getModulePassManager()
        manager.run(module, passes)
        self._free(manager)

    def _few_passes(self, names: Sequence[str]) -> Any:
        manager = self._llvm.create_new_module_pass_manager()
        for name in names:
            getattr(manager, f"add_{name}_pass")()
        return manager

    def _free(self, manager: Any) -> None:
        """Gives back 90 kB, which llvmlite 0.46 to 0.50 keep for ever: one base of a manager of
        modules hides the method of the other that frees it. These names are llvmlite's own; without
        them the memory stays where it is."""
        with suppress(AttributeError):
            if type(manager)._dispose is self._llvm.ffi.ObjectRef._dispose:
                self._llvm.newpassmanagers.NewPassManager._dispose(manager)

    def link(self, code: bytes) -> Library:
        """Places machine code in the process."""
        builder = self._llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        # a name cannot be used twice, not even after a failure
        name = f"ogive{next(_numbers)}"
        try:
            return Library(name, self._linker, builder.link(self._linker, name))
        except RuntimeError as error:
            raise EngineError(
                f"a compiled kernel could not be loaded: {error}; where the system forbids memory "
                "that is first written and then executed, compiled kernels cannot be used"
            ) from error


#: The processors besides this one that ``OGIVE_CPU`` can name, and what they need.
LEVELS = {
    "x86-64-v3": ("avx2", "bmi2", "f16c", "fma"),
    "x86-64-v4": ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
}


def _processor(llvm: Any) -> tuple[str, str]:
    """The processor to compile for, and what it can do beyond what its name says."""
    features = llvm.get_host_cpu_features()
    wanted = os.environ.get("OGIVE_CPU")
    if not wanted:
        return llvm.get_host_cpu_name(), ",".join(sorted(features.flatten().split(",")))
    if wanted not in LEVELS:
        raise EngineError(
            f"OGIVE_CPU is {wanted!r}; it can be {' or '.join(LEVELS)}, or be left out for the "
            "processor at hand"
        )
    missing = [f for f in LEVELS[wanted] if not features.get(f)]
    if missing:
        raise EngineError(
            f"OGIVE_CPU is {wanted}, but this processor has no {', '.join(missing)}; leave it out"
        )
    return wanted, ""


def _llvmlite() -> Any:
    try:
        return importlib.import_module("llvmlite.binding")
    except (ImportError, OSError) as error:
        raise EngineError(
            f"compiled kernels on the CPU need llvmlite, which could not be loaded ({error}); "
            "install it with: pip install llvmlite"
        ) from error


_toolchain = lru_cache(maxsize=1)(Toolchain)


def available() -> None:
    """Raises an EngineError where kernels cannot be compiled."""
    _uninterrupted(_locked_toolchain)


def _locked_toolchain() -> Toolchain:
    with _lock:
        return _toolchain()


def load(source: str, label: str = "") -> Library:
    """The module linked into the process: from memory, else from the disk, else compiled.

    The label tells people who look at the cache what the module is.
    """
    digest = hashlib.sha256(source.encode()).digest()
    found = _libraries.get(digest)
    if found is None:
        return _uninterrupted(lambda: _load(digest, source, label))
    return found


def _load(digest: bytes, source: str, label: str) -> Library:
    with _lock:
        _unheld.clear()
        found = _libraries.get(digest)
        if found is None:
            toolchain = _toolchain()
            found = _libraries[digest] = toolchain.link(_code(toolchain, source, label))
        return found


def _code(toolchain: Toolchain, source: str, label: str) -> bytes:
    key = toolchain.key(source)
    code = cache.fetch(key)
    if code is None:
        code = toolchain.compile(source)
        cache.put(key, code, label)
    return code


def _uninterrupted(work: Callable[[], _T]) -> _T:
    """The work done where no KeyboardInterrupt can reach it, so that no lock stays taken.

    Signals interrupt the main thread only. There, the work is done by a thread of its own; if the
    wait for it is interrupted, the work still ends, and the next call finds what it made.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: list[_T] = []
    failed: list[BaseException] = []
    thread = threading.Thread(target=_keep, args=(work, done, failed), name="ogive compiler")
    try:
        thread.start()
    except RuntimeError:  # no thread is to be had, as when the interpreter shuts down
        return work()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def _keep(work: Callable[[], _T], done: list[_T], failed: list[BaseException]) -> None:
    try:
        done.append(work())
    except BaseException as error:
        failed.append(error)


if hasattr(os, "register_at_fork"):
    # a child must find LLVM between two uses, not in the middle of one by a thread it has not got
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )

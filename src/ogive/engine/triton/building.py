"""From the text of a module to kernels: compiled for a GPU, or run by Triton's interpreter."""

from __future__ import annotations

import hashlib
import linecache
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import torch

from ogive.engine.triton import interpreter, kept, stored
from ogive.engine.triton.kernel_noise import noise_functions
from ogive.errors import EngineError
from ogive.printers.triton_operations import ADDITION

#: Threads of a program of the grid, of which it may have up to 1,024.
THREADS = 128
#: The programs of a grid in its dimensions, on CUDA, the narrowest. A program moves 2 KiB and more,
#: so the first is beyond what memory holds.
MOST_PROGRAMS = (2**31 - 1, 65_535, 65_535)
#: Registers of a thread that leave room for 16 warps on each of a processor's 64K.
MOST_REGISTERS = 128
#: Fused multiply-adds are written where they are wanted; no others may be made.
NO_FUSION = {"enable_fp_fusion": False}


def installed() -> bool:
    """Whether triton can be imported; it is not yet."""
    return find_spec("triton") is not None


def interpreting() -> bool:
    """Whether kernels are interpreted, for tensors in the CPU's memory."""
    return os.environ.get("TRITON_INTERPRET", "0").lower() in ("1", "true", "yes", "on")


@lru_cache(maxsize=4096)
def built_kernel(text: str, name: str, label: str, interpreted: bool) -> Any:
    """The kernel of this name in the text of a module.

    Args:
        label: what it is called in tracebacks.
        interpreted: whether it is to run in the interpreter.
    """
    scope = _scope(interpreted)
    known = stored.functions(interpreted) | noise_functions()
    used = dict.fromkeys(t for n, t in known.items() if f"{n}(" in text)
    whole = "\n\n\n".join([*used, text])
    digest = hashlib.sha256(whole.encode()).hexdigest()[:16]
    filename = f"<ogive triton {label} {digest}>"
    # triton reads the source of a function again
    linecache.cache[filename] = (len(whole), None, whole.splitlines(keepends=True), filename)
    exec(compile(whole, filename, "exec"), scope)
    made = scope[name]
    if interpreted:
        return interpreter.interpreted(made)
    made.label, made.digest = label, hashlib.sha256((REDUCTIONS + whole).encode()).hexdigest()
    return made


def _scope(interpreted: bool) -> dict[str, Any]:
    """The names that a module of kernels may use."""
    import triton.language as tl

    if interpreted:
        reductions = {"SUM": tl.standard._sum_combine, "LARGEST": tl.standard._elementwise_max}
        jit: Callable[[Any], Any] = lambda function: function  # noqa: E731
        return {
            "__name__": "ogive.kernels",
            "triton": SimpleNamespace(jit=jit),
            "tl": tl,
            "libdevice": interpreter.LibdeviceByNumpy(),
            **reductions,
        }
    from triton.language.extra import libdevice

    scope = {
        "__name__": "ogive.kernels",
        "triton": SimpleNamespace(jit=_function_class()),
        "tl": tl,
        "libdevice": libdevice,
    }
    text, filename = REDUCTIONS, "<ogive triton reductions>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), scope)
    return scope


@cache
def _function_class() -> Any:
    """Functions of Triton's that are kept in ogive's own store when they are compiled."""
    from triton.runtime.jit import JITFunction

    class Kept(JITFunction):  # type: ignore[misc]
        def create_binder(self) -> Any:
            made = super().create_binder()
            self.compile = kept.compiled_source
            return made

    return Kept


REDUCTIONS = f"""{ADDITION}


@triton.jit
def LARGEST(a, b):
    return tl.maximum(a, b, propagate_nan=tl.PropagateNan.ALL)
"""


def start(
    kernel: Any,
    grid: tuple[int, ...],
    arguments: Sequence[Any],
    constants: Mapping[str, Any],
    device: torch.device,
    threads: int = THREADS,
) -> None:
    """Starts the kernel on the current stream of a device, or runs it in the interpreter."""
    if device.type == "cpu":
        with interpreter.fused_exactly():
            kernel[grid](*arguments, **constants)
        return
    with _current(device):
        kernel[grid](*arguments, **constants, **_options(threads, device))


def compile_for(
    kernel: Any,
    arguments: Sequence[Any],
    constants: Mapping[str, Any],
    device: torch.device,
    threads: int = THREADS,
) -> bool:
    """Compiles the kernel for arguments like these, of which dtypes stand for results to come.

    Returns:
        Whether it is crowded.

    Raises:
        EngineError: where triton cannot.
    """
    if device.type == "cpu":
        return False
    try:
        with _current(device):
            options = _options(threads, device)
            made = kernel.warmup(*arguments, grid=(1,), **constants, **options)
            made.run  # noqa: B018 - loads the code onto the device
    except Exception as error:
        words = " ".join(str(error).split())[:200]
        raise EngineError(
            f"triton cannot compile kernels for {device} ({type(error).__name__}: {words}); it "
            f"needs a C compiler, and a release that knows the GPU"
        ) from error
    return crowded(made.n_regs, made.n_spills)


def crowded(registers: int, spills: int) -> bool:
    """Whether a thread has more in hand than leaves room for others."""
    return registers > MOST_REGISTERS or spills > 0


def _options(threads: int, device: torch.device) -> dict[str, Any]:
    return {"num_warps": threads // lanes(device), **NO_FUSION}


@lru_cache(maxsize=64)
def lanes(device: torch.device) -> int:
    """The threads of a warp: 32, but 64 of AMD's GPUs for computing."""
    properties = torch.get_device_module(device).get_device_properties(device)
    return int(getattr(properties, "warp_size", 32))


def _current(device: torch.device) -> Any:
    """The device as the current one, which is where triton starts kernels."""
    if device.index is None or device.index == torch.accelerator.current_device_index():
        return nullcontext()
    return torch.accelerator.device_index(device.index)

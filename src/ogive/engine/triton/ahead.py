"""Kernels compiled for a GPU that need not be here: what they would run there, to be looked at."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from ogive.catalogue import Spec, resolve
from ogive.engine import philox
from ogive.engine.triton import building, compilation, flat, kept
from ogive.engine.triton.precision import triton_arithmetic
from ogive.engine.triton.rows_ahead import compiled_rows
from ogive.engine.triton.tensors import Accessed
from ogive.errors import EngineError, OgiveError
from ogive.expr import Program

#: How Triton calls what a pointer points at.
POINTERS = {"float64": "fp64", "float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
GpuTarget = tuple[str, int | str]
#: How architectures are called, by the kind of GPU.
_ARCHITECTURES = {"cuda": int, "hip": str}
NO_NOISE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class CompiledKernel:
    """A kernel as machine code for one kind of GPU.

    Attributes:
        name: the program's.
        target: the GPU, as Triton names it.
        source: the text in Triton's language.
        ptx: the text that ptxas assembles; for AMD's GPUs their assembly.
        n_regs: registers of a thread.
        n_spills: words of a thread that did not fit into registers and lie in memory.
        elements: of a tensor that one thread computes.
        binary: the machine code.
    """

    name: str
    target: GpuTarget
    source: str = field(repr=False)
    ptx: str = field(repr=False)
    n_regs: int
    n_spills: int
    elements: int
    binary: bytes = field(repr=False)


def compiled(
    name: str,
    dtype: torch.dtype = torch.bfloat16,
    order: int = 0,
    target: GpuTarget = ("cuda", 90),
) -> CompiledKernel | list[CompiledKernel]:
    """The kernel of an activation for contiguous tensors, compiled without a GPU; of a function of
    rows, for rows of 4,096 elements.

    Args:
        name: of the activation, as ``ogive.get`` takes it; parameters are at their defaults.
        dtype: of the tensors: float64, float32, bfloat16 or float16.
        order: 0 for the function, 1 for the kernel of its backward, 2 for that of its backward's.
        target: the GPU: ``("cuda", 90)`` for an H100, ``("cuda", 100)`` for a B200,
            ``("hip", "gfx942")`` for an MI300.

    Returns:
        The kernel, with ``source``, ``ptx``, ``n_regs`` and ``n_spills``; a list of them where a
        call takes several.

    Raises:
        OgiveError: for arguments other than these.
        EngineError: where triton is not installed, or cannot compile for the target.

    Example:
        >>> import ogive, torch
        >>> kernel = ogive.engine.compiled("silu", dtype=torch.bfloat16)
        >>> kernel.n_spills, "v4.b32" in kernel.ptx
        (0, True)
    """
    spec, preset = resolve(name)
    _check(dtype, order, target)
    if not building.installed():
        raise EngineError("compiling needs triton; install it with: pip install triton")
    if spec.kind == "rowwise":
        return compiled_rows(spec.name, _named(dtype), order, target)
    program = derived(spec, preset, order)
    noise = {n: philox.kind_of(law, dtype) for n, law in spec.noise.items()}
    return compiled_flat(program, _named(dtype), target, noise)


def _check(dtype: torch.dtype, order: int, target: GpuTarget) -> None:
    if _named(dtype) not in POINTERS:
        raise OgiveError(f"dtype is {dtype}; kernels are for {', '.join(POINTERS)}")
    if order not in (0, 1, 2) or isinstance(order, bool):
        raise OgiveError(
            f"order is {order!r}; it can be 0 for the function, 1 for its backward, 2 for that of "
            f"its backward"
        )
    pair = isinstance(target, tuple) and len(target) == 2 and target[0] in _ARCHITECTURES
    if not pair or type(target[1]) is not _ARCHITECTURES[target[0]]:
        raise OgiveError(
            f"target is {target!r}; give the kind of GPU and its architecture, such as "
            f"('cuda', 90) or ('hip', 'gfx942')"
        )


def _named(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def derived(spec: Spec, preset: Mapping[str, Any], order: int) -> Program:
    """The program of a function with its defaults, or of its gradients."""
    values = {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    given = {n: float(v) for n, v in preset.items() if n in values}
    program = spec.training_program if spec.kind == "stochastic" else spec.program
    program = program.bind(values | given)
    data = len(spec.data)
    if order:
        program = program.vjp(tuple(range(data)))
    if order == 2:
        program = program.vjp(tuple(range(1 + data)), tuple(range(data)))
    return program


def compiled_flat(
    program: Program, dtype: str, target: GpuTarget, noise: Mapping[str, str] = NO_NOISE
) -> CompiledKernel:
    """The kernel of a program over one stretch of memory, of a multiple of 16 elements.

    Args:
        noise: the inputs that are noise, and their kinds.
    """
    read = tuple(Accessed(noise.get(n, dtype)) for n in program.inputs)
    written = tuple(Accessed(dtype, "out") for _ in program.outputs)
    return compiled_operands(program, (*read, *written), target)


def compiled_operands(
    program: Program, operands: tuple[Accessed, ...], target: GpuTarget
) -> CompiledKernel:
    """The same for operands that lie in one stretch each."""
    arithmetic = triton_arithmetic(program, operands)
    text = compilation.flat_text(program, operands, *arithmetic, flat.MASKED)
    places = {f"p{k}": f"*{POINTERS.get(o.dtype, 'i64')}" for k, o in enumerate(operands)}
    signature = {**places, "count": "i32"}
    for most in compilation.VECTORS_TRIED:
        vectors = compilation.vectors_of(program, *arithmetic, most)
        block = compilation.block_size(operands, 2**31, False, vectors)
        kernel = compile_text(text, signature, {"BLOCK": block}, block, target)
        if not building.crowded(kernel.n_regs, kernel.n_spills):
            break
    return kernel


def compile_text(
    text: compilation.Text,
    signature: Mapping[str, str],
    constants: Mapping[str, int],
    block: int,
    target: GpuTarget,
    threads: int = building.THREADS,
) -> CompiledKernel:
    """The kernel of a module, its arguments all multiples of 16.

    Args:
        signature: the arguments and their types.
        constants: the constants of the kernel.
        block: the elements of a program of the grid.
        threads: of a program of the grid.
    """
    function = compilation.built(text, False)
    warps = threads // lanes_of(target)
    made = _compiled(function, tuple(signature.items()), tuple(constants.items()), target, warps)
    kind = "ptx" if target[0] == "cuda" else "amdgcn"
    binary = made.asm["cubin" if target[0] == "cuda" else "hsaco"]
    registers, spills = _resources(target, made.asm[kind], binary)
    return CompiledKernel(
        text.label, target, text.text, made.asm[kind], registers, spills, block // threads, binary
    )


def lanes_of(target: GpuTarget) -> int:
    """The threads of a warp; of AMD's GPUs those for computing, gfx9, have wider ones."""
    return 64 if str(target[1]).startswith("gfx9") else 32


@lru_cache(maxsize=256)
def _compiled(
    function: Any,
    signature: tuple[tuple[str, str], ...],
    constants: tuple[tuple[str, int], ...],
    target: GpuTarget,
    warps: int,
) -> Any:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    types = dict(signature) | {name: "constexpr" for name, _ in constants}
    multiples = {(k,): [["tt.divisibility", 16]] for k in range(len(signature))}
    source = ASTSource(function, types, dict(constants), multiples)
    options = {"num_warps": warps, **building.NO_FUSION}
    try:
        return kept.compiled_source(source, GPUTarget(*target, lanes_of(target)), options)
    except Exception as error:
        words = " ".join(str(error).split())[:200]
        raise EngineError(
            f"triton cannot compile for {target!r} ({type(error).__name__}: {words}); its release "
            f"must know this GPU"
        ) from error


def _resources(target: GpuTarget, assembly: str, binary: bytes) -> tuple[int, int]:
    """Registers, and words that did not fit into them."""
    if target[0] == "hip":
        return _number(r"\.vgpr_count:\s*(\d+)", assembly), _number(
            r"\.vgpr_spill_count:\s*(\d+)", assembly
        )
    told = tool("cuobjdump", ["--dump-resource-usage"], binary)
    local = _number(r"STACK:(\d+)", told) + _number(r"LOCAL:(\d+)", told)
    return _number(r"REG:(\d+)", told), local // 4


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def tool(name: str, arguments: Sequence[str], binary: bytes) -> str:
    """What one of the tools that triton brings says of machine code."""
    import triton

    path = getattr(triton.knobs.nvidia, name).path
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kernel.cubin")
        file.write_bytes(binary)
        done = subprocess.run([path, *arguments, str(file)], capture_output=True, text=True)
    if done.returncode:
        raise EngineError(f"{name} cannot read a kernel: {done.stderr.strip()[:200]}")
    return done.stdout

"""Kernels that compute an activation and quantise its result, which never reaches memory.

A tile holds whole rows, or blocks of 32; of longer rows a program of the grid looks for the largest
number first and computes everything again to write it. The arithmetic is that of float32 results,
so the numbers are those that the activation gives with float32 inputs. Numbers of 8 bits are
rounded by integers: the instructions for it came with sm_89, and cut infinities off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine.call import Call
from ogive.engine.quantization import BIAS, E8M0, LEAST_SCALE, MX_BLOCK, Quantization
from ogive.engine.triton import building
from ogive.engine.triton.ahead import POINTERS, CompiledKernel, GpuTarget, compile_text
from ogive.engine.triton.compilation import Text
from ogive.engine.triton.stored import loaded_number
from ogive.engine.triton.tensors import BYTES
from ogive.expr import Program
from ogive.printers.machine import FLOAT32, FLOAT64
from ogive.printers.triton import PRECISE, SHORT, TritonPrinter

#: Elements of a tile, and of the longest row that one tile holds.
_TILE, LONGEST_ROW = 2048, 8192
#: Columns are counted in 32 bits, to the end of the last tile.
_MOST_COLUMNS = 2**31 - LONGEST_ROW
#: Elements that a thread holds, and the most threads of a tile.
_HELD, _THREADS = 16, 512
#: Numbers of a tile in the interpreter, which takes a while for each program of a grid.
_MOST = 2**16
#: The operations of a program that is compiled.
_LONGEST = 1500

_E4M3 = """
@triton.jit
def coded(v):
    bits = v.to(tl.uint32, bitcast=True)
    size = bits & 0x7FFFFFFF
    small = (size.to(tl.float32, bitcast=True) + 16384.0).to(tl.uint32, bitcast=True) - 0x46800000
    usual = ((size + 0x7FFFF + ((size >> 20) & 1)) >> 20) - 960
    code = tl.where(size < 0x3C800000, small, usual)
    code = tl.where(size >= 0x7F800000, 0x7F, code)
    return (code | ((bits >> 24) & 0x80)).to(tl.uint8)
"""
_E5M2 = """
@triton.jit
def coded(v):
    bits = v.to(tl.uint32, bitcast=True)
    size = bits & 0x7FFFFFFF
    small = (size.to(tl.float32, bitcast=True) + 128.0).to(tl.uint32, bitcast=True) - 0x43000000
    usual = ((size + 0xFFFFF + ((size >> 21) & 1)) >> 21) - 448
    code = tl.where(size < 0x38800000, small, usual)
    code = tl.where(size == 0x7F800000, 0x7C, tl.where(size > 0x7F800000, 0x7F, code))
    return (code | ((bits >> 24) & 0x80)).to(tl.uint8)
"""
#: To a number's code: below the smallest normal number by adding what has its last place there,
#: else by adding half a step to the bits.
CODED_BY = {torch.float8_e4m3fn: _E4M3, torch.float8_e5m2: _E5M2}
_READ = {getattr(torch, name) for name in BYTES}
#: The texts that triton has compiled: it can do so here.
_STARTED: set[str] = set()
_LARGEST = """
@triton.jit
def largest_size(v):
    size = tl.abs(v)
    return tl.reduce(tl.where(size < float("inf"), size, 0.0), 1, LARGEST)
"""


class Quantizer(NamedTuple):
    """What a kernel is for."""

    program: Program
    dtypes: tuple[str, ...]
    quantization: Quantization

    @property
    def wide(self) -> bool:
        return "float64" in self.dtypes

    def text(self, whole: bool) -> str:
        """The module with the kernel ``quantized``; ``whole`` if a tile holds whole rows."""
        exact = self.program.needs_float64 and not self.wide
        format = FLOAT64 if self.wide or exact else FLOAT32
        printer = TritonPrinter(format, SHORT if exact else PRECISE)
        count = len(self.dtypes)
        arguments = [f"{s}{k}" for s in ("p", "down") for k in range(count)]
        arguments += ["p_values", "p_scales", "rows", "n", *(f"along{k}" for k in range(count))]
        arguments += ["R: tl.constexpr", "C: tl.constexpr"]
        if self.quantization.scale == "mx":
            body = self._blocks(format is FLOAT64)
        else:
            body = self._row(format is FLOAT64) if whole else self._long_row(format is FLOAT64)
        lines = "".join(f"    {line}\n" for line in body)
        kernel = f"@triton.jit\ndef quantized({', '.join(arguments)}):\n{lines}"
        parts = [CODED_BY[self.quantization.dtype].strip(), _LARGEST.strip()]
        return "\n\n\n".join([printer.functions(self.program, "program").strip(), *parts, kernel])

    def _computed(self, wide: bool, place: str, column: str) -> list[str]:
        """The statements that give ``y``, in float32, 0 outside the tensor."""
        lines = []
        for k, dtype in enumerate(self.dtypes):
            at = f"({place} * down{k})[:, None] + ({column} * along{k})[None, :]"
            if self.quantization.scale == "mx":
                at = f"({place} * down{k})[:, None] + ({column}) * along{k}"
            load = f"tl.load(p{k} + {at}, mask=inside, other=0.0)"
            lines.append(f"a{k} = {loaded_number(dtype, load, wide)}")
        given = ", ".join(f"a{k}" for k in range(len(self.dtypes)))
        narrow = ".to(tl.float32)" if wide else ""
        result = f"tl.broadcast_to(program({given}){narrow}, (R, C))"
        return [*lines, f"y = tl.where(inside, {result}, 0.0)"]

    def _begin(self) -> list[str]:
        return [
            "row = tl.program_id(0).to(tl.int64) * R + tl.arange(0, R)",
            "below = row < rows",
        ]

    def _scale(self) -> list[str]:
        return [
            f"scale = tl.div_rn(most, tl.full((R,), {self.quantization.largest}, tl.float32))",
            f"least = tl.full((R,), {LEAST_SCALE!r}, tl.float32)",
            "scale = tl.where(scale > least, scale, least)",
            "scale = tl.where(most == 0.0, 1.0, scale)",
            "inverse = tl.div_rn(tl.full((R,), 1.0, tl.float32), scale)",
            "tl.store(p_scales + row, scale, mask=below)",
        ]

    def _row(self, wide: bool) -> list[str]:
        column = "tl.arange(0, C)"
        return [
            *self._begin(),
            f"column = {column}",
            "inside = below[:, None] & (column < n)[None, :]",
            *self._computed(wide, "row", "column.to(tl.int64)"),
            "most = largest_size(y)",
            *self._scale(),
            "place = row[:, None] * n + column[None, :]",
            "tl.store(p_values + place, coded(y * inverse[:, None]), mask=inside)",
        ]

    def _long_row(self, wide: bool) -> list[str]:
        step = [
            "column = piece * C + tl.arange(0, C)",
            "inside = below[:, None] & (column < n)[None, :]",
            *self._computed(wide, "row", "column.to(tl.int64)"),
        ]
        find = ["found = largest_size(y)", "most = tl.where(found > most, found, most)"]
        place = "row[:, None] * n + column[None, :]"
        write = [f"tl.store(p_values + {place}, coded(y * inverse[:, None]), mask=inside)"]
        return [
            *self._begin(),
            "most = tl.full((R,), 0.0, tl.float32)",
            "for piece in range((n + C - 1) // C):",
            *(f"    {line}" for line in (*step, *find)),
            *self._scale(),
            "for piece in range((n + C - 1) // C):",
            *(f"    {line}" for line in (*step, *write)),
        ]

    def _blocks(self, wide: bool) -> list[str]:
        exponent = self.quantization.exponent
        return [
            "block = tl.program_id(0).to(tl.int64) * R + tl.arange(0, R)",
            "below = block < rows * (n // C).to(tl.int64)",
            "lane = tl.arange(0, C)",
            "inside = below[:, None] & (lane < C)[None, :]",
            "row = block // (n // C)",
            "first = block % (n // C) * C",
            *self._computed(wide, "row", "first[:, None] + lane[None, :]"),
            "most = largest_size(y)",
            "bits = most.to(tl.int32, bitcast=True)",
            "above = ((bits & 0x7FFFFF) > 0x600000).to(tl.int32)",
            f"code = (bits >> 23) - {exponent} + above",
            "code = tl.where(code < 0, 0, code)",
            f"code = tl.where(most == 0.0, {BIAS}, code)",
            f"inverse = (({2 * BIAS} - code) << 23).to(tl.float32, bitcast=True)",
            "tl.store(p_scales + block, code.to(tl.uint8), mask=below)",
            "place = block[:, None] * C + lane[None, :]",
            "tl.store(p_values + place, coded(y * inverse[:, None]), mask=inside)",
        ]


def compiled_quantizer(
    program: Program, dtype: torch.dtype, scale: str, target: GpuTarget, n: int = 4096
) -> CompiledKernel:
    """The kernel of a program to e4m3, for contiguous rows of n results, without a GPU."""
    given = str(dtype).removeprefix("torch.")
    count = len(program.inputs)
    quantizer = Quantizer(program, (given,) * count, Quantization(torch.float8_e4m3fn, scale))
    text = Text(quantizer.text(True), "quantized", f"{program.name}_quantized")
    tile = quantizer_tile(quantizer.quantization, n, 2**20, False)
    signature = {f"p{k}": f"*{POINTERS[given]}" for k in range(count)}
    signature |= {f"down{k}": "i32" for k in range(count)}
    signature |= {"p_values": "*u8", "p_scales": "*u8" if scale == "mx" else "*fp32"}
    signature |= {"rows": "i32", "n": "i32"}
    constants = {**{f"along{k}": 1 for k in range(count)}, **tile}
    size = tile["R"] * tile["C"]
    return compile_text(text, signature, constants, size, target, threads_of(tile))


@lru_cache(maxsize=1024)
def quantizer_text(quantizer: Quantizer, whole: bool) -> str:
    return quantizer.text(whole)


def quantizer_tile(
    quantization: Quantization, n: int, count: int, interpreted: bool
) -> dict[str, int]:
    """The rows, or blocks, and columns of a tile for so many of them."""
    columns = MX_BLOCK
    if quantization.scale == "row":
        columns = min(1 << (n - 1).bit_length(), LONGEST_ROW)
    rows = max(_TILE // columns, 1)
    if interpreted:
        rows = min(1 << (count - 1).bit_length(), _MOST // columns)
    return {"R": rows, "C": columns}


def threads_of(tile: dict[str, int]) -> int:
    """The threads that hold a tile."""
    return min(_THREADS, tile["R"] * tile["C"] // _HELD)


def quantize(
    call: Call, quantization: Quantization, tensors: Sequence[Tensor]
) -> tuple[Tensor, Tensor] | None:
    """The quantised result of a program and its scales; None where there is no kernel, as for
    parameters that are tensors.

    Raises:
        EngineError: where triton cannot compile for the device.
    """
    inputs = call.unpack(tensors)
    shape = inputs[0].shape
    alike = all(t.shape == shape and t.dtype in _READ for t in inputs)
    x, n = inputs[0], shape[-1] if shape else 1
    long = call.program.size > _LONGEST or n > _MOST_COLUMNS
    if long or not alike or not shape.numel():
        return None
    rows = shape.numel() // n
    flat = [t.reshape(rows, n) for t in inputs]
    dtypes = tuple([str(t.dtype).removeprefix("torch.") for t in inputs])
    blocked = quantization.scale == "mx"
    count = rows * n // MX_BLOCK if blocked else rows
    tile = quantizer_tile(quantization, n, count, x.is_cpu)
    text = quantizer_text(Quantizer(call.program, dtypes, quantization), n <= LONGEST_ROW)
    kernel = building.built_kernel(text, "quantized", f"{call.label}_quantized", x.is_cpu)
    values = x.new_empty(shape, dtype=torch.uint8)
    scales = x.new_empty(
        quantization.scales_shape(shape), dtype=torch.uint8 if blocked else torch.float32
    )
    down, along = zip(*(t.stride() for t in flat), strict=True)
    given = (*flat, *down, values, scales, rows, n, *along)
    if text not in _STARTED:
        building.compile_for(kernel, given, tile, x.device, threads_of(tile))
        _STARTED.add(text)
    grid = (math.ceil(count / tile["R"]),)
    building.start(kernel, grid, given, tile, x.device, threads_of(tile))
    return values.view(quantization.dtype), scales.view(E8M0) if blocked else scales

"""A straight-line program: named inputs, one or more outputs, everything between shared.

A program is what engines run. Its derivatives are programs again: ``vjp`` takes the gradients of
the outputs as further inputs, ``jvp`` the tangents of the inputs. So backward, double backward and
forward mode are all the same kind of thing.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ogive.expr.diff import diff
from ogive.expr.node import ZERO, Node, add, mul, symbol, walk
from ogive.expr.primitives import evaluate_all
from ogive.expr.rewrite import HUGE, bind_all, fold_all, guarded

INF = float("inf")
#: What the guard tries for an input that carries data, and for a gradient or tangent.
DATA_SAMPLES = (0.7, INF, -INF, HUGE, -HUGE)
GRADIENT_SAMPLES = (1.3,)


@dataclass(frozen=True)
class Program:
    """``outputs`` computed from the symbols named ``inputs``.

    ``samples`` gives for each input an ordinary value and those at which limits matter. Of a
    ``plain`` program only sums are wanted, where what float32 is off by is nothing.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[Node, ...]
    samples: tuple[tuple[float, ...], ...]
    plain: bool = False

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.inputs, self.outputs))

    @cached_property
    def data(self) -> tuple[str, ...]:
        """The inputs that may be any number; the others are parameters, gradients and tangents."""
        wide = len(DATA_SAMPLES)
        named = zip(self.inputs, self.samples, strict=True)
        return tuple(name for name, samples in named if len(samples) == wide)

    @cached_property
    def size(self) -> int:
        return sum(1 for _ in walk(*self.outputs))

    @cached_property
    def guarded(self) -> tuple[Node, ...]:
        """The outputs as they are printed: constants folded, limits at infinity in place."""
        folded = fold_all(self.outputs)
        return guarded(folded, dict(zip(self.inputs, self.samples, strict=True)))

    @cached_property
    def needs_float64(self) -> bool:
        """Whether float32 cannot take the place of a constant in the first output: of one beyond
        its range, or of one that the data are compared with, or moved by, where rounding would
        change more than the last digit of a result. Codes, which come after it, go along."""
        return any(
            not _in_range(a) or (n.op in _MEETING and not _is_float32(a) and _meets(n, self.data))
            for n in walk(self.guarded[0])
            for a in n.args
            if a.op == "const"
        )

    def bind(self, values: Mapping[str, float]) -> Program:
        """The program with numbers in the place of some inputs.

        What is multiplied by 0 goes, unless a NaN would go with it.
        """
        kept = [i for i, name in enumerate(self.inputs) if name not in values]
        outputs = bind_all(self.outputs, values)
        if 0.0 in values.values() and self._lose_nan(outputs, values):
            outputs = bind_all(self.outputs, values, keep_nan=True)
        return Program(
            self.name,
            tuple(self.inputs[i] for i in kept),
            outputs,
            tuple(self.samples[i] for i in kept),
        )

    def _lose_nan(self, outputs: tuple[Node, ...], values: Mapping[str, float]) -> bool:
        """Whether a NaN of the data comes out of the program, and does not come out of these."""
        named = zip(self.inputs, self.samples, strict=True)
        ordinary = {name: samples[0] for name, samples in named} | dict(values)
        for name in self.data:
            point = ordinary | {name: math.nan}
            result = evaluate_all(walk(*self.outputs, *outputs), point)
            for before, after in zip(self.outputs, outputs, strict=True):
                if math.isnan(result[before]) > math.isnan(result[after]):
                    return True
        return False

    @lru_cache(maxsize=4096)  # noqa: B019 - programs are few and live as long as the process
    def vjp(self, wanted: tuple[int, ...], used: tuple[int, ...] = (0,)) -> Program:
        """Gradients of the wanted inputs; its inputs: one for each used output, then ours."""
        gradients = [self._fresh("g", k) for k in used]
        slopes = ([diff(self.outputs[k], self._input(i)) for k in used] for i in wanted)
        return self._derived("backward", gradients, tuple(_dot(gradients, s) for s in slopes))

    @lru_cache(maxsize=4096)  # noqa: B019
    def jvp(self, moved: tuple[int, ...]) -> Program:
        """Tangents of the outputs; inputs: one tangent for each moved input, then ours."""
        tangents = [self._fresh("t", i) for i in moved]
        slopes = ([diff(output, self._input(i)) for i in moved] for output in self.outputs)
        return self._derived("forward", tangents, tuple(_dot(tangents, s) for s in slopes))

    def _input(self, index: int) -> Node:
        return symbol(self.inputs[index])

    def _fresh(self, letter: str, index: int) -> str:
        name = f"{letter}{index}"
        while name in self.inputs:
            name += "_"
        return name

    def _derived(self, suffix: str, extra: list[str], outputs: tuple[Node, ...]) -> Program:
        samples = tuple(GRADIENT_SAMPLES for _ in extra) + self.samples
        return Program(f"{self.name}_{suffix}", (*extra, *self.inputs), outputs, samples)

    def steps(self) -> list[Node]:
        return [n for n in walk(*self.guarded) if n.op not in ("const", "symbol")]


#: Operations that lose the digits in which a constant and an input agree.
_MEETING = ("add", "sub", "lt", "le", "eq")


def _in_range(constant: Node) -> bool:
    size = abs(float(constant.value))  # type: ignore[arg-type]
    return size == 0 or 2.0**-126 <= size < 2.0**128 or math.isinf(size)


def _is_float32(constant: Node) -> bool:
    value = float(constant.value)  # type: ignore[arg-type]
    return math.isinf(value) or struct.unpack("f", struct.pack("f", value))[0] == value


def _meets(node: Node, data: tuple[str, ...]) -> bool:
    """Whether an operation takes one of the data as it is, or its size."""
    bare = (a.args[0] if a.op in ("neg", "abs") else a for a in node.args)
    return any(a.op == "symbol" and a.value in data for a in bare)


def _dot(names: list[str], slopes: list[Node]) -> Node:
    """The sum of the slopes, each times the symbol of that name."""
    total = ZERO
    for name, slope in zip(names, slopes, strict=True):
        total = add(total, mul(symbol(name), slope))
    return total


def program(
    name: str, expression: Node, data: tuple[str, ...], parameters: Mapping[str, float]
) -> Program:
    """The program of one expression over data inputs and parameters with their defaults."""
    samples: tuple[tuple[float, ...], ...] = tuple(DATA_SAMPLES for _ in data)
    samples += tuple((float(v), 0.0) for v in parameters.values())
    return Program(name, (*data, *parameters), (expression,), samples)

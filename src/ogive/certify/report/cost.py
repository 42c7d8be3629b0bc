"""What a function costs: operations, transcendental evaluations, and what backward must keep.

Counted on the programs that engines run, with parameters as numbers and common parts shared, in
operations that have no simpler definition: softplus counts as its exp, its log1p and the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ogive.catalogue import Spec
from ogive.certify.proof.polynomials import is_constant
from ogive.certify.proof.shape import shape
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.saving.saving import Saving
from ogive.expr import Program, diff, expand, symbol, walk
from ogive.expr.primitives import PRIMITIVES
from ogive.printers.machine import FORMATS

#: Operations that processors have, or that are a few of those.
ALGEBRAIC = frozenset(
    ("add", "sub", "neg", "mul", "div", "mul0", "abs", "sign", "min", "max", "lt", "le", "eq",
     "where", "sqrt", "pi")
)  # fmt: skip
#: What has no definition in simpler rows.
ELEMENTARY = frozenset(n for n, row in PRIMITIVES.items() if row.definition is None) | {"mul0"}


@dataclass(frozen=True)
class Work:
    """Operations of one evaluation, the transcendental ones (exp, log, sin, powers ...) apart."""

    operations: int
    transcendental: int


@dataclass(frozen=True)
class Cost:
    """What an evaluation takes and what backward must keep of it.

    Attributes:
        forward: f.
        derivative: f', one for each data input.
        both: f and f' in one program, which share what they have in common.
        kept: by dtype the bits of input for each element that backward needs, 0 where the
            derivative does not depend on it.
        modes: the saving modes of an elementwise entry, with the bits of each element.
    """

    forward: Work
    derivative: Work
    both: Work
    kept: Mapping[str, int]
    modes: Mapping[str, int]


def cost(spec: Spec) -> Cost:
    """The cost of an entry at its default parameters; of a stochastic one's evaluation form.

    Raises:
        TypeError: for a rowwise entry, which has no program.
    """
    saving = Saving(spec, {})
    f = under_proof(spec)
    saving.shape, saving.smoothness = shape(f), smoothness(f)  # not as shipped
    forward = saving.program
    slopes = tuple(diff(forward.outputs[0], symbol(variable)) for variable in spec.data)
    needed = sum(any(n == symbol(v) for s in slopes for n in walk(s)) for v in spec.data)
    return Cost(
        forward=_work(forward),
        derivative=_work(replace(forward, outputs=slopes)),
        both=_work(replace(forward, outputs=(*forward.outputs, *slopes))),
        kept={dtype: format.bits * needed for dtype, format in FORMATS.items()},
        modes=saving.bits if spec.kind == "elementwise" else {},
    )


def _work(program: Program) -> Work:
    simple = [expand(output, ELEMENTARY) for output in program.guarded]
    steps = [node for node in walk(*simple) if node.args and not is_constant(node)]
    hard = sum(node.op not in ALGEBRAIC for node in steps)
    return Work(len(steps) - hard, hard)

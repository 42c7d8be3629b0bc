"""Inputs for tests that differentiate: for every entry some points, all of them away from kinks.

A kink is where a comparison in the formula changes its outcome. The comparisons themselves are
evaluated, at the point and a little to each side of it, so nothing has to be known of the entry and
no point is left out because its gradient is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from measure import varied
from torch import Tensor

from ogive.catalogue import Parameter, Spec, entries
from ogive.certify.pieces import BINARY, UNARY
from ogive.engine import eager
from ogive.expr import Program, walk
from ogive.ops import ActivationFunction, noise

#: The least distance from a kink.
AWAY = 0.05
SEED = 20
ROWWISE_NOISE = ("gumbel_softmax",)


@dataclass(frozen=True)
class Sample:
    """A call of an entry as a smooth function of float64 tensors.

    Attributes:
        spec: the entry.
        data: the tensor inputs at points away from kinks.
        parameters: the parameters a gradient can be taken of, at values other than their defaults.
        function: the call; ``function(*data, *parameters.values())``. Noise is the same every time.
    """

    spec: Spec
    data: tuple[Tensor, ...]
    parameters: dict[str, Tensor]
    function: Callable[..., Tensor]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return (*self.data, *self.parameters.values())


def is_random(spec: Spec) -> bool:
    """Whether a call draws noise: in training, or always."""
    return spec.kind == "stochastic" or spec.name in ROWWISE_NOISE


def arguments(spec: Spec, training: bool = False) -> dict[str, object]:
    """What a call needs besides tensors to run the training form where there is one."""
    return {"training": training} if spec.kind == "stochastic" else {}


@cache
def sample(name: str, training: bool = False, count: int = 6) -> Sample:
    """``count`` points for an entry (a row of them for a rowwise one)."""
    spec = entries()[name]
    parameters = {p.name: _tensor(p) for p in smooth_parameters(spec)}
    names = list(parameters)
    activation = ActivationFunction(spec)
    if spec.kind == "rowwise":
        return Sample(spec, (_row(count),), parameters, _seeded(activation, names, {}, None))
    grid = _grid(spec)
    kept = _is_away(spec, grid, parameters, training).nonzero().flatten()
    assert len(kept) >= count, f"{name}: only {len(kept)} of {len(grid[0])} points are usable"
    chosen = kept[torch.linspace(0, len(kept) - 1, count).long()]
    options = arguments(spec, training)
    # noise belongs to the places of the grid, so a training call always draws for the whole of it
    places = (grid[0], chosen) if training else None
    function = _seeded(activation, names, options, places)
    return Sample(spec, tuple(g[chosen] for g in grid), parameters, function)


def _seeded(
    activation: ActivationFunction,
    names: list[str],
    options: dict[str, object],
    places: tuple[Tensor, Tensor] | None,
) -> Callable[..., Tensor]:
    width = len(activation.spec.data)

    def call(*inputs: Tensor) -> Tensor:
        data, values = inputs[:width], dict(zip(names, inputs[width:], strict=False))
        if activation.name in ROWWISE_NOISE or places is not None:
            torch.manual_seed(SEED)
        if places is None:
            return activation(*data, **values, **options)
        base, chosen = places
        whole = base.index_put((chosen,), data[0])
        return activation(whole, **values, **options)[chosen]

    return call


def _row(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(SEED)
    return torch.randn(2, count, generator=generator, dtype=torch.float64) * 2


def _grid(spec: Spec) -> tuple[Tensor, ...]:
    """Candidates from -4 to 4; pairs for a gated entry."""
    line = torch.linspace(-4.0, 4.0, 83, dtype=torch.float64) + 0.013
    return (line, line.roll(29) * 0.9) if spec.kind == "gated" else (line,)


def smooth_parameters(spec: Spec) -> list[Parameter]:
    """Those with respect to which a gradient makes sense: no switch, no whole number."""
    return [p for p in spec.parameters if not p.domain.whole]


def _tensor(parameter: Parameter) -> Tensor:
    values = [varied(parameter, v) for v in parameter.defaults]
    vector = isinstance(parameter.default, tuple)
    return torch.tensor(values if vector else values[0], dtype=torch.float64)


def _is_away(
    spec: Spec, grid: tuple[Tensor, ...], parameters: dict[str, Tensor], training: bool
) -> Tensor:
    """Which candidates keep the outcome of every comparison when they move by AWAY."""
    program = spec.training_program if training else spec.program
    differences = _differences(program)
    torch.manual_seed(SEED)
    drawn = noise.draw(spec.noise, grid[0], None) if training else []
    values = [v for p in spec.parameters for v in _values(p, parameters, grid[0])]
    kernel = eager.compiled_formula(differences)
    here = kernel(*grid, *drawn, *values)
    # where a number in the formula is not finite (outside a domain), no gradient is asked for
    kept = torch.isfinite(eager.compiled_formula(program)(*grid, *drawn, *values)[0])
    for moves in itertools.product((-AWAY, 0.0, AWAY), repeat=len(grid)):
        moved = kernel(*(g + m for g, m in zip(grid, moves, strict=True)), *drawn, *values)
        for before, after in zip(here, moved, strict=True):
            kept &= (before > 0) == (after > 0)
            kept &= (before < 0) == (after < 0)
        value = eager.compiled_formula(program)(
            *(g + m for g, m in zip(grid, moves, strict=True)), *drawn, *values
        )
        kept &= torch.isfinite(value[0])
    return kept


def _values(parameter: Parameter, parameters: dict[str, Tensor], like: Tensor) -> list[Tensor]:
    given = parameters.get(parameter.name, torch.tensor(parameter.defaults, dtype=torch.float64))
    return [torch.full_like(like, v) for v in given.reshape(-1).tolist()]


def _differences(program: Program) -> Program:
    """A program of the quantities whose signs decide which piece of a formula holds."""
    found = []
    for node in walk(*program.outputs):
        if node.op in UNARY:
            found.append(node.args[0])
        elif node.op in BINARY:
            found.append(node.args[0] - node.args[1])
    ordinary = tuple((s[0],) for s in program.samples)
    return Program(f"{program.name}_borders", program.inputs, tuple(found), ordinary)

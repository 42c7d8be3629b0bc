"""Derivatives where squares underflow, powers overflow, or a value rounds to the end of a range."""

import pytest
import torch

import ogive
from ogive.catalogue import entries
from ogive.certify.reference import exact

#: Entry, its numbers, order of the derivative, where.
PLACES = [
    ("rational_a", {}, 2, 1e-200),
    ("rational_a", {}, 2, -1e-320),
    ("gelu_clipped", {}, 1, 10.0),
    ("gelu_clipped", {}, 0, 10.0),
    ("polu", {"n": 2.0}, 2, -1e75),
    ("polu", {"n": 3.0}, 1, -1e75),
    ("polu", {"n": 3.0}, 2, -1e50),
]


@pytest.mark.parametrize("engine", ["cpu", "eager"])
@pytest.mark.parametrize(("name", "numbers", "order", "at"), PLACES)
def test_the_digits_stay(name, numbers, order, at, engine):
    spec = entries()[name]
    defaults = {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    program = (spec.derived(order) if order else spec).program
    (wanted,) = exact(program, at, *(defaults | numbers).values())
    x = torch.tensor([at], dtype=torch.float64, requires_grad=True)
    with ogive.engine(engine):
        found = ogive.get(name)(x, **numbers)
        for _ in range(order):
            (found,) = torch.autograd.grad(found.sum(), x, create_graph=True)
    assert found.item() == pytest.approx(float(wanted), rel=1e-13, abs=0)

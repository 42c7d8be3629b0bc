"""Certificates under attack: no random point contradicts one, and a wrong one is caught."""

import math

import numpy as np
import pytest
from attack import COUNT, Attack, violations

from ogive.catalogue import entries, user_spec
from ogive.certify.proof.saturation import saturation
from ogive.certify.proof.shape import Shape, shape
from ogive.certify.proof.smoothness import Smoothness, smoothness
from ogive.certify.proof.under_proof import FunctionUnderProof, under_proof
from ogive.expr import Node, const, parse, rebuild, walk
from ogive.expr.node import constant_value

POINTWISE = [n for n, s in entries().items() if s.kind != "rowwise"]
#: A coefficient is changed by this part of itself.
CHANGE = 1e-6


def certificates(of: FunctionUnderProof):
    return shape(of), smoothness(of), saturation(of)


@pytest.mark.parametrize("name", POINTWISE)
def test_no_point_contradicts_a_certificate(name):
    of = under_proof(entries()[name])
    assert violations(of, *certificates(of)) == []


@pytest.mark.parametrize("name", POINTWISE)
def test_a_supremum_is_reached_where_it_is_said_to_be(name):
    of = under_proof(entries()[name])
    smooth, attack = smoothness(of), Attack(of)
    for order, found in ((1, smooth.slope), (2, smooth.bend)):
        for place in found.places:
            ends = (place.low.value, place.high.value)
            if not all(map(math.isfinite, (*ends, found.value.value))):
                continue
            near = np.array([e * (1 + s) + s for e in ends for s in (-1e-7, 0.0, 1e-7)])
            sizes = abs(attack.orders[order](near))
            # within 1e-7 of a breakpoint the derivative has moved by 1e-7 times the next one
            assert np.nanmax(sizes) == pytest.approx(found.value.value, rel=1e-4)


def mutants(node: Node):
    """The formula times 1 + CHANGE, of a scaled x, and with one coefficient changed."""
    yield (1 + CHANGE) * node
    numbers = {n for n in walk(node) if constant_value(n) not in (0.0, 1.0, None, math.inf)}
    for number in sorted(numbers, key=lambda n: float(n.value))[:3]:
        changed = const(float(number.value) * (1 + CHANGE))
        yield rebuild(node, lambda n, old=number, new=changed: new if n is old else None)


def bounds(shape: Shape, smooth: Smoothness) -> list[float]:
    """What the function and its derivatives stay below."""
    values = shape.range
    ends = (values.high.value, -values.low.value)
    return [*ends, smooth.slope.value.value, smooth.bend.value.value]


def moved(old: list[float], new: FunctionUnderProof) -> bool:
    """Whether a finite bound of the new function lies outside of the old one's by 1e-8 or more."""
    pairs = zip(bounds(shape(new), smoothness(new)), old, strict=True)
    return any(math.isfinite(b) and a > b + 1e-8 * (1 + abs(b)) for a, b in pairs)


@pytest.mark.parametrize("name", POINTWISE[::4])
def test_the_certificate_of_a_changed_formula_is_caught(name):
    of = under_proof(entries()[name])
    old = certificates(of)
    for node in mutants(of.node):
        new = FunctionUnderProof(node, of.domain)
        if moved(bounds(*old[:2]), new):
            assert violations(new, *old), f"{node} fits the certificate of {of.node}"


def test_mutants_move_the_bounds_of_most_entries():
    """Otherwise the test above would test nothing."""
    found = [under_proof(entries()[n]) for n in POINTWISE[::4]]
    changed = [FunctionUnderProof((1 + CHANGE) * of.node, of.domain) for of in found]
    old = [bounds(shape(of), smoothness(of)) for of in found]
    assert sum(map(moved, old, changed)) > 30


@pytest.mark.parametrize(
    ("formula", "lie"),
    [
        ("x * sigmoid(x)", "1.0000001 * x * sigmoid(x)"),
        ("tanh(x)", "tanh(x) + 1e-6 * exp(-(x - 3)**2)"),
        ("max(x, 0)", "max(x, -1e-6)"),
    ],
)
def test_the_attack_sees_a_wrong_certificate(formula, lie):
    of = under_proof(user_spec("bump", formula, {}))
    assert violations(FunctionUnderProof(parse(lie, ["x"])), *certificates(of))


def test_the_attack_looks_at_many_points():
    points = Attack(under_proof(entries()["mish"])).points()
    assert len(points) == COUNT
    assert abs(points).min() < 1e-8 < 1e3 < abs(points).max()

"""An entry as a function of one number: with other defaults, its gate alone, its breakpoints.

Apart because proofs, integrals and pictures all begin with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ogive.catalogue import Spec
from ogive.catalogue._spec import FixedFormula
from ogive.certify import pieces
from ogive.errors import OgiveError
from ogive.expr import Node, bind, substitute, symbol


def with_defaults(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The entry with other defaults, as a qualified name such as ``keras:leaky_relu`` implies."""
    if not values:
        return spec
    changed = tuple(replace(p, default=values.get(p.name, p.default)) for p in spec.parameters)
    return replace(spec, body=FixedFormula(spec.training_expression, changed, spec.noise))


@lru_cache(maxsize=4096)
def function_of_one_number(spec: Spec) -> Spec:
    """The entry itself; for a gated one the function of its gate that is left at value = 1.

    Raises:
        OgiveError: for a rowwise entry, whose every output depends on the whole row.
    """
    if spec.kind == "rowwise":
        raise OgiveError(
            f"{spec.name} works on rows, so it is no function of one number and has no curve; "
            f"look at its outputs instead: ogive.get({spec.name!r})(x, dim=-1) for a tensor x"
        )
    if spec.kind != "gated":
        return spec
    value, gate = spec.data
    return _elementwise(spec, substitute(spec.expression, {value: 1.0, gate: symbol("x")}))


@lru_cache(maxsize=256)
def of_normal(spec: Spec, mean: float, std: float) -> Spec:
    """f(mean + std * x), so the function of what was standardised; evaluated, or of the gate."""
    one = function_of_one_number(spec)
    return _elementwise(one, substitute(one.expression, {"x": mean + std * symbol("x")}))


def _elementwise(spec: Spec, formula: Node) -> Spec:
    body = FixedFormula(formula, spec.parameters)
    return replace(spec, kind="elementwise", body=body, evaluation=None)


def defaults(spec: Spec) -> dict[str, float]:
    return {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}


@lru_cache(maxsize=4096)
def breakpoints_of(spec: Spec) -> tuple[float, ...]:
    """Where the pieces of the formula meet, with the parameters at their defaults."""
    return pieces.breakpoints(bind(spec.expression, defaults(spec)))

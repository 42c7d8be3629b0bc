"""How far other libraries and ogive are from mpmath, in units (see certify.reference).

``python tests/conformance/peers.py`` prints the tables that test_peers.py pins.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import torch
from torch import Tensor, nn

import ogive
from ogive.certify.reference import exact, limit, unit
from ogive.expr import Program, diff, symbol

RECORD = Path(__file__).parents[1] / "data" / "peers.json"
LARGEST = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38}
#: A value this many units from the exact one is right; beyond it, it is a disagreement.
RIGHT = 8.0
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Place:
    """One argument with what both sides give there, and how many units each is off."""

    x: float
    peer: float
    ours: float
    exact: float
    peer_error: float
    our_error: float

    @property
    def disagrees(self) -> bool:
        return self.peer_error > RIGHT


#: How many places disagree, and of the worst one: x, the peer's value, ours, the exact one.
Row = tuple[int, float, float, float, float]


# what was recorded


@cache
def record() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return content


def rows(dtype: str) -> np.ndarray:
    """What gated and rowwise functions were given."""
    return np.array(record()["points"], dtype).reshape(10, 6)


def line(dtype: str) -> np.ndarray:
    """What the others were given: the same points, then zero, the infinities and NaN."""
    special = [float(text) for text in record()["special"]]
    return np.array(record()["points"] + special, dtype)


def recorded(alias: str, dtype: str) -> np.ndarray:
    """The peer's values, in the order of the points."""
    stored = bytes.fromhex(record()["values"][alias][dtype])
    return np.frombuffer(stored, dtype=np.dtype(dtype).newbyteorder(">")).astype(dtype)


def pointwise(alias: str) -> bool:
    return ogive.get(alias).kind not in ("gated", "rowwise")


# torch, alive

#: Arguments that torch's functions have no default for.
TORCH_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "threshold": (0.0, 0.0),
    "prelu": (torch.tensor([0.25], dtype=torch.float64),),
}


def torch_aliases() -> list[str]:
    """Every torch name, but for clamp, which torch refuses to call without bounds."""
    aliases = (a for n in ogive.names() for a in ogive.get(n).aliases if a.startswith("torch:"))
    return sorted(a for a in aliases if a != "torch:clamp")


def torch_function(alias: str) -> Callable[..., Tensor]:
    name = alias.partition(":")[2]
    if name == "identity":
        return nn.Identity()
    function = getattr(nn.functional, name, None) or getattr(torch, name)
    arguments = TORCH_ARGUMENTS.get(name, ())

    def call(x: Tensor, **named: Any) -> Tensor:
        cast = (a.to(x.dtype) if isinstance(a, Tensor) else a for a in arguments)
        result: Tensor = function(x, *cast, **named)
        return result

    return call


def evaluated(function: Callable[[Tensor], Tensor], dtype: str, order: int) -> np.ndarray:
    """The function, or its derivative as autograd gives it, at the points of the line."""
    x = torch.from_numpy(line(dtype)).requires_grad_()
    y = function(x)
    if order and not y.requires_grad:
        return np.zeros(x.shape, dtype)
    values: Tensor = torch.autograd.grad(y.sum(), x)[0] if order else y.detach()
    return values.numpy()


def torch_places(alias: str, dtype: str, order: int) -> Iterator[Place]:
    return places(alias, dtype, evaluated(torch_function(alias), dtype, order), order)


def recorded_places(alias: str, dtype: str) -> Iterator[Place]:
    return places(alias, dtype, recorded(alias, dtype), 0)


# the judge


@cache
def _judge(alias: str, order: int) -> tuple[Program, Program, tuple[float, ...]]:
    """The derivative of that order and the next as programs, and the parameters implied."""
    function = ogive.get(alias)
    first, x = function.spec.program, symbol(function.spec.data[0])
    expression = first.outputs[0]
    for _ in range(order):
        expression = diff(expression, x)
    values = tuple(
        float(v)
        for p in function.parameters
        for v in _numbers(function.preset.get(p.name, p.default))
    )
    programs = (
        Program(f"judge{i}", first.inputs, (e,), first.samples)
        for i, e in enumerate((expression, diff(expression, x)))
    )
    return (*programs, values)  # type: ignore[return-value]


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,)


@cache
def exact_at(alias: str, order: int, x: float) -> tuple[Any, Any]:
    """(value, slope): limits at infinity, NaN at poles and where there is no real value."""
    value, slope, parameters = _judge(alias, order)
    try:
        if math.isinf(x):
            return mpmath.mpf(limit(value, math.copysign(1.0, x), *parameters)), mpmath.mpf(0)
        found = (exact(value, x, *parameters)[0], exact(slope, x, *parameters)[0])
    except (ZeroDivisionError, TypeError):  # a pole; a limit that would be complex
        return mpmath.nan, mpmath.nan
    return tuple(mpmath.nan if isinstance(v, mpmath.mpc) else v for v in found)  # type: ignore


def units(got: float, wanted: Any, x: float, slope: Any, dtype: str) -> float:
    """How many units off; infinity for what is no number where there is one."""
    if mpmath.isnan(wanted):
        return 0.0
    if abs(wanted) > LARGEST[dtype]:
        return 0.0 if math.isinf(got) and (got > 0) == (wanted > 0) else math.inf
    if not math.isfinite(got):
        return math.inf
    return float(abs(got - wanted) / unit(wanted, 0.0 if math.isinf(x) else x, slope, dtype))


def places(alias: str, dtype: str, peer: np.ndarray, order: int) -> Iterator[Place]:
    """Every number of the line with both values judged."""
    ours = evaluated(ogive.get(alias), dtype, order)
    for x, theirs, mine in zip(line(dtype).tolist(), peer.tolist(), ours.tolist(), strict=True):
        if not math.isnan(x):
            wanted, slope = exact_at(alias, order, x)
            errors = [units(v, wanted, x, slope, dtype) for v in (theirs, mine)]
            yield Place(x, theirs, mine, float(wanted), *errors)


def summary(found: Iterable[Place]) -> Row | None:
    """The row of a table; the worst place is a finite one if there is one."""
    wrong = [place for place in found if place.disagrees]
    if not wrong:
        return None
    worst = max(wrong, key=lambda p: (math.isfinite(p.x), p.peer_error))
    return len(wrong), worst.x, worst.peer, worst.ours, worst.exact


def _print_tables() -> None:
    for alias in filter(pointwise, record()["values"]):
        for dtype in record()["values"][alias]:
            if row := summary(recorded_places(alias, dtype)):
                print(
                    f'    ("{alias}", "{dtype}"): {row},'.replace("inf", "INF").replace(
                        "nan", "NAN"
                    )
                )
    for alias in filter(pointwise, torch_aliases()):
        for dtype in DTYPES:
            for order in (0, 1):
                if row := summary(torch_places(alias, dtype, order)):
                    text = f'    ("{alias}", "{dtype}", {order}): {row},'
                    print(text.replace("inf", "INF").replace("nan", "NAN"))


if __name__ == "__main__":
    _print_tables()

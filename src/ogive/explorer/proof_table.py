"""The report of a function as tables: label, value, error and how it was obtained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ogive.certify.proof.saturation import Side
from ogive.certify.proof.shape import Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.quantity import NOT_PROVED
from ogive.certify.report.certificate import Certificate
from ogive.certify.report.criteria import VANISHED
from ogive.certify.report.page import Line, lines, said
from ogive.explorer.in_words import MINUS
from ogive.explorer.strings import Texts, has_text

#: More of a list of points are not told.
_MOST = 6
#: A value of a certificate, or text that is made of several.
_Value = Any
_ORDERS = {0: "jump", 1: "kink", 2: "bend"}


def proof_tables(of: Certificate, texts: Texts) -> str:
    """A table for each section that the function has."""
    return "\n".join(
        _table(texts, f"report.section.{name}", rows(of, texts))
        for name, rows in _SECTIONS.items()
        if getattr(of, name)
    )


_Row = tuple[str, _Value]
_Rows = Callable[[Certificate, Texts], Iterator[_Row]]


def _table(texts: Texts, title: str, rows: Iterator[_Row]) -> str:
    heads = "".join(
        f'<th scope="col">{texts(f"report.{h}")}</th>' for h in ("what", "value", "error", "method")
    )
    body = "\n".join(_row(texts, label, value) for label, value in rows)
    return (
        f'<div class="scroll"><table><caption>{texts(title)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(texts: Texts, label: str, value: _Value) -> str:
    line = value if isinstance(value, Line) else _one_line(value)
    method = ", ".join(_worded(texts, "method_word", m) for m in line.method.split(", ") if m)
    cells = (_worded(texts, "word", line.value), line.error, method)
    told = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{label}</th>{told}</tr>'


def _one_line(value: _Value) -> Line:
    """A value's line; of several values one that has them all."""
    found = list(lines(value, missing=NOT_PROVED.method))
    methods = dict.fromkeys(m for line in found for m in line.method.split(", ") if m)
    worst = max((line.error for line in found if line.error), key=float, default="")
    return Line("", ", ".join(line.value for line in found), worst, ", ".join(methods))


def _worded(texts: Texts, table: str, value: str) -> str:
    """A word of the certificate in the page's language; numbers with signs as in print."""
    key = f"report.{table}.{value.replace(' ', '_')}"
    if has_text(key):
        return texts(key)
    printed = value.replace("inf", "∞").replace("-", MINUS)
    return texts.escaped(printed if _is_number(value) else value)


def _is_number(value: str) -> bool:
    return all(c in "0123456789.,-+e ()[]inf" for c in value)


def _labelled(texts: Texts, **values: _Value) -> Iterator[_Row]:
    for name, value in values.items():
        yield texts(f"report.label.{name}"), value


def _criteria(of: Certificate, texts: Texts) -> Iterator[_Row]:
    for c in of.criteria:
        label = texts(f"report.criterion.{c.name.replace(' ', '_')}")
        found = next(lines(c.number))
        yield label, Line(label, c.verdict, found.error, found.method)


def _shape(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.shape
    assert found
    return _labelled(
        texts, range=found.range, left=found.left.value, left_growth=found.left.growth,
        right=found.right.value, right_growth=found.right.growth, at_zero=found.at_zero,
        slope_at_zero=found.slope_at_zero, zeros=_few(found.zeros),
        fixed_points=_few(found.fixed_points), turning_points=_turns(found, texts),
        symmetry=found.symmetry, invertible=found.invertible,
    )  # fmt: skip


def _few(places: Sequence[Any] | None) -> _Value:
    return places if places is None or len(places) <= _MOST else tuple(places[:_MOST])


def _turns(found: Shape, texts: Texts) -> Line | None:
    if found.turning_points is None:
        return None
    told = [
        texts.plain(f"report.word.{t.kind}", value=said(t.value), place=said(t.place))
        for t in found.turning_points[:_MOST]
    ]
    method = "ball" if told else "symbolic"
    worst = max((t.place.error for t in found.turning_points), default=0.0)
    return Line("", "; ".join(told) or "none", f"{worst:.1e}" if worst else "", method)


def _smoothness(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.smoothness
    assert found
    order: _Value = found.order
    if order is not None:
        order = "all" if math.isinf(order) else max(int(order), 0)
    return _labelled(
        texts, smoothness=order if order is None else str(order),
        breakpoints=_breakpoints(found, texts), lipschitz=found.lipschitz, bend=found.bend.value,
    )  # fmt: skip


def _breakpoints(found: Smoothness, texts: Texts) -> Line | None:
    if found.breakpoints is None:
        return None
    told = [
        texts.plain(
            f"report.word.{_ORDERS.get(b.order, 'higher')}", place=said(b.place), order=b.order
        )
        for b in found.breakpoints[:_MOST]
    ]
    return Line("", "; ".join(told) or "none", "", "ball")


def _saturation(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.saturation
    assert found
    left, right = found.left, found.right
    return _labelled(
        texts, saturates_left=_side(left), saturates_right=_side(right),
        **({"vanished_left": left.below[VANISHED]} if left.kind in ("soft", "hard") else {}),
        **({"vanished_right": right.below[VANISHED]} if right.kind in ("soft", "hard") else {}),
        zero=found.zero,
    )  # fmt: skip


def _side(side: Side) -> str:
    return "no" if side.kind == "none" else side.kind


def _signal(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.signal
    assert found
    conventional = found.gains.conventional
    yield from _labelled(
        texts, mean=found.moments.first, second_moment=found.moments.second,
        slope_moment=found.moments.chi_1, sparsity=found.moments.sparsity,
        gain=found.gains.second_moment, gain_deviation=found.gains.standard_deviation,
        gain_conventional="none" if conventional is None else conventional,
        chi=found.criticality.chi, length_slope=found.criticality.length_slope,
        kernel_at_zero=found.criticality.kernel_at_zero,
    )  # fmt: skip
    for edge in found.edge:
        yield texts("report.label.edge", at=f"{edge.sigma_b:g}"), edge.sigma_w


def _cost(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.cost
    assert found
    told: dict[str, _Value] = {
        "operations": found.forward.operations, "transcendental": found.forward.transcendental,
        "kept": found.kept["float32"],
    }  # fmt: skip
    if of.numerics:
        sides = of.numerics.overflow["float16"]
        ends = {"overflow_left": sides.left, "overflow_right": sides.right}
        told |= {name: end for name, end in ends.items() if end is not None}
    return _labelled(texts, **told)


def _gate(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.gate
    assert found
    return _labelled(
        texts, linear_in_value=found.linear_in_value, value_slope=found.value_slope,
        product=found.product,
    )  # fmt: skip


def _rows(of: Certificate, texts: Texts) -> Iterator[_Row]:
    found = of.rows
    assert found
    bound: _Value = found.jacobian
    if found.times != "1":
        line = next(lines(found.jacobian))
        bound = Line("", f"{line.value} {found.times}", line.error, line.method)
    return _labelled(
        texts, nonnegative=found.nonnegative, sums_to_one=found.sums_to_one, sparse=found.sparse,
        jacobian=bound, **({"reason": found.reason} if found.reason else {}),
    )  # fmt: skip


_SECTIONS: Mapping[str, _Rows] = {
    "criteria": _criteria, "shape": _shape, "smoothness": _smoothness, "saturation": _saturation,
    "signal": _signal, "cost": _cost, "gate": _gate, "rows": _rows,
}  # fmt: skip

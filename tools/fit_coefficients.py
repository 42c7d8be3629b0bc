"""Fits the polynomials of printers/approximations and writes coefficients.py.

Every fit is a minimax polynomial by Remez' exchange at 60 digits. Its coefficients are rounded to
the format one by one, the lowest first, and those that remain are corrected for what rounding
lost, so that it costs next to nothing.

    python tools/fit_coefficients.py            rewrites src/ogive/printers/coefficients.py
    python tools/fit_coefficients.py --check    exits 1 if the file is not what the fits give
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from mpmath import mp, mpf

OUTPUT = Path(__file__).resolve().parents[1] / "src" / "ogive" / "printers" / "coefficients.py"
DIGITS = {"float32": 24, "float64": 53}
Real = Callable[[mpf], mpf]

mp.dps = 60


@dataclass(frozen=True)
class Fit:
    """A polynomial in ``variable(x)`` near ``target(x)``; ``weight`` makes its error relative."""

    name: str
    form: str
    interval: tuple[float, float]
    target: Real
    weight: Real
    terms: dict[str, int]
    variable: Real = lambda x: x


@dataclass(frozen=True)
class Pieces:
    """Polynomials near ``target(x)`` on eight pieces of [0, top], for float32.

    The piece of x has the whole number nearest to ``square x**2 + linear x``. Its polynomial is in
    ``end - x``, where the end is the piece's upper one, moved by up to 1/256 to where value and
    slope are nearly float32 numbers, so that no rounding spoils what is largest in the sum.
    """

    name: str
    form: str
    square: float
    linear: float
    top: float
    target: Real
    weight: Real
    terms: int
    #: whether the first piece ends at 0 instead, where it has the very value of the target
    from_zero: bool = False


@dataclass(frozen=True)
class Split:
    """A constant as a sum of floats, the first ones cut to a number of bits."""

    name: str
    form: str
    value: Callable[[], mpf]
    bits: dict[str, tuple[int, ...]]


def grid(low: float, high: float, count: int) -> list[mpf]:
    """Chebyshev's nodes, dense at the ends; an even number, so that the middle is none."""
    middle, half = (mpf(low) + high) / 2, (mpf(high) - low) / 2
    return [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]


def value(coefficients: list[mpf], t: mpf) -> mpf:
    result = mpf(0)
    for c in reversed(coefficients):
        result = result * t + c
    return result


def minimax(ts: list[mpf], target: list[mpf], weight: list[mpf], terms: int) -> list[mpf]:
    """The coefficients with the least weighted maximum error on the points: Remez' exchange."""
    last = len(ts) - 1
    chosen = [round(last * (1 - mp.cos(mp.pi * i / terms)) / 2) for i in range(terms + 1)]
    for _ in range(30):
        rows = [
            [ts[i] ** k for k in range(terms)] + [(-1) ** j / weight[i]]
            for j, i in enumerate(chosen)
        ]
        *coefficients, level = mp.lu_solve(mp.matrix(rows), mp.matrix([target[i] for i in chosen]))
        errors = [
            (g - value(coefficients, t)) * w for t, g, w in zip(ts, target, weight, strict=True)
        ]
        if max(map(abs, errors)) <= abs(level) * mpf("1.0001"):
            break
        exchanged = extremes(errors, terms + 1)
        if len(exchanged) <= terms or exchanged == chosen:
            break
        chosen = exchanged
    return list(coefficients)


def extremes(errors: list[mpf], count: int) -> list[int]:
    """The largest error of each run of one sign, ``count`` of them that lie side by side."""
    found: list[int] = []
    for i, e in enumerate(errors):
        if found and (e > 0) == (errors[found[-1]] > 0):
            if abs(e) > abs(errors[found[-1]]):
                found[-1] = i
        else:
            found.append(i)
    while len(found) > count:
        found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
    return found


def rounded(x: mpf, digits: int) -> float:
    with mp.workprec(digits):
        return float(+x)


def fitted(fit: Fit, format: str) -> tuple[list[float], mpf]:
    """The rounded coefficients, lowest first, and the largest weighted error they leave."""
    terms = fit.terms[format]
    xs = grid(*fit.interval, 40 * terms)
    ts = [fit.variable(x) for x in xs]
    target, weight = [fit.target(x) for x in xs], [abs(fit.weight(x)) for x in xs]
    best = minimax(ts, target, weight, terms)
    result = rounded_together(best, ts, weight, DIGITS[format])
    exact = [mpf(c) for c in result]
    errors = (abs(g - value(exact, t)) * w for t, g, w in zip(ts, target, weight, strict=True))
    return result, max(errors)


def rounded_together(best: list[mpf], ts: list[mpf], weight: list[mpf], digits: int) -> list[float]:
    """The coefficients rounded; what rounding one loses, the later ones make up, by least squares.

    The normal equations on powers need the moments of the weights only.
    """
    powers = range(2 * len(best))
    moments = [mp.fsum(w * w * t**k for t, w in zip(ts, weight, strict=True)) for k in powers]
    rest, result = list(best), []
    for k, coefficient in enumerate(rest):
        result.append(rounded(coefficient, digits))
        later = range(k + 1, len(best))
        if later:
            lost = coefficient - result[-1]
            left = mp.matrix([[moments[i + j] for j in later] for i in later])
            made_up = mp.lu_solve(left, mp.matrix([lost * moments[i + k] for i in later]))
            for j in later:
                rest[j] += made_up[j - k - 1]
    return result


PIECES = 8


def borders(pieces: Pieces) -> list[mpf]:
    """Where the pieces meet, from 0 to the top."""
    a, b = mpf(pieces.square), mpf(pieces.linear)
    half = [i + mpf(0.5) for i in range(PIECES - 1)]
    inner = [2 * h / (b + mp.sqrt(b * b + 4 * a * h)) for h in half]
    return [mpf(0), *inner, mpf(pieces.top)]


def lucky(target: Real, start: mpf) -> mpf:
    """The number, up to 1/256 above the start, where value and slope are nearest to float32's."""
    first = mp.ceil(start * 2**20) / 2**20
    return min((first + mpf(i) / 2**20 for i in range(2**12)), key=partial(_off, target))


def _off(target: Real, x: mpf) -> mpf:
    value, slope = (abs(rounded(n, 24) / n - 1) for n in (target(x), mp.diff(target, x)))
    return max(value, slope / 2)


def in_pieces(pieces: Pieces) -> tuple[list[float], list[list[float]], mpf]:
    """The ends; the coefficients, a list for each piece, lowest first; the largest error left."""
    meet = list(pairwise(borders(pieces)))
    fitted_pieces = [piece(pieces, low, high) for low, high in meet]
    if pieces.from_zero:
        fitted_pieces[0] = piece_from_zero(pieces, meet[0][1])
    ends, polynomials, errors = zip(*fitted_pieces, strict=True)
    return list(ends), list(polynomials), max(errors)


def piece(pieces: Pieces, low: mpf, high: mpf) -> tuple[float, list[float], mpf]:
    """A piece's end, its coefficients, and the error they leave."""
    end = lucky(pieces.target, high)
    variable = lambda x: end - x  # noqa: E731
    terms = {"float32": pieces.terms}
    fit = Fit(pieces.name, pieces.form, (low, high), pieces.target, pieces.weight, terms, variable)
    return float(end), *fitted(fit, "float32")


def piece_from_zero(pieces: Pieces, high: mpf) -> tuple[float, list[float], mpf]:
    """The same for the first piece, ended at 0."""
    start = pieces.target(mpf(0))
    target = lambda x: (start - pieces.target(x)) / x  # noqa: E731
    weight = lambda x: x * pieces.weight(x)  # noqa: E731
    terms = {"float32": pieces.terms - 1}
    fit = Fit(pieces.name, pieces.form, (0, high), target, weight, terms, lambda x: -x)
    coefficients, error = fitted(fit, "float32")
    return 0.0, [float(start), *coefficients], error


def split(constant: Split, format: str) -> list[float]:
    rest, result = constant.value(), []
    for bits in (*constant.bits[format], DIGITS[format]):
        result.append(rounded(rest, bits))
        rest -= result[-1]
    return result


def erfcx(x: mpf) -> mpf:
    return mp.erfc(x) * mp.exp(x * x)


def ndtr_scaled(x: mpf) -> mpf:
    """The normal distribution's tail beyond x over exp(-x*x/2)."""
    return erfcx(x / mp.sqrt(2)) / 2


def erfinv_of_log(w: mpf) -> mpf:
    """erfinv(y) / y as a function of w = -log(1 - y*y)."""
    y = mp.sqrt(-mp.expm1(-w))
    return mp.erfinv(y) / y


def square(x: mpf) -> mpf:
    return x * x


def less(centre: float) -> Real:
    return lambda x: x - mpf(centre)


def mapped(centre: float) -> Real:
    """The half-line from 0 on [-1, 1)."""
    return lambda x: (x - centre) / (x + centre)


def odd(function: Real) -> tuple[Real, Real]:
    """Target and weight of p in function(x) = x + x**3 p(x**2)."""
    return (lambda x: (function(x) - x) / x**3), (lambda x: x**3 / function(x))


def after_linear(function: Real) -> tuple[Real, Real]:
    """Target and weight of p in function(x) = x + x**2 p(x)."""
    return (lambda x: (function(x) - x) / x**2), (lambda x: x**2 / function(x))


def relative(function: Real) -> tuple[Real, Real]:
    """Target and weight of function(x) = p."""
    return function, (lambda x: 1 / function(x))


def decaying(function: Real, start: float = 0) -> tuple[Real, Real]:
    """Target and weight of function(x) = p / (x + start)."""
    target = lambda x: function(x) * (x + start)  # noqa: E731
    return target, (lambda x: 1 / target(x))


def fits() -> list[Fit]:
    """The polynomials; the intervals are a little wider than what the reductions give."""
    ln2, low, high = 0.3475, -0.25001, 0.50001
    narrow, wide = (lambda n: {"float32": n}), (lambda n: {"float64": n})
    both = lambda n, w: {"float32": n, "float64": w}  # noqa: E731
    even = lambda x: (mp.cosh(x) - 1) / x**2  # noqa: E731
    erf_small = (lambda x: mp.erf(x) / x - 1), (lambda x: x / mp.erf(x))
    return [
        Fit(
            "exp",
            "exp(r) = 1 + r + r**2 p(r)",
            (-ln2, ln2),
            lambda x: (mp.expm1(x) - x) / x**2,
            lambda x: x**2 / mp.exp(x),
            both(5, 11),
        ),
        Fit("expm1", "expm1(r) = r + r**2 p(r)", (-ln2, ln2), *after_linear(mp.expm1), both(6, 11)),
        Fit(
            "expm1_short",
            "expm1(r) = r + r**2 p(r), for float32 results",
            (-ln2, ln2),
            *after_linear(mp.expm1),
            wide(7),
        ),
        Fit("log1p", "log1p(r) = r + r**2 p(r)", (low, high), *after_linear(mp.log1p), both(9, 20)),
        Fit("log1p_unit", "log1p(x) = x + x**2 p(x)", (0, 1), *after_linear(mp.log1p), narrow(9)),
        Fit("tanh", "tanh(x) = x + x**3 p(x**2)", (0, 0.626), *odd(mp.tanh), wide(12), square),
        Fit(
            "tanhshrink",
            "x - tanh(x) = x**3 / 4 + x**3 p(x**2)",
            (0, 1),
            lambda x: (x - mp.tanh(x)) / x**3 - mpf(1) / 4,
            lambda x: x**3 / (x - mp.tanh(x)),
            narrow(8),
            square,
        ),
        Fit("sinh", "sinh(r) = r + r**3 p(r**2)", (0, ln2), *odd(mp.sinh), both(3, 6), square),
        Fit(
            "cosh", "cosh(r) = 1 + r**2 p(r**2)", (0, ln2), even, lambda x: x**2, both(3, 6), square
        ),
        Fit("erf", "erf(x) = x + x p(x**2)", (0, 1), *erf_small, wide(13), square),
        Fit(
            "erf_short",
            "erf(x) = x + x p(x**2), for float32 results",
            (0, 1),
            *erf_small,
            wide(8),
            square,
        ),
        Fit(
            "erf_quick",
            "erf(x) = x + x p(x**2), for 16-bit results",
            (0, 1),
            *erf_small,
            narrow(6),
            square,
        ),
        Fit(
            "erfc_near",
            "erfc(x) = exp(-x**2) p(x - 0.75)",
            (0, 1.5),
            *relative(erfcx),
            narrow(11),
            less(0.75),
        ),
        Fit(
            "erfc_middle",
            "erfc(x) = exp(-x**2) p(x - 2.875)",
            (1.5, 4),
            *relative(erfcx),
            narrow(11),
            less(2.875),
        ),
        Fit(
            "erfc_far",
            "erfc(x) = exp(-x**2) p(1 / x**2) / x, for float32 results",
            (4, 10.125),
            *decaying(erfcx),
            wide(6),
            lambda x: 1 / x**2,
        ),
        Fit(
            "erfc",
            "erfc(x) = exp(-x**2) p((x - 2) / (x + 2)) / (x + 2)",
            (0, 27.3),
            *decaying(erfcx, 2),
            wide(28),
            mapped(2),
        ),
        Fit(
            "erfc_short",
            "erfc(x) = exp(-x**2) p((x - 2) / (x + 2)) / (x + 2), for float32 results",
            (0, 27.3),
            *decaying(erfcx, 2),
            wide(15),
            mapped(2),
        ),
        Fit(
            "ndtr_far",
            "ndtr(-x) = exp(-x**2 / 2) p(1 / x**2) / x, for float32 results",
            (6.2, 14.8),
            *decaying(ndtr_scaled),
            wide(6),
            lambda x: 1 / x**2,
        ),
        Fit(
            "ndtr",
            "ndtr(-x) = exp(-x**2 / 2) p((x - 3) / (x + 3)) / (x + 3)",
            (0, 38.6),
            *decaying(ndtr_scaled, 3),
            wide(28),
            mapped(3),
        ),
        Fit(
            "ndtr_short",
            "ndtr(-x) = exp(-x**2 / 2) p((x - 3) / (x + 3)) / (x + 3), for float32 results",
            (0, 38.6),
            *decaying(ndtr_scaled, 3),
            wide(15),
            mapped(3),
        ),
        Fit(
            "ndtr_quick",
            "ndtr(-x) = exp(-x**2 / 2) p((x - 3) / (x + 3)) / (x + 3), for 16-bit results",
            (0, 15),
            *decaying(ndtr_scaled, 3),
            narrow(9),
            mapped(3),
        ),
        Fit(
            "erfinv",
            "erfinv(y) = y p(w - 2.5), w = -log(1 - y**2), for float32 results",
            (1e-9, 5),
            *relative(erfinv_of_log),
            wide(12),
            less(2.5),
        ),
        Fit(
            "erfinv_tail",
            "erfinv(y) = y p(sqrt(w) - 4), for float32 results",
            (5, 37),
            *relative(erfinv_of_log),
            wide(13),
            lambda w: mp.sqrt(w) - 4,
        ),
        Fit("sin", "sin(r) = r + r**3 p(r**2)", (0, 0.796), *odd(mp.sin), both(3, 6), square),
        Fit(
            "cos",
            "cos(r) = 1 - r**2 / 2 + r**4 p(r**2)",
            (0, 0.796),
            lambda x: (mp.cos(x) - 1 + x**2 / 2) / x**4,
            lambda x: x**4 / mp.cos(x),
            both(3, 6),
            square,
        ),
        Fit(
            "sin_short",
            "sin(r) = r + r**3 p(r**2), for float32 results",
            (0, 1.5709),
            *odd(mp.sin),
            wide(6),
            square,
        ),
        Fit("atan", "atan(x) = x + x**3 p(x**2)", (0, 1), *odd(mp.atan), narrow(9), square),
        Fit(
            "log1p_short",
            "log1p(r) = r + r**2 p(r), for float32 results",
            (low, high),
            *after_linear(mp.log1p),
            wide(13),
        ),
        Fit(
            "exp_short",
            "exp(r) = 1 + r + r**2 p(r), for float32 results",
            (-ln2, ln2),
            lambda x: (mp.expm1(x) - x) / x**2,
            lambda x: x**2 / mp.exp(x),
            wide(6),
        ),
    ]


def bounded(function: Real) -> tuple[Real, Real]:
    """Target and weight of p in function(x) = min(x, 1) + x p."""
    return (lambda x: (function(x) - min(x, 1)) / x), (lambda x: x / function(x))


def gelu_below(x: mpf) -> mpf:
    """The slope of gelu at -x."""
    return mp.ncdf(-x) - x * mp.npdf(x)


def gelu_tanh_exponent(x: mpf) -> mpf:
    """u, if x sigmoid(u) is gelu's form with a tanh."""
    return mp.sqrt(8 / mp.pi) * (x + mpf("0.044715") * x**3)


def gelu_tanh_gate(x: mpf) -> mpf:
    """The gate at -x."""
    return 1 / (1 + mp.exp(gelu_tanh_exponent(x)))


def gelu_tanh_rise(x: mpf) -> mpf:
    """What x times the gate's slope takes from the gate at -x."""
    gate = gelu_tanh_gate(x)
    return x * gate * (1 - gate) * mp.diff(gelu_tanh_exponent, x)


def gelu_tanh_below(x: mpf) -> mpf:
    """The slope of gelu_tanh at -x."""
    return gelu_tanh_gate(x) - gelu_tanh_rise(x)


def piecewise() -> list[Pieces]:
    """What is a polynomial on each of eight pieces."""
    ndtr, gelu = (17 / 128, 47 / 128, 6.25), (14 / 128, 65 / 128, 6.25)
    gelu_tanh = (14 / 128, 96 / 128, 5.5)
    return [
        Pieces(
            "erf",
            "erf(x) = min(x, 1) + x p",
            -13 / 64,
            2.5 + 13 / 64,  # two pieces meet at 1
            3.9375,
            *bounded(mp.erf),
            8,
        ),
        Pieces(
            "tanh",
            "tanh(x) = min(x, 1) + x p",
            -171 / 2048,
            1.5 + 171 / 2048,  # two pieces meet at 1
            9.015625,
            *bounded(mp.tanh),
            10,
        ),
        Pieces(
            "sin",
            "sin(x) = min(x, 1) + p",
            0,
            4.5,  # two pieces meet at 1
            1.5709,
            lambda x: mp.sin(x) - min(x, 1),
            lambda x: 1 / mp.sin(x),
            6,
            from_zero=True,
        ),
        Pieces("ndtr", "ndtr(-x)", *ndtr, *relative(lambda x: mp.ncdf(-x)), 10),
        Pieces(
            "gelu_slope",
            "ndtr(-x) - x exp(-x**2 / 2) / sqrt(2 pi), the error absolute near its zero",
            *ndtr,
            gelu_below,
            lambda x: 1 / (abs(gelu_below(x)) + mpf(1) / 16 * mp.npdf(x)),
            10,
            from_zero=True,
        ),
        Pieces(
            "gelu",
            "x ndtr(-x)",
            *gelu,
            *relative(lambda x: x * mp.ncdf(-x)),
            10,
            from_zero=True,
        ),
        Pieces(
            "gelu_tanh",
            "x sigmoid(-u), u = sqrt(8 / pi) (x + 0.044715 x**3)",
            *gelu_tanh,
            *relative(lambda x: x * gelu_tanh_gate(x)),
            10,
            from_zero=True,
        ),
        Pieces(
            "gelu_tanh_slope",
            "the slope of x sigmoid(u) at -x, the error absolute near its zero",
            *gelu_tanh,
            gelu_tanh_below,
            lambda x: 1 / (abs(gelu_tanh_below(x)) + gelu_tanh_gate(x) / 16),
            10,
            from_zero=True,
        ),
    ]


def splits() -> list[Split]:
    return [
        Split(
            "ln2",
            "log(2), the first part times 1100 (float32: 300) exact",
            lambda: mp.log(2),
            {"float32": (15,), "float64": (42,)},
        ),
        Split("pi", "pi in three parts, all above 0", lambda: +mp.pi, {"float32": (23, 21)}),
        Split("1/ln2", "1 / log(2)", lambda: 1 / mp.log(2), {"float32": (), "float64": ()}),
        Split("1/3", "1 / 3", lambda: 1 / mpf(3), {"float32": (), "float64": ()}),
        Split("4/3", "4 / 3", lambda: 4 / mpf(3), {"float32": (), "float64": ()}),
        Split(
            "pi/2",
            "pi / 2 in three parts",
            lambda: mp.pi / 2,
            {"float32": (24, 24), "float64": (53, 53)},
        ),
        Split("2/pi", "2 / pi", lambda: 2 / mp.pi, {"float32": (), "float64": ()}),
    ]


HEADER = '''\
"""Coefficients of printers/approximations, lowest first; written by tools/fit_coefficients.py.

The error beside a polynomial is the largest relative error of its form with the coefficients as
they stand, in exact arithmetic, on the interval named (of w where the form has one).
"""

COEFFICIENTS: dict[str, dict[str, tuple[float, ...]]] = {
'''


PIECES_HEADER = """\

#: Polynomials on eight pieces, float32. The first row is a, b and where the last piece ends; the
#: piece of x has the whole number nearest to a x**2 + b x. The others have a number for each piece:
#: the end, which x is taken from, and the coefficients of what is left, lowest first.
PIECES: dict[str, tuple[tuple[float, ...], ...]] = {
"""


def row(task: tuple[Fit | Split, str]) -> str:
    """The lines of one entry of the table."""
    entry, format = task
    if isinstance(entry, Split):
        numbers, comments = split(entry, format), [entry.form]
    else:
        numbers, error = fitted(entry, format)
        low, high = entry.interval
        comments = [entry.form, f"from {low:g} to {high:g}, error {mp.nstr(error, 2)}"]
    written = "".join(f"        # {c}\n" for c in comments)
    if len(numbers) == 1:
        return f'{written}        "{entry.name}": ({numbers[0]!r},),\n'
    listed = "".join(f"            {n!r},\n" for n in numbers)
    return f'{written}        "{entry.name}": (\n{listed}        ),\n'


def pieces_row(number: int) -> str:
    """The lines of one entry of the second table, by its place in the list."""
    entry = piecewise()[number]
    ends, polynomials, error = in_pieces(entry)
    rows = [
        tuple(map(float, (entry.square, entry.linear, entry.top))),
        ends,
        *zip(*polynomials, strict=True),
    ]
    comments = f"    # {entry.form}\n    # from 0 to {entry.top:g}, error {mp.nstr(error, 2)}\n"
    return f'{comments}    "{entry.name}": (\n{"".join(map(numbers_row, rows))}    ),\n'


def numbers_row(numbers: Sequence[float]) -> str:
    """A row as the formatter leaves it: on one line, or each number on its own."""
    line = f"        ({', '.join(map(repr, numbers))}),\n"
    if len(line) <= 101:
        return line
    return "        (\n" + "".join(f"            {n!r},\n" for n in numbers) + "        ),\n"


def table() -> str:
    """The text of coefficients.py."""
    sections = []
    with ProcessPoolExecutor() as pool:
        pieces = list(pool.map(pieces_row, range(len(piecewise()))))
        for format in DIGITS:
            numbers = range(len(splits()) + len(fits()))
            rows = [r for r in pool.map(numbered_row, numbers, [format] * len(numbers)) if r]
            sections.append(f'    "{format}": {{\n{"".join(rows)}    }},\n')
    return HEADER + "".join(sections) + "}\n" + PIECES_HEADER + "".join(pieces) + "}\n"


def numbered_row(number: int, format: str) -> str:
    """``row`` of an entry by its place in the lists: functions do not travel between processes."""
    entry = [*splits(), *fits()][number]
    present = entry.bits if isinstance(entry, Split) else entry.terms
    return row((entry, format)) if format in present else ""


def main() -> None:
    text = table()
    if "--check" not in sys.argv:
        OUTPUT.write_text(text)
    elif OUTPUT.read_text() != text:
        sys.exit(f"{OUTPUT} is not what the fits give; run this without --check")


if __name__ == "__main__":
    main()

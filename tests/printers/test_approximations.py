"""The approximations against mpmath: errors in units of the last place, and special values."""

import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from evaluate import by_libm, evaluate, fma32, fma64
from mpmath import mp, mpf

from ogive.expr import symbol, walk
from ogive.printers.approximations import FORMS, approximation
from ogive.printers.coefficients import COEFFICIENTS, PIECES
from ogive.printers.machine import FLOAT32, FLOAT64, Value

FORMATS = {f.name: f for f in (FLOAT32, FLOAT64)}
DTYPES = {"float32": np.float32, "float64": np.float64}
INF, NAN = math.inf, math.nan

#: What has a short form in float64, for float32 results.
SHORT = ("exp", "decay", "expm1", "tanh", "log1p", "erf", "erfc", "ndtr", "sin")
#: The largest error in units of the last place; a unit of a subnormal number is the smallest one.
BOUNDS = {
    "float32": {
        "exp": 0.8,  # 0.7 where the result is normal
        "exp_near": 0.95,
        "exp_near_of_wide": 1.0,
        "exp_of_wide": 1.0,
        "decay": 0.95,
        "decay_of_wide": 1.0,
        "expm1": 1.05,  # at 17.1, where 1 is half a unit; 0.9 elsewhere
        "log": 1.0,
        "log1p": 1.0,
        "log1p_of_unit": 1.0,
        "bell_near": 1.1,
        "gelu": 2.2,
        "geglu_near": 2.5,
        "geglu_tanh_near": 2.5,
        "gelu_slope": 1.0,
        "gelu_tanh": 2.2,
        "gelu_tanh_slope": 1.0,
        # an eightieth of a unit of float16, a tenth of that of bfloat16: the square is rounded
        "ndtr_smooth": 2.4,
        "ndtr_quick": 2.0**7,
        # an eighth of what 16 bits ask for at most
        "sigmoid_quick": 4.0,
        "dsigmoid_quick": 4.0,
        "softplus_quick": 4.0,
        "expm1_quick": 24.0,
        "tanh_quick": 8.0,
        "erf_quick": 4.0,
        "tanh": 2.45,  # three roundings of a quotient
        "tanh_close": 1.0,
        "tanhshrink": 2.35,  # the square, the cube and the sum
        "sinh": 1.2,
        "cosh": 1.0,
        "erf": 0.9,
        "erfc": 1.75,
        "ndtr": 1.8,
        "erfinv": 0.9,
        "sin": 1.2,
        "cos": 1.2,
        "sin_near": 1.3,  # of the rest of x no more is kept than a float32
        "cos_near": 1.6,
        "atan": 1.25,
        "asinh": 0.55,
        "pow": 0.55,
    },
    "float64": {
        "exp": 0.8,
        "decay": 0.95,
        "expm1": 1.0,
        "log": 0.9,
        "log1p": 0.95,
        "tanh": 1.2,
        "sinh": 1.4,
        "cosh": 1.0,
        "erf": 1.0,
        "erfc": 4.0,
        "ndtr": 4.0,
        "erfinv": 5.0,  # erf's and erfc's errors at 1/2, where y and its slope amplify them
        "sin": 1.1,
        "cos": 1.1,
        "atan": 1.0,  # this and the next two are the C library's
        "asinh": 2.0,
        "pow": 1.0,
        # a part in 2**32: 1/256 of a unit of float32, or less
        **{f"{name}_short": 2.0**21 for name in SHORT},
    },
}


def far(function, left, right):
    """The function, without asking mpmath where the arguments are huge."""
    return lambda x: mpf(left) if x < -1e5 else mpf(right) if x > 1e5 else function(x)


def exact_pow(a, b):
    return mp.power(a, b) if abs(b * mp.log(a)) < 1e4 else (INF if b * mp.log(a) > 0 else mpf(0))


EXACT = {
    "exp": far(mp.exp, 0, INF),
    "expm1": far(lambda x: mp.expm1(x) if abs(x) < 1 else mp.exp(x) - 1, -1, INF),
    "log": mp.log,
    "log1p": lambda x: mp.log1p(x),
    "tanh": far(mp.tanh, -1, 1),
    "sinh": far(mp.sinh, -INF, INF),
    "cosh": far(mp.cosh, INF, INF),
    "erf": far(mp.erf, -1, 1),
    "erfc": far(mp.erfc, 2, 0),
    "ndtr": far(mp.ncdf, 0, 1),
    "erfinv": lambda x: mp.erfinv(x) if abs(x) > 1e-30 else x * mp.sqrt(mp.pi) / 2,
    "sin": mp.sin,
    "cos": mp.cos,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "pow": exact_pow,
}
for _name in ("exp_near", "exp_of_wide", "exp_near_of_wide"):
    EXACT[_name] = EXACT["exp"]
EXACT["decay"] = EXACT["decay_of_wide"] = lambda x: EXACT["exp"](-x)
EXACT.update({f"{name}_short": EXACT[name] for name in SHORT})
EXACT.update({f"{name}_quick": EXACT[name] for name in ("ndtr", "erf", "expm1", "tanh")})
EXACT["ndtr_smooth"] = EXACT["ndtr"]
EXACT["sigmoid_quick"] = far(lambda x: 1 / (1 + mp.exp(-x)), 0, 1)
EXACT["softplus_quick"] = lambda x: mp.log1p(mp.exp(x)) if x < 200 else x
EXACT["dsigmoid_quick"] = far(lambda x: 1 / (2 + mp.exp(x) + mp.exp(-x)), 0, 0)
EXACT["log1p_of_unit"] = EXACT["log1p"]
EXACT["sin_near"], EXACT["cos_near"] = mp.sin, mp.cos
EXACT["tanh_close"] = EXACT["tanh"]
EXACT["bell_near"] = lambda x: mp.exp(-(x**2) / 2)
EXACT["tanhshrink"] = lambda x: x - EXACT["tanh"](x) if abs(x) > 1e-9 else x**3 / 3
EXACT["gelu"] = lambda x: x * EXACT["ndtr"](x)
EXACT["gelu_slope"] = lambda x: EXACT["ndtr"](x) + x * mp.npdf(x)


def gelu_tanh_gate(x):
    """sigmoid(u), without asking mpmath where u is huge."""
    u = mp.sqrt(8 / mp.pi) * (x + mpf("0.044715") * x**3)
    return mpf(x > 0) if abs(x) > 1e5 else 1 / (1 + mp.exp(-u))


def gelu_tanh_slope(x):
    gate = gelu_tanh_gate(x)
    rise = mp.sqrt(8 / mp.pi) * (1 + 3 * mpf("0.044715") * x**2)
    return gate + x * rise * gate * (1 - gate)


EXACT["gelu_tanh"] = lambda x: x * gelu_tanh_gate(x)
EXACT["gelu_tanh_slope"] = gelu_tanh_slope
EXACT["geglu_near"] = lambda value, gate: value * EXACT["gelu"](gate)
EXACT["geglu_tanh_near"] = lambda value, gate: value * EXACT["gelu_tanh"](gate)

#: What has two arguments.
TWO = ("pow", "geglu_near", "geglu_tanh_near")
#: Functions with a zero beside which their largest size counts.
LARGEST = {"gelu_slope": 1.13, "gelu_tanh_slope": 1.13}
#: Where a function is asked for its values, if not everywhere.
DOMAIN = {
    "log": (0, INF),
    "log1p": (-1, INF),
    "erfinv": (-1, 1),
    "decay": (0, INF),
    "decay_of_wide": (0, INF),
    "exp_near": (-86, 87),
    "exp_near_of_wide": (-86, 87),
    "log1p_of_unit": (0, 1),
    "sin_near": (-40, 40),
    "cos_near": (-40, 40),
    "bell_near": (-12, 12),
    "decay_short": (0, INF),
    "log1p_short": (-1, INF),
}
#: The numbers between which most of a function happens; half of the points lie there.
CENTRE = {
    "exp": (-104, 89),
    "exp_short": (-104, 89),
    "sinh": (-90, 90),
    "cosh": (-90, 90),
    "erfc": (-4, 10),
    "erfc_short": (-4, 10),
    "ndtr": (-14, 6),
    "ndtr_quick": (-14, 6),
    "ndtr_smooth": (-14, 6),
    "sin": (-700, 700),
    "cos": (-700, 700),
    "sin_near": (-40, 40),
    "cos_near": (-40, 40),
    "sin_short": (-700, 700),
}
CASES = [(f, n) for f, rows in BOUNDS.items() for n in rows]


def graph(name, format):
    inputs = [Value(symbol(s)) for s in ("x", "y")[: 2 if name in TWO else 1]]
    return approximation(name, FORMATS[format])(*inputs).node


def run(name, format, *inputs):
    dtype = np.float64 if name.endswith("_of_wide") else DTYPES[format]
    arrays = (np.asarray(i, dtype=dtype) for i in inputs)
    result = evaluate(graph(name, format), **dict(zip("xy", arrays, strict=False)))
    assert result.dtype == DTYPES[format]
    return result


def points(name, dtype, count=1500):
    """Numbers of every size and sign, a dense part, and neighbours of where something changes."""
    random = np.random.default_rng(len(name))
    limits = np.finfo(dtype)
    low, high = CENTRE.get(name, (-4, 4))
    sizes = np.exp2(random.uniform(np.log2(limits.smallest_subnormal), limits.maxexp, count))
    near_one = 1 - np.exp2(random.uniform(-limits.nmant, 0, count // 4))
    dense = random.uniform(low, high, count), random.uniform(-1, 1, count // 2)
    marks = np.array([0.35, 0.5, 0.625, 1, 1.5, 2, 4, 5.5, 17.1, 88.5, math.pi, math.e])
    close = (marks[:, None] * (1 + np.arange(-8, 9) * limits.eps)).ravel()
    both = np.concatenate([sizes, near_one, close])
    with np.errstate(over="ignore"):
        every = np.concatenate([both, -both, *dense]).astype(dtype)
    low, high = DOMAIN.get(name, (-INF, INF))
    return every[np.isfinite(every) & (every > low) & (every < high)]


def units(value, exact, format):
    """The error in units of the last place of the exact value; infinity is the next power of 2."""
    digits, top = FORMATS[format].digits, FORMATS[format].largest_exponent
    edge = mpf(2) ** top
    value, exact = (min(max(mpf(v), -edge), edge) for v in (value, exact))
    exponent = max(min(mp.mag(exact), top), 3 - top) if exact else 3 - top
    return float(abs(value - exact) / mpf(2) ** (exponent - digits))


def error(name, value, exact, format):
    """In units of the last place; near a zero in units of the largest size, if that is smaller."""
    largest = 2.0 ** (1 - FORMATS[format].digits) * LARGEST.get(name, 0)
    error = units(value, exact, format)
    return min(error, float(abs(value - exact) / largest)) if largest else error


def worst(name, format, *inputs):
    results = run(name, format, *inputs).tolist()
    pairs = zip(*(i.tolist() for i in inputs), strict=True)
    with mpmath.workdps(40):
        return max(
            (error(name, y, EXACT[name](*map(mpf, xs)), format), xs)
            for y, xs in zip(results, pairs, strict=True)
        )


def test_every_approximation_has_a_bound():
    assert {f: set(rows) for f, rows in BOUNDS.items()} == {f: set(t) for f, t in FORMS.items()}


@pytest.mark.parametrize(("format", "name"), [c for c in CASES if c[1] not in TWO])
def test_the_error_is_within_its_bound(name, format):
    dtype = np.float64 if name.endswith("_of_wide") else DTYPES[format]
    xs = points(name, dtype)
    error, at = worst(name, format, xs)
    assert error <= BOUNDS[format][name], at


@pytest.mark.parametrize("format", DTYPES)
def test_the_error_of_pow_is_within_its_bound(format):
    random = np.random.default_rng(1)
    sizes = np.exp2(random.uniform(-100, 100, 1500)), random.uniform(0, 3, 1500)
    bases = np.concatenate(sizes).astype(DTYPES[format])
    exponents = random.uniform(-3, 3, bases.size).astype(DTYPES[format])
    assert worst("pow", format, bases, exponents)[0] <= BOUNDS[format]["pow"]


@pytest.mark.parametrize("name", ["geglu_near", "geglu_tanh_near"])
def test_the_error_of_a_gate_is_within_its_bound(name):
    random = np.random.default_rng(2)
    value, gate = np.float32(random.normal(0, 3, (2, 3000)))
    small = np.float32(1e-40) * gate
    for gates in (gate, small):
        assert worst(name, "float32", value, gates)[0] <= BOUNDS["float32"][name]


SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (1e30, INF), (-1e30, 0.0)],
    "decay": [(0.0, 1.0), (INF, 0.0), (1e30, 0.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (-60.0, -1.0)],
    "log": [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-1.0, NAN), (-INF, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-1.5, NAN), (-INF, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (50.0, 1.0)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (1e4, INF)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (9.0, 1.0)],
    "erfc": [(0.0, 1.0), (INF, 0.0), (-INF, 2.0), (40.0, 0.0), (-9.0, 2.0)],
    "ndtr": [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (-50.0, 0.0), (9.0, 1.0)],
    "erfinv": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN), (INF, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN)],
    "atan": [(0.0, 0.0), (-0.0, -0.0)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF)],
}


@pytest.mark.parametrize("format", DTYPES)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values_are_exact(name, format):
    inputs, wanted = zip(*SPECIAL[name], (NAN, NAN), strict=True)
    assert_the_same(run(name, format, inputs), np.array(wanted, DTYPES[format]))


@pytest.mark.parametrize("name", SHORT)
def test_special_values_of_short_forms_are_exact_once_rounded(name):
    inputs, wanted = zip(*SPECIAL[name], (NAN, NAN), strict=True)
    assert_the_same(run(f"{name}_short", "float64", inputs).astype("f4"), np.float32(wanted))


def assert_the_same(results, wanted):
    np.testing.assert_array_equal(results, wanted)
    zero = results == 0
    np.testing.assert_array_equal(np.signbit(results)[zero], np.signbit(wanted)[zero])


def test_what_tanh_takes_away_keeps_the_sign_of_zero_and_grows_to_infinity():
    results = run("tanhshrink", "float32", [0.0, -0.0, INF, -INF, NAN])
    np.testing.assert_array_equal(results, np.float32([0.0, -0.0, INF, -INF, NAN]))
    assert np.signbit(results[:2]).tolist() == [False, True]


@pytest.mark.parametrize("format", DTYPES)
def test_pow_has_the_special_values_of_c(format):
    values = [0.0, 0.5, 1.0, 2.0, 3.0, 2.5, 2.0**24 - 1, INF]
    values = [s * v for v in values for s in (1, -1)] + [NAN]
    bases, exponents = (g.ravel() for g in np.meshgrid(values, values))
    wanted = by_libm("pow", bases, exponents).astype(DTYPES[format])
    results = run("pow", format, bases, exponents)
    odd = np.isfinite(wanted) & (abs(wanted) > 1e-30)  # these were rounded twice
    np.testing.assert_allclose(results[odd], wanted[odd], rtol=1e-6)
    np.testing.assert_array_equal(results[~odd], wanted[~odd])
    plain = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(results[plain]), np.signbit(wanted[plain]))


def test_float32_sines_of_large_numbers_and_near_multiples_of_pi():
    multiples = np.arange(1, 40000, 37) * (math.pi / 2)
    huge = np.float32([1e5, 1e10, 1e20, 1e38, 3.4e38])
    xs = np.concatenate([multiples.astype(np.float32), huge])
    with mpmath.workdps(90):
        for name in ("sin", "cos"):
            assert worst(name, "float32", xs)[0] <= BOUNDS["float32"][name]


def test_results_underflow_gradually():
    assert run("exp", "float32", [-100.0])[0] == np.float32(math.exp(-100))
    assert run("ndtr", "float32", [-14.0])[0] == np.float32(math.erfc(14 / math.sqrt(2)) / 2)
    assert run("erfc", "float64", [27.0])[0] == pytest.approx(math.erfc(27), rel=1e-3)


@pytest.mark.parametrize("format", DTYPES)
def test_what_has_decayed_is_0_before_a_product_could_underflow(format):
    lowered = approximation("decay", FORMATS[format])(Value(symbol("x"))).node
    assert lowered.op == "mul"
    assert evaluate(lowered.args[0], x=np.array([INF, 1e30], DTYPES[format])).tolist() == [0, 0]


@pytest.mark.parametrize("format", DTYPES)
def test_every_coefficient_is_a_number_of_its_format_and_is_used(format):
    used = {
        abs(float(node.value))
        for f, name in CASES
        for node in walk(graph(name, f))
        if node.op == "const" and node.value == node.value
    }
    for name, numbers in COEFFICIENTS[format].items():
        assert all(float(DTYPES[format](n)) == n for n in numbers), name
        assert used.issuperset(map(abs, numbers)), name


def test_fused_multiply_adds_are_rounded_once():
    random = np.random.default_rng(0)
    for dtype, digits, fma in ((np.float32, 24, fma32), (np.float64, 53, fma64)):
        a, b = (random.uniform(1, 2, 2000).astype(dtype) for _ in range(2))
        c = (-a * b * random.choice([1, 2.0**-digits, 0.5], 2000)).astype(dtype)
        with mpmath.workprec(300):
            exact = [
                mpf(x) * y + z for x, y, z in zip(*(v.tolist() for v in (a, b, c)), strict=True)
            ]
        with mpmath.workprec(digits):
            np.testing.assert_array_equal(fma(a, b, c), [float(+e) for e in exact])


def test_the_fits_give_the_table(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "tools")
    with mpmath.workdps(60):
        from fit_coefficients import fits, fitted

        fit = next(f for f in fits() if f.name == "expm1")
        numbers, error = fitted(fit, "float32")
    assert tuple(numbers) == COEFFICIENTS["float32"]["expm1"]
    assert error < 1e-9


@pytest.mark.parametrize("name", ["erf", "sin"])
def test_the_fits_give_the_pieces(name, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "tools")
    with mpmath.workdps(60):
        from fit_coefficients import borders, piece, piecewise

        pieces = next(p for p in piecewise() if p.name == name)
        end, coefficients, _ = piece(pieces, *borders(pieces)[1:3])
    (*_, top), *rows = PIECES[name]
    assert top == pieces.top
    assert [row[1] for row in rows] == [end, *coefficients]

"""Which saving modes a function has, how far off they are, and which are chosen."""

import numpy as np
import pytest

import ogive
from ogive.catalogue import entries, user_spec
from ogive.certify.compiled import numpy_function
from ogive.certify.saving.error import line, rounded_array
from ogive.certify.saving.mode import NotLegal
from ogive.certify.saving.saving import Saving, saving

DTYPES = ("float32", "bfloat16", "float16", "float64")


def of(name: str, **values: float) -> Saving:
    return saving(entries()[name], tuple(values.items()))


@pytest.mark.parametrize(
    ("name", "inverse"),
    [
        ("sigmoid", lambda y: y * (1 - y)),
        ("tanh", lambda y: 1 - y * y),
        ("softsign", lambda y: (1 - abs(y)) ** 2),
        ("elu", lambda y: np.where(y > 0, 1, y + 1)),
    ],
)
def test_what_has_a_closed_form_is_found(name: str, inverse: object) -> None:
    y = np.linspace(-0.99, 0.99, 101) if name != "sigmoid" else np.linspace(0.01, 0.99, 101)
    (slope,) = numpy_function(of(name).mode("output").backward)(np.ones_like(y), y)
    assert np.max(abs(slope - inverse(y))) < 1e-12  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("exponential", "y"),
        ("squared_relu", "2 * sqrt(abs(y))"),
        ("star_relu", "1.8914544668059023 * sqrt(abs(y - -0.4472))"),
        ("symexp", "1 - y"),
    ],
)
def test_a_slope_without_bounds_may_be_a_line(name: str, slope: str) -> None:
    mode = of(name).mode("output")
    assert mode.relative
    assert mode.bits == 0
    assert f", {slope}, " in str(mode.backward.outputs[0])


def test_errors_of_a_slope_without_bounds_are_parts_of_it() -> None:
    squared = of("squared_relu")
    assert squared.rounding == 2.0**-8  # of 1
    # the root halves the rounding of the result, 2**-8 at most
    assert 2.0**-10 < squared.error("output", "bfloat16").most <= 2.0**-9
    assert squared.error("output", "float32").most < 2.0**-22
    assert squared.error("output", "float16").most == np.inf  # 300 squared overflows
    assert "of f'" in str(ogive.get("squared_relu").saving())


def test_a_curve_is_never_exact_since_its_gradient_has_a_gradient() -> None:
    assert of("exponential").error("output", "float64").exact
    assert not of("exponential").exact("output", "float64")


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "hardswish", "gelu_tanh"])
def test_one_bit_tells_two_branches_apart(name: str) -> None:
    mode = of(name).mode("output")
    assert (mode.result, mode.bits) == (True, 1)
    assert of(name).error("output", "float64").most < 2.0**-11


def test_published_figures_of_gelu() -> None:
    """An exact inverse of a bfloat16 result: 0.0153 at most, 0.0016 in the mean; 8 bits: 0.0025."""
    gelu = of("gelu")
    assert gelu.error("output", "bfloat16").most == pytest.approx(0.0153, abs=2e-4)
    assert gelu.error("output", "bfloat16").rms == pytest.approx(0.0016, abs=1e-4)
    assert gelu.error("code8", "float32").most == pytest.approx(0.0025, abs=1e-4)
    assert gelu.error("code8", "float32").rms == pytest.approx(0.0014, abs=1e-4)
    assert gelu.error("code4", "float32").rms == pytest.approx(0.0245, abs=1e-3)


@pytest.mark.parametrize("name", ["softplus", "gelu", "laplace", "hard_mish", "silu", "tanh"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_no_number_is_further_off_than_is_stated(name: str, dtype: str) -> None:
    """Numbers that nobody chose, in float32 as kernels compute; of 16 bits every one."""
    exact = numpy_function(of(name).program.vjp((0,)))
    draw = np.random.default_rng(7)
    x = np.concatenate([draw.uniform(-12, 12, 400_000), draw.standard_normal(400_000)])
    if dtype != "float32":
        x = np.arange(2**16, dtype=np.uint32)
        x = (x << 16).view(np.float32) if dtype == "bfloat16" else x.astype("u2").view(np.float16)
        x = x[np.isfinite(x)]
    x = x.astype(np.float32)
    (true,) = exact(np.ones(len(x)), x.astype(float))
    for mode in ("output", "code4", "code8"):
        kept = of(name).mode(mode)
        result, *codes = numpy_function(kept.forward)(x)
        y = [rounded_array(result, dtype).astype(np.float32)] * kept.result
        codes = [np.rint(c).astype(np.float32) for c in codes]
        (slope,) = numpy_function(kept.backward)(np.ones_like(x), *y, *codes)
        away = np.all([abs(x - k) > 1e-6 * abs(k) for k in kept.kinks], axis=0) | np.isnan(x)
        assert np.nanmax(abs(slope - true)[away]) <= of(name).error(mode, dtype).most, mode


def test_half_a_step_is_the_error_of_a_code() -> None:
    slopes = of("gelu").smoothness.slopes
    for bits in (4, 8):
        half = (slopes.high.value - slopes.low.value) / (2**bits - 2) / 2
        assert of("gelu").error(f"code{bits}", "float64").most == pytest.approx(half, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        ("gelu", "mask", "f' takes a continuum of values"),
        ("exp_activation", "code8", "f' is unbounded"),
        ("snake", "output", "turn"),
        ("gcu", "output", "the range of f' is not proved"),
        ("xielu", "output", "f' is unbounded, and no line in y or in the root of its distance"),
        ("identity", "code8", "f' has one value, so that nothing need be kept"),
    ],
)
def test_why_not(name: str, mode: str, reason: str) -> None:
    known = entries().get(name) or user_spec("f", "exp(x)", {})
    with pytest.raises(NotLegal, match=reason):
        saving(known).mode(mode)


@pytest.mark.parametrize(
    ("name", "save", "chosen"),
    [
        ("relu", "exact", ["mask"] * 4),
        ("leaky_relu", "exact", ["mask"] * 4),
        ("hardshrink", "exact", ["mask"] * 4),
        ("identity", "exact", ["mask"] * 4),
        ("gelu", "exact", ["input"] * 4),
        ("sigmoid", "exact", ["input"] * 4),
        ("gelu", "lean", ["output", "code8", "code8", "output"]),
        ("sigmoid", "lean", ["output", "code8", "output", "output"]),
        ("elu", "lean", ["output"] * 4),
        ("squared_relu", "lean", ["output", "output", "input", "output"]),
        ("squared_relu", "exact", ["input"] * 4),
        ("star_relu", "lean", ["output", "input", "input", "output"]),  # its 0 is at -0.4472
    ],
)
def test_choice(name: str, save: str, chosen: list[str]) -> None:
    found = [of(name).choose(save, dtype) for dtype in DTYPES]
    assert ["input" if m is None else m.name for m in found] == chosen


def test_lean_is_no_further_off_than_bfloat16() -> None:
    gelu = of("gelu")
    assert gelu.rounding == 2.0**-8  # the largest slope is 1.13
    for dtype in DTYPES:
        mode = gelu.choose("lean", dtype)
        assert mode is not None and gelu.error(mode.name, dtype).most <= gelu.rounding


def test_parameters_count() -> None:
    mask = of("leaky_relu", negative_slope=0.2).mode("mask")
    assert str(mask.backward.outputs[0]) == "g * where(c < 0.5, 0.2, 1)"
    steep = of("leaky_relu", negative_slope=-0.5)  # not monotone any more
    assert steep.choose("exact", "float32") == steep.mode("mask")  # which does without the result
    assert (steep.mode("output").result, steep.mode("output").bits) == (True, 1)


def test_a_formula_of_a_user() -> None:
    bump = ogive.define("bump_to_save", "x * exp(-x**2 / 2)")
    assert bump.mode("lean").name == "code8"  # type: ignore[union-attr]
    assert "it turns 2 times" in str(bump.saving())


def test_rounding_to_dtypes() -> None:
    x = np.array([1.00390625, 1.01171875, 3.4e38, 1e-45, np.inf, -np.inf])
    assert rounded_array(x, "bfloat16")[:2].tolist() == [1.0, 1.015625]  # to even
    assert rounded_array(x, "float16")[0] == 1.00390625
    assert np.isnan(rounded_array(np.array([np.nan]), "bfloat16")).all()


def test_the_line_has_the_neighbours_of_a_place() -> None:
    found = rounded_array(line((0.5,), "float32"), "float32").tolist()
    above = float(np.nextafter(np.float32(0.5), np.float32(1)))
    assert {0.5, above} <= {*found}


def test_the_table_says_what_and_why() -> None:
    text = str(ogive.get("gelu").saving())
    assert "output  the result and 1 bit  " in text
    assert "no mask: f' takes a continuum of values" in text
    assert "lean: output (float32), code8 (bfloat16)" in text
    plain = ogive.get("gelu").saving().to_dict()
    assert plain["rows"][0]["errors"]["float32"]["most"] < 2.0**-8

"""Gated entries against formulas written out by hand in mpmath, and their layouts and clamps."""

from __future__ import annotations

import math
from dataclasses import replace

import mpmath as mp
import pytest

from ogive.catalogue import entries, resolve
from ogive.certify.reference import exact, unit
from ogive.expr import diff, evaluate, symbol

GATED = {name: spec for name, spec in entries().items() if spec.kind == "gated"}
DEFAULTS = {
    "swiglu_oai": {"alpha": 1.702, "limit": 7, "offset": 1},
    "swiglu_clipped": {"limit": 10},
    "swiglu_step": {"limit": 7},
    "situ_glu": {"beta": 4, "linear_beta": 25},
    "xswiglu": {"alpha": 0},
}


def slope_of(program, variable):
    """The program of the derivative with respect to one input."""
    outputs = tuple(diff(output, symbol(variable)) for output in program.outputs)
    return replace(program, outputs=outputs)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def silu(x):
    return x * sigmoid(x)


def phi(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def tanh_gelu(x):
    u = mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3)
    return x / 2 * (1 + mp.tanh(u))


def selu(x):
    scale, alpha = mp.mpf(1.0507009873554804934193349852946), mp.mpf(1.6732632423543772848)
    return scale * (x if x > 0 else alpha * mp.expm1(x))


def clamp(x, limit):
    return max(-limit, min(x, limit))


BY_HAND = {
    "glu": lambda v, g: v * sigmoid(g),
    "gtu": lambda v, g: mp.tanh(v) * sigmoid(g),
    "bilinear": lambda v, g: v * g,
    "reglu": lambda v, g: v * max(g, 0),
    "geglu": lambda v, g: v * g * phi(g),
    "geglu_tanh": lambda v, g: v * tanh_gelu(g),
    "qgeglu": lambda v, g: v * g * sigmoid(mp.mpf(1.702) * g),
    "swiglu": lambda v, g: v * silu(g),
    "seglu": lambda v, g: v * selu(g),
    "sreglu": lambda v, g: v * max(g, 0) ** 2,
    "drelu_glu": lambda v, g: max(v, 0) * max(g, 0),
    "swiglu_oai": lambda v, g: (clamp(v, 7) + 1) * min(g, 7) * sigmoid(mp.mpf(1.702) * min(g, 7)),
    "swiglu_clipped": lambda v, g: clamp(v, 10) * silu(min(g, 10)),
    "swiglu_step": lambda v, g: clamp(v, 7) * min(silu(g), 7),
    "situ_glu": lambda v, g: 4 * mp.tanh(g / 4) * sigmoid(g) * 25 * mp.tanh(v / 25),
    "xswiglu": lambda v, g: v * silu(g),
}
VALUES = (-30.0, -7.5, -0.8, 0.0, 1e-9, 0.7, 3.0, 9.0, 40.0)
GATES = (-300.0, -40.0, -9.0, -3.0, -1.1, -0.9, -1e-9, 0.0, 1e-12, 0.3, 1.7, 6.9, 7.2, 15.0, 300.0)


def at(spec, value, gate, **parameters):
    """The formula as an IEEE double."""
    values = {**spec._defaults, **parameters}
    return evaluate(spec.program.guarded[0], value=value, gate=gate, **values)


def test_every_entry_has_a_formula_by_hand():
    assert BY_HAND.keys() == GATED.keys()


@pytest.mark.parametrize("name", GATED)
def test_defaults(name):
    assert {p.name: p.default for p in GATED[name].parameters} == DEFAULTS.get(name, {})


@pytest.mark.parametrize("name", GATED)
def test_values_agree_with_the_formula_by_hand(name):
    spec = GATED[name]
    with mp.workdps(400):
        for value in VALUES:
            for gate in GATES:
                wanted = BY_HAND[name](mp.mpf(value), mp.mpf(gate))
                slope = exact(slope_of(spec.program, "gate"), value, gate, *spec._defaults.values())
                allowed = 8 * unit(wanted, gate, slope[0]) if wanted else 0
                assert abs(at(spec, value, gate) - wanted) <= allowed, (value, gate)


@pytest.mark.parametrize("name", GATED)
@pytest.mark.parametrize("variable", ("value", "gate"))
def test_gradients_agree_with_the_exact_ones(name, variable):
    spec = GATED[name]
    program = slope_of(spec.program, variable)
    steeper = slope_of(program, "gate")
    parameters = tuple(spec._defaults.values())
    for value in VALUES:
        for gate in GATES:
            wanted = exact(program, value, gate, *parameters)[0]
            slope = exact(steeper, value, gate, *parameters)[0]
            inputs = dict(zip(program.inputs, (value, gate, *parameters), strict=True))
            error = abs(evaluate(program.guarded[0], **inputs) - wanted)
            assert error <= 16 * unit(wanted, gate, slope), (value, gate)


@pytest.mark.parametrize("name", GATED)
def test_nan_in_either_half_gives_nan(name):
    assert math.isnan(at(GATED[name], math.nan, 0.9))
    assert math.isnan(at(GATED[name], 0.9, math.nan))


SHUT_AT_MINUS_INFINITY = {
    "glu", "gtu", "reglu", "geglu", "geglu_tanh", "qgeglu", "swiglu", "sreglu", "drelu_glu",
    "swiglu_oai", "swiglu_clipped", "swiglu_step", "situ_glu", "xswiglu",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHUT_AT_MINUS_INFINITY))
def test_a_gate_at_minus_infinity_is_shut(name):
    assert at(GATED[name], 2.0, -math.inf) == 0


def test_glu_has_the_value_first_and_a_sigmoid_gate():
    assert at(GATED["glu"], 3.0, 0.0) == 1.5


class TestClamps:
    """The three clamped forms differ, and each clamps as its models do."""

    def test_oai_clamps_the_gate_from_above_only(self):
        spec = GATED["swiglu_oai"]
        assert at(spec, 0.5, 100.0) == at(spec, 0.5, 7.0)
        assert at(spec, 0.5, -8.0) != at(spec, 0.5, -7.0)

    def test_oai_clamps_the_value_on_both_sides(self):
        spec = GATED["swiglu_oai"]
        assert at(spec, 100.0, 1.0) == at(spec, 7.0, 1.0)
        assert at(spec, -100.0, 1.0) == at(spec, -7.0, 1.0)

    def test_oai_adds_one_so_a_zero_value_passes_the_gate(self):
        expected = 2.0 / (1 + math.exp(-1.702 * 2.0))
        assert at(GATED["swiglu_oai"], 0.0, 2.0) == pytest.approx(expected, rel=1e-15)

    def test_the_order_of_clamp_and_silu_matters(self):
        clipped, step = GATED["swiglu_clipped"], GATED["swiglu_step"]
        before = 7 / (1 + math.exp(-7))
        assert at(clipped, 1.0, 50.0, limit=7.0) == pytest.approx(before, rel=1e-15)
        assert at(step, 1.0, 50.0, limit=7.0) == 7.0

    @pytest.mark.parametrize("name", ("swiglu_oai", "swiglu_clipped", "swiglu_step"))
    @pytest.mark.parametrize("end", (-1.0, 1.0))
    def test_the_gradient_passes_at_the_limit_itself(self, name, end):
        """torch.clamp's convention; 7 and 10 are half-precision numbers, so they do occur."""
        spec = GATED[name]
        limit = spec.parameter("limit").default
        slope = slope_of(spec.program, "value").guarded[0]
        values = {**spec._defaults, "gate": 2.0}
        assert evaluate(slope, value=end * limit, **values) != 0
        assert evaluate(slope, value=end * (limit + 1e-9), **values) == 0

    def test_soft_caps_bound_the_output(self):
        spec = GATED["situ_glu"]
        assert at(spec, math.inf, math.inf) == 100.0
        assert at(spec, 1e-3, 1e-3) == pytest.approx(at(GATED["swiglu"], 1e-3, 1e-3), rel=1e-6)


def test_expanded_gates_reach_beyond_zero_and_one():
    spec = GATED["xswiglu"]
    assert at(spec, 1.0, 40.0, alpha=0.25) == pytest.approx(1.25 * 40)
    assert at(spec, 1.0, -40.0, alpha=0.25) == pytest.approx(0.25 * 40)
    assert spec.parameter("alpha").learnable


class TestLayout:
    def test_gpt_oss_keeps_the_gate_in_the_even_elements(self):
        assert GATED["swiglu_oai"].layout == {"gate": "first", "interleave": True}

    @pytest.mark.parametrize("name", ("swiglu_clipped", "swiglu_step", "situ_glu"))
    def test_model_specific_entries_have_the_gate_first(self, name):
        assert GATED[name].layout == {"gate": "first"}

    @pytest.mark.parametrize("name", ("glu", "reglu", "geglu", "swiglu"))
    def test_the_general_entries_have_torchs_default(self, name):
        assert GATED[name].layout == {}

    @pytest.mark.parametrize("name", GATED)
    def test_presets_are_parameters_or_places_of_the_gate(self, name):
        spec = GATED[name]
        known = {p.name for p in spec.parameters} | {"gate", "interleave"}
        for implied in (spec.layout, *spec.presets.values()):
            assert implied.keys() <= known
            assert implied.get("gate", "first") in ("first", "second")

    def test_a_framework_with_the_other_half_as_gate_says_so(self):
        assert resolve("candle:swiglu") == (GATED["swiglu"], {"gate": "first"})
        assert resolve("torch:glu") == (GATED["glu"], {})
        spec, preset = resolve("te:ClampedSwiGLU")
        assert {**spec.layout, **preset} == {"gate": "first", "interleave": False}

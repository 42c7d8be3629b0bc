"""Stochastic entries: moments and distributions of many draws, and the evaluation forms.

Draws are seeded; every bound on a mean is six of its standard errors.
"""

from __future__ import annotations

import math
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from ogive.catalogue import entries
from ogive.certify.reference import exact, limit, unit
from ogive.expr import diff, evaluate, symbol
from ogive.printers import python_function

STOCHASTIC = {name: spec for name, spec in entries().items() if spec.kind == "stochastic"}
DRAWS = 200_000
UNLIKELY = 1e-6


def slope_of(program, variable):
    """The program of the derivative with respect to one input."""
    outputs = tuple(diff(output, symbol(variable)) for output in program.outputs)
    return replace(program, outputs=outputs)


def compiled(program):
    """The program as a function of arrays, by the NumPy printer."""
    run = python_function(program, "numpy")
    return lambda *inputs: run(*inputs)[0]


def parameters(spec, given):
    return [{**spec._defaults, **given}[s] for p in spec.parameters for s in p.symbols]


def draw(name, x, seed=0, draws=DRAWS, **given):
    """Outputs of the training form at one x, with fresh noise each."""
    spec = STOCHASTIC[name]
    generator = np.random.default_rng(seed)
    sources = {"uniform": generator.random, "normal": generator.standard_normal}
    noise = [sources[kind](draws) for kind in spec.noise.values()]
    values = parameters(spec, given)
    return compiled(spec.training_program)(np.full(draws, float(x)), *noise, *values)


def settled(name, x, **given):
    """The evaluation form as an IEEE double."""
    spec = STOCHASTIC[name]
    return evaluate(spec.program.guarded[0], x=x, **{**spec._defaults, **given})


def assert_mean(sample, expected):
    error = sample.std() / math.sqrt(len(sample))
    assert abs(sample.mean() - expected) <= 6 * error + 1e-12


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


XS = (-2.5, -1.0, -0.3, 0.0, 0.4, 1.2, 3.0)

EVALUATIONS = {
    "rrelu": lambda x: x if x > 0 else (mp.mpf(1 / 8) + mp.mpf(1 / 3)) / 2 * x,
    "stochastic_gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "noisy_hardtanh": lambda x: noisy(x, max(-1, min(x, 1)), x, "1.15", "0.5"),
    "noisy_hardsigmoid": lambda x: noisy(
        x, max(0, min(x / 4 + 0.5, 1)), x / 4 + 0.5, "1.1", "0.15"
    ),
    "noisy_input_hardtanh": lambda x: max(-1, min(x, 1)),
    "noisy_input_hardsigmoid": lambda x: max(0, min(x / 4 + 0.5, 1)),
    "nrelu": lambda x: max(x, 0),
    "probact": lambda x: max(x, 0),
    "gumbel_sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "hard_concrete": lambda x: max(0, min(1, mp.mpf(1.2) / (1 + mp.exp(-x)) - mp.mpf(0.1))),
}


def noisy(x, h, u, alpha, c):
    """Equation by equation from the paper, with the mean of the half-normal noise."""
    alpha, c = mp.mpf(float(alpha)), mp.mpf(float(c))
    sigma = c * (1 / (1 + mp.exp(-(h - u))) - mp.mpf(1) / 2) ** 2
    direction = -mp.sign(x) * mp.sign(1 - alpha)
    return alpha * h + (1 - alpha) * u + direction * sigma * mp.sqrt(2 / mp.pi)


def test_every_entry_has_an_evaluation_by_hand():
    assert EVALUATIONS.keys() == STOCHASTIC.keys()


@pytest.mark.parametrize("name", STOCHASTIC)
def test_evaluation_agrees_with_the_formula_by_hand(name):
    spec = STOCHASTIC[name]
    values = spec._defaults.values()
    with mp.workdps(60):
        for x in (*XS, -30.0, -5.0, 1e-9, 6.0, 30.0):
            wanted = EVALUATIONS[name](mp.mpf(x))
            slope = exact(slope_of(spec.program, "x"), x, *values)[0]
            # 1e-17: the last digit of the constants 1.2 and 0.1 of hard_concrete
            assert abs(settled(name, x) - wanted) <= 8 * unit(wanted, x, slope) + 1e-16, x


@pytest.mark.parametrize("name", STOCHASTIC)
def test_evaluation_has_its_limits_at_infinity(name):
    spec = STOCHASTIC[name]
    for x in (math.inf, -math.inf):
        wanted = limit(spec.program, math.copysign(1.0, x), *spec._defaults.values())
        assert settled(name, x) == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize("name", STOCHASTIC)
@pytest.mark.parametrize("noise", (0.0, 0.3, 0.999))
def test_nan_gives_nan(name, noise):
    spec = STOCHASTIC[name]
    inputs = {**dict.fromkeys(spec.noise, noise), **spec._defaults}
    assert math.isnan(evaluate(spec.training_program.guarded[0], x=math.nan, **inputs))
    assert math.isnan(settled(name, math.nan))


@pytest.mark.parametrize("name", STOCHASTIC)
@pytest.mark.parametrize("noise", (0.0, 2.0**-24, 1 - 2.0**-24))
@pytest.mark.parametrize("x", (-3.0, 0.0, 0.5, 90.0))
def test_no_draw_gives_an_infinite_value_or_gradient(name, noise, x):
    """0 is a number that torch.rand returns."""
    spec = STOCHASTIC[name]
    inputs = {"x": x, **dict.fromkeys(spec.noise, noise), **spec._defaults}
    program = spec.training_program
    assert math.isfinite(evaluate(program.guarded[0], **inputs))
    wanted = tuple(i for i, n in enumerate(program.inputs) if n not in spec.noise)
    for gradient in program.vjp(wanted).guarded:
        assert math.isfinite(evaluate(gradient, g0=1.0, **inputs)), gradient


class TestRReLU:
    def test_slopes_are_uniform(self):
        slopes = draw("rrelu", -2.0, draws=20_000) / -2.0
        assert stats.kstest(slopes, stats.uniform(1 / 8, 1 / 3 - 1 / 8).cdf).pvalue > UNLIKELY

    def test_positive_inputs_pass(self):
        assert (draw("rrelu", 1.7) == 1.7).all()

    def test_evaluation_takes_the_frameworks_middle_and_not_the_papers(self):
        assert settled("rrelu", -1.0) == -(1 / 8 + 1 / 3) / 2
        assert settled("rrelu", -1.0) != pytest.approx(-1 / 5.5, rel=0.1)

    def test_evaluation_is_the_mean(self):
        assert_mean(draw("rrelu", -2.0), settled("rrelu", -2.0))


class TestStochasticGELU:
    @pytest.mark.parametrize("x", XS)
    def test_its_mean_is_gelu(self, x):
        assert_mean(draw("stochastic_gelu", x), x * stats.norm.cdf(x))

    def test_an_output_is_the_input_or_zero(self):
        assert set(draw("stochastic_gelu", 0.4)) == {0.0, 0.4}

    def test_the_mean_of_its_gradient_is_the_probability_and_not_gelus_gradient(self):
        spec = STOCHASTIC["stochastic_gelu"]
        uniform = np.random.default_rng(1).random(DRAWS)
        slopes = compiled(slope_of(spec.training_program, "x"))(np.full(DRAWS, 0.8), uniform)
        assert_mean(slopes, stats.norm.cdf(0.8))
        true_slope = stats.norm.cdf(0.8) + 0.8 * stats.norm.pdf(0.8)
        assert abs(slopes.mean() - true_slope) > 0.1

    def test_infinity(self):
        assert set(draw("stochastic_gelu", -math.inf, draws=100)) == {0.0}
        assert set(draw("stochastic_gelu", math.inf, draws=100)) == {math.inf}


NOISY = ("noisy_hardtanh", "noisy_hardsigmoid")


class TestNoisy:
    @pytest.mark.parametrize("name", NOISY)
    @pytest.mark.parametrize("x", (-6.0, -2.3, 2.3, 6.0))
    @pytest.mark.parametrize("alpha", (0.9, 1.0, 1.2))
    def test_evaluation_is_the_mean(self, name, x, alpha):
        assert_mean(draw(name, x, alpha=alpha), settled(name, x, alpha=alpha))

    @pytest.mark.parametrize("name", NOISY)
    def test_noise_only_where_it_saturates(self, name):
        assert draw(name, 0.5).std() == 0
        assert draw(name, 4.0).std() > 1e-3

    def test_the_linear_part_is_the_input_itself(self):
        assert settled("noisy_hardtanh", 0.3) == 0.3

    @pytest.mark.parametrize("alpha, outward", ((0.9, -1), (1.0, -1), (1.2, 1)))
    def test_the_direction_of_the_noise(self, alpha, outward):
        quiet = settled("noisy_hardtanh", 3.0, alpha=alpha, c=0.0)
        shaken = draw("noisy_hardtanh", 3.0, alpha=alpha) - quiet
        assert (outward * shaken >= 0).all() and (outward * shaken).max() > 0.01

    def test_it_is_odd_about_its_middle(self):
        for x in (0.4, 1.5, 5.0):
            assert settled("noisy_hardtanh", -x) == -settled("noisy_hardtanh", x)
            both = settled("noisy_hardsigmoid", -x) + settled("noisy_hardsigmoid", x)
            assert both == pytest.approx(1.0, rel=1e-15)

    def test_p_is_learned(self):
        assert all(STOCHASTIC[n].parameter("p").learnable for n in NOISY)

    def test_input_noise_leaves_saturation_alone_when_it_is_far(self):
        assert set(draw("noisy_input_hardtanh", 3.0)) == {1.0}
        sample = draw("noisy_input_hardtanh", 0.2)
        assert_mean(sample, 0.2)
        assert sample.std() == pytest.approx(0.05, rel=0.02)
        assert draw("noisy_input_hardsigmoid", 0.2).std() == pytest.approx(0.0125, rel=0.02)


class TestShakenReLU:
    @pytest.mark.parametrize("x", (-3.0, -0.5, 0.0, 0.7, 2.0))
    def test_nrelu_has_the_mean_of_a_rectified_normal(self, x):
        s = math.sqrt(sigmoid(x))
        expected = x * stats.norm.cdf(x / s) + s * stats.norm.pdf(x / s)
        assert_mean(draw("nrelu", x), expected)

    def test_nrelus_mean_lies_above_its_evaluation(self):
        assert draw("nrelu", 0.0).mean() > settled("nrelu", 0.0) + 0.2

    def test_nrelus_noise_has_variance_sigmoid(self):
        assert draw("nrelu", 8.0).var() == pytest.approx(sigmoid(8.0), rel=0.02)

    @pytest.mark.parametrize("x", XS)
    def test_probact_is_normal_about_relu(self, x):
        sample = draw("probact", x, sigma=0.3, draws=20_000)
        assert stats.kstest(sample, stats.norm(max(x, 0), 0.3).cdf).pvalue > UNLIKELY
        assert_mean(sample, settled("probact", x))


class TestGates:
    @pytest.mark.parametrize("tau", (0.1, 1.0, 5.0))
    @pytest.mark.parametrize("x", (-1.5, 0.0, 2.0))
    def test_a_gumbel_sigmoid_opens_with_the_evaluations_probability(self, tau, x):
        opened = draw("gumbel_sigmoid", x, tau=tau) > 0.5
        assert_mean(opened, settled("gumbel_sigmoid", x, tau=tau))

    def test_its_mean_is_the_probability_only_for_small_tau(self):
        assert_mean(draw("gumbel_sigmoid", 2.0, tau=1e-4), sigmoid(2.0))
        assert abs(draw("gumbel_sigmoid", 2.0, tau=1.0).mean() - sigmoid(2.0)) > 0.05

    def test_one_uniform_gives_logistic_noise(self):
        sample = draw("gumbel_sigmoid", 0.0, draws=20_000)
        logits = np.log(sample) - np.log1p(-sample)
        assert stats.kstest(logits, stats.logistic.cdf).pvalue > UNLIKELY

    @pytest.mark.parametrize("x", (-2.0, 0.0, 1.0))
    def test_a_hard_concrete_gate_is_shut_with_the_papers_probability(self, x):
        sample = draw("hard_concrete", x)
        assert_mean(sample == 0, 1 - sigmoid(x - 2 / 3 * math.log(0.1 / 1.1)))
        assert sample.min() == 0 and sample.max() == 1

"""Formulas that people write by mistake, for pitfalls that are about one: drawn beside the right.

A row says which pitfall by how its sentence begins; ``tests/explorer/test_words.py`` holds that
there is such a sentence, and that the two functions differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ogive.catalogue import Spec


@dataclass(frozen=True)
class WrongForm:
    """A mistake that can be drawn.

    Attributes:
        entry: the activation that was meant.
        pitfall: how the sentence begins that warns of it.
        formula: what is written instead, in the grammar of ``ogive.define``.
        order: 0 where it stands for f, 1 for f'.
        parameters: those at which the right one is drawn, besides the defaults.
    """

    entry: str
    pitfall: str
    formula: str
    order: int = 0
    parameters: Mapping[str, float] = field(default_factory=dict)


_TANH_GATE = "sigmoid(2 * sqrt(2/pi) * (x + 0.044715 * x**3))"
# fmt: off
WRONG_FORMS = (
    WrongForm("gaussian", "Some write", "exp(-x**2 / 2)"),
    WrongForm("exponential", "The survey's mirror", "exp(-x)"),
    WrongForm("elu", "It tends to -alpha", "where(x > 0, x, -log(1 - x))"),
    WrongForm("gelu", "jax.nn, keras.ops", f"x * {_TANH_GATE}"),
    WrongForm("gelu_tanh", "The formula is x times", _TANH_GATE),
    WrongForm("gelu_tanh", "Names such as", "x * ndtr(x)"),
    WrongForm("quick_gelu", "It is up to 0.02", "x * ndtr(x)"),
    WrongForm("prelu", "The slope starts", "max(x, 0)"),
    WrongForm("s_shaped_relu", "Four functions", "max(-1, x)"),
    WrongForm("hardsigmoid", "Four slopes", "clip(0.2 * x + 0.5, 0, 1)"),
    WrongForm("affine_hardsigmoid", "Keras changed", "clip(x / 6 + 0.5, 0, 1)"),
    WrongForm("sine", "SIREN's frequency", "sin(pi * x)"),
    WrongForm("cosine", "The survey's mirror", "1 - cos(x)"),
    WrongForm("snake", "With cos(2 a x)", "x + 1 - cos(2 * x)"),
    WrongForm("sinc", "torch.sinc", "where(abs(x) > 0, sin(pi * x) / (pi * x), 1)"),
    WrongForm("relu6", "Inputs above 6", "where(x > 6, 0, max(x, 0))"),
    WrongForm("leaky_relu", "max(a x, x)", "max(2 * x, x)", parameters={"negative_slope": 2.0}),
    WrongForm("leaky_relu", "The default slope", "where(x > 0, x, 0.3 * x)"),
    WrongForm("shifted_relu", "It is max(-1, x)", "relu(x - 1)"),
    WrongForm("silu", "A copy divides", "x / (1 - exp(-x))"),
    WrongForm("aria2", "The factor x", "exp(-1.5 * softplus(-2 * x))"),
    WrongForm("c_log_log", "It rises", "1 - exp(-exp(-x))"),
    WrongForm("laplace", "It is a normal", "x * ndtr((x - 0.707107) / 0.282095)"),
    WrongForm("softplus", "It is log(1 + exp(x))", "log(1 / (1 + exp(x)))"),
    WrongForm("squareplus", "With b = 4", "(x + sqrt(x**2 + 1e-6)) / 2"),
    WrongForm("sigmoid", "Its derivative is", "-sigmoid(x)**2 * (0.5 - sigmoid(x))", 1),
    WrongForm("sigmoid", "It saturates at 0 and 1", "2 * sigmoid(x) - 1"),
    WrongForm("penalized_tanh", "The penalty", "tanh(x) - tanh(x)**2"),
    WrongForm("dynamic_tanh", "alpha starts", "tanh(x)"),
    WrongForm("rrelu", "The paper divides", "where(x > 0, x, x / 5.5)"),
    WrongForm("aptx", "Its defaults are not", "x * tanh(softplus(x))"),
)
# fmt: on


def wrong_forms(spec: Spec) -> Iterator[tuple[str, WrongForm | None]]:
    """Every pitfall of an entry, with the mistake that it is about where that can be drawn."""
    rows = [row for row in WRONG_FORMS if row.entry == spec.name]
    for pitfall in spec.pitfalls:
        yield pitfall, next((r for r in rows if pitfall.startswith(r.pitfall)), None)

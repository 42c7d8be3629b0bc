"""Formulas that nobody chose, drawn from the grammar: with jumps, poles, powers, nested pieces."""

from __future__ import annotations

import random

FUNCTIONS = (
    "exp", "expm1", "sigmoid", "softplus", "tanh", "sech", "erf", "ndtr", "sin", "cos", "atan",
    "asinh", "hypot1", "rhypot", "algebraic", "softsign", "abs", "relu", "dsigmoid", "log1p",
)  # fmt: skip
#: What has poles, infinite slopes, half a line or jumps.
ROUGH = ("log", "sqrt", "sign", "1 / ", "abs", "cosh", "erfc")
NUMBERS = ("0.5", "1.0", "2.0", "-1.0", "0.1", "3.0", "-0.25")
POWERS = ("2", "3", "0.5", "1.5", "-1", "-2", "-0.5", "2.5", "0.25")
RELATIONS = (">", ">=", "<", "<=")


def formula(draw: random.Random, depth: int = 3) -> str:
    """A formula of smooth functions, quotients and a few pieces."""
    if depth == 0 or draw.random() < 0.12:
        return "x" if draw.random() < 0.75 else draw.choice(NUMBERS)
    kind, a, b = draw.random(), formula(draw, depth - 1), formula(draw, depth - 1)
    if kind < 0.5:
        return f"{draw.choice(FUNCTIONS)}({a})"
    if kind < 0.9:
        return f"({a} {draw.choice('+-**/')} {b})"
    if kind < 0.95:
        return f"{draw.choice(('min', 'max'))}({a}, {b})"
    return f"where({a} > {formula(draw, 1)}, {b}, {formula(draw, depth - 1)})"


def rough(draw: random.Random, depth: int = 3) -> str:
    """A formula in which every second operation may jump, or is not defined everywhere."""
    if depth == 0 or draw.random() < 0.15:
        return "x" if draw.random() < 0.8 else draw.choice(NUMBERS)
    kind, a = draw.random(), rough(draw, depth - 1)
    if kind < 0.3:
        return f"{draw.choice(ROUGH)}({a})"
    if kind < 0.4:
        return f"({a})**{draw.choice(POWERS)}"
    if kind < 0.5:
        return f"{draw.choice(FUNCTIONS)}({a})"
    b = rough(draw, depth - 1)
    if kind < 0.75:
        return f"({a} {draw.choice('+-*/')} {b})"
    if kind < 0.82:
        return f"{draw.choice(('min', 'max'))}({a}, {b})"
    condition = f"{rough(draw, 1)} {draw.choice(RELATIONS)} {draw.choice(NUMBERS)}"
    return f"where({condition}, {a}, {b})"


#: What is 0 where no float is, or in every period; and what is made of it and of another formula.
ZEROS = (
    "x**2 - 2", "3*x - 1", "x**3 - x - 1", "exp(x) - 2", "sin(x)", "cos(2*x) - 0.3", "log(x)",
    "x**2 - x - 3", "2 - x**2", "tanh(x) - 0.3", "exp(x) - exp(-x)", "(x**2 - 3)**2", "x**2 - 4*x",
)  # fmt: skip
AROUND = (
    "1/({0})", "({1})/({0})", "({0})/({1})", "log({0})", "sqrt({0})", "({0})**{2}", "sign({0})",
    "where({0} > 0, {1}, {3})", "where({0} <= 0.5, {1}, {3})", "abs({0})", "max({0}, {1})",
    "({1})*({0})", "tanh(1/({0}))", "({0})/abs({0})", "({0})/({0})", "({1}) + 1/({0})",
)  # fmt: skip


def with_zeros(draw: random.Random) -> str:
    """A formula with poles, roots and borders at numbers that no float is."""
    zero, power = draw.choice(ZEROS), draw.choice((*POWERS, "1/3", "(-1/3)"))
    one, other = (draw.choice((*ZEROS, "x", "2")) for _ in "ab")
    found = draw.choice(AROUND).format(zero, one, power, other)
    if draw.random() < 0.3:
        found = draw.choice(AROUND).format(found, other, power, one)
    return f"{draw.choice(FUNCTIONS)}({found})" if draw.random() < 0.3 else found


def drawn(seed: int) -> str:
    """The formula of a seed: every third one has zeros, of the others the odd ones are rough."""
    draw = random.Random(seed)
    if seed % 3 == 2:
        return with_zeros(draw)
    return rough(draw) if seed % 2 else formula(draw)

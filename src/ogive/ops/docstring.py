"""The docstring of one entry: what it is, its formula, its parameters, an example that was run.

Apart because nothing of it is typed: ``help`` and a notebook's ``?`` show what the entry says.
"""

from __future__ import annotations

import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import torch

from ogive.catalogue import Parameter
from ogive.engine.selection import unlisted

if TYPE_CHECKING:
    from ogive.ops.function import ActivationFunction

#: What the examples are of; a row of four can be sorted into groups.
NUMBERS = (-2.0, -0.5, 0.0, 1.0)


def docstring(function: ActivationFunction) -> str:
    """The docstring of an activation.

    Example:
        >>> import ogive
        >>> print(docstring(ogive.get("leaky_relu")).splitlines()[2])
        Formula: where(x <= 0, negative_slope * x, x)
    """
    parts = [function.spec.doc, f"Formula: {function.formula}"]
    if function.parameters:
        told = [_parameter(p, function.preset.get(p.name, p.default)) for p in function.parameters]
        parts.append("Parameters:\n" + textwrap.indent("\n".join(told), "    "))
    parts += [f"Source: {function.paper}"] if function.paper else []
    parts += [f"Mind: {pitfall}" for pitfall in function.pitfalls]
    return "\n\n".join([*parts, _example(function)])


def _parameter(parameter: Parameter, value: object) -> str:
    learned = "; training adjusts it in a module" if parameter.learnable else ""
    return f"{parameter.name}: {parameter.domain.text}, {value} unless given{learned}."


def _example(function: ActivationFunction) -> str:
    """A call with what it gives, run now on torch's operators, which need no compiler."""
    own, gated = function.family == "user", function.kind == "gated"
    inputs = (
        f"torch.ones(4), torch.tensor({[*NUMBERS]})" if gated else f"torch.tensor({[*NUMBERS]})"
    )
    preset = "".join(f", {name}={value!r}" for name, value in function.preset.items())
    called = function.name if own else f"ogive.get({function.name!r})"
    shown = [_shown(function, seed) for seed in (0, 1)]
    lines = [">>> import torch" if own else ">>> import ogive, torch"]
    lines += [">>> _ = torch.manual_seed(0)"] if shown[0] != shown[1] else []
    lines += [f">>> {called}({inputs}{preset})", *shown[0].splitlines()]
    return "Example:\n" + textwrap.indent("\n".join(lines), "    ")


def _shown(function: ActivationFunction, seed: int) -> str:
    """What the example prints. It is computed in a thread of its own, where nothing that surrounds
    the reader of a docstring takes part (``vmap`` reads one): no mode, no transform, no monitor."""
    with unlisted(), ThreadPoolExecutor(1) as aside:
        return aside.submit(_printed, function, seed).result()


def _printed(function: ActivationFunction, seed: int) -> str:
    """The same, the state of random numbers being left as it is."""
    x = torch.tensor(NUMBERS, dtype=torch.float32)
    given = (torch.ones(4, dtype=torch.float32), x) if function.kind == "gated" else (x,)
    plain = type(function)(function.spec, function.preset, "eager")
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return repr(plain(*given))

"""What passes through deep random networks, and what comes back: before any training.

Apart from the claims because several of them are about it, each with other functions and weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

import ogive
from ogive.errors import OgiveError
from ogive.nn.gain import gain

#: The standard deviation of sqrt(fan_in) * weights of square layers, by what it is called.
WEIGHTS = {"torch": math.sqrt(1 / 3), "Glorot": 1.0, "LeCun": 1.0, "He": math.sqrt(2)}
NORMALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda z: z,
    "batch": lambda z: (z - z.mean(-2, keepdim=True)) / z.std(-2, keepdim=True),
    "layer": lambda z: (z - z.mean(-1, keepdim=True)) / z.std(-1, keepdim=True),
}


@dataclass(frozen=True)
class Passage:
    """By network (one a seed, first dimension) and layer.

    Attributes:
        mean, variance: of the activations' outputs.
        square: E z^2 of what goes into them.
        zeros: the share of outputs that are 0.
        gradient: E g^2 of a loss with respect to what goes into them, over that at the last layer.
    """

    mean: Tensor
    variance: Tensor
    square: Tensor
    zeros: Tensor
    gradient: Tensor


def sigma_of(weights: str, activation: str) -> float:
    """The standard deviation of sqrt(fan_in) * weights; ``matched`` keeps E z^2 at 1."""
    if weights == "matched":
        return gain(activation).second_moment.value
    if weights not in WEIGHTS:
        raise OgiveError(f"weights are matched, {', '.join(WEIGHTS)}, not {weights!r}")
    return WEIGHTS[weights]


def passage(
    activation: str,
    depth: int,
    sigma: float,
    seeds: Sequence[int],
    *,
    width: int = 64,
    rows: int = 64,
    start: tuple[float, float] = (0.0, 1.0),
    norm: str = "none",
) -> Passage:
    """Send rows of normal inputs through random networks, one for each seed, and a gradient back.

    A layer is normalisation, if any, of W x with weights from N(0, sigma^2 / width), then the
    activation. ``start`` is the mean and the standard deviation of the inputs; the gradient comes
    from a random direction behind the last layer.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    x = start[0] + start[1] * _drawn((rows, width), generators)
    inputs, outputs = [], []
    for _ in range(depth):
        weight = _drawn((width, width), generators) * (sigma / math.sqrt(width))
        inputs.append(NORMALISATIONS[norm](x @ weight).requires_grad_())
        x = ogive.get(activation)(inputs[-1])
        outputs.append(x)
    gradients = torch.autograd.grad((x * _drawn((rows, width), generators)).sum(), inputs)
    squares = torch.stack([_mean(g.square()) for g in gradients], 1)
    with torch.no_grad():
        return Passage(
            mean=torch.stack([_mean(y) for y in outputs], 1),
            variance=torch.stack([y.double().flatten(1).var(1) for y in outputs], 1),
            square=torch.stack([_mean(z.square()) for z in inputs], 1),
            zeros=torch.stack([_mean(y == 0) for y in outputs], 1),
            gradient=squares / squares[:, -1:],
        )


def _drawn(shape: tuple[int, int], generators: Sequence[torch.Generator]) -> Tensor:
    """Independent normal numbers for each network."""
    return torch.stack([torch.randn(shape, generator=g) for g in generators])


def _mean(of: Tensor) -> Tensor:
    return of.detach().double().flatten(1).mean(1)

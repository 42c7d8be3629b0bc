"""A Gumbel-softmax sample is softmax((x + g) / tau) with Gumbel noise g. Which entry is the
largest does not depend on tau, and the probability of that is an integral, computed with
mpmath: it is softmax(x). Samples are counted as well. The two limits are looked at near their
ends. The derivative with respect to x + g is compared with the formula that has the factor
1/tau, which seed 003 leaves out. Last, small product quantisers are learned through hard
samples, of four and of eight codes, in a short and a long training: points of two groups of
four numbers, each group from as many centres of its own; an encoder chooses a code for each
group, and the centres are learned with it.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from torch import Tensor

import ogive
from ogive.errors import require
from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import Check
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import exactly
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.seeds import normal_draws
from ogive.study.data.splitting import DataArray

_LOGITS = (0.0, 1.0, 2.0, -1.0)
_GROUPS, _SIZE, _ROWS = 2, 4, 512
_NOISE, _LONG = 0.1, (500, 3000)


@claim(
    "C20",
    "Gumbel-softmax draws from the categorical distribution softmax(x): samples become one-hot "
    "as tau goes to 0 and uniform as it grows, and discrete codes can be learned through it.",
    source="seed 003; arXiv:1611.01144",
    criterion="The integral for each entry to be the largest is its softmax to 1e-10, and "
    "counted frequencies differ by at most 0.005 in total variation. At tau = 0.01 the largest "
    "share is at least 0.95 in the mean, at tau = 100 at most 0.3 where uniform is 0.25. The "
    "gradient has the factor 1/tau to 1e-9. Quantised points explain at least 80 % of the "
    "variance.",
)
def gumbel_softmax_samples(effort: Effort) -> Finding:
    integrals = {"fact": "largest entry"}
    checks = [
        Check("error of the integrals", exactly(_integrals()), at_most=1e-10, where=integrals),
        Check(
            "error of the gradient", exactly(_gradient()), at_most=1e-9, where={"fact": "gradient"}
        ),
    ]
    measured, samples = Measurements(), {}
    for tau in (0.01, 0.1, 1.0, 10.0, 100.0):
        samples[tau] = [_sampled(tau, seed, effort) for seed in effort.seeds()]
        off = [_variation(counts) for counts, _, _ in samples[tau]]
        measured.mean("error of frequencies", off, where={"tau": f"{tau:g}"}, at_most=0.005)
    shares = {tau: [largest for _, _, largest in found] for tau, found in samples.items()}
    measured.mean("largest share", shares[0.01], where={"tau": "0.01"}, at_least=0.95)
    measured.mean("largest share", shares[100.0], where={"tau": "100"}, at_most=0.3)
    for codes, steps, tau in product((4, 8), effort.pick((300,), (500, 1500), _LONG), (0.5, 1.0)):
        explained = _learned(tau, codes, steps, effort)
        where = {"codes": str(codes), "steps": str(steps), "tau": f"{tau:g}"}
        measured.mean("explained variance", explained, where=where, at_least=0.8)
    biased = {
        f"mean sample minus softmax(x), tau {tau:g}": exactly(_variation(found[0][1]))
        for tau, found in samples.items()
    }
    means = [float(np.mean(shares[tau])) for tau in shares]
    axes = ("tau", "largest share")
    chart = Chart(
        "samples", *axes, (measured_curve("", [*shares], means),), scales=("log", "linear")
    )
    return Finding([*checks, *measured.checks()], biased, [chart], len(effort.seeds()))


def _softmax() -> DataArray:
    shares: DataArray = ogive.get("softmax")(np.array(_LOGITS), dim=0)
    return shares


def _variation(shares: DataArray) -> float:
    return float(np.abs(shares - _softmax()).sum() / 2)


def _integrals() -> float:
    """The largest error of the probabilities that entry i has the largest x + g."""
    mpmath = require("mpmath", "certify")

    def probability(i: int) -> float:
        def density(g: float) -> float:  # of the i-th, times that all others lie below
            others = (mpmath.exp(-mpmath.exp(-(g + _LOGITS[i] - x))) for x in _LOGITS)
            return float(mpmath.exp(-g) * mpmath.fprod(others))

        return float(mpmath.quad(density, [-6, -2, 0, 2, 6, 20, 60]))

    return float(max(abs(probability(i) - share) for i, share in enumerate(_softmax())))


def _gradient() -> float:
    """The largest error of the derivative by x against (y_i [i = j] - y_i y_j) / tau."""
    tau, x = 0.5, torch.tensor(_LOGITS, dtype=torch.float64)

    def sample(x: Tensor) -> Tensor:
        torch.manual_seed(1)
        drawn: Tensor = ogive.get("gumbel_softmax")(x, dim=0, tau=tau)
        return drawn

    y = sample(x)
    jacobian = torch.func.jacrev(sample)(x)
    return float((jacobian - (torch.diag(y) - torch.outer(y, y)) / tau).abs().max())


def _sampled(tau: float, seed: int, effort: Effort) -> tuple[DataArray, DataArray, float]:
    """How often each entry was the largest, the mean sample, and its largest share in the mean."""
    torch.manual_seed(seed)
    rows = torch.tensor(_LOGITS).repeat(effort.pick(50_000, 200_000, 1_000_000), 1)
    y = ogive.get("gumbel_softmax")(rows, dim=1, tau=tau)
    counts = torch.bincount(y.argmax(1), minlength=len(_LOGITS)).numpy() / len(rows)
    return counts, y.double().mean(0).numpy(), float(y.amax(1).double().mean())


def _learned(tau: float, book_size: int, steps: int, effort: Effort) -> list[float]:
    """By seed how much variance of fresh points the quantised ones explain, after training."""
    seeds = effort.seeds()
    centres = normal_draws(seeds, _GROUPS, book_size, _SIZE)
    train, test = (_points(centres, [2 * s + part for s in seeds]) for part in (0, 1))
    encoder = (normal_draws(seeds, _GROUPS, _SIZE, book_size) / 2).requires_grad_()
    bias = torch.zeros(len(seeds), _GROUPS, 1, book_size, requires_grad=True)
    codebook = (normal_draws(seeds, _GROUPS, book_size, _SIZE) / 2).requires_grad_()
    optimizer = torch.optim.Adam([encoder, bias, codebook], 0.02)
    torch.manual_seed(effort.first_seed)
    for _ in range(steps):
        logits = train @ encoder + bias
        codes = ogive.get("gumbel_softmax")(logits, dim=-1, tau=tau, hard=True)
        loss = (codes @ codebook - train).square().mean((1, 2, 3)).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    with torch.no_grad():
        codes = ogive.get("hardmax")(test @ encoder + bias, dim=-1)
        rest = (codes @ codebook - test).square().mean((1, 2, 3))
        explained: list[float] = (1 - rest / test.square().mean((1, 2, 3))).tolist()
        return explained


def _points(centres: Tensor, seeds: list[int]) -> Tensor:
    """(seeds, groups, rows, numbers): each group around one of its centres."""
    noise = _NOISE * normal_draws(seeds, _GROUPS, _ROWS, _SIZE)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    book_size = centres.shape[2]
    chosen = torch.stack(
        [torch.randint(book_size, (_GROUPS, _ROWS), generator=g) for g in generators]
    )
    return torch.take_along_dim(centres, chosen[..., None], dim=2) + noise

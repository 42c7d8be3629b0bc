"""Derivatives of first and second order, in both modes, against finite differences, in float64.

Inputs and parameters alike, for every entry and for the training form of the stochastic ones, away
from kinks (see samples.py).
"""

import pytest
import torch
from samples import Sample, sample
from torch.autograd import gradcheck, gradgradcheck

import ogive

CASES = [(name, False) for name in ogive.names()]
CASES += [(name, True) for name in ogive.names("stochastic")]
# Batched derivatives take a second pass through vmap: one entry in seven has them checked here.
BATCHED = {name for name, _ in CASES[::7]}
#: torch's own forward-mode rules are compiled by a deprecated function when they are first needed.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


def leaves(found: Sample) -> list[torch.Tensor]:
    return [t.clone().requires_grad_() for t in found.inputs]


@pytest.mark.parametrize(("name", "training"), CASES)
def test_first_derivatives(name: str, training: bool) -> None:
    found = sample(name, training)
    # randomness inside vmap would draw other noise for each direction
    batched = name in BATCHED and not training and name != "gumbel_softmax"
    assert gradcheck(
        found.function, leaves(found), check_forward_ad=True, check_batched_grad=batched
    )


@pytest.mark.parametrize(("name", "training"), CASES)
def test_second_derivatives(name: str, training: bool) -> None:
    # a difference for each pair of inputs: the time goes with the square of their number
    found = sample(name, training, count=4)
    assert gradgradcheck(found.function, leaves(found), atol=2e-5)


def test_a_wrong_derivative_is_noticed() -> None:
    """The check itself: a function whose backward is 1 % off fails it."""
    x = sample("mish").data[0].clone().requires_grad_()
    right = ogive.get("mish")

    def wrong(z: torch.Tensor) -> torch.Tensor:
        y = right(z)
        return y.detach() + 1.01 * (y - y.detach())

    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        gradcheck(wrong, (x,))

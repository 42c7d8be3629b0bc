"""Every entry through Triton's interpreter, held to the bars of the CPU engine.

All in float32 and bfloat16, forward and backward; float16, float64 and second derivatives take
turns, so that each has every fourth entry.
"""

import pytest
import torch
from judged import check, derivatives, line, wanted_of

import ogive

pytestmark = pytest.mark.usefixtures("interpreted")
ENTRIES = [n for n in ogive.names() if ogive.get(n).kind != "rowwise"]
#: What is asked of an entry besides float32 and bfloat16, by turns: a dtype and an order.
TURNS = [(torch.float16, 1), (torch.float64, 1), (torch.float32, 2), (torch.bfloat16, 2)]


def variables(name):
    """The entry as functions of one number."""
    function = ogive.get(name)
    if function.kind == "gated":
        return [
            lambda x: function(torch.full_like(x, 1.25), x),
            lambda x: function(x, torch.full_like(x, 0.875)),
        ]
    return [function]


@pytest.mark.parametrize("name", ENTRIES)
def test_values_and_gradients_are_within_the_bars(name):
    turn = TURNS[ENTRIES.index(name) % len(TURNS)]
    low, high = ogive.get(name).spec.domain
    for dtype, order in {(torch.float32, 1), (torch.bfloat16, 1), turn}:
        x = line(dtype)
        x = x[(x > low) & (x < high) | x.isnan()]
        for compute in variables(name):
            with ogive.served() as calls:
                got = derivatives(compute, x, order)
            assert {c.engine for c in calls} == {"triton"}
            check(got, wanted_of(compute, x, order), x)

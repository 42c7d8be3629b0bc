"""How far a recorded call goes: the walk that docs/architecture.md tells, counted."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

import ogive

ROOT = Path(ogive.__file__).parent
#: Functions of ogive's that a recorded call enters at most, in at most so many files, with at most
#: so many changes of room.
MOST = (9, 5, 2)
NAMES = ("mish", "silu", "leaky_relu", "softsign", "softplus")
#: Below and above the sizes at which torch's operator, and another thread, come in.
SHAPES = ((7,), (64, 65), (2, 3, 4), (70_000,), (300_000,))


def walked(call):
    """The files and functions of ogive's that a call enters, in their order."""
    entered = []

    def watch(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if event == "call" and ROOT in path.parents:
            entered.append((path.relative_to(ROOT), frame.f_code.co_qualname))

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    return entered


@pytest.fixture(scope="module")
def warm():
    """Every function has been called with every shape, with and without gradients."""
    for name in NAMES:
        for shape in SHAPES:
            x = torch.randn(shape, requires_grad=True)
            for _ in range(2):
                ogive.get(name)(x).sum().backward()
                ogive.get(name)(x.detach())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_call_is_a_short_walk(name, shape, warm):
    function, x = ogive.get(name), torch.randn(shape, requires_grad=True)
    function(x)  # other functions and shapes came before
    entered = walked(lambda: function(x))
    rooms = [path.parts[0] for path, _ in entered]
    changes = sum(a != b for a, b in pairwise(rooms))
    counted = len({*entered}), len({path for path, _ in entered}), changes
    assert all(n <= most for n, most in zip(counted, MOST, strict=True)), entered
    assert entered[0] == (Path("ops/function.py"), "ActivationFunction.__call__")


def test_one_table_answers_whether_a_call_is_known():
    """The other calls of a walk ask nothing: no other table is on the way."""
    function = ogive.get("mish")
    x = torch.randn(100, requires_grad=True)
    for _ in range(2):
        function(x)
    files = [path.name for path, _ in walked(lambda: function(x))]
    assert files == ["function.py", "dispatch.py", "dispatch.py", "record.py", "kernels.py"]

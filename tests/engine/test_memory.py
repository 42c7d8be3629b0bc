"""A tensor whose storage was freed or shrunk is refused, cold and warm; nobody reads beyond it."""

import pytest
import torch

import ogive
from ogive.engine.call import NoMemory, in_storage

WARM = ("mish", "tanh", "elu", "relu", "hardtanh", "leaky_relu", "softmax", "logsumexp", "crelu")


def freed(size=(64,)):
    x = torch.ones(size)
    x.untyped_storage().resize_(0)
    return x


def shrunk(size=(64,)):
    x = torch.ones(size)
    x.untyped_storage().resize_(x.nbytes - 4)
    return x


def shrunk_view(size=(64,)):
    view = torch.ones((2, *size))[1]
    view.untyped_storage().resize_(2 * view.nbytes - 4)
    return view


def shrunk_rows(size=(64,)):
    rows = torch.ones((*size, 2))[..., 0]
    rows.untyped_storage().resize_(2 * rows.nbytes - 8)
    return rows


WRONG = (freed, shrunk, shrunk_view, shrunk_rows)


@pytest.mark.parametrize("engine", ("auto", "cpu", "eager"))
@pytest.mark.parametrize("wrong", WRONG)
def test_every_entry_refuses_it(wrong, engine):
    for name in ogive.names():
        with ogive.engine(engine), pytest.raises(RuntimeError, match="freed or shrunk"):
            ogive.get(name)(wrong())


@pytest.mark.parametrize("recorded", (False, True))
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", WARM)
def test_a_warm_call_refuses_it(name, wrong, recorded):
    function = ogive.get(name)
    for size in ((64,), (9000,)):
        for engine in ("auto", "cpu"):
            with ogive.engine(engine):
                function(torch.ones(size).requires_grad_(recorded))
                with pytest.raises(NoMemory):
                    function(wrong(size).requires_grad_(recorded))


@pytest.mark.parametrize("which", (0, 1))
@pytest.mark.parametrize("name", ("swiglu", "prelu"))
def test_so_does_a_warm_call_of_several_tensors(name, which):
    function, good = ogive.get(name), [torch.ones(64), torch.ones(64)]
    function(*good)
    for wrong in WRONG:
        with pytest.raises(NoMemory):
            function(*(wrong() if k == which else t for k, t in enumerate(good)))


@pytest.mark.parametrize("name", ("mish", "gelu", "elu", "softmax", "log_softmax"))
def test_backward_refuses_it(name):
    for what in ("kept", "gradient"):
        x, gradient = torch.ones(64, requires_grad=True), torch.ones(64)
        y = ogive.get(name)(x)
        for t in (gradient,) if what == "gradient" else (x, y):
            t.untyped_storage().resize_(0)
        with pytest.raises(RuntimeError, match="freed or shrunk"):
            y.backward(gradient)


def test_what_is_held_is_read():
    base = torch.arange(12.0)
    for t in (base, base[3:], base[::2], base.view(3, 4).T, base[:0], base.expand(2, 12)):
        assert in_storage(t)
        assert torch.equal(ogive.get("square")(t), t * t)

"""A script: what a call does with names of torch hidden from ogive.

``python hidden_names.py CASE ...`` tries each case in a process of its own, forked after torch has
been imported, and prints as JSON what went wrong in each. A case is names of torch joined by
commas, to hide them, or the name of a mistake below, to make it in a fallback: then something must
go wrong, or the checks see nothing. torch itself keeps all its names.
"""

# ruff: noqa: B023 - functions made in a loop are called in it

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import threading
import traceback
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd import forward_ad, grad
from torch.func import hessian, jacrev, jvp, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint


def close(got: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(got, wanted, rtol=2e-6, atol=2e-6, equal_nan=True)


X = torch.cat([torch.linspace(-8, 8, 77), torch.tensor([0.0, -0.0, torch.inf, torch.nan])])
FINITE = torch.linspace(-3, 3, 12).reshape(3, 4)


def softmax(x: Tensor) -> Tensor:
    return x.softmax(-1)


THEIRS = {"mish": F.mish, "softmax": softmax}


def check_values(ogive) -> None:
    """Each call twice, as the second may be one that the first has prepared."""
    for x in (X, FINITE, FINITE.t(), FINITE[:, ::2], FINITE[None, :0], X.double(), X.bfloat16()):
        for name in ("relu6", "leaky_relu", "hardtanh", "softshrink"):
            for _ in range(2):
                close(ogive.get(name)(x), getattr(F, name)(x))
        wanted = F.mish(x.double()).nan_to_num(torch.nan).to(x.dtype)
        for _ in range(2):
            y = ogive.get("mish")(x)
            torch.testing.assert_close(y[x.isfinite()], wanted[x.isfinite()])
    negative = torch.complex(FINITE, FINITE).conj().imag  # its sign is a bit that it carries
    close(ogive.get("mish")(negative), F.mish(-FINITE))
    close(ogive.get("mish")(FINITE), F.mish(FINITE))
    close(ogive.get("swiglu")(FINITE), F.silu(FINITE[:, 2:]) * FINITE[:, :2])
    close(ogive.get("softmax")(FINITE), softmax(FINITE))
    with torch.inference_mode():
        inside = ogive.get("mish")(FINITE)
    close(inside, F.mish(FINITE))


def check_gradients(ogive) -> None:
    for name, theirs in THEIRS.items():
        ours = ogive.get(name)
        for _ in range(2):
            found = []
            for function in (ours, theirs):
                x = FINITE.clone().requires_grad_()
                first = grad(function(x).square().sum(), x, create_graph=True)[0]
                found.append((first, grad(first.square().sum(), x)[0]))
            close(found[0][0], found[1][0])
            close(found[0][1], found[1][1])
        with torch.no_grad():
            assert not ours(x).requires_grad
        assert ours(x).requires_grad


def vmapped_gradients(function: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """The gradient of each row, and both ways to second derivatives."""

    def loss(row: Tensor) -> Tensor:
        return function(row).square().sum()

    of_rows = vmap(torch.func.grad(loss))(FINITE)
    return [of_rows, jacrev(torch.func.grad(loss))(FINITE[0]), hessian(loss)(FINITE[0])]


def check_transforms(ogive) -> None:
    tangent = FINITE.cos()
    for name, theirs in THEIRS.items():
        ours = ogive.get(name)
        ours(FINITE), ours(FINITE.clone().requires_grad_())  # prepared for ordinary calls
        close(vmap(ours, in_dims=1, out_dims=1)(FINITE.t()), theirs(FINITE).t())
        for got, wanted in zip(*(vmapped_gradients(f) for f in (ours, theirs)), strict=True):
            close(got, wanted)
        wanted = jvp(theirs, (FINITE,), (tangent,))
        for got, expected in zip(jvp(ours, (FINITE,), (tangent,)), wanted, strict=True):
            close(got, expected)
        with forward_ad.dual_level():
            dual = forward_ad.unpack_dual(ours(forward_ad.make_dual(FINITE, tangent))).tangent
        close(dual, wanted[1])
        closed = FINITE.clone().requires_grad_()  # not a transform's own, but inside it
        y = vmap(lambda row: row * ours(closed).sum())(FINITE)
        assert grad(y.sum(), closed)[0] is not None


def check_saving(ogive) -> None:
    for save in ("exact", "output", "code8"):
        found = []
        for function in (lambda x: ogive.get("gelu")(x, save=save), F.gelu):
            x = FINITE.clone().requires_grad_()
            found.append(grad(function(x).sum(), x)[0])
        torch.testing.assert_close(*found, rtol=0.02, atol=0.02)
    y = ogive.get("relu")(X.clone().requires_grad_(), save="mask")
    assert y.requires_grad


def check_in_place(ogive) -> None:
    x = FINITE.clone()
    y = ogive.get("mish")(x, inplace=True)
    assert y is x
    close(x, F.mish(FINITE))
    leaf = FINITE.clone().requires_grad_()
    y = ogive.get("mish")(leaf * 2, inplace=True)
    close(y, F.mish(FINITE * 2))
    twice = FINITE.clone().requires_grad_()
    close(grad(y.sum(), leaf)[0], grad(F.mish(twice * 2).sum(), twice)[0])
    y = ogive.get("mish")((leaf * 2).view(-1), inplace=True)
    close(grad(y.sum(), leaf)[0], grad(F.mish(twice * 2).sum(), twice)[0])
    kept = FINITE.clone().requires_grad_()
    product = kept * 1
    y = ogive.get("mish")(product)
    product.add_(1)
    try:
        y.sum().backward()
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)
    else:
        raise AssertionError("a saved tensor was overwritten, and nobody noticed")


def check_results_held(ogive) -> None:
    """A large result that somebody holds is not the next result's memory."""
    relu, x = ogive.get("relu"), torch.ones(2**23)
    y = relu(x)
    view = y[1:]
    del y
    relu(x * 2), relu(x * 3)
    assert view[0] == view[-1] == 1
    storage = relu(x).untyped_storage()
    relu(x * 2)
    assert storage[3] == 63  # the last byte of a 1.0


def check_modes(ogive) -> None:
    class Log(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    for name, theirs in THEIRS.items():
        function = ogive.get(name)
        function(FINITE)
        seen: list[str] = []
        with Log():
            close(function(FINITE), theirs(FINITE))
        assert seen
        graphs = [make_fx(function, pre_dispatch=early)(FINITE) for early in (False, True)]
        assert not any("ogive" in graph.code for graph in graphs), "no graph to hand on"
        scripted = torch.jit.trace(lambda x: function(x), FINITE, check_trace=False)
        for traced in (*graphs, scripted):
            close(traced(FINITE + 1), theirs(FINITE + 1))
        with torch._subclasses.FakeTensorMode() as mode:
            fake = function(mode.from_tensor(FINITE))
        assert fake.shape == FINITE.shape and type(fake) is not Tensor


def check_threads(ogive) -> None:
    results: dict[int, Tensor] = {}

    def work(k: int) -> None:
        x = (FINITE + k).requires_grad_()
        results[k] = grad(ogive.get("mish")(x).sum(), x)[0] + ogive.get("mish")(FINITE * k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k in range(4):
        x = (FINITE + k).requires_grad_()
        close(results[k], grad(F.mish(x).sum(), x)[0] + F.mish(FINITE * k))


def check_hooks(ogive) -> None:
    """A hook of every module sees the layer behind a gated unit; one on what is saved sees that."""
    block, x = ogive.nn.GatedMLP(4, 6), FINITE
    wanted = block.down_proj(F.silu(block.gate_proj(x)) * block.up_proj(x))
    close(block(x), wanted)
    seen = []
    handle = nn.modules.module.register_module_forward_hook(lambda m, i, o: seen.append(type(m)))
    close(block(x), wanted)
    handle.remove()
    assert seen.count(nn.Linear) == 3
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        ogive.get("mish")(FINITE.clone().requires_grad_())
    assert packed
    x = FINITE.clone().requires_grad_()
    with ogive.intercept(save="code8"):
        y = checkpoint(F.mish, x, use_reentrant=False)
    close(grad(y.sum(), x)[0], grad(F.mish(x).sum(), x)[0])


def check_models(ogive) -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(),
        nn.Flatten(), nn.Linear(36, 8), nn.Mish(), nn.Linear(8, 1),
    ).eval()  # fmt: skip
    x = torch.randn(2, 3, 8, 8)
    wanted = model(x)
    report = ogive.init_(model, x)
    assert "taken as 1" not in str(report), report
    fresh = model(x)
    assert [row.name for row in ogive.accelerate(model).rows] == ["7"]
    close(model(x), fresh)
    assert wanted.shape == fresh.shape
    with ogive.intercept():
        close(torch._C._nn.relu6(FINITE), F.relu6(FINITE))
    assert abs(ogive.gain(torch._C._nn.hardtanh) - ogive.gain("hardtanh")) < 1e-6


def check_compiler(ogive) -> None:
    """Slow, so with few of the names."""
    compiled = nn.Sequential(nn.Mish())
    compiled[0].compile(backend="eager")
    ogive.accelerate(compiled)
    assert type(compiled[0]) is nn.Mish
    function = ogive.get("mish")
    run = torch.compile(lambda x, f: f(x), backend="aot_eager", fullgraph=True)
    close(run(FINITE, function), F.mish(FINITE))


ALL = (
    check_values, check_gradients, check_transforms, check_saving, check_in_place,
    check_results_held, check_modes, check_threads, check_hooks, check_models,
)  # fmt: skip
#: Names of torch -> the checks that are enough for them, or that they need beside the others.
FEW = {"torch._C._nn:": ALL[:1], "torch.nn.modules.": (check_values, check_hooks, check_models)}
MORE = {
    "torch.utils._pytree:register_constant": (check_compiler,),
    "torch.nn:Module._compiled_call_impl": (check_compiler,),
}
#: Fallbacks that give the wrong answer, and the check that notices it.
MISTAKES: dict[str, tuple[Callable[..., None], dict[str, object]]] = {
    "no mode is ever active": (check_modes, {"modes": lambda: 0}),
    "no mode before autograd is ever active": (check_modes, {"early_mode": lambda place: None}),
    "no mode ever records a trace": (check_modes, {"tracer_active": lambda: False}),
    "torch.jit never records": (check_modes, {"jit_tracing": lambda: False}),
    "no transform is ever at work": (check_transforms, {"transforms_active": lambda: False}),
    "forward mode is never at work": (check_transforms, {"FORWARD": {"_current_level": -1}}),
    "no hooks ever pack what is kept": (check_hooks, {"saved_tensors_hooks": lambda _: None}),
    "no tensor is ever a view": (check_in_place, {"is_view": lambda x: False}),
    "nobody ever holds a result": (check_results_held, {"storage_uses": lambda storage: 1}),
    "nobody ever observes a module": (check_hooks, {"any_global_hook": lambda: False}),
    "no module is ever compiled": (check_compiler, {"is_compiled": lambda module: False}),
}


def checks(hidden: set[str]) -> list[Callable[..., None]]:
    """What is to be tried with these names hidden."""
    few = [FEW[start] for name in hidden for start in FEW if name.startswith(start)]
    wanted = few[0] if len(hidden) == 1 and few else ALL
    return [*wanted, *{check for name in hidden for check in MORE.get(name, ())}]


def attempt(case: str) -> list[str]:
    """What goes wrong in a case, in this process."""
    hidden = set() if case in MISTAKES else set(filter(None, case.split(",")))
    ordinary = pkgutil.resolve_name

    def resolve(name: str) -> object:
        if name in hidden:
            raise AttributeError(name)
        return ordinary(name)

    pkgutil.resolve_name = resolve
    from ogive import torch_private

    # one name is looked up when it is asked for
    wrong = [f"{name} was not looked up" for name in hidden if torch_private.FOUND.get(name)]
    tried = checks(hidden)
    if case in MISTAKES:
        check, values = MISTAKES[case]
        vars(torch_private).update(values)
        tried = [check]
    import ogive  # after what it looks up has been hidden

    for check in tried:
        try:
            check(ogive)
        except Exception:
            wrong.append(f"{check.__name__}: {traceback.format_exc()}")
    return wrong


def attempt_apart(case: str) -> list[str]:
    """The same in a process forked for it."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        with os.fdopen(writing, "w") as pipe:
            json.dump(attempt(case), pipe)
            pipe.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    status = os.waitpid(child, 0)[1]
    return json.loads(told) if told else [f"the process ended with {status}"]


def warm() -> None:
    """What every case would do again: imports, and what torch compiles of its own."""
    for package in ("flint", "llvmlite.binding", "mpmath", "scipy.special", "sympy"):
        importlib.import_module(package)
    hessian(lambda x: F.mish(x).square().sum())(FINITE[0])
    hessian(lambda x: softmax(x).square().sum())(FINITE[0])
    make_fx(torch.relu)(FINITE)


if __name__ == "__main__":
    warm()
    print(json.dumps({case: attempt_apart(case) for case in sys.argv[1:]}))

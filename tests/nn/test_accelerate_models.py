"""accelerate on timm's and transformers' own models and classes.

The judge is the same model in float64. An activation of ogive's is at most a few ulp from torch's,
and what a model makes of a few ulp is what it makes of its own rounding: so every output and every
gradient of the accelerated model is held to twice the distance of the untouched one, plus eight
units of rounding for gradients in which the untouched model happened to be lucky.
"""

import copy
from collections import Counter
from typing import Any

import others
import pytest
import torch
import transformers.activations
from others import (
    CLASSES,
    FUNCTIONS,
    MODELS,
    TIMM,
    TIMM_ME,
    TRANSFORMERS,
    evaluating,
    made,
    run,
)
from torch import Tensor, nn

import ogive
from ogive.bench.memory import held
from ogive.nn.accelerate import OUTPUT_KEPT
from ogive.nn.accelerated import Accelerated
from ogive.nn.recognise import recognise

ULP = 2.0**-24
#: Below this share of the whole gradient a parameter's own is nothing but rounding, such as that
#: of a key's bias, which softmax takes out.
NOTHING = 1e-4
#: What is in each model: (from, to) with its number, and how many places are skipped.
EXPECTED: dict[str, tuple[dict[tuple[str, str], int], int]] = {
    "resnet18": ({}, 17),
    "mobilenetv3_small_100": (
        {("Hardsigmoid", "Hardsigmoid"): 9},
        33,
    ),
    "efficientnet_b0": ({("SiLU", "SiLU"): 49}, 16),
    "convnext_pico": ({("GELU", "GELU"): 12}, 0),
    "vit_tiny_patch16_224": ({("GELU", "GELU"): 12}, 12),
    "bert": ({("GELUActivation", "GELU"): 2}, 1),
    "gpt2": ({("NewGELUActivation", "GELUTanh"): 2}, 2),
    "llama": ({("LlamaMLP with SiLUActivation", "SwiGLU"): 2}, 0),
    "mistral": ({("MistralMLP with SiLUActivation", "SwiGLU"): 2}, 0),
    "gemma": ({("GemmaMLP with GELUTanh", "GEGLUTanh"): 2}, 0),
    "gemma2": ({("Gemma2MLP with GELUTanh", "GEGLUTanh"): 2}, 0),
    "gemma3": ({("Gemma3MLP with GELUTanh", "GEGLUTanh"): 2}, 0),
    "qwen2": ({("Qwen2MLP with SiLUActivation", "SwiGLU"): 2}, 0),
    "qwen3": ({("Qwen3MLP with SiLUActivation", "SwiGLU"): 2}, 0),
    "linear_gelu_linear": ({("GELU", "GELU"): 1}, 0),
    "linear_silu_linear": ({("SiLU", "SiLU"): 1}, 0),
    "linear_mish_linear": ({("Mish", "Mish"): 1}, 0),
}


def in_double(example: Any) -> Any:
    return example.double() if isinstance(example, Tensor) else example


def distances(found: Any, exact: Any) -> dict[str, float]:
    """How far an output and the gradients are from the exact ones, each as a share of its size."""
    whole = torch.stack([g.norm() for g in exact[1].values()]).norm()
    shares = {"output": ((found[0].double() - exact[0]).norm() / exact[0].norm()).item()}
    for name, gradient in exact[1].items():
        size = max(gradient.norm(), NOTHING * whole)
        shares[name] = ((found[1][name].double() - gradient).norm() / size).item()
    return shares


def bitwise(first: Any, second: Any) -> bool:
    same = all(torch.equal(first[1][n], second[1][n]) for n in first[1])
    return torch.equal(first[0], second[0]) and same


@pytest.mark.parametrize("name", MODELS)
def test_a_model_computes_the_same(name: str) -> None:
    model, example = evaluating(name)
    keys, parameters = list(model.state_dict()), list(model.parameters())
    exact = run(copy.deepcopy(model).double(), in_double(example))
    before = run(model, example)
    report = ogive.accelerate(model)
    after = run(model, example)
    untouched, accelerated = distances(before, exact), distances(after, exact)
    too_far = {
        n: (d, untouched[n]) for n, d in accelerated.items() if d > 2 * untouched[n] + 8 * ULP
    }
    assert not too_far
    assert list(model.state_dict()) == keys
    assert all(a is b for a, b in zip(model.parameters(), parameters, strict=True))
    counted, skipped = EXPECTED[name]
    assert Counter((r.old, r.new) for r in report.rows) == counted
    assert len(report.skipped) == skipped
    assert ogive.accelerate(model).rows == ()
    assert len(ogive.restore(model)) == len(report.rows)
    assert bitwise(run(model, example), before)


def activations(model: nn.Module) -> set[str]:
    """The places of other libraries' modules that compute an entry, unless they compute nothing."""
    found = {n: recognise(m).entry for n, m in model.named_modules() if not ours(m)}
    return {n for n, entry in found.items() if entry is not None and entry.name != "identity"}


def ours(module: nn.Module) -> bool:
    return isinstance(module, (Accelerated, ogive.nn.ActivationModule))


@pytest.mark.parametrize("name", MODELS)
def test_no_activation_is_passed_over(name: str) -> None:
    """Every module of a class that is an activation's is ogive's, fused away, or listed."""
    model, _ = evaluating(name)
    names = activations(model)
    report = ogive.accelerate(model)
    told = {r.name for r in report.rows} | {x.name for x in report.skipped}
    assert all(n in told or n.rpartition(".")[0] in told for n in names)
    remaining = activations(model) - {x.name for x in report.skipped}
    assert {n.rpartition(".")[2] for n in remaining} <= {"act_fn"}


# classes


@pytest.mark.parametrize(
    ("module", "title"),
    [
        (m, t)
        for m in (TIMM, TIMM_ME, TRANSFORMERS)
        for t, entry in CLASSES[m].items()
        if entry not in ("identity", *OUTPUT_KEPT)
    ],
)
def test_a_class_of_the_table_computes_what_the_table_says(module: str, title: str) -> None:
    """In float64 to 1e-12; constants that a class rounds to ten digits leave 1e-9."""
    original = made(module, title).double()
    model = nn.Sequential(copy.deepcopy(original))
    report = ogive.accelerate(model)
    assert len(report.rows) == 1
    x = torch.linspace(-7.03, 7.01, 200, dtype=torch.float64)
    first, second = (x.clone().requires_grad_() for _ in range(2))
    want, got = original(first), model(second)
    want.sum().backward()
    got.sum().backward()
    tolerance = 1e-9 if title == "FastGELUActivation" else 1e-12
    torch.testing.assert_close(got, want, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(second.grad, first.grad, rtol=tolerance, atol=tolerance)


def test_every_activation_of_transformers_is_decided() -> None:
    """ACT2FN has nothing else than what the table and torch.nn have, and XIELU."""
    taught = "ogive_"  # by a swap of another test
    known_to_it = transformers.activations.ACT2CLS.items()
    listed = [c for name, c in known_to_it if not name.startswith(taught)]
    classes = [c[0] if isinstance(c, tuple) else c for c in listed]
    known = {*CLASSES[TRANSFORMERS], "XIELUActivation"}
    assert {c.__name__ for c in classes if c.__module__ == TRANSFORMERS} <= known
    assert all(c.__name__ in CLASSES[c.__module__] for c in classes if c.__name__ not in known)


@pytest.mark.parametrize("module", FUNCTIONS)
@pytest.mark.parametrize("inplace", [False, True])
def test_functions_of_timm_held_by_a_model(module: str, inplace: bool) -> None:
    replaced = {n: e for n, e in FUNCTIONS[module].items() if e not in OUTPUT_KEPT}
    for name, entry in replaced.items():
        function = getattr(__import__(module, fromlist=[name]), name)
        model = nn.Module()
        model.act = function
        (row,) = ogive.accelerate(model).rows
        assert row.new == entry
        x = torch.linspace(-4, 4, 50, dtype=torch.float64)
        got, want = (f(x.clone(), inplace=inplace) for f in (model.act, function))
        torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-12)


def test_xielu_keeps_its_raw_parameters() -> None:
    model = nn.Sequential(transformers.activations.XIELUActivation(dtype=torch.float64))
    twin, keys = copy.deepcopy(model), list(model.state_dict())
    assert [r.new for r in ogive.accelerate(model).rows] == ["XIELU"]
    assert list(model.state_dict()) == keys
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    for one in (model, twin):
        one(x).square().sum().backward()
    torch.testing.assert_close(model(x), twin(x), rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-10, atol=1e-10)
    half = x.bfloat16()
    assert model(half).dtype == twin(half).dtype  # torch promotes, so does the fused one


# gated blocks of timm


@pytest.mark.parametrize("block", others.GATED_BLOCKS)
def test_gated_blocks_of_timm(block: str) -> None:
    model = nn.Sequential(others.GATED_BLOCKS[block]()).double()
    twin, x = copy.deepcopy(model), torch.randn(2, 5, 8, dtype=torch.float64)
    (row,) = ogive.accelerate(model).rows
    assert row.kind == "gated"
    torch.testing.assert_close(model(x), twin(x), rtol=1e-12, atol=1e-12)
    assert held(lambda: model(x), model.parameters()) < held(lambda: twin(x), twin.parameters())
    ogive.restore(model)
    assert torch.equal(model(x), twin(x))


def test_a_block_whose_activation_is_hooked_is_not_fused() -> None:
    model, example = evaluating("llama")
    seen: list[nn.Module] = []
    model.layers[0].mlp.act_fn.register_forward_hook(lambda m, i, o: seen.append(m))
    report = ogive.accelerate(model)
    reasons = {x.name: x.reason for x in report.skipped}
    assert reasons == {"layers.0.mlp": "its act_fn has hooks, which a fused unit would not call"}
    assert "layers.0.mlp.act_fn" in {r.name for r in report.rows}
    run(model, example)
    assert len(seen) == 1


def test_a_block_whose_activation_has_no_unit_is_not_fused() -> None:
    """One with values of its own for each channel at that."""
    model, _ = evaluating("llama")
    block = model.layers[0].mlp
    block.act_fn = nn.PReLU(2)
    with torch.no_grad():
        block.act_fn.weight[1] = 0.5
    report = ogive.accelerate(model)
    reasons = {x.name: x.reason for x in report.skipped}
    assert reasons == {"layers.0.mlp": "there is no gated unit with prelu"}


def test_an_activation_put_in_later_is_obeyed() -> None:
    model, _ = evaluating("llama")
    ogive.accelerate(model)
    block, x = model.layers[0].mlp, torch.randn(3, 32)
    block.act_fn = nn.ReLU()
    want = block.down_proj(torch.relu(block.gate_proj(x)) * block.up_proj(x))
    torch.testing.assert_close(block(x), want)


def test_the_activation_of_a_fused_block_is_not_swapped() -> None:
    model, _ = evaluating("llama")
    ogive.accelerate(model)
    report = ogive.swap(model, "silu", "relu")
    assert report.rows == ()
    assert {why for _, why in report.skipped} == {
        "it is part of a fused block: ogive.restore(model) before"
    }
    ogive.restore(model)
    assert len(ogive.swap(model, "silu", "relu").rows) == 2


def test_a_block_with_another_forward_is_not_fused(monkeypatch) -> None:
    model, _ = evaluating("qwen2")
    cls = type(model.layers[0].mlp)
    monkeypatch.setattr(cls, "forward", lambda self, x: self.up_proj(x))
    report = ogive.accelerate(model)
    assert {x.reason for x in report.skipped} == {"its forward is not the one that is known"}

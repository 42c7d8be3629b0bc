"""Gradients at a gate are those of the gate alone, however value and gate are called."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from watched_models import Code, linear

import ogive
from ogive.bench.packages import package
from ogive.catalogue import entries
from ogive.monitor.gate_gradients import behind_gate

GATED = [name for name, spec in entries().items() if spec.kind == "gated"]


@pytest.mark.parametrize("name", GATED)
def test_the_gradient_behind_a_gate_is_autograds(name):
    """The unit is h(value) f(gate), and f is the unit at value = 1."""
    unit, generator = ogive.get(name), torch.Generator().manual_seed(0)
    value, gate, g = torch.randn(3, 64, dtype=torch.float64, generator=generator)
    opened = unit(torch.ones_like(gate), gate)
    live = opened.abs() > 1e-3
    # where f is not 0, a change of f by a share changes the unit by the same share
    expected = g * unit(value, gate) / opened
    found = behind_gate(unit.spec, value)(g)
    assert torch.allclose(found[live], expected[live], rtol=1e-9, atol=1e-12)


def llama():
    config = package("transformers").LlamaConfig(
        hidden_size=8, intermediate_size=12, num_attention_heads=2
    )
    return package("transformers").models.llama.modeling_llama.LlamaMLP(config)


def timm_block(name, **options):
    return getattr(package("timm").layers, name)(8, 12, **options)


BLOCKS = {
    "llama": llama,
    "timm, two layers": lambda: timm_block("SwiGLU"),
    "timm, one layer": lambda: timm_block("GluMlp", act_layer=nn.SiLU),
    "timm, gate first": lambda: timm_block("GluMlp", act_layer=nn.GELU, gate_last=False),
}


def measured(model, x, compiled=False):
    """The gradients at the places of a model."""
    called = torch.compile(model, fullgraph=True, backend="aot_eager") if compiled else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        (called(x).square().sum() + called(x + 1).square().sum()).backward()
    return {
        place: (health.entry, health.units, health.gradient_in, health.gradient_out)
        for place, health in watch.report().places.items()
    }


def alike(found, expected):
    assert found.keys() == expected.keys()
    for place, (entry, units, *gradients) in expected.items():
        assert found[place][:2] == (entry, units)
        assert found[place][2:] == pytest.approx(tuple(gradients), rel=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_fused_block_tells_what_the_untouched_one_tells(name, compiled):
    torch._dynamo.reset()
    torch.manual_seed(0)
    model, x = BLOCKS[name](), torch.randn(5, 8)
    parameters = [p.detach().clone() for p in model.parameters()]
    untouched = measured(model, x)
    assert all(gradient for row in untouched.values() for gradient in row[2:])
    assert ogive.accelerate(model).rows
    model.zero_grad()
    expected = [*grads(model, x)]
    model.zero_grad()
    alike(measured(model, x, compiled), untouched)
    if not compiled:
        assert all(map(torch.equal, (p.grad for p in model.parameters()), expected))
    assert all(map(torch.equal, model.parameters(), parameters))
    assert not ogive.accelerate(model).rows


def grads(model, x):
    (model(x).square().sum() + model(x + 1).square().sum()).backward()
    return [p.grad.clone() for p in model.parameters()]


def by_hand(form):
    """A gated unit in each way of calling it, on two layers that are called the same way."""
    parts = {"value": linear(8, 6), "gate": linear(8, 6), "unit": form.get("unit", nn.Identity)}
    torch.manual_seed(0)
    return Code(form["run"], **{name: make() for name, make in parts.items()})


def _both(s, x):
    return torch.cat([s.value(x), s.gate(x)], -1)


FORMS = {
    "torch's module": {"unit": nn.GLU, "run": lambda s, x: s.unit(_both(s, x))},
    "torch's function": {"run": lambda s, x: F.glu(_both(s, x))},
    "packed": {"unit": lambda: ogive.nn.GLU(), "run": lambda s, x: s.unit(_both(s, x))},
    "two tensors": {
        "unit": lambda: ogive.nn.GLU(),
        "run": lambda s, x: s.unit(s.value(x), s.gate(x)),
    },
    "function of ogive": {
        "unit": lambda: ogive.get("glu"),
        "run": lambda s, x: s.unit(_both(s, x)),
    },
}


#: ogive's functions in code of others are not met in compiled programs, which the report says.
COMPILED_FORMS = tuple(name for name in FORMS if name != "function of ogive")


@pytest.mark.parametrize(
    "name, compiled", [*((n, False) for n in FORMS), *((n, True) for n in COMPILED_FORMS)]
)
def test_every_way_of_calling_tells_the_same(name, compiled):
    torch._dynamo.reset()
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    model = by_hand(FORMS[name])
    z = model.gate(x).detach().requires_grad_()
    opened = z.sigmoid()
    opened.retain_grad()
    (model.value(x).detach() * opened).square().sum().backward()
    with ogive.Monitor(model, every=1) as watch:
        called = torch.compile(model, fullgraph=True, backend="aot_eager") if compiled else model
        called(x).square().sum().backward()
    (health,) = watch.report().places.values()
    assert health.units == 6
    assert health.gradient_in == pytest.approx(z.grad.norm().item(), rel=1e-5)
    assert health.gradient_out == pytest.approx(opened.grad.norm().item(), rel=1e-5)

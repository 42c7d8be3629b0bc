"""ogive.init_: the right numbers for chains, residuals, gates and attention, and what it skips."""

import json
import math
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import ogive
from ogive.catalogue import entries
from ogive.certify.signal.moments import expectation, mean_formula, moments
from ogive.errors import OgiveError

#: The second moments at which E f**2 is 1.
FED = {"relu": 2.0, "gelu": 2.155057, "silu": 2.429733, "elu": 1.633182}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def gains_of(report):
    return {row.layer: row.gain for row in report.rows}


def test_a_chain_of_relu_is_he_initialised():
    model = nn.Sequential(nn.Linear(30, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU())
    report = ogive.init_(model, generator=seeded())
    assert [row.std for row in report.rows] == pytest.approx([(2 / 30) ** 0.5, (2 / 200) ** 0.5])
    assert {(row.activation, row.mode) for row in report.rows} == {("relu", "fan_in")}
    # 40,000 weights: their standard deviation is known to 0.4%
    assert model[2].weight.std().item() == pytest.approx(0.1, rel=0.02)
    assert model[0].bias.abs().max() == 0


@pytest.mark.parametrize("name", FED)
def test_an_activation_is_fed_what_gives_it_one(name):
    model = nn.Sequential(nn.Linear(64, 50), ogive.get(name).module(), nn.Linear(50, 10))
    report = ogive.init_(model)
    first, last = report.rows
    assert (first.activation, first.gain) == (name, pytest.approx(FED[name] ** 0.5, rel=1e-5))
    assert (last.activation, last.square) == ("", pytest.approx(1, rel=1e-5))
    assert last.gain == pytest.approx(1, rel=1e-5)
    (row,) = report.activations
    assert (row.name, row.call, row.activation, row.found) == ("1", 1, name, "derived")
    assert (row.before, row.after) == pytest.approx((FED[name], 1.0), rel=1e-5)
    assert (row.weights, row.note) == (("0.weight",), "")


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softsign", "hardsigmoid"])
def test_what_is_below_one_is_fed_a_standard_normal_and_says_so(name):
    for example in (None, torch.randn(500, 64, generator=seeded())):
        model = nn.Sequential(nn.Linear(64, 500), ogive.get(name).module())
        (row,) = ogive.init_(model, example, generator=seeded()).activations
        assert row.before == pytest.approx(1)
        assert row.after == pytest.approx(moments(entries()[name]).second.value, rel=0.1)
        assert row.note == "no scale of its input gives it the second moment 1"


@pytest.mark.parametrize("name", ["relu", "selu", "tanh", "gelu", "mish", "leaky_relu"])
def test_thirty_layers_keep_the_second_moment(name):
    """Within four standard deviations of what width 500 scatters, without an example.

    One layer scatters by (E f**4 / (E f**2)**2 - 1) / width, and each later one multiplies an error
    by Q'. Where Q' > 1, as for gelu, this outgrows everything, so layers are looked at only until
    the scatter is a quarter.
    """
    width, layers = 500, []
    for _ in range(30):
        layers += [nn.Linear(width, width), ogive.get(name).module()]
    model = nn.Sequential(*layers)
    row = ogive.init_(model, generator=seeded(3)).activations[0]
    spec, std = entries()[name], row.before**0.5
    found, f = moments(spec, 0.0, std), mean_formula(spec)
    scatter = (expectation(f * f * f * f, 0.0, std).value / found.second.value**2 - 1) / width
    growth = (row.before * found.chi_q.value / std / found.second.value / std) ** 2
    x, variance, looked_at = torch.randn(200, width, generator=seeded(4)), 0.0, 0
    with torch.no_grad():
        for linear, activation in zip(model[::2], model[1::2], strict=True):
            x = activation(linear(x))
            variance = variance * growth + scatter
            if variance < 0.25**2 or growth <= 1 + 1e-9:
                looked_at += 1
                allowed = 4 * math.sqrt(variance)
                assert abs(math.log(x.square().mean().item() / row.after)) <= allowed
    assert looked_at == 30 or (growth > 1 and looked_at >= 3)


@pytest.mark.parametrize("name", ["relu", "gelu", "mish"])
def test_with_an_example_thirty_layers_are_exact(name):
    layers = []
    for _ in range(30):
        layers += [nn.Linear(100, 100), ogive.get(name).module()]
    report = ogive.init_(nn.Sequential(*layers), torch.randn(50, 100, generator=seeded()))
    assert [row.after for row in report.activations] == pytest.approx([1] * 30, rel=1e-3)


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.c1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.b1 = nn.BatchNorm2d(channels)
        self.c2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.b2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = F.relu(self.b1(self.c1(x)), inplace=True)
        return F.relu(x + self.b2(self.c2(y)))


def convolutional():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(inplace=True), Residual(8), Residual(8),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip


def test_a_convolutional_network_with_norms_and_residuals():
    model = convolutional()
    report = ogive.init_(model)
    rows = {row.layer: row for row in report.rows}
    assert list(rows) == ["0", "2.c1", "2.c2", "3.c1", "3.c2", "6"]
    assert rows["0"].std == pytest.approx((2 / 27) ** 0.5)
    assert (rows["2.c1"].activation, rows["2.c1"].fan) == ("relu", 72)
    assert rows["2.c2"].std == pytest.approx((1 / 72) ** 0.5)
    calls = {(row.name, row.call): row for row in report.activations}
    assert list(calls) == [("1", 1), ("2.relu", 1), ("2.relu", 2), ("3.relu", 1), ("3.relu", 2)]
    first, inner, behind = (calls[key] for key in list(calls)[:3])
    assert (first.before, first.after) == pytest.approx((2, 1))
    # a normalisation decides what is behind it, so its own weight is set
    assert (inner.before, inner.after) == pytest.approx((2, 1))
    assert inner.weights == ("2.b1.weight",)
    assert model[2].b1.weight.tolist() == pytest.approx([2**0.5] * 8)
    # x >= 0 with second moment 1, and what a normalisation adds to it
    assert (behind.before, behind.after) == (pytest.approx(1 + 0.05 / 3), None)
    assert "is not known; pass an example" in behind.note
    assert not dict(report.skipped)
    assert torch.isfinite(model(torch.randn(2, 3, 16, 16))).all()


def test_tracing_and_running_find_the_same_places():
    example = torch.randn(8, 3, 16, 16, generator=seeded())
    traced, run = ogive.init_(convolutional()), ogive.init_(convolutional(), example)
    for one, other in zip(traced.rows, run.rows, strict=True):
        assert (one.layer, one.activation, one.fan) == (other.layer, other.activation, other.fan)
    for one, other in zip(traced.activations, run.activations, strict=True):
        assert (one.name, one.call, one.weights) == (other.name, other.call, other.weights)
        assert (one.found, other.found) == ("derived", "measured")
        assert other.after == pytest.approx(1, abs=0.04)
        if one.after is not None:
            assert (one.before, one.after) == pytest.approx((other.before, other.after), rel=0.15)


def everything(model):
    """What a run must leave: parameters and buffers themselves, flags, numbers, random numbers."""
    buffers = {name: (id(b), b.clone()) for name, b in model.named_buffers()}
    parameters = {name: (id(p), p.requires_grad, p.grad) for name, p in model.named_parameters()}
    flags = [
        (m.training, len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()
    ]
    drawn = torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()
    return buffers, parameters, flags, drawn


class Noisy(nn.Module):
    """Draws every kind of random number, and replaces a buffer, while it trains."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))

    def forward(self, x):
        self.seen = self.seen + 1
        return F.dropout(x * (1 + 1e-3 * (random.random() + np.random.rand())), 0.1, self.training)


def test_a_run_leaves_no_mark():
    model = nn.Sequential(convolutional(), Noisy()).train()
    model[0][2].b1.eval()
    model[0][0].weight.requires_grad_(False)
    model(torch.randn(2, 3, 16, 16))
    torch.manual_seed(5)
    before = everything(model)
    ogive.init_(model, torch.ones(2, 3, 16, 16), generator=seeded())
    for one, other in zip(before, everything(model), strict=True):
        assert repr(one) == repr(other)


def test_a_model_that_writes_over_its_input():
    example = torch.randn(50, 8, generator=seeded())
    for given in (example, (example,), {"input": example}):
        before = example.clone()
        model = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 8), nn.GELU())
        first, second = ogive.init_(model, given).activations
        assert torch.equal(example, before)
        assert first.before == pytest.approx(before.square().mean().item())
        assert second.after == pytest.approx(1)


def test_a_seed_decides_what_is_measured_too():
    weights = []
    for seed in (3, 3, 4):
        model = nn.Sequential(
            nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU(), nn.BatchNorm1d(8), nn.ReLU()
        )
        torch.manual_seed(seed)
        ogive.init_(model, torch.randn(16, 8, generator=seeded()))
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_model_that_does_not_run_on_the_example():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())
    before = everything(model)
    with pytest.raises(OgiveError, match=r"Expected more than 1 value per channel.*pass a batch"):
        ogive.init_(model, torch.ones(1, 4))
    assert repr(before) == repr(everything(model))


@pytest.mark.parametrize("activation", ["relu", "gelu", F.silu, nn.Tanh()])
@pytest.mark.parametrize("norm_first", [False, True])
def test_a_transformer_block(activation, norm_first):
    model = nn.TransformerEncoderLayer(
        32, 4, 64, activation=activation, batch_first=True, norm_first=norm_first
    )
    attention = model.self_attn.in_proj_weight.clone()
    report = ogive.init_(model, torch.randn(64, 5, 32, generator=seeded()))
    assert [row.layer for row in report.rows] == ["linear1", "linear2"]
    (row,) = report.activations
    assert row.weights == ("linear1.weight",)
    if isinstance(activation, nn.Tanh):
        assert row.before == pytest.approx(1)
    else:
        assert row.after == pytest.approx(1)
        name = activation if isinstance(activation, str) else "silu"
        assert row.before == pytest.approx(FED[name], rel=0.1)
    assert torch.equal(model.self_attn.in_proj_weight, attention)
    assert ("self_attn", "MultiheadAttention has an initialisation of its own") in report.skipped


def test_a_model_that_cannot_be_traced_asks_for_an_example():
    with pytest.raises(OgiveError, match="pass an example input"):
        ogive.init_(nn.TransformerEncoderLayer(8, 2, 16))


class GatedUnit(nn.Module):
    """The feed-forward part of arXiv:2002.05202, gate and value as layers of their own."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.gate, self.up, self.down = nn.Linear(16, 48), nn.Linear(16, 48), nn.Linear(48, 16)

    def forward(self, x):
        y = self.norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class PackedUnit(nn.Module):
    def __init__(self, unit):
        super().__init__()
        self.up, self.unit, self.down = nn.Linear(16, 96), unit, nn.Linear(48, 16)

    def forward(self, x):
        return self.down(self.unit(self.up(x)))


def test_gated_units():
    split = ogive.init_(GatedUnit())
    assert gains_of(split) == pytest.approx({"gate": FED["silu"] ** 0.5, "up": 1, "down": 1})
    assert split.rows[0].activation == "silu"
    for unit in (ogive.nn.SwiGLU(), ogive.get("swiglu")):
        packed = ogive.init_(PackedUnit(unit))
        (row,) = packed.activations
        assert packed.rows[0].activation == row.activation == "swiglu"
        assert (row.after, row.weights) == (pytest.approx(1), ("up.weight",))
        # s**2 E silu(sZ)**2 = 1
        silu = entries()["silu"]
        assert row.before * moments(silu, 0.0, row.before**0.5).second.value == pytest.approx(1)
        run = ogive.init_(PackedUnit(unit), torch.randn(500, 16, generator=seeded()))
        assert run.activations[0].after == pytest.approx(1)
        assert run.activations[0].before == pytest.approx(row.before, rel=0.2)


def test_a_gated_unit_keeps_its_scale():
    model = GatedUnit()
    model.down = nn.Linear(48, 1000)
    ogive.init_(PackedUnit(ogive.nn.SwiGLU()))
    wide = nn.Sequential(nn.Linear(400, 2 * 900), ogive.nn.SwiGLU(), nn.Linear(900, 400))
    ogive.init_(wide, generator=seeded(1))
    out = wide(torch.randn(100, 400, generator=seeded(2)))
    # 900 products of heavy tail: a scatter of about 7%
    assert out.square().mean().item() == pytest.approx(1.0, abs=0.25)


class Functional(nn.Module):
    """Activations as functions and methods, with numbers of their own, and ogive's."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(5))

    def forward(self, x):
        x = F.leaky_relu(self.layers[0](x), 0.3)
        x = F.gelu(self.layers[1](x).view(-1, 8), approximate="tanh")
        x = ogive.get("mish")(F.dropout(self.layers[2](x)))
        return self.layers[4](torch.tanh(self.layers[3](x)).mul(0.5))


@pytest.mark.parametrize("example", [None, torch.randn(400, 8)], ids=["traced", "run"])
def test_activations_as_functions(example):
    report = ogive.init_(Functional(), example)
    rows = report.rows
    assert [r.activation for r in rows] == ["leaky_relu", "gelu_tanh", "mish", "tanh", ""]
    assert [r.name for r in report.activations] == ["leaky_relu", "gelu", "mish", "tanh"]
    if example is None:
        assert rows[0].gain == pytest.approx(math.sqrt(2 / 1.09))
        assert rows[4].square == pytest.approx(moments(entries()["tanh"]).second.value / 4)
        # half of what is fed to mish is 0, and the rest twice as large
        assert report.activations[2].after == pytest.approx(1)
    assert rows[1].square == pytest.approx(1.0)


@pytest.mark.parametrize(
    "layer",
    [nn.Conv1d(60, 50, 5), nn.ConvTranspose1d(60, 50, 6, stride=2), nn.Conv2d(40, 60, 3, groups=4)],
    ids=lambda layer: type(layer).__name__,
)
def test_a_convolution_keeps_the_second_moment(layer):
    ogive.init_(nn.Sequential(layer), generator=seeded(1))
    size = (40,) * (layer.weight.dim() - 2)
    x = torch.randn(4, layer.in_channels, *size, generator=seeded(2))
    with torch.no_grad():
        out = layer(x)
    inside = out[(..., *(slice(8, -8) for _ in size))]  # a transposed one adds up less at its ends
    # 50 random filters: a scatter of a few percent
    assert inside.square().mean().item() == pytest.approx(1.0, abs=0.15)


def test_what_is_skipped_and_why():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(20, 8)
            self.used, self.unused = nn.Linear(8, 8), nn.Linear(8, 8)
            self.normed = torch.nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))
            self.head = nn.Linear(8, 20, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, tokens):
            return self.head(self.normed(torch.relu(self.used(self.embed(tokens)))))

    model = Tied()
    before = model.embed.weight.clone()
    report = ogive.init_(model, torch.arange(5))
    skipped = dict(report.skipped)
    assert [row.layer for row in report.rows] == ["used"]
    assert report.rows[0].square == pytest.approx(1, rel=0.5)
    assert skipped["head"] == "it shares its weight with another module"
    assert skipped["unused"] == "it is not reached"
    original = "parametrizations.weight.original"
    assert skipped["normed"] == f"its weight is computed from {original}0, {original}1"
    assert not [name for name in skipped if name.startswith("normed.")]
    assert torch.equal(model.embed.weight, before)


def test_a_lazy_layer_waits_for_its_shape():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.LazyLinear(3))
    report = ogive.init_(model)
    assert dict(report.skipped) == {"2": "it has no shape before the model has run once"}
    model(torch.ones(1, 4))
    assert [row.layer for row in ogive.init_(model).rows] == ["0", "2"]


def test_a_layer_that_is_used_twice_has_one_row():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 6)

        def forward(self, x):
            return torch.tanh(self.layer(torch.relu(self.layer(x))))

    report = ogive.init_(Twice())
    (row,) = report.rows
    assert (row.activation, row.gain) == ("relu", pytest.approx(2**0.5))
    assert [(r.activation, r.weights) for r in report.activations] == [
        ("relu", ("layer.weight",)), ("tanh", ())
    ]  # fmt: skip
    again = ogive.init_(Twice(), torch.randn(50, 6, generator=seeded())).activations
    assert again[0].after == pytest.approx(1)
    assert again[1].note == "layer is set for relu"


def test_recurrent_modules_are_skipped():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.GRU(5, 7, batch_first=True), nn.Linear(7, 2)

        def forward(self, x):
            return self.head(self.rnn(x)[0])

    report = ogive.init_(Recurrent(), torch.ones(2, 3, 5))
    assert dict(report.skipped) == {"rnn": "GRU has an initialisation of its own"}
    assert 0 < report.rows[0].square < 1


def test_without_a_layer():
    with pytest.raises(OgiveError, match=r"no linear or convolution layer to initialise$"):
        ogive.init_(nn.Sequential(nn.ReLU()))


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize(
    ("wrap", "parts"),
    [
        (torch.nn.utils.parametrizations.weight_norm, "parametrizations.weight.original0, "),
        (torch.nn.utils.parametrizations.orthogonal, "parametrizations.weight.original"),
        (torch.nn.utils.weight_norm, "weight_g, weight_v"),
        (torch.nn.utils.spectral_norm, "weight_orig"),
    ],
)
def test_layers_whose_weight_is_computed_have_a_reason(wrap, parts):
    model = nn.Sequential(wrap(nn.Linear(4, 4, bias=False)), nn.ReLU())
    for example in (None, torch.ones(2, 4)):
        with pytest.raises(OgiveError, match=f"0: its weight is computed from {parts}"):
            ogive.init_(model, example)
        report = ogive.init_(nn.Sequential(nn.Linear(4, 4), model), example)
        (reason,) = (why for name, why in report.skipped if name == "1.0")
        assert reason.startswith(f"its weight is computed from {parts}")
        assert report.activations[0].note or report.activations[0].after == pytest.approx(1)


def test_the_same_seed_gives_the_same_weights():
    models = [nn.Sequential(nn.Linear(5, 5), nn.ReLU()) for _ in range(2)]
    for model in models:
        ogive.init_(model, generator=seeded(7))
    assert torch.equal(models[0][0].weight, models[1][0].weight)


def test_the_report_is_a_table_and_json():
    report = ogive.init_(nn.Sequential(nn.Linear(64, 50), nn.GELU(), nn.BatchNorm1d(50)))
    lines = str(report).splitlines()
    assert lines[0].split() == ["layer", "activation", "E", "x^2", "gain", "mode", "fan", "std",
                                "found", "note"]  # fmt: skip
    assert lines[1].split() == ["0", "gelu", "1", "1.468", "fan_in", "64", "0.1835", "derived"]
    assert lines[2].split() == ["name", "call", "activation", "before", "after", "+-", "found",
                                "note"]  # fmt: skip
    assert lines[3].split() == ["1", "1", "gelu", "2.1551", "1", "derived"]
    assert lines[4] == "skipped: 2: a normalisation"
    found = json.loads(json.dumps(report.to_dict()))
    assert found["rows"][0]["activation"] == "gelu"
    assert found["activations"][0]["weights"] == ["0.weight"]
    assert found["skipped"] == [{"module": "2", "reason": "a normalisation"}]


def test_a_function_called_elsewhere_is_not_disturbed():
    """While a model is traced, ogive's functions are observed, and afterwards as before."""
    ogive.init_(Functional())
    assert torch.equal(ogive.get("relu")(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))


def test_arguments_of_other_types():
    with pytest.raises(OgiveError, match=r"a model is a torch\.nn\.Module, not NoneType"):
        ogive.init_(None)
    with pytest.raises(OgiveError, match=r"generator is a torch\.Generator, not int"):
        ogive.init_(nn.Linear(2, 2), generator=3)
    with pytest.raises(OgiveError, match="does not run on the example in training mode"):
        ogive.init_(nn.Linear(2, 2), "text")


def test_a_layer_that_computes_its_weight_in_its_forward():
    """As timm's convolutions with standardised weights."""

    class Standardised(nn.Linear):
        def forward(self, x):
            return F.linear(x, (self.weight - self.weight.mean()) / self.weight.std(), self.bias)

    model = nn.Sequential(Standardised(8, 8), nn.ReLU(), nn.Linear(8, 8))
    weight = model[0].weight.clone()
    report = ogive.init_(model, torch.randn(50, 8, generator=seeded()))
    assert dict(report.skipped) == {"0": "its forward does not multiply by its weight itself"}
    assert report.activations[0].note == "0.linear stands before it"
    assert torch.equal(model[0].weight, weight)


def test_sines_of_positions_are_no_activations():
    class Positions(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, x, positions):
            return torch.sin(self.layer(x) * torch.cos(positions.float().abs()))

    example = torch.randn(5, 8, generator=seeded()), torch.arange(8)
    rows = ogive.init_(Positions(), example).activations
    assert [row.activation for row in rows] == ["sine"]


def test_lazy_layers_get_their_shapes_from_the_example():
    parts = nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(2)
    report = ogive.init_(nn.Sequential(*parts), torch.randn(50, 4, generator=seeded()))
    assert [(row.layer, row.fan) for row in report.rows] == [("0", 4), ("3", 8)]
    assert report.activations[0].after == pytest.approx(1)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_what_is_closed_has_a_reason():
    with torch.inference_mode():
        frozen = nn.Linear(4, 4)
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
    model = nn.Sequential(nn.Linear(4, 4), scripted, frozen, nn.ReLU())
    report = ogive.init_(model, torch.ones(3, 4))
    assert [row.layer for row in report.rows] == ["0"]
    assert report.skipped == (
        ("1", "torch.jit has made it a program of its own"),
        ("2", "its weight was made in inference mode"),
    )


def test_an_expanded_input():
    class Expanded(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(4, 1), nn.Linear(8, 2)

        def forward(self, x):
            return self.down(torch.relu(self.up(x).expand(-1, 8)))

    report = ogive.init_(Expanded(), torch.randn(50, 4, generator=seeded()))
    assert report.activations[0].after == pytest.approx(1)


def test_a_model_that_computes_its_steps_again():
    """Under checkpointing nothing is recorded twice."""

    class Checkpointed(nn.Module):
        def __init__(self, reentrant):
            super().__init__()
            self.part = nn.Sequential(nn.Linear(8, 8), nn.GELU())
            self.reentrant = reentrant

        def forward(self, x):
            return torch.utils.checkpoint.checkpoint(self.part, x, use_reentrant=self.reentrant)

    for reentrant in (True, False):
        report = ogive.init_(Checkpointed(reentrant), torch.randn(50, 8, generator=seeded()))
        assert [(row.name, row.call) for row in report.activations] == [("part.1", 1)]
        assert report.activations[0].after == pytest.approx(1)


@pytest.mark.parametrize("measured", [False, True])
def test_what_is_not_finite_for_half_of_the_line_has_a_reason(measured):
    model = nn.Sequential(nn.Linear(16, 16), ogive.nn.Log1mExp(), nn.Linear(16, 4))
    report = ogive.init_(model, torch.randn(64, 16) if measured else None)
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    (row,) = report.activations
    assert row.before is not None
    assert row.after is None
    assert "not finite" in row.note
    json.dumps(report.to_dict(), allow_nan=False)

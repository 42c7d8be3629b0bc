"""ogive.init_: the right numbers for chains, residuals, gates and attention, and what it skips."""

import json
import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import ogive
from ogive.catalogue import entries
from ogive.certify.signal.gains import criticality
from ogive.certify.signal.moments import expectation, mean_formula, moments
from ogive.errors import OgiveError
from ogive.nn.initialise import fan_in

GELU, SILU = 0.42522, 0.35578  # E f**2


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


def test_a_gain_undoes_the_activation_before():
    model = nn.Sequential(nn.Linear(64, 50), nn.GELU(), nn.Linear(50, 10))
    report = ogive.init_(model)
    first, last = report.rows
    assert (first.activation, first.gain) == ("gelu", 1.0)
    assert last.gain == pytest.approx(GELU**-0.5, rel=1e-5)
    assert (last.activation, last.square) == ("", pytest.approx(GELU, rel=1e-5))


@pytest.mark.parametrize("name", ["relu", "selu", "tanh", "gelu", "mish", "leaky_relu"])
def test_thirty_layers_keep_the_second_moment(name):
    """Within four standard deviations of what width 500 scatters.

    One layer scatters by (E f**4 / (E f**2)**2 - 1) / width, and each later one multiplies an error
    by Q'. Where Q' > 1, as for gelu, this outgrows everything, so layers are looked at only until
    the scatter is a quarter.
    """
    width, layers = 500, []
    for _ in range(30):
        layers += [nn.Linear(width, width), ogive.get(name).module()]
    model = nn.Sequential(*layers)
    ogive.init_(model, generator=seeded(3))
    spec = entries()[name]
    found, f = moments(spec), mean_formula(spec)
    homogeneous = "relu" in name
    expected = 1.0 if homogeneous else found.second.value
    scatter = (expectation(f * f * f * f).value / found.second.value**2 - 1) / width
    growth = criticality(found).length_slope.value ** 2
    x, variance, looked_at = torch.randn(200, width, generator=seeded(4)), 0.0, 0
    with torch.no_grad():
        for linear, activation in zip(model[::2], model[1::2], strict=True):
            x = activation(linear(x))
            variance = variance * growth + scatter
            if variance < 0.25**2 or growth <= 1 + 1e-9:
                looked_at += 1
                allowed = 4 * math.sqrt(variance)
                assert abs(math.log(x.square().mean().item() / expected)) <= allowed
    assert looked_at == 30 or (growth > 1 and looked_at >= 3)


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
    assert rows["2.c1"].note == "normalised before the activation"
    # relu of a normalised input has second moment 1/2
    assert rows["2.c2"].std == pytest.approx((2 / 72) ** 0.5)
    assert ("2.b1", "a normalisation") in report.skipped
    assert torch.isfinite(model(torch.randn(2, 3, 16, 16))).all()


def test_tracing_and_running_find_the_same():
    example = torch.randn(2, 3, 16, 16)
    assert ogive.init_(convolutional()).rows == ogive.init_(convolutional(), example).rows


def test_a_run_leaves_no_mark():
    model = convolutional().train()
    model[2].b1.eval()
    before = {k: v.clone() for k, v in model.state_dict().items() if "running" in k}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    ogive.init_(model, torch.ones(2, 3, 16, 16), generator=seeded())
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(model.state_dict()[k], v) for k, v in before.items())
    assert (model[2].training, model[2].b1.training) == (True, False)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


@pytest.mark.parametrize("activation", ["relu", "gelu", F.silu, nn.Tanh()])
@pytest.mark.parametrize("norm_first", [False, True])
def test_a_transformer_block(activation, norm_first):
    model = nn.TransformerEncoderLayer(
        32, 4, 64, activation=activation, batch_first=True, norm_first=norm_first
    )
    attention = model.self_attn.in_proj_weight.clone()
    report = ogive.init_(model, torch.randn(2, 5, 32))
    up, down = report.rows
    square = ogive.gain(activation).second_moment.value ** -2
    homogeneous = activation == "relu"
    assert (up.layer, down.layer) == ("linear1", "linear2")
    assert up.gain == pytest.approx(2**0.5 if homogeneous else 1.0)
    assert down.gain == pytest.approx(1.0 if homogeneous else square**-0.5)
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


@pytest.mark.parametrize("example", [None, torch.randn(4, 16)], ids=["traced", "run"])
def test_gated_units(example):
    split = ogive.init_(GatedUnit(), example)
    assert gains_of(split) == pytest.approx({"gate": 1, "up": 1, "down": SILU**-0.5}, rel=1e-5)
    assert split.rows[0].activation == "silu"
    for unit in (ogive.nn.SwiGLU(), ogive.get("swiglu")):
        packed = ogive.init_(PackedUnit(unit), example)
        assert gains_of(packed) == pytest.approx({"up": 1, "down": SILU**-0.5}, rel=1e-5)
        assert packed.rows[0].activation == "swiglu"


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


@pytest.mark.parametrize("example", [None, torch.randn(4, 8)], ids=["traced", "run"])
def test_activations_as_functions(example):
    rows = ogive.init_(Functional(), example).rows
    assert [r.activation for r in rows] == ["leaky_relu", "gelu_tanh", "mish", "tanh", ""]
    assert rows[0].gain == pytest.approx(math.sqrt(2 / 1.09))
    assert rows[1].square == pytest.approx(1.0)
    assert rows[4].square == pytest.approx(moments(entries()["tanh"]).second.value / 4)


def test_fans():
    assert fan_in(nn.Linear(7, 3)) == 7
    assert fan_in(nn.Conv2d(8, 4, (3, 5), groups=2)) == 4 * 15
    assert fan_in(nn.ConvTranspose1d(6, 4, 4, stride=2)) == 12
    with pytest.raises(OgiveError, match="no linear or convolution layer"):
        fan_in(nn.ReLU())


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
    assert report.rows[0].note == "E x^2 after embed taken as 1"
    assert skipped["head"] == "it shares its weight with another module"
    assert skipped["unused"] == "not reached by the trace"
    assert skipped["normed"] == "its weight is computed from other parameters"
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

    for example in (None, torch.ones(1, 6)):
        (row,) = ogive.init_(Twice(), example).rows
        assert (row.activation, row.gain) == ("relu", pytest.approx(2**0.5))


def test_recurrent_modules_are_skipped():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head = nn.GRU(5, 7, batch_first=True), nn.Linear(7, 2)

        def forward(self, x):
            return self.head(self.rnn(x)[0])

    report = ogive.init_(Recurrent(), torch.ones(2, 3, 5))
    assert dict(report.skipped) == {"rnn": "GRU has an initialisation of its own"}
    assert report.rows[0].note == "E x^2 after rnn taken as 1"


def test_without_a_layer():
    with pytest.raises(OgiveError, match="no linear or convolution layer"):
        ogive.init_(nn.Sequential(nn.ReLU()))


def test_the_same_seed_gives_the_same_weights():
    models = [nn.Sequential(nn.Linear(5, 5), nn.ReLU()) for _ in range(2)]
    for model in models:
        ogive.init_(model, generator=seeded(7))
    assert torch.equal(models[0][0].weight, models[1][0].weight)


def test_the_report_is_a_table_and_json():
    report = ogive.init_(nn.Sequential(nn.Linear(64, 50), nn.GELU(), nn.BatchNorm1d(50)))
    lines = str(report).splitlines()
    assert lines[0].split() == ["layer", "activation", "E", "x^2", "gain", "mode", "fan", "std",
                                "note"]  # fmt: skip
    assert lines[1].split() == ["0", "gelu", "1", "1", "fan_in", "64", "0.125"]
    assert lines[2] == "skipped: 2: a normalisation"
    found = json.loads(json.dumps(report.to_dict()))
    assert found["rows"][0]["activation"] == "gelu"
    assert found["skipped"] == [{"module": "2", "reason": "a normalisation"}]


def test_a_function_called_elsewhere_is_not_disturbed():
    """While a model is traced, ogive's functions are observed, and afterwards as before."""
    ogive.init_(Functional())
    assert torch.equal(ogive.get("relu")(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))

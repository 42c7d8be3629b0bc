"""Pairing: with one seed, every activation starts from the same draws, at its own scale."""

from dataclasses import replace

import pytest
import torch
from torch import nn

import ogive
from ogive.errors import OgiveError
from ogive.nn.named import find_activation
from ogive.study.data.datasets import find_task
from ogive.study.errors import StudyError
from ogive.study.networks.architectures import ARCHITECTURES, Inputs, find_architecture, of_function
from ogive.study.networks.network import Run, build_networks, check_fit
from ogive.study.settings import Settings

HE = Settings((12, 7), 1, 32, "adamw", 0.01, init="he")
ROWS = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))


def built(name, seed=0, settings=HE, rows=ROWS, outputs=3):
    run = Run(find_activation(name), seed, settings)
    return build_networks([run], outputs, [rows])[0].model


def weights(name, seed=0, settings=HE):
    return [m.weight for m in built(name, seed, settings).modules() if isinstance(m, nn.Linear)]


@pytest.mark.parametrize("name", ["tanh", "gelu", "prelu", "rrelu"])
def test_same_seed_same_draws(name):
    pairs = zip(weights("relu", 3), weights(name, 3), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_other_seed_other_draws():
    pairs = zip(weights("relu", 3), weights("relu", 4), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs)


def test_gated_activations_get_twice_the_width_and_share_the_first_half():
    plain, gated = weights("relu", 1), weights("swiglu", 1)
    assert [tuple(w.shape) for w in gated] == [(24, 5), (14, 12), (3, 7)]
    assert torch.equal(gated[0][:12], plain[0])
    assert torch.equal(gated[2], plain[2])


def test_an_activation_that_widens_is_followed_by_a_layer_that_takes_it():
    assert [tuple(w.shape) for w in weights("crelu")] == [(12, 5), (7, 24), (3, 14)]


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "sigmoid"])
def test_matched_weights_have_the_deviations_of_init(name):
    """The draws are those of every other activation, times what ogive.init_ gives."""
    found = weights(name, settings=replace(HE, init="matched"))
    first = ogive.get(name)
    model = nn.Sequential(
        nn.Linear(5, 12), first.module(), nn.Linear(12, 7), first.module(), nn.Linear(7, 3)
    )
    expected = [row.std for row in ogive.init_(model).rows]
    he = [(2 / 5) ** 0.5, (2 / 12) ** 0.5, (1 / 7) ** 0.5]
    for weight, plain, std, he_std in zip(found, weights("relu"), expected, he, strict=True):
        assert torch.allclose(weight, plain * std / he_std, rtol=1e-5)


def test_torchs_own_start_and_a_users(tmp_path, monkeypatch):
    torch.manual_seed(0)
    wanted = nn.Linear(5, 12).weight
    assert torch.equal(weights("relu", settings=replace(HE, init="torch"))[0], wanted)
    (tmp_path / "inits.py").write_text(
        "def ones(model):\n    [p.data.fill_(1.0) for p in model.parameters()]\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert all((w == 1).all() for w in weights("relu", settings=replace(HE, init="inits:ones")))


def test_scale():
    pairs = zip(weights("relu"), weights("relu", settings=replace(HE, init_scale=3.0)), strict=True)
    assert all(torch.allclose(3 * a, b) for a, b in pairs)


@pytest.mark.parametrize("model", ARCHITECTURES)
@pytest.mark.parametrize("name", ["tanh", "prelu", "swiglu", "crelu"])
def test_every_model_takes_every_kind(model, name):
    own = ARCHITECTURES[model]
    settings = replace(HE, model=model, hidden=own.hidden or (8, 8), norm=own.norm, init="torch")
    split = find_task("digits").load(0)
    if model.startswith("lstm") and name in ("swiglu", "crelu"):
        with pytest.raises(StudyError, match="changes the number of features"):
            built(name, settings=settings, rows=split.train_x[:8])
        return
    found = built(name, settings=settings, rows=split.train_x[:8], outputs=10)
    assert found(split.train_x[:8]).shape == (8, 10)


def test_fifty_layers_are_built_matched():
    settings = replace(HE, hidden=(8,) * 50, init="matched", norm="layer", residual=True)
    assert built("relu", settings=settings)(ROWS).isfinite().all()
    with pytest.raises(StudyError, match="at most 50"):
        replace(HE, hidden=(8,) * 51)


def test_tokens():
    tokens = torch.randint(0, 9, (16, 12))
    for model in ("mlp", "transformer", "lstm"):
        own = ARCHITECTURES[model]
        settings = replace(HE, model=model, hidden=(8,), norm=own.norm, init="torch")
        assert built("relu", settings=settings, rows=tokens, outputs=9)(tokens).shape == (16, 9)
    with pytest.raises(StudyError, match="tokens"):
        built("relu", settings=replace(HE, model="cnn"), rows=tokens)
    assert Inputs.of(tokens, 9).tokens == 9


def two_layers(activation, inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 6), activation(), nn.Linear(6, outputs))


def test_a_model_of_the_users():
    run = Run(
        find_activation("tanh"), 0, replace(HE, init="matched"), None, of_function(two_layers)
    )
    (network,) = build_networks([run], 3, [ROWS])
    assert network.model(ROWS).shape == (64, 3)
    assert len(network.activations) == 1
    check_fit([run], 3, ROWS)


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda activation, inputs, outputs: None, "must return a torch module"),
        (lambda activation, inputs, outputs: nn.Linear(inputs, outputs), "does not call its first"),
        (
            lambda activation, inputs, outputs: nn.Sequential(nn.Linear(inputs, 9), activation()),
            "shape",
        ),
    ],
    ids=["nothing", "no activation", "wrong shape"],
)
def test_models_that_do_not_fit(function, hint):
    run = Run(find_activation("tanh"), 0, HE, None, of_function(function))
    with pytest.raises(StudyError, match=hint):
        check_fit([run], 3, ROWS)


def test_unknown_models_are_refused_with_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'resnet'"):
        find_architecture("resnt")
    with pytest.raises(OgiveError, match="no module"):
        find_architecture("nowhere:model")
    with pytest.raises(StudyError, match="choose from none, layer"):
        ARCHITECTURES["lstm"].check("lstm", replace(HE, norm="batch"))
    with pytest.raises(StudyError, match="mlp and cnn do"):
        ARCHITECTURES["lstm"].check("lstm", replace(HE, residual=True))


def test_activations_that_fail_are_refused_with_the_cause():
    run = Run(find_activation(nn.Linear(3, 4)), 0, replace(HE, init="torch"))
    with pytest.raises(StudyError, match=r"does not fit into the mlp .*mat1"):
        check_fit([run], 3, ROWS)

"""The names others use resolve, each to what that framework means by it."""

from __future__ import annotations

import re

import pytest

from ogive.catalogue import entries, resolve
from ogive.catalogue._registry import plain
from ogive.errors import AmbiguousName, UnknownName

# framework -> "name" or "name=entry"; the names of the framework's own list that are elementwise
FRAMEWORKS = {
    "torch": """
        threshold relu hardtanh relu6 sigmoid hardsigmoid tanh silu mish hardswish elu celu selu
        gelu hardshrink leaky_relu logsigmoid softplus softshrink prelu softsign tanhshrink
        identity
    """,
    "timm": """
        silu swish=silu mish relu relu6 leaky_relu elu celu selu gelu gelu_tanh quick_gelu sigmoid
        tanh hard_sigmoid=hardsigmoid hardsigmoid hard_swish=hardswish hardswish hard_mish prelu
        identity
    """,
    "transformers": """
        gelu gelu_10=gelu_clipped gelu_fast=gelu_tanh gelu_new=gelu_tanh gelu_python=gelu
        gelu_pytorch_tanh=gelu_tanh gelu_python_tanh=gelu_tanh gelu_accurate=gelu_tanh hardswish
        laplace leaky_relu linear=identity mish quick_gelu relu relu2=squared_relu relu6 sigmoid
        silu sqrtsoftplus=sqrt_softplus swish=silu tanh prelu xielu Snake1d=snake
        SnakeBeta=snake_beta
    """,
    "keras": """
        celu elu exponential gelu hard_shrink=hardshrink hard_sigmoid=hardsigmoid
        hard_silu=hardswish hard_swish=hardswish hard_tanh=hardtanh leaky_relu linear=identity
        log_sigmoid=logsigmoid mish relu=keras_relu relu6 selu sigmoid silu swish=silu
        soft_shrink=softshrink softplus softsign sparse_plus sparse_sigmoid squareplus tanh
        tanh_shrink=tanhshrink threshold prelu
    """,
    "keras2": "hard_sigmoid=affine_hardsigmoid",
    "jax": """
        celu elu gelu=gelu_tanh hard_sigmoid=hardsigmoid hard_silu=hardswish hard_swish=hardswish
        hard_tanh=hardtanh identity leaky_relu log1mexp log_sigmoid=logsigmoid mish relu relu6
        selu sigmoid silu soft_sign=softsign softplus sparse_plus sparse_sigmoid squareplus
        swish=silu tanh
    """,
    "onnx": """
        Celu=celu Clip=hardtanh Elu=elu Erf=erf Gelu=gelu HardSigmoid=affine_hardsigmoid
        HardSwish=hardswish LeakyRelu=leaky_relu Mish=mish PRelu=prelu Relu=relu Selu=selu
        Shrink=shrink Sigmoid=sigmoid Sign=signum Softplus=softplus Softsign=softsign Swish=swish
        Tanh=tanh ThresholdedRelu=thresholded_relu
    """,
    "tfa": "gelu=gelu_tanh hardshrink lisht mish snake softshrink tanhshrink",
    "mlx": """
        sigmoid relu relu2=squared_relu relu6 leaky_relu elu softplus softsign softshrink celu
        silu log_sigmoid=logsigmoid gelu gelu_approx=gelu_tanh gelu_fast_approx=quick_gelu step
        selu prelu mish hardswish hard_tanh=hardtanh hard_shrink=hardshrink tanh
    """,
    "tinygrad": """
        relu sigmoid relu6 hardswish hardsigmoid hardtanh leaky_relu tanh quick_gelu
        gelu=gelu_tanh swish=silu silu elu celu selu softplus mish logsigmoid softsign
    """,
    "candle": """
        gelu NewGelu=gelu_tanh relu relu2=squared_relu relu6 silu sigmoid hard_sigmoid=hardsigmoid
        swish=silu mish hard_swish=hardswish elu leaky_relu GeluPytorchTanh=gelu_tanh prelu selu
    """,
    "burn": """
        celu elu gelu hard_shrink=hardshrink hard_sigmoid=affine_hardsigmoid hard_swish=hardswish
        hardtanh leaky_relu log_sigmoid=logsigmoid mish prelu relu relu6 selu shrink sigmoid silu
        soft_shrink=softshrink softplus softsign tanh tanhshrink threshold thresholded_relu
    """,
    "fairseq": """
        relu relu_squared=squared_relu gelu gelu_fast=gelu_tanh gelu_accurate=gelu_tanh tanh
        linear=identity swish=silu
    """,
    "te": "gelu=gelu_tanh qgelu=quick_gelu relu srelu=squared_relu silu",
    "nnlib": """
        sigma=sigmoid hardsigma=affine_hardsigmoid hardtanh relu leakyrelu=leaky_relu relu6 elu
        gelu_tanh gelu_sigmoid=quick_gelu gelu_erf=gelu swish=silu hardswish selu celu softplus
        softsign logsigma=logsigmoid logcosh=log_cosh mish tanhshrink softshrink
        trelu=thresholded_relu lisht tanh_fast=tanh sigmoid_fast=sigmoid
    """,
    "dashee87": """
        step identity relu leaky_relu prelu elu selu srelu=s_shaped_relu
        hard_sigmoid=affine_hardsigmoid sigmoid hard_tanh=hardtanh tanh lecun_tanh arctan softsign
        softplus signum bent_identity symmetrical_sigmoid=bipolar_sigmoid log_log=c_log_log
        gaussian absolute sinusoid=sine cosine sinc
    """,
}
PRESETS = {
    "keras:leaky_relu": {"negative_slope": 0.2},
    "keras_layer:leaky_relu": {"negative_slope": 0.3},
    "darknet:leaky_relu": {"negative_slope": 0.1},
    "keras:prelu": {"weight": 0.0},
    "flax:prelu": {"weight": 0.01},
    "noisy_units:hard_sigmoid": {"alpha": 0.25},
    "transformers:gelu_10": {"low": -10.0, "high": 10.0},
    "transformers:xielu": {"eps": -1e-6},
    "burn:shrink": {"bias": 0.5},
    "onnx:Clip": {"min_val": float("-inf"), "max_val": float("inf")},
    "onnx:Swish": {"beta": 1.0},
    "nnlib:hardsigma": {"alpha": 1 / 6},
    "siren:sine": {"omega": 30.0},
}
ROWS = [
    (f"{framework}:{word.partition('=')[0]}", word.partition("=")[2] or word)
    for framework, words in FRAMEWORKS.items()
    for word in words.split()
]


@pytest.mark.parametrize(("name", "entry"), ROWS, ids=[name for name, _ in ROWS])
def test_a_framework_name_has_that_frameworks_meaning(name, entry):
    spec, preset = resolve(name)
    assert spec.name == entry
    assert dict(preset) == PRESETS.get(name, {})


@pytest.mark.parametrize("name", PRESETS)
def test_a_name_with_its_own_defaults_brings_them(name):
    spec, preset = resolve(name)
    assert dict(preset) == PRESETS[name]
    assert all(spec.parameter(key) for key in preset)


@pytest.mark.parametrize("name", FRAMEWORKS["torch"].split())
def test_a_bare_name_is_torchs(name):
    assert resolve(name)[0].name == name
    assert resolve(name)[1] == {}


@pytest.mark.parametrize(
    ("title", "entry"),
    [
        ("LeakyReLU", "leaky_relu"),
        ("SiLU", "silu"),
        ("LogSigmoid", "logsigmoid"),
        ("GELU", "gelu"),
        ("Hardswish", "hardswish"),
        ("hard_swish", "hardswish"),
    ],
)
def test_a_class_name_finds_its_entry(title, entry):
    assert resolve(title)[0].name == entry


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("srelu", ("s_shaped_relu", "shifted_relu", "squared_relu")),
        ("drelu", ("displaced_relu", "drelu_glu")),
        ("telu", ("tanhexp", "telu_elu")),
    ],
)
def test_an_ambiguous_name_lists_its_meanings(name, candidates):
    with pytest.raises(AmbiguousName) as caught:
        resolve(name)
    assert all(repr(c) in str(caught.value) for c in candidates)


def test_the_meanings_of_an_ambiguous_name_can_be_asked_for():
    assert resolve("echo:srelu")[0].name == "s_shaped_relu"
    assert resolve("survey:srelu")[0].name == "shifted_relu"
    assert resolve("te:srelu")[0].name == "squared_relu"


@pytest.mark.parametrize(
    ("wrong", "meant"), [("sofplus", "softplus"), ("geluu", "gelu"), ("hardswich", "hardswish")]
)
def test_a_misspelt_name_gets_a_suggestion(wrong, meant):
    with pytest.raises(UnknownName, match=f"'{meant}'"):
        resolve(wrong)


def test_a_misspelt_name_of_a_framework_gets_a_suggestion():
    with pytest.raises(UnknownName, match="jax:gelu"):
        resolve("jax:gelo")


def test_an_unknown_framework_is_said_to_be_unknown():
    with pytest.raises(UnknownName, match="no framework 'kerass'"):
        resolve("kerass:relu")


def test_no_qualified_name_means_two_things():
    owner = {}
    for spec in entries().values():
        for alias in spec.aliases:
            framework, _, name = alias.partition(":")
            assert framework and name, alias
            key = (framework.lower(), plain(name))
            assert key not in owner, f"{alias}: {owner[key]} and {spec.name}"
            owner[key] = spec.name


def test_no_two_entries_share_a_name_or_a_title():
    seen = {}
    for spec in entries().values():
        for name in {plain(spec.name), plain(spec.title)}:
            assert seen.setdefault(name, spec.name) == spec.name


def test_every_preset_belongs_to_an_alias():
    for spec in entries().values():
        assert set(spec.presets) <= set(spec.aliases), spec.name


def test_every_entry_says_what_it_is_and_where_it_is_from():
    for spec in entries().values():
        assert spec.doc.endswith("."), spec.name
        assert spec.evidence in ("paper", "framework", "secondary"), spec.name
        assert spec.evidence != "paper" or spec.paper, f"{spec.name} names no paper"
        assert all(p.rstrip().endswith(".") for p in spec.pitfalls), spec.name


#: E1 to E15: what the texts people learn from get wrong; the entry, and words of what it says.
MISTAKES = {
    "E1": ("gelu_tanh", "without the factor x"),
    "E2": ("softplus", "logarithm of a sigmoid"),
    "E3": ("sigmoid", "s (1 - s)"),
    "E4": ("sigmoid", "not at -1 and 1"),
    "E5": ("elu", "tends to -alpha"),
    "E6": ("relu6", "give 6, not 0"),
    "E7": ("relu", "headings exchanged"),
    "E8": ("gumbel_softmax", "factor 1/tau"),
    "E9": ("gumbel_softmax", "One uniform number a class"),
    "E10": ("tanh", "lies in (0, 1]"),
    "E11": ("leaky_relu", "slopes a <= 1"),
    "E12": ("sigmoid", "vanish, not explode"),
    "E13": ("sigmoid", "on both sides"),
    "E14": ("gelu_tanh", "-0.0454 at -2"),
    "E15": ("sigmoid", "loss convex"),
}


@pytest.mark.parametrize("name, words", MISTAKES.values(), ids=MISTAKES)
def test_every_known_mistake_is_recorded_as_a_pitfall(name, words):
    told = " ".join(entries()[name].pitfalls)
    assert words in " ".join(told.split())
    assert not re.search(r"\(E\d+\)", told), "a code says nothing to a reader"

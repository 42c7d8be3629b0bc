"""After a swap nothing computes the old function: fast paths, copies, pickles, saved models."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from others import transformers
from torch import Tensor, nn

import ogive

X = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
HIDDEN = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=torch.bool)
SIZES = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "dropout": 0.0, "batch_first": True}


def encoder(layers: int = 2, **options: Any) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(**SIZES, **options)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor="activation" not in options)


#: How torch's modules with an activation inside are made, and called.
TORCHS: dict[str, tuple[Callable[..., nn.Module], Callable[[nn.Module], Tensor]]] = {
    "encoder layer": (lambda **o: nn.TransformerEncoderLayer(**SIZES, **o), lambda m: m(X)),
    "encoder layer, norm first": (
        lambda **o: nn.TransformerEncoderLayer(**SIZES, norm_first=True, **o),
        lambda m: m(X, src_key_padding_mask=HIDDEN),
    ),
    "encoder": (encoder, lambda m: m(X, src_key_padding_mask=HIDDEN)),
    "decoder layer": (lambda **o: nn.TransformerDecoderLayer(**SIZES, **o), lambda m: m(X, X)),
    "decoder": (
        lambda **o: nn.TransformerDecoder(nn.TransformerDecoderLayer(**SIZES, **o), 2),
        lambda m: m(X, X),
    ),
    "transformer": (
        lambda **o: nn.Transformer(num_encoder_layers=1, num_decoder_layers=1, **SIZES, **o),
        lambda m: m(X, X, src_key_padding_mask=HIDDEN),
    ),
}
OLD = {"relu": F.relu, "gelu": F.gelu, "ReLU": nn.ReLU(), "GELU": nn.GELU()}
NEW: dict[str, Callable[[Tensor], Tensor]] = {"silu": F.silu, "mish": F.mish, "relu6": F.relu6}


def every_way(model: nn.Module, call: Callable[[nn.Module], Tensor]) -> list[Tensor]:
    """What a model gives in training and evaluation, with gradients and without, and its copies."""
    copies = [model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    copies.append(copy.deepcopy(copies[1]))
    found = []
    for each in copies:
        for mode in (each.train, each.eval):
            mode()
            with torch.no_grad():
                found.append(call(each))
            found.append(call(each).detach())
    return found


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("kind", TORCHS)
@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("new", NEW)
def test_torchs_layers_compute_the_new_function_in_every_way(kind: str, old: str, new: str) -> None:
    make, call = TORCHS[kind]
    model = make(activation=OLD[old]) if old != "relu" else make()
    reference = make(activation=NEW[new]).eval()
    reference.load_state_dict(model.state_dict())
    assert ogive.swap(model, old.lower(), new, rescale=False).rows
    for got in every_way(model, call):
        got = got.masked_fill(HIDDEN[..., None], 0) if "encoder" in kind else got
        want = call(reference).detach()
        want = want.masked_fill(HIDDEN[..., None], 0) if "encoder" in kind else want
        torch.testing.assert_close(got, want, rtol=1e-5, atol=2e-6)


def test_a_swap_that_leaves_fast_paths_would_be_seen() -> None:
    """The fast path of an encoder layer does compute relu, whatever its activation is."""
    layer = nn.TransformerEncoderLayer(**SIZES).eval()
    layer.activation = F.silu
    with torch.no_grad():
        fast = layer(X)
    assert (fast - layer(X)).abs().max() > 1e-3


def test_the_report_says_what_else_was_set() -> None:
    report = ogive.swap(encoder(1), "relu", "silu", rescale=False)
    assert report.also == (
        ("layers.0.activation_relu_or_gelu", "0"),
        ("use_nested_tensor", "False"),
    )
    assert report.to_dict()["also"][0] == {"name": report.also[0][0], "now": "0"}
    assert "also: use_nested_tensor is False now" in str(report)


def test_other_layers_keep_their_fast_path() -> None:
    model = encoder(2)
    report = ogive.swap(model, "relu", "silu", where="layers.1.*")
    assert [row.name for row in report.rows] == ["layers.1.activation"]
    assert [layer.activation_relu_or_gelu for layer in model.layers] == [1, 0]
    found = every_way(model, lambda m: m(X))
    for got in found[1:]:
        torch.testing.assert_close(got, found[0], rtol=1e-5, atol=2e-6)


# models of transformers, from configurations

_BERT = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "vocab_size": 50}
_BERT |= {"num_hidden_layers": 2}
_HEADS = _BERT | {"head_dim": 8, "num_key_value_heads": 2}
_T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "vocab_size": 50}
_GPT2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "vocab_size": 50}
_GPT2 |= {"bos_token_id": None, "eos_token_id": None}
_OPT = {"hidden_size": 16, "ffn_dim": 32, "word_embed_proj_dim": 16, "num_attention_heads": 2}
_OPT |= {"vocab_size": 50, "num_hidden_layers": 1}
#: The beginning of the class's name -> the configuration, the entry, and where it says so.
FAMILIES: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "Bert": (_BERT, "gelu", {"hidden_act": "{}"}),
    "Llama": (_BERT, "silu", {"hidden_act": "{}"}),
    "Qwen3": (_HEADS, "silu", {"hidden_act": "{}"}),
    "Gemma": (_HEADS, "gelu_tanh", {"hidden_act": "{}"}),
    "Gemma2": (_HEADS, "gelu_tanh", {"hidden_activation": "{}"}),
    "GPT2": (_GPT2, "gelu_tanh", {"activation_function": "{}"}),
    "OPT": (_OPT, "relu", {"activation_function": "{}"}),
    "T5": (_T5, "relu", {"feed_forward_proj": "{}", "dense_act_fn": "{}"}),
    "T5 gated": (
        _T5 | {"feed_forward_proj": "gated-gelu"},
        "gelu_tanh",
        {"feed_forward_proj": "gated-{}", "dense_act_fn": "{}"},
    ),
}
SWAPS: dict[str, tuple[Any, bool]] = {
    "a function it knows": ("mish", False),
    "one that T5 takes for another behind a gate": ("gelu", False),
    "a scaled one": ("mish", True),
    "one it does not know": (nn.ELU(0.7), False),
    "one that learns": (nn.PReLU(1, 0.1), False),
}


def made(family: str) -> tuple[nn.Module, dict[str, Tensor]]:
    name, (config, _, _) = family.partition(" ")[0], FAMILIES[family]
    torch.manual_seed(0)
    settings = getattr(transformers, f"{name}Config")(**config)
    model = getattr(transformers, f"{name}Model")(settings).eval()
    tokens = torch.arange(12).view(2, 6)
    return model, {"input_ids": tokens} | ({"decoder_input_ids": tokens} if name == "T5" else {})


@torch.no_grad()
def hidden(model: nn.Module, tokens: dict[str, Tensor]) -> Tensor:
    return model(**tokens).last_hidden_state


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", SWAPS)
def test_a_saved_model_of_transformers_computes_the_new_function(
    family: str, kind: str, tmp_path: Path
) -> None:
    model, tokens = made(family)
    _, old, places = FAMILIES[family]
    new, rescale = SWAPS[kind]
    before = hidden(model, tokens)
    report = ogive.swap(model, old, new, rescale=rescale)
    assert report.rows and not report.skipped
    want = hidden(model, tokens)
    assert (want - before).abs().max() > (0 if new == "gelu" else 1e-4) or old == new
    model.save_pretrained(tmp_path)
    loaded = type(model).from_pretrained(tmp_path).eval()
    again = type(model)(copy.deepcopy(model.config)).eval()
    again.load_state_dict(model.state_dict())
    for other in (loaded, again, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(hidden(other, tokens), want, rtol=1e-4, atol=1e-5)
    said = dict(report.also)
    for key, form in places.items():
        prefix, _, _ = form.partition("{}")
        assert said[f"config.{key}"] == getattr(model.config, key)
        assert said[f"config.{key}"].startswith(prefix)


def test_a_process_that_was_not_taught_the_name_says_so(tmp_path: Path) -> None:
    model, _ = made("Bert")
    ogive.swap(model, "gelu", nn.ELU(0.3))
    model.save_pretrained(tmp_path)
    name = model.config.hidden_act
    tables = transformers.activations.ACT2FN, transformers.activations.ACT2CLS
    taught = [table.pop(name) for table in tables]
    with pytest.raises(KeyError, match=name):
        type(model).from_pretrained(tmp_path)
    tables[0][name] = taught[0]
    assert type(model).from_pretrained(tmp_path).config.hidden_act == name


def test_a_name_stays_where_the_old_function_is_left() -> None:
    model, _ = made("Bert")
    report = ogive.swap(model, "gelu", "silu", where="encoder.layer.1.*")
    assert model.config.hidden_act == "gelu"
    ((name, reason),) = report.skipped
    assert name == "config.hidden_act"
    assert reason.startswith("it says gelu: encoder.layer.0.intermediate.intermediate_act_fn still")
    assert not ogive.swap(model, "gelu", "silu").skipped
    assert model.config.hidden_act.startswith("ogive_scaled_silu")


def test_what_no_configuration_decides_is_reported() -> None:
    report = ogive.swap(made("Bert")[0], "tanh", "silu")
    reason = (
        "its class makes tanh there, whatever the configuration says: swap again what is loaded"
    )
    assert report.skipped == (("pooler.activation", reason),)
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}
    model = transformers.ResNetModel(transformers.ResNetConfig(**sizes))
    report = ogive.swap(nn.Sequential(model), "relu", "silu", rescale=False)
    assert report.also == (("0.config.hidden_act", "silu"),)
    assert {name for name, _ in report.skipped} == {
        f"0.encoder.stages.{stage}.layers.0.layer.{layer}.activation"
        for stage in range(2)
        for layer in range(2)
    }
    loaded = transformers.ResNetModel(model.config)
    for name, _ in report.skipped:
        assert isinstance(loaded.get_submodule(name.removeprefix("0.")), nn.ReLU)


def test_a_part_with_a_configuration_of_its_own() -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    sizes |= {"num_attention_heads": 2, "projection_dim": 8}
    text, image = {**sizes, "vocab_size": 50}, {**sizes, "image_size": 16, "patch_size": 8}
    config = transformers.CLIPConfig(text_config=text, vision_config=image, projection_dim=8)
    model = transformers.CLIPModel(config)
    report = ogive.swap(model, "quick_gelu", "silu", where="vision_model*", rescale=False)
    assert report.also == (("config.vision_config.hidden_act", "silu"),)
    assert not report.skipped
    assert config.text_config.hidden_act == model.config.text_config.hidden_act == "quick_gelu"


def test_names_that_others_read_are_reported() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model.hparams, model.activation, model.mode = {"act": "relu"}, "relu", "fan_in"
    report = ogive.swap(model, "relu", "silu")
    assert report.skipped == (
        ("activation", "it says relu: what is made from it computes that again"),
        ("hparams.act", "it says relu: what is made from it computes that again"),
    )


def test_an_activation_inside_of_another_is_not_listed() -> None:
    """transformers' gelu module holds torch's function."""
    report = ogive.swap(made("Bert")[0], "gelu", "silu")
    assert [row.name for row in report.rows] == [
        f"encoder.layer.{i}.intermediate.intermediate_act_fn" for i in range(2)
    ]

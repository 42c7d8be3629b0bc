"""A model that is made again from what a swapped one was made from computes the new function."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from others import transformers
from torch import Tensor, nn

import ogive

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
    for key, form in places.items() if old != new else ():
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
    ogive.swap(nn.Sequential(nn.GELU()), "gelu", nn.ELU(0.3))  # what the page says to do there
    loaded = type(model).from_pretrained(tmp_path).encoder.layer[1].intermediate
    assert repr(loaded.intermediate_act_fn) == repr(taught[0]())


def test_hooks_of_a_place_are_not_taught() -> None:
    seen = []
    model = nn.Sequential(nn.GELU())
    model[0].register_forward_hook(lambda module, args, result: seen.append(model))
    ogive.swap(model, "gelu", nn.ELU(0.2))
    (name,) = (n for n in transformers.activations.ACT2FN if repr(model[0]) == repr(
        transformers.activations.ACT2FN[n]) and n.startswith("ogive_scaled_elu"))  # fmt: skip
    transformers.activations.ACT2FN[name](torch.ones(2))
    assert not seen
    model(torch.ones(2))
    assert seen == [model]


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

"""After a swap nothing computes the old function: fast paths, copies, pickles, saved models."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import ogive

X = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
HIDDEN = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=torch.bool)
SIZES = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "dropout": 0.0, "batch_first": True}


def encoder(layers: int = 2, **options: Any) -> nn.TransformerEncoder:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(**SIZES, **options), layers)


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

"""Faults planted in models that nobody here wrote: timm's resnet18 and a small GPT-2.

Built from configurations with random weights; the tasks are such that a healthy model learns them
within a few hundred steps.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from faults import CLASSES, Fault, Training
from torch import Tensor, nn

from ogive.bench.models import Scale, build_model, call_model

SCALE = Scale(batch=8, pixels=32, tokens=16, width=64, layers=4, heads=4)
STEPS, BATCHES = 200, 16
SIDE = SCALE.pixels // 2


def trained(model: nn.Module, lr: float, scores: Callable[[int], Tensor], y: Tensor) -> Training:
    """Adam on one batch after the other."""
    turn = iter(range(10**9))

    def loss() -> Tensor:
        i = next(turn) % BATCHES
        return F.cross_entropy(scores(i), y[i])

    return Training(model, torch.optim.Adam(model.parameters(), lr), loss)


def resnet(
    seed: int,
    prepare: Callable[[nn.Module], None] = lambda model: None,
    lr: float = 1e-3,
    change: Callable[[Tensor], Tensor] = lambda x: x,
) -> Training:
    """Images, of which one quarter is bright: which?"""
    model, _ = build_model("resnet18", SCALE, seed)
    prepare(model)
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, CLASSES, (BATCHES, SCALE.batch), generator=generator)
    quarter = F.one_hot(y, CLASSES).view(BATCHES, SCALE.batch, 1, 2, 2).float()
    bright = quarter.repeat_interleave(SIDE, -1).repeat_interleave(SIDE, -2)
    images = torch.randn(BATCHES, SCALE.batch, 3, SCALE.pixels, SCALE.pixels, generator=generator)
    images = change(images + bright)
    return trained(model, lr, lambda i: model(images[i]), y)


def gpt2(
    seed: int,
    prepare: Callable[[nn.Module], None] = lambda model: None,
    lr: float = 1e-3,
    scale: float = 1.0,
) -> Training:
    """Texts, of which the last state has to tell the first token."""
    body, _ = build_model("gpt2", SCALE, seed)
    prepare(body)
    generator = torch.Generator().manual_seed(seed)
    shape = (BATCHES, SCALE.batch, SCALE.tokens)
    texts = torch.randint(0, CLASSES, shape, generator=generator)

    def scores(i: int) -> Tensor:
        return scale * call_model(body, {"input_ids": texts[i]})[:, -1, :CLASSES].float()

    return trained(body, lr, scores, texts[:, :, 0])


# what goes wrong


@torch.no_grad()
def dead_channels(model: nn.Module) -> None:
    """Half of the channels of one normalisation have a bias that nothing outweighs."""
    model.layer2[0].bn1.bias[::2] = -100.0


@torch.no_grad()
def without_norms(model: nn.Module) -> None:
    """No normalisation makes good that the weights are twice as large as He et al. have them."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                kept = child.act if isinstance(getattr(child, "act", None), nn.Module) else None
                setattr(module, name, kept or nn.Identity())
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            module.weight *= 2


@torch.no_grad()
def dead_units(model: nn.Module) -> None:
    model.h[1].mlp.c_fc.bias[::2] = -100.0


def half(model: nn.Module) -> None:
    """float16 for the blocks, whose gradients are scaled by nobody."""
    model.half()


@torch.no_grad()
def sharp_attention(model: nn.Module) -> None:
    """Queries and keys that make the largest logit win everything."""
    model.h[1].attn.c_attn.weight[:, : 2 * SCALE.width] *= 100


def _case(
    make: Callable[..., Training], kinds: str, causes: str, places: str = "", **planted: object
) -> Fault:
    """A fault made by options that the healthy twin does not have."""
    return Fault(
        lambda seed, there: make(seed, **(planted if there else {})),
        frozenset(kinds.split()),
        frozenset(causes.split()),
        places,
        STEPS,
        make,
    )


WHOLE_MODELS = resnet, gpt2


# A wrong gain is no fault of either model as it is: what stands before each activation, or before
# each block, normalises. So resnet18 has it without its normalisations.
RATE = {"kinds": "dead exploding drift overflow off_centre saturated_left saturated_right"}
MODEL_FAULTS: dict[str, Fault] = {
    "resnet18, dead channels": _case(
        resnet, "dead", "initialisation", "layer2.0.act1", prepare=dead_channels
    ),
    "resnet18, learning rate": _case(resnet, **RATE, causes="learning_rate", lr=3e-1),
    "resnet18, gain without normalisation": _case(
        resnet, "exploding overflow", "initialisation", lr=1e-6, prepare=without_norms
    ),
    "resnet18, input": _case(resnet, "off_centre", "data", change=lambda images: 200 + 20 * images),
    "gpt2, dead units": _case(gpt2, "dead", "initialisation", "h.1.mlp.act", prepare=dead_units),
    "gpt2, learning rate": _case(gpt2, **RATE, causes="learning_rate", lr=3e-1),
    "gpt2, float16": _case(gpt2, "underflow", "precision", "h.", prepare=half, lr=1e-6, scale=1e-4),
    "gpt2, softmax logits": _case(
        gpt2, "collapsed", "initialisation", "h.1.attn", prepare=sharp_attention
    ),
}

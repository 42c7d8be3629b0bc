"""Accelerated models learn as the untouched ones do: loss curves, step by step and over seeds."""

import copy
import functools
from pydoc_data.topics import topics
from statistics import fmean, stdev

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from scipy.stats import ttest_rel
from torch import Tensor, nn

from ogive.bench.models import TOKENS, Example, Scale, build_model, call_model
from ogive.bench.training_steps import SAVE_MODES, UNTOUCHED, accelerated
from ogive.engine.cpu.threads import limited_to

STEPS, TEXT_STEPS = 100, 60
#: Large enough that torch divides its sums among threads.
SCALE = Scale(batch=4, pixels=32, tokens=64, width=64, layers=1, heads=4)


# exact: step by step


def curve(model: nn.Module, example: Example, order: list[int], count: int = 1) -> Tensor:
    """The losses of a regression on random targets, by plain SGD, with so many threads, and the
    batch in an order."""
    model, losses = copy.deepcopy(model), []
    optimiser = torch.optim.SGD(model.parameters(), 0.003)
    shape = call_model(model, example).shape
    targets = torch.randn(shape, generator=torch.Generator().manual_seed(3))[order]
    example = {"input_ids": example["input_ids"][order]}
    with limited_to(count):
        for _ in range(STEPS):
            loss = F.mse_loss(call_model(model, example), targets)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64)


def distance(losses: Tensor, reference: Tensor) -> float:
    """The root mean square of the relative differences over all steps."""
    return (losses / reference - 1).square().mean().sqrt().item()


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_exact_follows_the_loss_curve_of_the_untouched_model(name: str) -> None:
    """Within three times the noise that the untouched model shows itself: with another thread
    count, and with the batch in another order, since some models sum alike with any number of
    threads. Three, because two roundings of one curve are at most a few times as far apart as two
    others."""
    model, example = build_model(name, SCALE)
    order = list(range(SCALE.batch))
    untouched = curve(model, example, order)
    controls = [curve(model, example, order, 2), curve(model, example, order[::-1])]
    noise = max(distance(control, untouched) for control in controls)
    assert 0 < noise < 1e-5
    assert untouched[-1] < 0.95 * untouched[0]
    ours = curve(accelerated(model, "exact"), example, order)
    assert distance(ours, untouched) <= 3 * noise


# any mode: over seeds, on text

#: Texts of a step, their length, steps at the end whose mean loss counts.
BATCH, LENGTH, LAST = 8, 32, 20
TEXT = Scale(batch=BATCH, pixels=32, tokens=LENGTH, width=32, layers=1, heads=4)


@functools.cache
def characters() -> Tensor:
    """Python's own documentation, a number below 96 for each character."""
    text = "".join(topics[name] for name in sorted(topics))
    return torch.tensor([ord(c) - 31 if " " <= c <= "~" else 0 for c in text])


class Reader(nn.Module):
    """A language model with a layer that says which character is next."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body, self.head = body, nn.Linear(TEXT.width, TOKENS)

    def forward(self, texts: Tensor) -> Tensor:
        return self.head(call_model(self.body, {"input_ids": texts}))


@functools.cache
def learned(name: str, mode: str, seed: int) -> float:
    """The loss after a short training; seed by seed all modes start and read alike."""
    torch.manual_seed(seed)
    model = accelerated(Reader(build_model(name, TEXT, seed)[0]), mode)
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    text, losses = characters(), []
    for _ in range(TEXT_STEPS):
        starts = torch.randint(0, len(text) - LENGTH - 1, (BATCH, 1))
        passages = text[starts + torch.arange(LENGTH + 1)]
        scores = model(passages[:, :-1])
        loss = F.cross_entropy(scores.flatten(0, 1), passages[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return fmean(losses[-LAST:])


@pytest.mark.parametrize("mode", SAVE_MODES)
@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_what_is_learned_from_text_cannot_be_told_apart(name: str, mode: str) -> None:
    """Pairs of three seeds. The paired test finds nothing; and because three pairs say little, no
    pair differs by more than a fifth of what the seeds do. Gradients rounded to bfloat16 inside of
    the blocks make a fiftieth, blocks without a gradient twice as much as the seeds."""
    theirs = [learned(name, UNTOUCHED, seed) for seed in range(3)]
    ours = [learned(name, mode, seed) for seed in range(3)]
    assert max(theirs) < 3.5  # 4.6 is what guessing gives
    assert ttest_rel(ours, theirs).pvalue > 0.01
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 0.2 * stdev(theirs)

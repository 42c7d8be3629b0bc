"""Training together gives what training alone gives, whatever stands beside a run."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ogive.engine.cpu.threads import limited_to
from ogive.nn.named import find_activation
from ogive.study.data.datasets import find_task
from ogive.study.data.losses import run_losses
from ogive.study.networks.architectures import ARCHITECTURES
from ogive.study.networks.network import Run, build_networks
from ogive.study.settings import Settings
from ogive.study.training.batches import StackedRows
from ogive.study.training.together import checkpoints, stacks, train_stack, train_together

TASK = find_task("circles")
SPLITS = {seed: TASK.load(seed) for seed in range(3)}
SMALL = Settings((8, 8), 2, 64, "adamw", 0.01)

#: One of each kind that is stacked in its own way, by what is its own.
KINDS = {
    "relu": "torch's operator",
    "gelu": "a formula",
    "prelu": "a learned parameter",
    "rrelu": "noise",
    "noisy_hardtanh": "noise and a parameter",
    "swiglu": "gated",
    "softmax": "rowwise",
    "maxout": "rowwise with a parameter",
    "crelu": "more features than it is given",
}


def runs_of(activation, settings=SMALL, rates=(0.003, 0.03)):
    found = find_activation(activation)
    return [Run(found, seed, replace(settings, lr=rate)) for seed in range(2) for rate in rates]


def same(one, other):
    """The same up to rounding: no curve differs by more than training makes of a last digit."""
    assert one["diverged"] == other["diverged"]
    assert one["score"] == pytest.approx(other["score"], abs=0.011)
    for name in ("loss_curve", "lr", "parameters"):
        assert one[name] == pytest.approx(other[name], rel=1e-4)
    for name in ("second_moment", "gradient_norm"):
        for a, b in zip(one["layers"][name], other["layers"][name], strict=True):
            assert a == pytest.approx(b, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_together_is_as_alone(name):
    runs = runs_of(name)
    together = train_together(TASK, runs, SPLITS)
    alone = [train_together(TASK, [run], SPLITS)[0] for run in runs]
    company = train_together(TASK, [runs[1], Run(runs[0].activation, 2, SMALL)], SPLITS)
    for one, other in zip([*together, company[0]], [*alone, together[1]], strict=True):
        same(one, other)


def doubled(x):
    """A function that looks at the other rows, as no activation should."""
    return torch.tanh(x - x.mean(0, keepdim=True))


def test_code_of_the_users_never_sees_another_run():
    runs = runs_of(doubled)
    together = train_together(TASK, runs, SPLITS)
    for run, found in zip(runs, together, strict=True):
        same(found, train_together(TASK, [run], SPLITS)[0])


@pytest.mark.parametrize("model", ARCHITECTURES)
def test_every_model_is_trained_together_as_alone(model):
    own = ARCHITECTURES[model]
    hidden = (4, 4) if own.hidden is None else (8,) * min(2, len(own.hidden))
    settings = replace(SMALL, model=model, hidden=hidden, epochs=1, norm=own.norm, batch_size=600)
    digits = find_task("digits")
    splits = {seed: digits.load(seed) for seed in range(2)}
    runs = [Run(find_activation("tanh"), seed, settings) for seed in range(2)]
    together = train_together(digits, runs, splits, in_full=False)
    alone = [train_together(digits, [run], splits, in_full=False)[0] for run in runs]
    for one, other in zip(together, alone, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-3)


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("residual", [False, True], ids=["plain", "residual"])
def test_norms_and_residuals(norm, residual):
    settings = replace(SMALL, norm=norm, residual=residual)
    runs = runs_of("gelu", settings)
    for one, run in zip(train_together(TASK, runs, SPLITS), runs, strict=True):
        same(one, train_together(TASK, [run], SPLITS)[0])


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_it_is_what_torch_trains(optimizer):
    """A loop as torch's tutorials write it, with the same start and batches."""
    settings = replace(SMALL, optimizer=optimizer)
    run = Run(find_activation("tanh"), 1, settings)
    (found,) = train_together(TASK, [run], SPLITS)
    split = SPLITS[1]
    (network,) = build_networks([run], TASK.outputs, [split.train_x])
    kind = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[optimizer]
    extra = {"momentum": 0.9} if optimizer == "sgd" else {}
    steps = settings.epochs * -(-len(split.train_x) // settings.batch_size)
    trainer, order = kind(network.model.parameters(), lr=0.01, **extra), torch.Generator()
    order.manual_seed(1)
    done = 0
    for _ in range(settings.epochs):
        for rows in torch.randperm(len(split.train_x), generator=order).split(settings.batch_size):
            trainer.param_groups[0]["lr"] = 0.01 * (1 - done / steps)
            trainer.zero_grad()
            nn.functional.cross_entropy(
                network.model(split.train_x[rows]), split.train_y[rows]
            ).backward()
            trainer.step()
            done += 1
    right = (network.model(split.test_x).argmax(1) == split.test_y).double().mean()
    assert found["score"] == pytest.approx(float(right), abs=0.011)


def test_a_run_that_diverges_is_a_result_and_harms_no_other():
    wild = replace(SMALL, optimizer="sgd", lr=1e9, epochs=3)
    calm = replace(wild, lr=0.05)
    straight = find_activation("identity")  # relu may die before it diverges
    runs = [Run(straight, 0, calm), Run(straight, 0, wild), Run(straight, 1, calm)]
    first, second, third = train_together(TASK, runs, SPLITS)
    assert (first["diverged"], second["diverged"], third["diverged"]) == (False, True, False)
    assert second["score"] is None
    assert None in second["loss_curve"]
    same(first, train_together(TASK, runs[:1], SPLITS)[0])
    same(third, train_together(TASK, runs[2:], SPLITS)[0])


def test_noise_and_batches_depend_on_the_seed_alone():
    run = Run(find_activation("rrelu"), 1, SMALL)
    (first,) = train_together(TASK, [run], SPLITS)
    torch.rand(5)  # whatever happened to the global generator in between
    (second,) = train_together(TASK, [run], SPLITS)
    assert first["loss_curve"] == second["loss_curve"]
    rows = StackedRows([2, 0, 2], SPLITS)
    x, _ = next(rows.batches(16))
    assert x.shape == (3, 16, 2)
    assert torch.equal(x[0], x[2])
    assert not torch.equal(x[0], x[1])
    assert torch.equal(next(StackedRows([0], SPLITS).batches(16))[0][0], x[1])


def test_training_leaves_torchs_generator_as_it_would_alone():
    before = torch.get_rng_state()
    build_networks(runs_of("gelu"), 2, [SPLITS[0].train_x] * 4)
    assert torch.equal(before, torch.get_rng_state())


def test_runs_of_one_text_are_stacked_whoever_has_read_it():
    runs = [run for _ in range(3) for run in runs_of("elu(0.5)", rates=(0.01,))]
    assert len({id(run.activation) for run in runs}) == 3
    assert [sorted(places) for places in stacks(TASK, runs, SPLITS)] == [[*range(len(runs))]]


def test_stacks_hold_what_is_alike():
    runs = [*runs_of("relu"), *runs_of("tanh"), *runs_of("relu", replace(SMALL, epochs=3))]
    found = list(stacks(TASK, runs, SPLITS))
    assert sorted(place for places in found for place in places) == list(range(len(runs)))
    assert all(len({runs[p].settings.epochs for p in places}) == 1 for places in found)
    assert max(map(len, stacks(TASK, runs, SPLITS, most=2))) == 2


def test_fewer_rows():
    settings = replace(SMALL, rows=50)
    run = Run(find_activation("relu"), 0, settings)
    (trained,) = train_stack(TASK, [run], SPLITS)
    short = replace(SPLITS[0], train_x=SPLITS[0].train_x[:50], train_y=SPLITS[0].train_y[:50])
    (other,) = train_stack(TASK, [replace(run, settings=SMALL)], {0: short})
    assert trained.losses == pytest.approx(other.losses)


def test_losses_are_those_of_each_run():
    answers, classes = torch.randn(3, 5, 4), torch.randint(0, 4, (3, 5))
    digits = find_task("digits")
    wanted = [nn.functional.cross_entropy(a, b) for a, b in zip(answers, classes, strict=True)]
    assert torch.allclose(run_losses(digits, answers, classes), torch.stack(wanted))
    quantity = replace(digits, regression=True)
    wanted = (answers[..., 0] - 1).square().mean(1)
    assert torch.allclose(run_losses(quantity, answers[..., :1], torch.ones(3, 5)), wanted)


def test_layers_are_looked_at_at_a_few_epochs():
    assert checkpoints(1) == (0, 1)
    assert checkpoints(60) == (0, 1, 15, 30, 60)
    (found,) = train_together(TASK, [Run(find_activation("sigmoid"), 0, SMALL)], SPLITS)
    layers = found["layers"]
    assert layers["epochs"] == [0, 1, 2]
    for name in ("gradient_norm", "second_moment", "saturated", "dead"):
        assert [len(row) for row in layers[name]] == [2, 2, 2]


def test_threads_are_restored():
    before = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt), limited_to(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyboardInterrupt
    assert torch.get_num_threads() == before

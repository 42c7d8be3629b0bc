"""Models side by side: what they are, what is counted, what is reported."""

import importlib
import sys

import pytest
import torch
from torch import Tensor, nn

from ogive.bench import ModelSettings, Pace, run_models
from ogive.bench import packages as packages_module
from ogive.bench.memory import held, peak
from ogive.bench.models import BLOCKS, TINY, Scale, build_model, call_model
from ogive.bench.training_steps import SAVE_MODES, UNTOUCHED, ModelStep, accelerated
from ogive.errors import MissingExtra, OgiveError, UnknownName

BLOCK = "linear_silu_linear"


# the models


@pytest.mark.parametrize("name", ["mobilenetv3_small_100", "bert", "gpt2", "gemma2", BLOCK])
def test_a_model_is_the_same_for_the_same_seed_and_repeats_its_output(name: str) -> None:
    """In training mode: nothing in it draws random numbers."""
    (first, example), (second, again) = build_model(name, TINY), build_model(name, TINY)
    assert first.training
    outputs = [call_model(m, e) for m, e in ((first, example), (second, again), (first, example))]
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[0], outputs[2])
    assert not torch.equal(outputs[0], call_model(*build_model(name, TINY, seed=1)))


def test_building_leaves_the_random_numbers_of_the_caller_alone() -> None:
    before = torch.get_rng_state()
    build_model(BLOCK, TINY)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_scale_says_how_large_everything_is() -> None:
    scale = Scale(batch=3, pixels=32, tokens=5, width=8, layers=1, heads=2)
    model, example = build_model(BLOCK, scale)
    assert example.shape == (15, 8)
    assert model[0].out_features == 32
    assert "3 images of 32 x 32, 3 texts of 5 tokens" in str(scale)
    _, texts = build_model("gpt2", scale)
    assert texts["input_ids"].shape == (3, 5)
    _, image = build_model("resnet18", scale)
    assert image.shape == (3, 3, 32, 32)


@pytest.mark.parametrize("name", ["gpt2", "bert"])
def test_a_text_may_be_longer_than_the_published_models(name: str) -> None:
    scale = Scale(batch=1, pixels=32, tokens=1030, width=8, layers=1, heads=2)
    assert call_model(*build_model(name, scale)).shape == (1, 1030, 8)


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"needs timm.*pip install 'ogive\[models\]'"):
        build_model("resnet18", TINY)


def test_a_torchvision_that_does_not_load_is_given_what_it_asks_for(monkeypatch) -> None:
    """Built for CUDA beside a torch without: importing it asks for operators nobody declared."""
    declared = []

    class Library:
        def __init__(self, *names):
            pass

        def define(self, text):
            declared.append(text.partition("(")[0])

    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(packages_module, "_declared", None)
    monkeypatch.setattr(torch.library, "Library", Library)
    monkeypatch.setattr(importlib, "import_module", broken)
    packages_module._make_importable()
    assert declared == ["nms", "qnms"]


# bytes


def test_each_storage_counts_once_and_parameters_do_not() -> None:
    x, weight = torch.ones(8, 8, requires_grad=True), nn.Parameter(torch.ones(8))

    def forward() -> Tensor:
        """Keeps x for the product, a view of x for the cosine, the product for the sine."""
        return (x * weight).sin()[:4] + x[:4].cos()

    assert held(forward, [weight]) == 2 * x.nbytes
    assert held(forward) == 2 * x.nbytes + weight.nbytes


def test_of_a_view_the_whole_storage_is_kept() -> None:
    x = torch.ones(100, requires_grad=True)
    assert held(lambda: x[:10].square()) == 400


def test_what_is_not_recorded_keeps_nothing() -> None:
    assert held(lambda: torch.ones(8).sin()) == 0


def test_the_peak_counts_what_is_alive_at_once() -> None:
    x = torch.ones(1 << 16)

    def one_after_another() -> None:
        for _ in range(5):
            x.clone()

    def together() -> list[Tensor]:
        return [x.clone() for _ in range(5)]

    assert peak(one_after_another) == x.nbytes
    assert peak(together) == 5 * x.nbytes
    assert peak(lambda: None) == 0


def test_the_peak_counts_temporaries_inside_of_an_operator() -> None:
    x = 2 * torch.eye(256)
    assert peak(lambda: torch.linalg.inv(x)) > x.nbytes


# steps


def test_a_step_trains() -> None:
    step = ModelStep(*build_model(BLOCK, TINY))
    before = [p.clone() for p in step.model.parameters()]
    step()
    assert all(not torch.equal(a, b) for a, b in zip(before, step.model.parameters(), strict=True))
    assert all(p.grad is None for p in step.model.parameters())


def test_a_step_s_bytes_repeat() -> None:
    step = ModelStep(*build_model(BLOCK, TINY))
    step()
    assert step.held() == step.held()
    assert step.peak() == step.peak() > step.held()


def test_the_copy_is_accelerated_and_the_model_is_not() -> None:
    model, _ = build_model(BLOCK, TINY)
    for mode in SAVE_MODES:
        assert type(accelerated(model, mode)[1]) is not nn.SiLU
    assert type(accelerated(model, UNTOUCHED)[1]) is type(model[1]) is nn.SiLU


def test_a_whole_measurement(quick) -> None:
    told = []
    settings = ModelSettings(["float32", "bfloat16"], TINY, threads=1, pace=quick)
    found = run_models(BLOCKS, settings, notify=told.append)
    assert [(r.model, r.dtype, r.mode) for r in found.results] == [
        (name, dtype, mode)
        for name in BLOCKS
        for dtype in ("float32", "bfloat16")
        for mode in (UNTOUCHED, *SAVE_MODES)
    ]
    assert [t.done for t in told] == list(range(7))
    assert found.machine.threads == 1
    for result in found.results:
        assert 0 < result.held < result.peak
        assert result.seconds.median > 0
    for result in found.results[:: 1 + len(SAVE_MODES)]:
        shares = (result.held_share, result.peak_share, result.ratio.median)
        assert shares == (1.0, 1.0, 1.0)


def test_the_ratio_is_above_one_for_who_is_faster(monkeypatch, quick) -> None:
    from ogive.bench import training_steps

    times = {UNTOUCHED: (6.0, 2.0, 4.0), **dict.fromkeys(SAVE_MODES, (2.0, 1.0, 1.0))}
    monkeypatch.setattr(training_steps, "interleaved", lambda runners, pace: times)
    settings = ModelSettings(["float32"], TINY, pace=quick)
    _, ours, *_ = run_models([BLOCK], settings).results
    assert (ours.ratio.median, ours.ratio.mad, ours.seconds.median) == (3.0, 1.0, 1.0)


def test_a_wrong_name_is_said_before_anything_is_measured() -> None:
    told = []
    with pytest.raises(UnknownName, match="no model 'lama'; did you mean 'llama'"):
        run_models([BLOCK, "lama"], notify=told.append)
    assert told == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dtypes": ["float33"]}, "did you mean 'float32'"),
        ({"dtypes": []}, "no dtype given"),
        ({"threads": 0}, "the number of threads"),
        ({"pace": Pace(rounds=0)}, "the number of rounds"),
    ],
)
def test_settings_are_checked(wrong, message) -> None:
    with pytest.raises(OgiveError, match=message):
        ModelSettings(**wrong)


def test_compiled_models_are_measured_beside_the_compiled_untouched_one(quick, monkeypatch):
    given = []
    monkeypatch.setattr(torch, "compile", lambda model, **options: given.append(model) or model)
    settings = ModelSettings(("float32",), TINY, compiled=True, pace=quick)
    found = run_models(["linear_mish_linear"], settings)
    assert [result.mode for result in found.results] == ["untouched", "exact", "lean"]
    assert len({type(model[1]) for model in given}) == 2, "one untouched, two accelerated"

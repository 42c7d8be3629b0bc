"""Every way of calling an activation: it is met under its name, and no number changes."""

import copy
import pickle
import warnings

import pytest
import torch
from torch import nn
from watched_models import SITUATIONS, left_behind, made, train

import ogive

COMPILED = [name for name, s in SITUATIONS.items() if s.compiled]


@pytest.mark.parametrize("name", SITUATIONS)
def test_places_are_met_and_training_is_what_it_was(name):
    situation = SITUATIONS[name]
    plain = train(made(situation), situation)
    model = made(situation)
    with ogive.Monitor(model, every=2) as watch:
        watched = train(model, situation)
    report = watch.report()
    met = {place: (health.entry, health.units) for place, health in report.places.items()}
    assert met == situation.places
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert not left_behind(model)
    assert report.step == 2 and watch.step == 3


@pytest.mark.parametrize("name", SITUATIONS)
def test_statistics_are_those_of_what_was_given(name):
    """Samples are counted once, also where a checkpoint calls again, and over accumulated steps."""
    situation = SITUATIONS[name]
    model = made(situation)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for _ in range(2):
            model(torch.randn(situation.shape)).mean().backward()
        optimizer.step()
    for place, health in watch.report().places.items():
        if health.entry != "softmax" and "lstm" not in place and "cell" not in place:
            batch = torch.Size(situation.shape).numel() // situation.shape[-1]
            images = 2 * 2 * (6 if place == "2" else 4) ** 2
            expected = images if name == "channels" else 2 * batch
            assert health.samples == expected
            assert health.gradient_out or "gate" in place or name == "reentrant checkpoint"


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_programs_tell_the_same(name):
    situation = SITUATIONS[name]
    torch._dynamo.reset()
    reports, parameters = [], []
    for compiled, watched in ((False, True), (True, True), (True, False)):
        model = made(situation)
        called = model
        if compiled:
            called = torch.compile(model, fullgraph=True, backend="aot_eager")
        watch = ogive.Monitor(called, every=2) if watched else None
        parameters.append(train(model, situation, called=called))
        if watch is not None:
            watch.detach()
            reports.append(watch.report())
            assert not left_behind(model)
    eager, compiled = (r.to_dict()["places"] for r in reports)
    assert eager.keys() == compiled.keys()
    for place in eager:
        told = {k: v for k, v in compiled[place].items() if v is not None}
        assert {k for k, v in eager[place].items() if v is not None} - told.keys() <= {
            "gradient_in"
        }
        for key, value in told.items():
            assert value == (eager[place][key] if isinstance(value, str)
                             else pytest.approx(eager[place][key], rel=1e-3, abs=1e-6))  # fmt: skip
    assert all(torch.equal(a, b) for a, b in zip(*parameters[1:], strict=True))


def test_a_monitor_that_comes_after_the_first_compiled_call_is_not_overlooked():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    torch._dynamo.reset()
    called = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = torch.randn(16, 4)
    called(x).sum().backward()
    with ogive.Monitor(model, every=1) as watch:
        called(x).sum().backward()
        assert watch.report().places["1"].samples == 16
    with torch._dynamo.config.patch(error_on_recompile=True):
        called(x).sum().backward()  # the program of before serves again


def test_layers_of_one_class_share_a_compiled_program():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.act = nn.Linear(8, 8), nn.GELU()

        def forward(self, x):
            return self.act(self.layer(x))

    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    model = nn.Sequential(*(Block() for _ in range(10)))
    for block in model:
        block.compile(fullgraph=True, backend="aot_eager")
    with ogive.Monitor(model, every=1) as watch, warnings.catch_warnings(action="ignore"):
        # Dynamo asks inputs that are no leaves for their gradients, of which torch warns
        model(torch.randn(4, 8)).sum().backward()
        report = watch.report()
    assert list(report.places) == [f"{k}.act" for k in range(10)]
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] <= 2  # with and without gradient


def test_evaluation_and_calls_without_gradients_are_not_mixed_in():
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(), nn.ReLU())
    with ogive.Monitor(model, every=1) as watch:
        model.eval()(torch.randn(64, 4))
        model.train()
        with torch.no_grad():
            model(torch.randn(64, 4))
        assert not watch.report().places
        model(torch.randn(16, 4)).sum().backward()
        assert watch.report().places["2"].samples == 16


def test_autocast_and_float16_are_measured_as_they_are():
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 1))
    with ogive.Monitor(model, every=1) as watch:
        with torch.autocast("cpu", torch.bfloat16):
            y = model(torch.randn(32, 4))
        y.float().sum().backward()
        health = watch.report().places["1"]
    assert health.samples == 32 and health.gradient_out > 0


def test_attaching_and_detaching_twice_is_once():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    watch = ogive.Monitor(model)
    assert watch.attach() is watch.attach()
    model(torch.randn(4, 4)).sum().backward()
    watch.detach()
    watch.detach()
    assert not left_behind(model)
    watch.attach()
    assert left_behind(model)
    watch.detach()
    assert not left_behind(model) and watch.report().places["1"].samples == 4


def test_a_second_monitor_takes_over_and_says_so():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    first = ogive.Monitor(model)
    with pytest.warns(ogive.errors.MonitorWarning, match="another monitor"):
        second = ogive.Monitor(model)
    model(torch.randn(4, 4)).sum().backward()
    assert not first.report().places and second.report().places["1"].samples == 4
    second.detach()
    assert not left_behind(model)


def test_an_exception_in_training_passes_through_and_leaves_nothing():
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.act, self.broken = nn.ReLU(), True

        def forward(self, x):
            y = self.act(x)
            if self.broken:
                raise KeyError("mine")
            return y

    model = nn.Sequential(nn.Linear(4, 8), Broken())
    with pytest.raises(KeyError, match="mine"), ogive.Monitor(model, every=1) as watch:
        model(torch.randn(4, 4))
    assert not left_behind(model)
    with watch:
        model[1].broken = False
        model(torch.randn(4, 4)).sum().backward()
    assert watch.report().places["1.act"].units == 8


def test_copies_and_pickles_of_a_watched_model_are_models_of_their_own():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    with ogive.Monitor(model, every=1) as watch:
        twin, read = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
        for other in (twin, read):
            with torch.no_grad():
                for p in other.parameters():
                    p.zero_()
            assert not other(torch.randn(4, 4)).any()  # its own numbers
        assert model(torch.randn(4, 4)).any()
        assert watch.report().places["1"].samples == 4


def test_steps_between_are_untouched_and_a_step_is_that_of_the_models_optimizer():
    model, other = nn.Sequential(nn.Linear(4, 8), nn.ReLU()), nn.Linear(2, 2)
    mine = torch.optim.SGD(model.parameters(), lr=0.1)
    foreign = torch.optim.SGD(other.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=mine, every=3) as watch:
        for step in range(7):
            assert bool(left_behind(model)) == (step % 3 == 0)
            for _ in range(2):  # gradients of two batches are added up
                model(torch.randn(4, 4)).sum().backward()
                other(torch.randn(1, 2)).sum().backward()
                foreign.step()
            mine.step()
    assert watch.measured == [0, 3, 6] and watch.step == 7
    steps, samples = watch.history.series("1", "dead")
    assert steps.tolist() == [0, 3, 6] and len(samples) == 3


def test_modules_that_are_exchanged_are_watched_from_then_on():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for k in range(4):
            if k == 2:
                model[1] = nn.GELU()
            model(torch.randn(8, 4)).sum().backward()
            optimizer.step()
    assert watch.report().places["1"].entry in ("gelu", "relu")
    assert watch.history.series("1", "chi")[0].tolist()[-1] == 3


def test_a_model_without_activations_trains_and_the_report_says_so():
    model = nn.Linear(4, 2)
    with ogive.Monitor(model, every=1) as watch:
        model(torch.randn(4, 4)).sum().backward()
    assert "no activation was met" in str(watch.report())
    assert not watch.findings


def test_programs_of_torch_jit_are_not_looked_into_and_the_report_says_so():
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 8), nn.ReLU()))
    for model, name in ((scripted, type(scripted).__name__), (nn.Sequential(scripted), "0")):
        with ogive.Monitor(model, every=1) as watch:
            model(torch.randn(4, 4)).sum().backward()
        assert f"note: {name}: a program of torch.jit" in str(watch.report())


@pytest.mark.parametrize(
    "options",
    [
        {"every": 0},
        {"window": 0},
        {"sample": 0},
        {"every": 2.5},
        {"loggers": "csv:x"},
        {"thresholds": {"dead": 0.2}},
        {"thresholds": None},
        {"optimizer": "adam"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ogive.errors.OgiveError):
        ogive.Monitor(nn.Linear(2, 2), **options)
    with pytest.raises(ogive.errors.OgiveError, match=r"torch\.nn\.Module"):
        ogive.Monitor("model")


@pytest.mark.parametrize(
    ("name", "value"),
    [("dead", 0), ("dead", 1.1), ("slope", -1e-3), ("drift", 1), ("entropy", float("nan")),
     ("scale", 0), ("linear", "0.9"), ("fading", True)],
)  # fmt: skip
def test_a_threshold_without_a_meaning_is_refused(name, value):
    with pytest.raises(ogive.errors.ParameterError, match=f"the threshold {name} is a number"):
        ogive.monitor.Thresholds(**{name: value})


def test_a_tensor_that_cannot_be_measured_is_noted_and_training_goes_on(monkeypatch):
    from ogive.monitor.tallies import Look

    def refuses(*args):
        raise RuntimeError("not this tensor")

    monkeypatch.setattr(Look, "sums", refuses)
    situation = SITUATIONS["modules"]
    plain, model = train(made(situation), situation), made(situation)
    with ogive.Monitor(model, every=1) as watch:
        watched = train(model, situation)
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert "not this tensor" in str(watch.report())


def test_models_on_meta_and_models_that_move_are_watched_where_there_are_numbers():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU()).to("meta")
    watch = ogive.Monitor(model, every=1)
    model(torch.empty(2, 4, device="meta")).sum().backward()
    assert not watch.report().places
    model.to_empty(device="cpu")
    with torch.no_grad():
        for p in model.parameters():
            p.normal_()
    model(torch.randn(6, 4)).sum().backward()
    watch.detach()
    assert watch.report().places["1"].samples == 6


def test_a_compiled_program_is_told_of_tensors_without_copying_them():
    from functorch.compile import make_boxed_func, min_cut_rematerialization_partition
    from torch._dynamo.backends.common import aot_autograd

    texts = []

    def kept(graph, inputs):
        texts.append(str(graph.graph))
        return make_boxed_func(graph.forward)

    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 1))
    torch._dynamo.reset()
    backend = aot_autograd(
        fw_compiler=kept,
        bw_compiler=kept,
        partition_fn=min_cut_rematerialization_partition,
        keep_inference_input_mutations=True,
    )
    called = torch.compile(model, fullgraph=True, backend=backend)
    with ogive.Monitor(model, every=1) as watch:
        called(torch.randn(16, 4)).sum().backward()
        assert watch.report().places["1"].gradient_in
    forward, backward = texts
    assert "ogive.observe.default" in forward and "ogive.observe_gradient" in backward
    assert not any(name in text for text in texts for name in ("clone", "ogive.passed"))

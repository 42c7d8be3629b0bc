"""What users do with models that are watched: numbers stay right, and nothing is left behind."""

import contextlib
import copy
import gc
import io
import math
import weakref

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from watched_models import Code, left_behind

import ogive
from ogive.errors import MonitorWarning, OgiveError


def network(act=nn.ReLU):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), act(), nn.Linear(16, 16), act(), nn.Linear(16, 2))


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr=lr)


def loss(model, rows=8):
    return model(torch.randn(rows, 8)).square().mean()


def step(model, optimizer, rows=8):
    optimizer.zero_grad()
    loss(model, rows).backward()
    optimizer.step()


def serious(watch):
    return {(f.kind, f.cause) for f in watch.findings if f.severity != "note"}


# models are copied, saved, exported, given up


@pytest.mark.parametrize("again", ["deepcopy", "torch.save"])
def test_a_copy_of_a_watched_model_can_be_watched_itself(again):
    model = network()
    with ogive.Monitor(model, every=1):
        if again == "deepcopy":
            twin = copy.deepcopy(model)
        else:
            torch.save(model, buffer := io.BytesIO())
            twin = torch.load(io.BytesIO(buffer.getvalue()), weights_only=False)
    x = torch.randn(4, 8)
    assert torch.equal(twin.eval()(x), model.eval()(x))
    with ogive.Monitor(twin.train(), every=1) as watch:
        loss(twin, 4).backward()
    assert watch.report().places["1"].samples == 4


def test_what_is_saved_is_read_where_there_is_no_ogive():
    model = network()
    with ogive.Monitor(model, every=1):
        torch.save(model, buffer := io.BytesIO())
    assert b"ogive.monitor" not in buffer.getvalue()


def test_an_exported_program_is_the_models_own():
    model = network()
    with ogive.Monitor(model, every=1):
        program = torch.export.export(model, (torch.randn(2, 8),))
    assert not [node for node in program.graph.nodes if "ogive" in str(node.target)]


def test_a_model_and_its_monitor_go_together_when_nobody_needs_them():
    model = network()
    ogive.Monitor(model, every=1)
    loss(model).backward()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_a_monitor_that_nobody_holds_goes_on():
    class Logger:
        def __init__(self):
            self.steps = []

        def log(self, numbers, step):
            self.steps.append(step)

    model, logger = network(), Logger()
    optimizer = sgd(model)
    ogive.Monitor(model, optimizer=optimizer, every=2, loggers=[logger])
    for _ in range(4):
        step(model, optimizer)
        gc.collect()
    assert logger.steps == [0, 2]


# several monitors


def test_a_checkup_leaves_a_running_monitor_running(recwarn):
    model = network()
    optimizer, x = sgd(model), torch.randn(32, 8)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        step(model, optimizer)
        assert ogive.checkup(model, x).places["1"].samples == 32
        assert ogive.checkup(model[:2], x).places["1"].samples == 32
        assert watch.report().places["1"].samples == 8
        step(model, optimizer)
        assert watch.report().places["1"].samples == 16 and watch.step == 2
    assert not left_behind(model) and not recwarn.list


def test_parts_that_have_nothing_in_common_are_watched_by_two():
    model = nn.Sequential(network(), nn.Linear(2, 4), nn.Tanh())
    optimizer = sgd(model)
    with (
        ogive.Monitor(model[0], optimizer=optimizer, every=1) as first,
        ogive.Monitor(model[2], optimizer=optimizer, every=1) as second,
    ):
        step(model, optimizer)
    assert list(first.report().places) == ["1", "3"] and list(second.report().places) == [""]


def test_a_part_of_a_watched_model_is_taken_over_with_a_warning():
    model = network()
    first = ogive.Monitor(model, every=1)
    with pytest.warns(MonitorWarning, match="or a part of it"):
        second = ogive.Monitor(model[:2], every=1)
    loss(model).backward()
    second.detach()
    assert not first.report().places and second.report().places["1"].samples == 8
    assert not left_behind(model)


def test_data_parallel_on_several_devices_is_refused():
    model = nn.DataParallel(network())
    model.device_ids = [0, 1]
    with pytest.raises(OgiveError, match="DistributedDataParallel"):
        ogive.Monitor(model)


# steps


def test_an_optimizer_that_takes_over_ends_the_steps():
    model = network()
    with ogive.Monitor(model, every=1) as watch:
        first, second = sgd(model), sgd(model)
        for optimizer in (first, first, second, second, second, second):
            step(model, optimizer)
    assert watch.step == 4  # two, and from the third of the other on


def test_of_two_optimizers_one_ends_the_steps():
    model = network()
    first, second = torch.optim.SGD(model[:2].parameters(), 0.1), sgd(model[2:])
    with ogive.Monitor(model, every=1) as watch:
        for _ in range(5):
            step(model, first)
            second.step()
    assert watch.measured == [0, 1, 2, 3, 4]


def test_a_closure_is_called_often_in_a_step():
    model, x = network(), torch.randn(8, 8)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)

    def closure():
        optimizer.zero_grad()
        found = model(x).square().mean()
        found.backward()
        return found

    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for _ in range(3):
            optimizer.step(closure)
    assert watch.step == 3 and watch.report().places["1"].samples >= 3 * 8


def test_a_step_that_a_scaler_skips_says_nothing_of_gradients():
    model = network()
    optimizer = sgd(model, 1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for k in range(6):
            optimizer.zero_grad()
            scaler.scale(loss(model) * (1e38 if k == 2 else 1.0)).backward()
            scaler.step(optimizer)
            scaler.update()
    assert watch.step == 5
    assert math.isfinite(watch.report().places["1"].gradient_in)
    assert not {kind for kind, _ in serious(watch)} & {"exploding", "overflow"}


def test_uneven_and_empty_batches_are_counted_as_they_are():
    model = network()
    optimizer = sgd(model)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for rows in (5, 0, 1):
            model(torch.randn(rows, 8)).sum().backward()
        optimizer.step()
    assert watch.report().places["1"].samples == 6


def test_a_forward_that_raises_is_not_the_end():
    def run(self, x):
        if len(x) == 3:
            raise ValueError("mine")
        return F.relu(self.layer(x))

    model = Code(run, layer=nn.Linear(8, 8))
    optimizer = sgd(model)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for rows in (4, 3, 4):
            with contextlib.suppress(ValueError):
                step(model, optimizer, rows)
    assert watch.report().places["relu@Code"].samples == 8


def test_steps_without_a_backward_have_no_gradients():
    model = network()
    optimizer = sgd(model)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for _ in range(3):
            loss(model)
            optimizer.step()
    assert watch.step == 3 and watch.report().places["1"].gradient_out is None


def test_compiled_forwards_may_come_before_one_backward():
    torch._dynamo.reset()
    model = network()
    optimizer = sgd(model)
    called = torch.compile(model, fullgraph=True, backend="aot_eager")
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for _ in range(2):
            (loss(called) + loss(called)).backward()
            optimizer.step()
    assert watch.report().places["1"].samples == 32


def test_batches_of_every_size_are_compiled_and_measured():
    torch._dynamo.reset()
    model = network()
    optimizer = sgd(model)
    called = torch.compile(model, backend="aot_eager")
    with ogive.Monitor(called, optimizer=optimizer, every=2) as watch:
        for rows in (8, 8, 5, 5, 3, 3):
            optimizer.zero_grad()
            loss(called, rows).backward()
            optimizer.step()
    assert watch.measured == [0, 2, 4] and watch.report().places["1"].samples == 16


# what goes wrong in data and modules


def test_numbers_in_the_data_that_are_not_finite_are_the_datas_fault():
    model = network()
    optimizer = sgd(model)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        for k in range(8):
            x = torch.randn(8, 8)
            x[0, 0] = math.nan if k == 3 else 0.0
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    assert serious(watch) == {("overflow", "data")}
    assert {f.since for f in watch.findings if f.kind == "overflow"} == {3}
    assert "earlier state" in watch.findings[0].remedy.describe()


def test_an_activation_that_is_exchanged_is_measured_anew_under_its_name():
    model = network()
    optimizer = sgd(model)
    with ogive.Monitor(model, optimizer=optimizer, every=1, window=2) as watch:
        for k in range(8):
            if k == 3:
                model[1] = nn.Tanh()
            step(model, optimizer)
    found = {place: (h.entry, h.samples) for place, h in watch.report().places.items()}
    assert found == {"1": ("tanh", 16), "3": ("relu", 16)}


def test_what_is_frozen_has_no_gradients_and_the_rest_has():
    model = nn.Sequential(network()[:4], nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 1))
    model[0].requires_grad_(False)
    model[1].eval()
    optimizer = torch.optim.SGD(model[2:].parameters(), 0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        step(model, optimizer)
    places = watch.report().places
    assert places["0.1"].gradient_out is None and places["0.1"].samples == 8
    assert places["2"].gradient_out > 0


def test_attention_does_not_count_keys_that_are_padding():
    torch.manual_seed(0)
    attention, x = nn.MultiheadAttention(8, 2, batch_first=True), torch.randn(2, 5, 8)
    padding = torch.zeros(2, 5, dtype=torch.bool)
    padding[:, 3:] = True

    def run(self, x):
        return self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]

    with ogive.Monitor(Code(run, attention=attention), every=1) as watch:
        watch.model(x).sum().backward()
    assert watch.report().places["attention.softmax"].mean_f == pytest.approx(1 / 3)


def test_a_transformer_computes_in_evaluation_what_it_computed():
    """Torch has one operator for a layer then, whose last bits are others."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    model, x = nn.TransformerEncoder(layer, 2), torch.randn(3, 5, 16)
    with torch.no_grad():
        expected = model.eval()(x)
        with ogive.Monitor(model, every=1) as watch:
            assert torch.equal(model(x), expected)
    assert "one operator" in str(watch.report())

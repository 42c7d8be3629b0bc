"""An accelerated model runs on the engine it was given, forward and backward, whatever is set."""

import copy
import pickle
import threading
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from others import transformers
from torch import Tensor, nn

import ogive
from ogive.engine import cpu
from ogive.errors import EngineError, OgiveError
from ogive.nn.accelerated import Accelerated


class Held(nn.Module):
    """A block that holds a function."""

    def __init__(self) -> None:
        super().__init__()
        self.act = F.gelu

    def forward(self, x: Tensor) -> Tensor:
        return self.act(x)


def llama() -> nn.Module:
    config = transformers.LlamaConfig(hidden_size=6, intermediate_size=8, num_attention_heads=2)
    return transformers.models.llama.modeling_llama.LlamaMLP(config)


def xielu() -> nn.Module:
    return transformers.activations.XIELUActivation()


#: Something of every kind that is replaced, with what is kept for backward.
REPLACED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "module": (nn.GELU, "input"),
    "module that keeps its result": (nn.GELU, "output"),
    "module that keeps a code": (nn.GELU, "code8"),
    "module that keeps a mask": (nn.LeakyReLU, "mask"),
    "module with torch's operator": (nn.Hardtanh, "input"),
    "in place": (lambda: nn.SiLU(inplace=True), "input"),
    "in place with a code": (lambda: nn.SiLU(inplace=True), "code8"),
    "learned": (lambda: nn.PReLU(3), "input"),
    "packed gate": (nn.GLU, "input"),
    "rowwise": (lambda: nn.Softmax(-1), "input"),
    "rowwise, logarithm": (lambda: nn.LogSoftmax(-1), "input"),
    "channels": (nn.Softmax2d, "input"),
    "function": (Held, "input"),
    "function that keeps its result": (Held, "output"),
    "gated block": (llama, "input"),
    "block of one operator": (xielu, "input"),
}
OTHER = {"cpu": "eager", "eager": "cpu", "auto": "eager"}


def accelerated(kind: str, engine: str | None) -> nn.Sequential:
    make, save = REPLACED[kind]
    torch.manual_seed(0)
    model = nn.Sequential(make())
    assert ogive.accelerate(model, save=save, engine=engine).rows
    return model


def step(model: nn.Module) -> list[Tensor]:
    """The output, and the gradient of the input."""
    x = torch.linspace(-2, 2, 2 * 3 * 4 * 6).view(2, 3, 4, 6).requires_grad_()
    y = model(x * 1)
    y.square().sum().backward()
    return [y.detach(), x.grad]


def engines(model: nn.Module) -> set[str]:
    """What serves both passes. torch differentiates the maps of rows that its operators compute."""
    with ogive.served() as calls:
        step(model)
    assert len(calls) >= 2 or {call.program for call in calls} < {"softmax", "log_softmax"}
    return {call.engine for call in calls}


@pytest.mark.parametrize("engine", OTHER)
@pytest.mark.parametrize("kind", REPLACED)
def test_both_passes_run_on_the_engine_given(kind: str, engine: str) -> None:
    model = accelerated(kind, engine)
    with ogive.engine(OTHER[engine]):
        assert engines(model) == {"eager" if engine == "eager" else "cpu"}


@pytest.mark.parametrize("kind", REPLACED)
def test_backward_runs_on_it_after_the_setting_has_changed(kind: str) -> None:
    model = accelerated(kind, "eager")
    x = torch.randn(2, 3, 4, 6, requires_grad=True)
    y = model(x * 1)
    with ogive.engine("cpu"), ogive.served() as calls:
        y.sum().backward()
    assert {call.engine for call in calls} <= {"eager"}


@pytest.mark.parametrize("kind", REPLACED)
def test_without_one_the_setting_is_followed(kind: str) -> None:
    model = accelerated(kind, None)
    assert engines(model) == {"cpu"}
    with ogive.engine("eager"):
        assert engines(model) == {"eager"}


@pytest.mark.parametrize("kind", REPLACED)
@pytest.mark.parametrize("engine", OTHER)
def test_short_ways_give_what_the_engine_gives(kind: str, engine: str) -> None:
    """Unwatched calls, which take short ways from the second on, are those of the setting."""
    owned, following = accelerated(kind, engine), accelerated(kind, None)
    with ogive.engine(engine):
        want = step(following)
    for _ in range(3):
        assert all(map(torch.equal, step(owned), want))


def test_two_models_in_one_process() -> None:
    slow, fast = accelerated("module", "eager"), accelerated("module", "cpu")
    with ogive.served() as calls:
        x = torch.randn(5, requires_grad=True)
        fast(slow(x)).sum().backward()
    assert [call.engine for call in calls] == ["eager", "cpu", "cpu", "eager"]


def test_two_models_in_two_threads() -> None:
    """Neither sees the other's engine, though they take turns within their calls."""
    models = {name: accelerated("module that keeps a code", name) for name in ("eager", "cpu")}
    start = threading.Barrier(2)
    results: dict[str, list[list[Tensor]]] = {}

    def train(name: str) -> None:
        start.wait()
        results[name] = [step(models[name]) for _ in range(50)]

    threads = [threading.Thread(target=train, args=[name]) for name in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, steps in results.items():
        with ogive.engine(name):
            want = step(accelerated("module that keeps a code", None))
        assert all(torch.equal(a, b) for found in steps for a, b in zip(found, want, strict=True))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("kind", REPLACED)
def test_a_copy_keeps_it(kind: str, again: Callable[[nn.Module], nn.Module]) -> None:
    model = again(accelerated(kind, "eager"))
    assert engines(model) == {"eager"}
    assert ogive.restore(model)
    assert not any(isinstance(m, Accelerated) for m in model.modules())


def test_classes_keys_and_the_process_are_as_without_it() -> None:
    model = accelerated("learned", "eager")
    assert type(model[0]) is type(accelerated("learned", None)[0])
    assert list(model.state_dict()) == ["0.weight"]
    assert engines(nn.Sequential(ogive.nn.PReLU(3))) == {"cpu"}


def test_who_prints_it_sees_it() -> None:
    shown = repr(accelerated("module", "eager")[0])
    assert shown == "AcceleratedGELU(approximate='none', engine='eager')"
    assert repr(accelerated("channels", "cpu")[0]) == "AcceleratedSoftmax2d(engine='cpu')"
    assert repr(accelerated("function", "cpu")[0].act) == "<ogive gelu, engine='cpu'>"
    block = repr(accelerated("gated block", "cpu")[0])
    assert block.startswith("AcceleratedLlamaMLP(\n  engine='cpu'")
    assert "engine" not in repr(accelerated("gated block", None))


def test_the_report_says_it() -> None:
    report = ogive.accelerate(nn.Sequential(nn.GELU()), engine="eager")
    assert report.to_dict()["engine"] == "eager"
    assert str(report).splitlines()[-1] == "engine: eager, whatever is set"


@pytest.mark.parametrize("engine", OTHER)
def test_a_trace_sees_torch_operators_whatever_the_engine(engine: str) -> None:
    model = nn.Sequential(*(accelerated(k, engine)[0] for k in ("module", "channels")))
    x = torch.randn(2, 3, 4, 6)
    want = model(x)
    torch.testing.assert_close(torch.compile(model, backend="eager", fullgraph=True)(x), want)
    for strict in (True, False):
        exported = torch.export.export(model, (x,), strict=strict)
        assert not any("ogive" in str(node.target) for node in exported.graph.nodes)
        torch.testing.assert_close(exported.module()(x), want)


def test_another_name_is_refused_before_anything_is_replaced() -> None:
    model = nn.Sequential(nn.GELU())
    with pytest.raises(
        OgiveError, match="there are auto, cpu, triton, eager; did you mean 'eager'"
    ):
        ogive.accelerate(model, engine="eagre")
    assert type(model[0]) is nn.GELU


def test_kernels_that_cannot_be_had_are_refused_before_anything_is_replaced(monkeypatch) -> None:
    def fail() -> None:
        raise EngineError("no kernels today; install some")

    monkeypatch.setattr(cpu, "check", fail)
    model = nn.Sequential(nn.GELU())
    with pytest.raises(EngineError, match="no kernels today"):
        ogive.accelerate(model, engine="cpu")
    assert type(model[0]) is nn.GELU

"""torch.export and ONNX: every entry exported, loaded and compared with eager.

torch's converter has no stable forms: it writes log1p(x) as log(1 + x), expm1(x) as exp(x) - 1 and
erfc(x) as 1 - erf(x). So an ONNX model is right to a few float32 roundings of 1, absolutely, not to
a few units of a small value; docs/export.md tells users so.
"""

from functools import cache

import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.onnx import OnnxExporterError

import ogive

#: Why they cannot become ONNX: torch's converter has no form of the operator.
NOT_IN_ONNX = {
    "k_wta": "aten.sort",
    "group_sort": "aten.sort",
}
TOGETHER = 40
ROWWISE_NOISE = "gumbel_softmax"
NAMES = [name for name in ogive.names() if name != ROWWISE_NOISE]
GROUPS = [tuple(NAMES[i : i + TOGETHER]) for i in range(0, len(NAMES), TOGETHER)]
#: Largest difference from eager allowed in ONNX, in units of max(1, |value|): 16 roundings.
ONNX_TOLERANCE = 2e-6
pytestmark = [
    # torch's exporter calls its own deprecated pytree functions
    pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec.. is deprecated"),
]


class Together(nn.Module):
    """Several activations, each of an input of its own.

    Of one input it would not do: torch's converter gives the bounds of two clamps of one tensor
    the same names, and the model is then refused as invalid.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(ogive.get(name).module() for name in names)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(part(x + i / 64) for i, part in enumerate(self.parts))


@cache
def example() -> Tensor:
    return torch.randn(4, 8, generator=torch.Generator().manual_seed(3)) * 2


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # Inductor's own
def test_an_export_is_compiled_ahead_of_time(tmp_path) -> None:
    """AOTInductor's package, in which there is no Python, gives the values that the model gives."""
    parts = (ogive.get(name).module() for name in ("mish", "squash"))
    model = nn.Sequential(nn.Linear(8, 8), nn.GELU(), *parts).eval()
    ogive.accelerate(model)
    batch = torch.export.Dim("batch", min=2, max=64)
    exported = torch.export.export(model, (example(),), dynamic_shapes=[{0: batch}])
    path = torch._inductor.aoti_compile_and_package(exported, package_path=str(tmp_path / "m.pt2"))
    packaged = torch._inductor.aoti_load_package(path)
    for x in (example(), torch.randn(7, 8)):
        # sums and exponentials in another order than torch's operators have them
        torch.testing.assert_close(packaged(x), model(x), rtol=1e-5, atol=1e-6)


def needs_float64(name: str) -> bool:
    """Whether an entry with its defaults is computed in float64 by the eager engine."""
    if ogive.get(name).kind == "rowwise":
        return False
    program = ogive.get(name).spec.program
    usual = zip(program.inputs, program.samples, strict=True)
    return program.bind({n: s[0] for n, s in usual if n not in program.data}).needs_float64


@cache
def exported(names: tuple[str, ...]) -> tuple[Together, ExportedProgram]:
    model = Together(names).eval()
    return model, torch.export.export(model, (example(),))


@pytest.mark.parametrize("names", GROUPS, ids=lambda g: g[0])
def test_exported_program_equals_eager(names: tuple[str, ...]) -> None:
    model, program = exported(names)
    x = example() + 0.5  # not the input that was traced with
    got = program.module()(x)
    with ogive.engine("eager"):  # what an exported program consists of
        expected = model(x)
    for name, value, wanted in zip(names, got, expected, strict=True):
        # an export has no float64 in it, which ONNX's runtimes lack operators for
        off = 1e-6 if needs_float64(name) else 0.0
        torch.testing.assert_close(value, wanted, rtol=off, atol=off, equal_nan=True, msg=name)


@pytest.mark.parametrize("names", GROUPS, ids=lambda g: g[0])
def test_onnx_equals_eager(names: tuple[str, ...]) -> None:
    names = tuple(n for n in names if n not in NOT_IN_ONNX)
    model, program = exported(names)
    x = example() + 0.5
    got = run(onnx_session(program), x)
    for name, value, wanted in zip(names, got, model(x), strict=True):
        wanted = wanted.detach()
        assert torch.equal(value.isnan(), wanted.isnan()), name
        error = ((value - wanted).abs() / wanted.abs().clamp(min=1)).nan_to_num().max()
        assert error <= ONNX_TOLERANCE, f"{name}: {error:.2e}"


def onnx_session(program: ExportedProgram) -> onnxruntime.InferenceSession:
    model = torch.onnx.export(program, dynamo=True, verbose=False).model_proto
    return onnxruntime.InferenceSession(model.SerializeToString())


def run(session: onnxruntime.InferenceSession, x: Tensor) -> list[Tensor]:
    values = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return [torch.from_numpy(v) for v in values]


@pytest.mark.parametrize(("name", "operator"), NOT_IN_ONNX.items())
def test_what_onnx_lacks_is_an_error_that_names_the_operator(name: str, operator: str) -> None:
    _, program = exported((name,))
    with pytest.raises(OnnxExporterError, match="convert") as caught:
        torch.onnx.export(program, dynamo=True, verbose=False)
    assert operator in str(caught.value.__cause__)


def test_noise_is_drawn_by_the_onnx_model() -> None:
    _, program = exported((ROWWISE_NOISE,))
    session = onnx_session(program)
    (y,) = run(session, example())
    assert not torch.equal(y, run(session, example())[0])
    torch.testing.assert_close(y.sum(-1), torch.ones(4))
    assert y.min() >= 0


def test_batch_size_can_stay_open() -> None:
    batch = torch.export.Dim("batch", min=2)
    model = Together(("mish", "prelu", "swiglu")).eval()
    program = torch.export.export(model, (example(),), dynamic_shapes={"x": {0: batch}})
    x = torch.randn(7, 8)
    for got, wanted in zip(program.module()(x), model(x), strict=True):
        torch.testing.assert_close(got, wanted)


def test_learned_parameters_are_parameters_of_the_exported_program() -> None:
    model = nn.Sequential(nn.Linear(8, 8), ogive.nn.PReLU(8))
    program = torch.export.export(model, (example(),))
    assert torch.equal(program.state_dict["1.weight"], model[1].weight)

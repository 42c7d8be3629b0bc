"""benchmarks/gpu.py: it says that there is no GPU, and a dry run walks through all of it."""

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("gpu")
    for name in [n for n in sys.modules if n == "gpu" or n.startswith("gpu_")]:
        del sys.modules[name]


@pytest.mark.parametrize("interpreted", ["0", "1"])
def test_a_dry_run_walks_through_every_part(
    gpu, interpreted, monkeypatch, tmp_path, capsys
) -> None:
    monkeypatch.setenv("TRITON_INTERPRET", interpreted)
    monkeypatch.setattr(gpu, "MODELS", ("gpt2",))
    arguments = ["--dry", "--entries", "swiglu", "softmax", "--out", str(tmp_path)]
    assert gpu.main(arguments) == 0
    report = json.loads((tmp_path / "dry-run-on-a-cpu.json").read_text())
    page = (tmp_path / "dry-run-on-a-cpu.md").read_text()
    assert report["left_out"] == []
    assert all(row["right"] for row in report["accuracy"])
    assert {(r["name"], r["dtype"]) for r in report["accuracy"]} == {
        (n, d) for n in ("swiglu", "softmax") for d in ("float32", "bfloat16", "float16")
    }
    assert {r["direction"] for r in report["speed"]} == {"forward", "backward"}
    assert all({"ogive", "torch", "compiled"} <= r["seconds"].keys() for r in report["speed"])
    assert {r["scale"] for r in report["quantised"]} == {"row", "mx"}
    assert {r["mode"] for r in report["models"]} >= {"untouched", "lean", "checkpointed"}
    assert len(report["launches"]) == 9
    assert "**A dry run on the CPU" in page
    assert {r["situation"] for r in report["situations"]} == {
        *("another stream", "another device", "a CUDA graph", "no wait")
    }
    assert all(r["right"] for r in report["situations"])
    for part in ("Accuracy", "Situations", "Speed", "Quantisation", "Blocks of models", "Launches"):
        assert f"## {part}" in page
    assert "are written" in capsys.readouterr().out


def test_without_a_gpu_it_says_so_at_once(gpu, monkeypatch, capsys) -> None:
    for kind in ("cuda", "xpu"):
        monkeypatch.setattr(getattr(gpu.torch, kind), "is_available", lambda: False)
    assert gpu.main([]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--dry" in told


def test_a_wrong_entry_is_told(gpu, capsys) -> None:
    assert gpu.main(["--dry", "--entries", "swigluu"]) == 2
    assert "swiglu" in capsys.readouterr().err


def test_what_does_not_fit_into_the_time_is_named(gpu, tmp_path) -> None:
    arguments = ["--dry", "--minutes", "0", "--entries", "relu", "--out", str(tmp_path)]
    assert gpu.main(arguments) == 0
    report = json.loads((tmp_path / "dry-run-on-a-cpu.json").read_text())
    assert any("no time was left" in line for line in report["left_out"])
    assert "## Left out" in (tmp_path / "dry-run-on-a-cpu.md").read_text()


def test_what_fails_is_named_and_the_rest_is_measured(gpu, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(gpu, "MODELS", ())
    monkeypatch.setattr(gpu, "checked", _failing)
    times = gpu.Run._times
    monkeypatch.setattr(gpu.Run, "_times", lambda *a: _failing() if "relu" in a[-1] else times(*a))
    arguments = ["--dry", "--entries", "tanh", "relu", "--out", str(tmp_path)]
    assert gpu.main(arguments) == 1
    report = json.loads((tmp_path / "dry-run-on-a-cpu.json").read_text())
    assert {r["name"] for r in report["speed"]} == {"tanh"}
    assert sum("accuracy of tanh" in line for line in report["failed"]) == 3
    assert any("relu" in line and "no luck" in line for line in report["failed"])
    assert "## Failed" in (tmp_path / "dry-run-on-a-cpu.md").read_text()


def _failing(*arguments):
    raise ValueError("no luck")


def test_what_is_measured_is_checked_first_in_every_dtype(gpu, monkeypatch) -> None:
    monkeypatch.setattr(gpu.GPU, "facts", {})
    run = gpu.Run(gpu.GPU(gpu.torch.device("cpu"), False, 1e-4), 0.0, ["tanh", "silu"])
    assert {name for name, _ in run._checks[:6]} == {"tanh", "silu"}


def test_what_the_bars_allow_far_out_is_no_error(gpu, monkeypatch) -> None:
    """gelu underflows from -13 on, mexican_hat on both sides."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    accuracy = importlib.import_module("gpu_accuracy")
    for name in ("gelu", "mexican_hat"):
        assert accuracy.checked(name, "float32", gpu.GPU.here(dry=True)).right, name


def test_numbers_that_no_dtype_has_are_no_errors(gpu) -> None:
    accuracy = importlib.import_module("gpu_accuracy")
    here = gpu.GPU.here(dry=True)
    for name in ("exponential", "rational_a"):  # beyond the largest of float16; far out, 0 / 0
        for dtype in accuracy.BARS:
            assert accuracy.checked(name, dtype, here).right, (name, dtype)


def test_another_librarys_gated_units_get_what_they_take_before_the_clock_starts(
    gpu, monkeypatch
) -> None:
    import ogive

    contenders = importlib.import_module("gpu_contenders")
    taken = []

    class Theirs:
        @staticmethod
        def apply(gate, value):
            taken.append((gate, value))
            return gpu.torch.nn.functional.silu(gate) * value, gate

    module = type(sys)("liger_kernel.ops.swiglu")
    module.LigerSiLUMulFunction = Theirs
    monkeypatch.setitem(sys.modules, "liger_kernel.ops.swiglu", module)
    case = contenders.Case("swiglu", "float32", 64)
    x = case.input(here := gpu.GPU.here(dry=True))
    run = contenders.forward(dict(case.contenders(here))["liger"], x)
    gpu.torch.testing.assert_close(run(), ogive.get("swiglu")(x))
    run()
    assert [t.data_ptr() for t in taken[0]] == [t.data_ptr() for t in taken[1]]
    assert all(t.is_contiguous() for t in taken[0])


@pytest.mark.parametrize(
    "name", ["swiglu", "geglu_tanh", "squared_relu", "quick_gelu", "star_relu"]
)
def test_what_is_written_in_torch_is_the_same_function(gpu, name) -> None:
    import ogive

    contenders = importlib.import_module("gpu_contenders")
    x = contenders.Case(name, "float32", 64).input(gpu.GPU.here(dry=True))
    gpu.torch.testing.assert_close(contenders.composition(name)(x), ogive.get(name)(x))

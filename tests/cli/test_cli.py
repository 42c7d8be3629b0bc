"""The commands: what they print, in words and in JSON, and how they fail."""

import io
import json
import sys

import pytest
from rich.console import Console
from typer.testing import CliRunner

import ogive
from ogive.certify.report.properties import PROPERTIES
from ogive.cli import app, console
from ogive.cli.console import plain, shown
from ogive.cli.show import SECTIONS


def run(*words):
    return CliRunner().invoke(app, list(words))


def answer(*words):
    """What a command that must succeed prints."""
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*words):
    """The one line on stderr of a command that must fail."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.splitlines()
    return line


def strict(text):
    def no_literal(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=no_literal)


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 80 columns in place of the pipe."""

    def narrow(**options):
        forced = {"file": sys.stdout, "force_terminal": True, "color_system": None}
        return Console(**{"width": 80, **forced, **options})

    monkeypatch.setattr(console, "Console", narrow)


def test_version():
    assert answer("--version") == f"ogive {ogive.__version__}\n"


def test_no_command_shows_the_commands():
    for command in ("list", "show", "compare", "plot", "study"):
        assert command in run().output


def test_list_has_every_name_in_a_line_of_its_own():
    heading, *lines = answer("list").splitlines()
    assert heading.split() == ["name", "kind", "family", "year", "formula"]
    assert [line.split()[0] for line in lines] == ogive.names()
    (silu,) = [line for line in lines if line.startswith("silu ")]
    assert silu.split(maxsplit=4) == ["silu", "elementwise", "selfgated", "2016", "x * sigmoid(x)"]
    assert not any(line.endswith(" ") for line in lines)


def test_list_in_a_terminal_keeps_names_and_fits(terminal):
    lines = answer("list").splitlines()
    assert max(map(len, lines)) <= 80
    assert set(ogive.names()) <= {line.split()[0] for line in lines if line.strip()}
    assert any(line.rstrip().endswith("...") for line in lines)


def test_list_filters():
    gated = strict(answer("list", "--kind", "gated", "--json"))
    assert [entry["name"] for entry in gated] == ogive.names(kind="gated")
    family = strict(answer("list", "--family", "selfgated", "--json"))
    assert [entry["name"] for entry in family] == ogive.names(family="selfgated")
    assert set(family[0]) == {"name", "title", "kind", "family", "formula", "year"}


def test_list_by_property():
    hard = strict(
        answer("list", "--property", "saturates_right=hard", "--property", "smooth=no", "--json")
    )
    names = {entry["name"] for entry in hard}
    assert {"relu6", "hardtanh", "hardsigmoid"} <= names
    assert not {"relu", "sigmoid", "tanh", "swiglu"} & names
    assert hard[0]["properties"] == {"saturates_right": "hard", "smooth": False}


@pytest.mark.parametrize(
    ("condition", "inside", "outside"),
    [
        ("smooth", "gelu", "relu"),
        ("smooth=false", "relu", "gelu"),
        ("kinks", "relu", "gelu"),
        ("limit_right=6", "relu6", "relu"),
        ("limit_right=inf", "relu", "tanh"),
        ("limit_left", "elu", "relu"),
    ],
)
def test_conditions(condition, inside, outside):
    found = [line.split()[0] for line in answer("list", "--property", condition).splitlines()]
    assert inside in found
    assert outside not in found


def test_list_shows_a_property_that_was_asked_for():
    lines = answer("list", "--property", "limit_right", "--family", "selfgated").splitlines()
    assert lines[0].split()[4] == "limit_right"
    assert [line.split()[4] for line in lines if line.startswith("silu ")] == ["inf"]


def test_list_of_nothing():
    result = run("list", "--kind", "gated", "--property", "smooth")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no activation fits" in result.stderr


def test_show_in_full():
    text = " ".join(answer("show", "swish", "--full").split())
    for part in (
        "swish Swish (elementwise, selfgated, 2017)",
        "x * sigmoid(beta * x)",
        str(ogive.get("swish").spec.derived(1).expression),
        str(ogive.get("swish").spec.derived(2).expression),
        "beta = 1, any number, learnable",
        "onnx:Swish",
        "arXiv:1710.05941",
        "beta = 0 gives x/2",
        "⠀",
    ):
        assert part in text


@pytest.mark.parametrize("words", [["--full"], [], ["--section", "signal"]])
def test_show_in_a_terminal_fits(terminal, words):
    assert max(map(len, answer("show", "noisy_hardsigmoid", *words).splitlines())) <= 80


@pytest.mark.parametrize("name", ["mish", "noisy_hardsigmoid", "rational_a"])
@pytest.mark.parametrize("columns", [60, 100])
def test_show_in_full_keeps_to_the_terminals_width_in_a_pipe(monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, answer("show", name, "--full").splitlines())) <= columns


def test_show_json():
    silu, found = ogive.get("silu"), strict(answer("show", "SiLU", "--json"))
    assert list(found) == [
        "name", "title", "kind", "family", "description", "formula", "latex", "derivatives",
        "parameters", "aliases", "paper", "year", "evidence", "pitfalls", "layout", "certificate",
    ]  # fmt: skip
    assert found["formula"] == silu.formula
    assert found["derivatives"] == {"x": [silu.derivative(i).formula for i in (1, 2)]}


def test_show_prints_the_certificate(monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    lines = [" ".join(line.split()) for line in answer("show", "mish", "--full").splitlines()]
    for part in (
        "lipschitz 1.08849816 ball, error",
        "gains second moment 1.48684758 ball",
        "left below 1e-3 -8.98521373 ball",
        "monotone verdict no, number 1, reason turning points: 1",
    ):
        assert any(line.startswith(part) for line in lines), part


@pytest.mark.parametrize("section", SECTIONS.split(", "))
def test_show_one_section(section, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    heading, *lines = answer("show", "mish", "--section", section).splitlines()
    whole = answer("show", "mish", "--full").split(f"\n{section}\n")[1].split("\n\n")[0]
    assert heading == section
    assert " ".join(lines).split() == whole.split()
    found = strict(answer("show", "mish", "--section", section, "--json"))
    assert list(found) == ["name", section]
    assert found[section] == ogive.get("mish").certificate().to_dict()[section]


def test_show_json_holds_the_certificate():
    found = strict(answer("show", "mish", "--json"))["certificate"]
    assert found == ogive.get("mish").certificate().to_dict()
    assert found["shape"]["range"]["high"]["value"] == "inf"


def test_show_measures_when_asked():
    speed = strict(answer("show", "mish", "--timed", "--json"))["certificate"]["speed"]
    assert (speed["dtype"], speed["size"], speed["forward"]["method"]) == (
        "float32",
        65536,
        "sampled",
    )
    assert strict(answer("show", "mish", "--json"))["certificate"]["speed"] is None


def test_show_parameters_of_the_name_that_was_asked_for():
    (slope,) = strict(answer("show", "keras:leaky_relu", "--json"))["parameters"]
    assert slope["default"] == ogive.get("keras:leaky_relu").preset["negative_slope"]
    assert (slope["name"], slope["learnable"]) == ("negative_slope", False)


def test_show_gated():
    text = answer("show", "swiglu", "--full")
    assert "d/dvalue" in text
    assert "swiglu (gate, at value = 1)" in text
    assert list(strict(answer("show", "swiglu", "--json"))["derivatives"]) == ["value", "gate"]


def test_show_rowwise():
    text = answer("show", "softmax", "--full")
    assert ogive.get("softmax").formula in text
    found = strict(answer("show", "softmax", "--json"))
    assert (found["derivatives"], found["certificate"]["shape"]) == ({}, None)


def test_every_entry_can_be_shown():
    from ogive.cli.show import shown_facts

    for name in ogive.names():
        activation = ogive.get(name)
        assert json.dumps(plain(shown_facts(activation, activation.certificate())), allow_nan=False)


def test_compare():
    lines = {
        line.split()[0]: line.split()[1:] for line in answer("compare", "relu", "elu").splitlines()
    }
    assert lines["relu"] == ["elu"]
    assert lines["f(-3)"] == ["0", "-0.950213"]
    assert lines["f'(3)"] == ["1", "1"]
    assert lines["limit_left"] == ["0", "-1"]
    assert lines["saturates_left"] == ["hard", "soft"]
    assert set(PROPERTIES) <= set(lines)


def test_compare_json():
    found = strict(answer("compare", "sigmoid", "swiglu", "--at", "0,2", "--json"))
    assert found["points"] == [0, 2]
    sigmoid, swiglu = found["activations"]
    assert (sigmoid["values"][0], sigmoid["slopes"][0]) == (0.5, 0.25)
    assert swiglu["caption"] == "swiglu (gate, at value = 1)"
    assert swiglu["values"][1] == pytest.approx(1.7615941559557649, rel=1e-15)


def test_compare_in_a_terminal_breaks_into_tables_that_fit(terminal):
    names = ["relu", "swiglu", "silu", "gelu", "tanh", "softplus", "rrelu", "mish"]
    text = answer("compare", *names)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("saturates_left") > 1
    assert all(name in text.split() for name in names)
    assert "…" not in text


def test_plot_files(tmp_path):
    for suffix, magic in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        path = tmp_path / f"curves{suffix}"
        assert answer("plot", "relu", "silu", "-o", str(path)) == f"wrote {path}\n"
        assert path.read_bytes().startswith(magic)


def test_plot_sheet(tmp_path):
    path = tmp_path / "sheet.png"
    answer("plot", "--sheet", "relu", "tanh", "-o", str(path), "--interval", "-3:3")
    assert path.stat().st_size > 5000


def test_plot_in_the_terminal():
    lines = answer("plot", "tanh", "--interval", "-2:2").splitlines()
    assert lines[0] == "tanh"
    assert lines[16].split() == ["-2", "0", "2"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("show", "gleu"), "did you mean"),
        (("show", "mish", "--section", "shpae"), "no section 'shpae'; did you mean 'shape'?"),
        (("show", "softmax", "--section", "shape"), "no section 'shape' (there are rows)"),
        (("show", "mish", "--section", "shape", "--full"), "--full"),
        (("compare", "relu", "sofmax"), "did you mean"),
        (("compare", "softmax"), "works on rows"),
        (("compare", "relu", "--at", "1,two"), "--at takes"),
        (("compare", "relu", "--at", "inf"), "--at takes"),
        (("list", "--property", "smoth"), "did you mean 'smooth'"),
        (("list", "--kind", "gatd"), "did you mean 'gated'"),
        (("list", "--family", "nothing"), "no family 'nothing' (there are "),
        (("plot", "relu", "-o", "relu.jpg"), "must end in .png, .svg, .pdf"),
        (("plot", "relu", "-o", "no_such_folder/relu.png"), "no folder"),
        (("plot", "relu", "--interval", "6"), "two numbers"),
        (("plot", "relu", "--interval", "6:-6"), "low < high"),
        (("plot", "softmax"), "works on rows"),
        (("plot",), "--sheet"),
    ],
)
def test_errors_are_one_line(words, part):
    line = refused(*words)
    assert line.startswith("error: ")
    assert part in line


def test_module(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ogive", "--version"])
    monkeypatch.setattr(sys, "stdout", stdout := io.StringIO())
    with pytest.raises(SystemExit) as stop:
        __import__("runpy").run_module("ogive", run_name="__main__")
    assert (stop.value.code, stdout.getvalue()) == (0, f"ogive {ogive.__version__}\n")


def test_plain_json():
    inf = float("inf")
    assert plain({"a": (inf, -inf, float("nan"), 1.5, True, None)}) == {
        "a": ["inf", "-inf", "nan", 1.5, True, None]
    }
    with pytest.raises(TypeError):
        plain(object())


def test_shown():
    assert [shown(v) for v in (True, False, 0.5, float("nan"), (), (0.0, 6.0), "hard")] == [
        "yes", "no", "0.5", "none", "none", "0, 6", "hard",
    ]  # fmt: skip

"""What ``ogive show`` says of every entry fits 25 lines of 80 columns and says what it is for."""

import pytest
from typer.testing import CliRunner

import ogive
from ogive.cli import app
from ogive.cli.card import BREADTH, CUT, HEIGHT

FORMULAS = [
    "x*tanh(x)",
    "leaky_relu(0.2)",
    "keras:gelu",
    "where(x>3, 3+(x-3)/4, where(x>0, x, where(x>-1, x/2, where(x>-2, x/4-0.25, where(x>-3, "
    "x/8-0.5, where(x>-4, x/16-0.6875, -0.9375))))))",
    "1/(1-x)",
    "0*x",
    "exp(exp(x))",
]
LABELS = ("formula", "when", "verdicts", "cost", "more")


def shown(name, columns=BREADTH):
    result = CliRunner().invoke(app, ["show", name], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def labelled(lines, label):
    """The words of a paragraph."""
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{label:<10}"))
    words = [lines[start][10:]]
    for line in lines[start + 1 :]:
        if line[:10].strip():
            break
        words.append(line[10:])
    return " ".join(words)


@pytest.mark.parametrize("name", [*ogive.names(), *FORMULAS])
def test_a_card_fits_and_says_what_it_is_for(name):
    lines = shown(name)
    assert len(lines) <= HEIGHT
    assert max(map(len, lines)) <= BREADTH
    rowwise = name in ogive.names("rowwise")
    wanted = [label for label in LABELS if not (rowwise and label == "cost")]
    assert all(any(line.startswith(label) for line in lines) for label in wanted)
    assert any("┤" in line for line in lines) is not rowwise
    assert CUT not in labelled(lines, "when")
    assert CUT not in labelled(lines, "verdicts")


@pytest.mark.parametrize("columns", [30, 50, 80, 200])
@pytest.mark.parametrize("name", ["mish", "swiglu", "softmax", "noisy_hardsigmoid", FORMULAS[3]])
def test_a_card_keeps_to_the_terminals_width(name, columns):
    assert max(map(len, shown(name, columns))) <= min(columns, BREADTH)


def test_the_words_are_those_of_the_certificate():
    lines = shown("mish")
    verdicts = {c.name: c.verdict for c in ogive.get("mish").certificate().criteria}
    assert labelled(lines, "verdicts") == ", ".join(f"{n} {v}" for n, v in verdicts.items())
    cost = ogive.get("mish").certificate().cost
    assert labelled(lines, "cost").startswith(f"{cost.forward.operations} operations, ")
    assert lines[1] == ogive.get("mish").spec.doc


def test_the_parameters_of_a_name_are_told():
    assert labelled(shown("leaky_relu(0.2)"), "takes") == "negative_slope = 0.2, any number"
    assert labelled(shown("leaky_relu(0.2)"), "more").startswith("ogive show 'leaky_relu(0.2)' ")


def test_time_is_told_when_it_was_measured():
    result = CliRunner().invoke(app, ["show", "relu", "--timed"])
    assert "over relu's: " in labelled(result.stdout.splitlines(), "time")

"""Numbers and verdicts in words."""

import pytest

from ogive.study import compare
from ogive.study.report.sentences import explained, too_few, verdict_text
from ogive.study.report.wording import amount, bounds, interval, score
from ogive.study.statistics.intervals import ConfidenceInterval

BASE = [0.90, 0.91, 0.92, 0.89, 0.90, 0.93, 0.91, 0.92]
NOISE = [0.001, -0.001, 0.002, -0.002, 0.001, -0.001, 0.0, 0.0]


def shifted(by, wobble=1.0):
    return [b + by + wobble * n for b, n in zip(BASE, NOISE, strict=True)]


SCORES = {
    "relu": BASE,
    "gelu": shifted(0.0),
    "silu": shifted(0.005),
    "mish": shifted(0.05),
    "sigmoid": shifted(-0.2),
    "tanh": shifted(0.0, 20.0),
}


@pytest.mark.parametrize(
    ("metric", "value", "signed", "text"),
    [
        ("accuracy", -1e-9, True, "0.0"),
        ("accuracy", 0.0123, True, "+1.2"),
        ("accuracy", 0.9734, False, "97.3"),
        ("R2", -0.25, True, "-0.250"),
        (None, 1234567.0, False, "1.235e+06"),
        (None, 0.0, True, "0"),
        ("accuracy", None, False, "–"),
    ],
)
def test_scores(metric, value, signed, text):
    assert score(metric, value, signed) == text


def test_an_open_end_is_without_bound():
    given = ConfidenceInterval(0.01, None, 0.02, 5)
    assert interval("accuracy", given, signed=True) == "+1.0 [-∞, +2.0]"
    assert interval("accuracy", ConfidenceInterval(0.5, None, None, 1)) == "50.0"
    assert bounds("R2", ConfidenceInterval(0.5, 0.25, 0.75, 9)) == "[+0.250, +0.750]"


def test_amounts_have_their_unit():
    assert amount("accuracy", 0.01) == "1 point"
    assert amount("accuracy", 0.345) == "34 points"
    assert amount(None, 0.012345) == "0.0123"


def test_every_verdict_is_a_sentence():
    rows = compare(SCORES, metric="accuracy")
    sentences = explained(rows, "accuracy", "relu")
    assert sentences[0].startswith("mish is better than relu by 5 points (between 4.")
    assert sentences[1].startswith("sigmoid is worse than relu by 20 points")
    assert sentences[2] == (
        "gelu and silu (slightly better) are as good as relu: the difference is less than 1 point."
    )
    assert sentences[3].startswith("Undecided: tanh (about ")
    words = {row.activation: verdict_text(row) for row in rows}
    assert words["relu"] == "reference"
    assert words["silu"] == "equivalent, slightly better"
    assert words["tanh"].startswith("undecided (")
    assert len(sentences) == 4


def test_divergence_is_said():
    diverging = {**SCORES, "mish": [None] * 8, "gelu": [None, *SCORES["gelu"][1:]]}
    sentences = explained(compare(diverging, metric="accuracy"), "accuracy", "relu")
    assert "mish is worse than relu: 8 of its runs diverged." in sentences
    assert any("gelu (runs diverged)" in sentence for sentence in sentences)


def test_few_seeds_are_told_how_many_are_needed():
    assert "p = 0.062, and a verdict needs 0.05; take 6 or more." in too_few(5)[0]
    assert too_few(6) == []
    assert "take 8 or more" in too_few(6, looks=5)[0]

"""The live view: what it draws, how much, and that it ends cleanly."""

import io

import pytest
import torch
from rich.console import Console
from snapshots import DEAD, PLACES, snapshot
from torch import nn

import ogive
from ogive.errors import OgiveError
from ogive.monitor.live_view import FINDINGS_SHOWN, PLACES_SHOWN, LiveView


def drawn(*snapshots, terminal=False, width=120):
    """All that a view writes."""
    file = io.StringIO()
    view = LiveView(Console(file=file, force_terminal=terminal, width=width, height=60))
    for given in snapshots:
        view.write(given)
    view.close()
    view.close()
    return file.getvalue()


def test_it_shows_places_and_findings():
    text = drawn(snapshot(10))
    assert "step 10" in text
    assert "fc1.act" in text
    assert "25%" in text
    assert "1.5 / 1.4" in text
    assert "error: dead at fc1.act, cause: learning_rate; lower it" in text


def test_without_a_terminal_only_the_end_is_written():
    text = drawn(*(snapshot(step) for step in range(10, 60, 10)))
    assert text.count("step ") == 1
    assert "step 50" in text


def test_in_a_terminal_the_last_drawing_stays():
    text = drawn(snapshot(10), snapshot(20), terminal=True)
    assert "step 20" in text
    assert text.rstrip().endswith("\x1b[?25h")  # the cursor is shown again


def test_a_curve_grows_with_the_steps():
    assert " ▂▂▂ " in drawn(*(snapshot(step) for step in (10, 20, 30)))


def test_large_models_are_cut_and_places_with_findings_stay():
    names = [f"layer{i}" for i in range(3 * PLACES_SHOWN)]
    places = dict.fromkeys(names, PLACES["fc1.act"])
    findings = [DEAD | {"place": name} for name in names[-2 * FINDINGS_SHOWN :]]
    text = drawn({"step": 1, "places": places, "findings": findings})
    assert text.count("relu") == PLACES_SHOWN
    assert names[-1] in text
    assert f"and {2 * PLACES_SHOWN} more places" in text
    assert f"and {FINDINGS_SHOWN} more findings" in text


def test_a_view_that_never_drew_ends():
    assert drawn() == ""


def test_a_monitor_draws_while_it_watches(capsys):
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1, live=True):
        for _ in range(3):
            model(torch.ones(2, 4)).sum().backward()
            optimizer.step()
    written = capsys.readouterr()
    assert "step 2" in written.err
    assert "relu" in written.err
    assert written.out == ""


def test_live_is_true_or_false():
    with pytest.raises(OgiveError, match="live"):
        ogive.Monitor(nn.ReLU(), live="yes")

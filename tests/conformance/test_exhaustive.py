"""What `make exhaustive` found over all float32 numbers keeps to the bars, and is found again.

Each function's recorded worst inputs and about 65,536 of the numbers that were measured are
measured once more: nothing may be worse than the record.
"""

import json
import math
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import exhaustive
import ogive

INF, NAN = math.inf, math.nan
RECORD = json.loads(exhaustive.RECORD.read_text(encoding="utf-8"))
FUNCTIONS = RECORD["functions"]
SAMPLE = 2**16
SPECIAL = torch.tensor([-0.0, INF, -INF, NAN])


def test_every_function_was_measured():
    assert tuple(FUNCTIONS) == exhaustive.NAMES


def test_the_errors_are_within_the_bars():
    assert list(exhaustive.over(FUNCTIONS)) == []


def test_a_reason_belongs_to_an_error_above_the_bar():
    above = {n for n, f in FUNCTIONS.items() if f["forward"]["ogive"]["worst"]["error"] > 2}
    assert above == set(exhaustive.REASONS)


def test_the_page_is_made_of_the_record():
    assert exhaustive.PAGE.read_text(encoding="utf-8") == exhaustive.page(RECORD)


@pytest.mark.parametrize("name", exhaustive.NAMES)
def test_no_number_is_worse_than_the_record(name):
    found = exhaustive.empty()
    worst = exhaustive.written_as(exhaustive.worst_inputs(FUNCTIONS[name]))
    exhaustive.measure(name, torch.cat([SPECIAL, worst]), found)
    for x in sample(FUNCTIONS[name]["stride"]):
        exhaustive.measure(name, x, found)
    for direction in exhaustive.DIRECTIONS:
        ours, recorded = found[direction]["ogive"], FUNCTIONS[name][direction]["ogive"]
        assert ours.worst.error <= recorded["worst"]["error"]
        assert ours.scaled.error <= recorded.get("scaled", recorded["worst"])["error"]
        assert (ours.nan, ours.inf, ours.zero) == (0, 0, 0)


@pytest.mark.parametrize("name", exhaustive.NAMES)
def test_the_call_without_autograd_gives_the_same_numbers(name):
    x = torch.cat(list(sample(1)))
    recorded, _ = exhaustive.evaluate(ogive.get(name), x)
    with torch.no_grad():
        plain = ogive.get(name)(x)
    known = ~plain.isnan()  # a NaN is a NaN, whatever its bits: torch's operator may have made it
    assert torch.equal(known, ~recorded.isnan())
    assert torch.equal(plain[known].view(torch.int32), recorded[known].view(torch.int32))


def test_errors_are_counted_in_the_last_place_of_float32():
    wanted = torch.tensor([1.0, 0.9999, 3.0, 1e-45, 0.0], dtype=torch.float64)
    _, place = exhaustive.distance(wanted, wanted)
    assert place.tolist() == [2.0**-23, 2.0**-24, 2.0**-22, 2.0**-149, 2.0**-149]


def test_wrong_special_values_are_counted():
    x = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, NAN])
    got = torch.tensor([-0.0, NAN, INF, 3.0, INF, 5.0, 1.0])
    wanted = torch.tensor([0.0, 1.0, 2.0, INF, 3.5e38, NAN, NAN], dtype=torch.float64)
    tally = exhaustive.Tally()
    tally.see(x, got, wanted, 0.0)
    assert (tally.nan, tally.inf, tally.zero) == (3, 2, 1)
    assert tally.worst.error == 0


def test_a_slope_at_nan_may_be_a_number():
    x = torch.tensor([NAN])
    tally = exhaustive.Tally()
    tally.see(x, torch.tensor([1.0]), torch.zeros(1, dtype=torch.float64), 1.0)
    assert (tally.nan, tally.scaled.error) == (0, 0)


def test_a_journal_cut_off_in_the_middle_of_a_line_goes_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    exhaustive.Journal(path).add("whole", {"nan": 1})
    with path.open("a") as file:
        file.write('\n{"key": "cut')
    exhaustive.Journal(path).add("after", {"nan": 2})
    assert exhaustive.Journal(path).results == {"whole": {"nan": 1}, "after": {"nan": 2}}


def sample(stride: int):
    """About SAMPLE of the numbers that a run with this stride measures, in tiles."""
    step = stride * -(-(2**32 // SAMPLE + 1) // stride)
    return exhaustive.numbers(0, 2**32, step)

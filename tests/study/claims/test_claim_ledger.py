"""The ledger: found in a folder, kept in a journal, resumed, written as pages."""

import importlib
import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from ogive.errors import OgiveError
from ogive.study.claims import Effort, decide, find_claims, ledger, write_pages
from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.drawing import draw_chart, pack_map, suffix_of, unpack_map
from ogive.study.claims.pages import ledger_page, verdicts_of_page

#: A claim whose experiment leaves a mark each time it is run.
FILE = '''
"""What is done."""
from pathlib import Path
from ogive.study.claims import Check, Finding, claim, exactly

@claim("{id}", "Two is {size} than one.", source="a test", criterion="2 - 1 {wanted}.")
def experiment(effort):
    with Path(r"{log}").open("a") as log:
        log.write("run\\n")
    return Finding([Check("2 - 1", exactly(1), at_least={least})])
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package of two claims, the first true and the second false."""
    monkeypatch.syspath_prepend(str(tmp_path))
    place = tmp_path / "some_claims"
    place.mkdir()
    (place / "__init__.py").touch()
    (place / "helper.py").write_text("raise AssertionError('no claim')")
    log = tmp_path / "log"
    add(place, "c02_more.py", id="C2", size="less", wanted="is above 2", least=2, log=log)
    add(place, "c01_less.py", id="C1", size="more", wanted="is above 0", least=0, log=log)
    yield importlib.import_module("some_claims")
    for name in [name for name in sys.modules if name.startswith("some_claims")]:
        del sys.modules[name]


def add(place, name, **values):
    (place / name).write_text(FILE.format(**values))


def runs(tmp_path):
    log = tmp_path / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_file_in_the_folder_is_a_claim(folder):
    assert [(c.id, c.page) for c in find_claims(folder=folder)] == [
        ("C1", "What is done."),
        ("C2", "What is done."),
    ]


def test_ids_are_asked_for_in_any_case(folder):
    assert [claim.id for claim in find_claims(["c2"], folder)] == ["C2"]


def test_an_unknown_id_is_an_error_that_says_which_there_are(folder):
    with pytest.raises(OgiveError, match=r"no claim 'C9'.*shows C1 to C2"):
        find_claims(["C9"], folder)


def test_two_files_with_one_id_are_an_error(folder, tmp_path):
    values = {"size": "less", "wanted": "", "least": 2, "log": ""}
    add(tmp_path / "some_claims", "c03_again.py", id="C2", **values)
    with pytest.raises(OgiveError, match="two claims are called C2"):
        find_claims(folder=folder)


def test_verdicts_are_computed(folder):
    assert [decide(claim).verdict for claim in find_claims(folder=folder)] == ["holds", "fails"]


def test_an_interrupted_ledger_goes_on_where_it_stopped(folder, tmp_path):
    claims = find_claims(folder=folder)
    next(ledger(claims, tmp_path))
    assert runs(tmp_path) == 1
    first = [*ledger(claims, tmp_path)]
    again = [*ledger(claims, tmp_path)]
    assert runs(tmp_path) == 2
    assert first == again


def test_other_effort_and_fresh_are_computed_anew(folder, tmp_path):
    claims = find_claims(["C1"], folder)
    for effort, fresh, count in [(1, False, 1), (2, False, 2), (1, False, 2), (1, True, 3)]:
        [*ledger(claims, tmp_path, Effort(effort), fresh)]
        assert runs(tmp_path) == count


@pytest.mark.parametrize("damage", [lambda t: t[:-40], lambda t: b"{}\n" + t[9:], lambda t: b"\0"])
def test_a_damaged_line_is_computed_again(folder, tmp_path, damage):
    claims = find_claims(["C1"], folder)
    [*ledger(claims, tmp_path)]
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(damage(path.read_bytes()))
    assert [each.verdict for each in ledger(claims, tmp_path)] == ["holds"]
    assert [each.verdict for each in ledger(claims, tmp_path)] == ["holds"]
    assert runs(tmp_path) == 2


def test_a_page_says_what_the_verdict_rests_on(folder, tmp_path):
    decided = [*ledger(find_claims(folder=folder), tmp_path)]
    page = write_pages(decided, tmp_path).read_text()
    assert "2 claims: 1 holds, 1 fails." in page
    assert "| [C2](claims/C2.md) | Two is less than one. | **fails** |" in page
    assert "| 2 - 1 |  | 1 |  | at least 2 | no |" in (tmp_path / "claims/C2.md").read_text()


def test_verdicts_are_read_back_from_the_page(folder, tmp_path):
    decided = [*ledger(find_claims(folder=folder), tmp_path)]
    decided.append(replace(decided[0], id="C3", claim="|x| is x or -x.", on="x: holds at |x|, 0"))
    assert verdicts_of_page(ledger_page(decided)) == {
        (each.id, each.claim): (each.verdict, each.on) for each in decided
    }


def test_the_keys_of_a_result(folder):
    told = decide(*find_claims(["C1"], folder)).to_dict()
    assert {*told} == {
        *("id", "claim", "source", "criterion", "verdict", "on", "seeds", "seconds", "figures")
    }
    assert told["figures"] == {"2 - 1": {"value": 1.0, "low": 1.0, "high": 1.0}}
    json.dumps(told, allow_nan=False)


def test_a_chart_is_a_small_picture(tmp_path):
    band = ([0.5] * 400, [1.5] * 400)
    chart = Chart("title", curves=(measured_curve("line", range(400), [1.0] * 400, band),))
    draw_chart(chart, tmp_path / f"curves{suffix_of(chart)}")
    maps = tuple(pack_map(str(n), 1.0, _field(n)) for n in range(6))
    drawn = Chart("title", maps=maps)
    draw_chart(drawn, tmp_path / f"maps{suffix_of(drawn)}")
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes.keys() == {"curves.svg", "maps.png"}
    assert max(sizes.values()) < 60_000


def _field(number):
    """The inside of a disc with a soft edge."""
    x = np.linspace(-1, 1, 72)
    return 1 / (1 + np.exp(20 * (np.hypot(*np.meshgrid(x, x)) - (number + 2) / 9)))


def test_a_map_keeps_its_numbers_to_a_level():
    assert abs(unpack_map(pack_map("", 1.0, _field(0))) - _field(0)).max() <= 1 / 510


def test_every_claim_says_what_counts():
    for claim in find_claims():
        assert re.search(r"\d|\b(one|two|half|twice)\b", claim.criterion), claim.id
        assert len(claim.page) > 100, claim.id

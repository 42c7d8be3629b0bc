"""Taking times: who is called when, and what is made of the times. A clock of the test's own."""

import gc
import itertools
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch

import ogive
from ogive.bench import (
    Pace,
    Settings,
    Spread,
    bench_facts,
    cell,
    firstcall,
    means,
    processor,
    run_bench,
)
from ogive.bench import measure as timing
from ogive.bench.measure import Runner, difference, interleaved, ratio, repetitions
from ogive.errors import OgiveError


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until told to go on."""

    class Clock:
        now = 0.0

        def spend(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(timing, "perf_counter", lambda: clock.now)
    return clock


def taking(clock, seconds, calls=None, label=""):
    def call():
        clock.spend(seconds)
        if calls is not None:
            calls.append(label)

    return Runner(call)


def test_contenders_take_turns_in_an_order_that_changes(clock):
    calls = []
    seconds = {"A": 1.0, "B": 2.0, "C": 3.0}
    runners = {label: taking(clock, s, calls, label) for label, s in seconds.items()}
    times = interleaved(runners, Pace(rounds=20, sample=0.5, budget=1e9))
    assert times == {label: (s,) * 20 for label, s in seconds.items()}
    turns = calls[-60:]
    assert {tuple(turns[i : i + 3]) for i in range(0, 60, 3)} == {*itertools.permutations("ABC")}


def test_a_round_is_long_enough_and_its_time_is_that_of_a_repetition(clock):
    (times,) = interleaved({"a": taking(clock, 0.25)}, Pace(rounds=3, sample=1.0)).values()
    assert times == (0.25, 0.25, 0.25)
    assert repetitions(taking(clock, 0.25), 1.0) >= 4
    assert repetitions(taking(clock, 2.0), 1.0) == 1


def test_what_takes_no_time_that_the_clock_could_see_is_repeated_until_it_does(clock):
    calls = itertools.count()
    runner = Runner(lambda: clock.spend(1e-3) if next(calls) > 100 else None)
    assert repetitions(runner, 0.01) >= 10


def test_the_first_call_is_not_measured(clock):
    first = iter([100.0])
    runner = Runner(lambda: clock.spend(next(first, 1.0)))
    assert interleaved({"a": runner}, Pace(rounds=2, sample=1.0)) == {"a": (1.0, 1.0)}


def test_rounds_end_with_the_budget_but_there_are_enough(clock):
    pace = Pace(rounds=15, least_rounds=5, sample=1.0, budget=3.0)
    assert len(interleaved({"a": taking(clock, 10.0)}, pace)["a"]) == 5
    assert len(interleaved({"a": taking(clock, 1.0)}, Pace(15, 2, 1.0, 7.5))["a"]) == 8


def test_preparations_and_surroundings_are_not_timed(clock):
    inside = []

    @contextmanager
    def around():
        clock.spend(1000.0)
        inside.append(True)
        yield
        inside.pop()

    def call():
        assert inside
        clock.spend(1.0)

    for before in (None, lambda: clock.spend(100.0)):
        assert timing.elapsed(Runner(call, around, before), 3) == 3.0


def test_no_garbage_is_collected_meanwhile():
    seen = []
    timing.elapsed(Runner(lambda: seen.append(gc.isenabled())), 1)
    assert (seen, gc.isenabled()) == ([False], True)


def test_medians_of_rounds():
    times = {"a": (1.0, 4.0, 30.0), "b": (1.0, 2.0, 10.0)}
    assert Spread.of(times["a"]) == Spread(4.0, 3.0)
    assert ratio(times, "a", "b") == Spread(2.0, 1.0)
    assert difference(times, "a", "b") == Spread(2.0, 2.0)
    assert ratio(times, "a", "c") is None
    assert timing.geometric_mean([0.5, 4.0, 4.0]) == pytest.approx(2.0)


# a whole benchmark


def test_every_contender_takes_part(quick):
    settings = Settings([1 << 20], ["float32"], ["forward"], pace=quick)
    relu, snake, swiglu = run_bench(["relu", "snake", "swiglu"], settings).results
    assert list(relu.times) == ["ogive", "torch", "eager", "copy", "inplace"]
    assert list(snake.times) == ["ogive", "eager", "copy", "inplace"]
    assert list(swiglu.times) == ["ogive", "eager", "copy"]


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_every_dtype_and_direction(dtype, direction, quick):
    settings = Settings([64], [dtype], [direction], pace=quick)
    results = run_bench(["mish", "prelu", "rrelu", "glu", "softmax", "xielu"], settings).results
    assert [r.cell.name for r in results] == ["mish", "prelu", "rrelu", "glu", "softmax", "xielu"]
    assert all(r.time("ogive").median > 0 for r in results)


def test_gradients_are_those_of_the_prepared_forward():
    contest = cell.Contest.of(ogive.get("prelu"), "float64", 64, seed=0)
    for direction in ("backward", "both"):
        runners = dict(contest.runners(direction, compiled=False))
        found = {label: runners[label].call() for label in ("ogive", "torch", "eager")}
        for gradients in found.values():
            assert [g.shape for g in gradients] == [(64,), (1,)]
            torch.testing.assert_close(gradients, found["torch"])


def test_the_call_in_place_starts_from_the_same_numbers_each_time():
    contest = cell.Contest.of(ogive.get("square"), "float32", 1 << 20, seed=0)
    runners = dict(contest.runners("forward", compiled=False))
    for _ in range(3):
        runners["inplace"].before()
        with runners["inplace"].around():
            torch.testing.assert_close(runners["inplace"].call(), contest.x.square())
    assert not contest.x.isnan().any()


def test_engines_that_serve_are_named_once_each(monkeypatch, quick):
    served = [SimpleNamespace(engine=name) for name in ("cpu", "eager", "cpu")]
    monkeypatch.setattr(ogive, "served", lambda: nullcontext(served), raising=False)
    settings = Settings([8], ["float32"], ["both"], pace=quick)
    (result,) = run_bench(["mish"], settings).results
    assert result.engine == "cpu+eager"


def test_a_contest_is_repeatable():
    first, second = (cell.Contest.of(ogive.get("mish"), "bfloat16", 64, seed=0) for _ in range(2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.gradient, second.gradient)
    assert first.x.dtype == first.gradient.dtype == torch.bfloat16


def test_what_cannot_be_measured_is_left_out_with_a_reason(quick):
    settings = Settings([1], ["float32", "float64"], ["forward", "backward"], pace=quick)
    found = run_bench(["glu", "relu"], settings)
    assert [r.cell.name for r in found.results] == ["relu"] * 4
    (line,) = found.left_out
    assert "glu at size 1" in line
    assert "must be even" in line


def test_threads_are_set_and_restored(quick):
    before = torch.get_num_threads()
    settings = Settings([1], ["float32"], ["forward"], threads=before + 1, pace=quick)
    assert run_bench(["relu"], settings).machine.threads == before + 1
    assert torch.get_num_threads() == before


def test_progress_is_told_for_every_cell(quick):
    told = []
    settings = Settings([1, 2], ["float32"], ["forward", "both"], pace=quick)
    run_bench(["glu", "relu"], settings, notify=told.append)
    assert [t.done for t in told] == [2, 3, 4, 5, 6, 7, 8]
    assert {t.total for t in told} == {8}


def test_a_preset_name_is_not_compared_with_the_operator_of_the_defaults(quick):
    settings = Settings([8], ["float32"], ["forward"], pace=quick)
    (result,) = run_bench(["torch:clamp"], settings).results
    assert result.ratio("torch") is None


def test_means_are_over_what_torch_has():
    def result(name, ours, theirs):
        where = cell.Cell(name, "float32", 1, "forward")
        return cell.Result(where, {"ogive": (ours,), "torch": (theirs,), "eager": (ours,)}, "cpu")

    given = [result("relu", 2.0, 1.0), result("mish", 8.0, 1.0), result("snake", 9.0, 1.0)]
    found = {mean.over: (mean.ratio, mean.count) for mean in means(given)}
    assert found == {"torch": (pytest.approx(4.0), 2), "eager": (1.0, 2)}


def test_facts_are_plain_and_complete(quick):
    settings = Settings([64], ["float32"], ["forward"], pace=quick)
    told = bench_facts(run_bench(["relu"], settings))
    assert list(told) == ["machine", "settings", "cells", "means", "first_call", "left_out"]
    (row,) = told["cells"]
    assert set(row["seconds"]) == {"ogive", "torch", "eager", "copy"}
    assert set(row["ratios"]) == {"ogive/torch", "ogive/eager", "ogive/copy"}
    assert told["machine"]["torch"] == torch.__version__


def test_compiled_operators_take_part(quick, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    settings = Settings([8], ["float32"], compiled=True, pace=quick)
    results = run_bench(["relu", "snake"], settings).results
    assert len(results) == 6
    assert all("compiled" in result.times for result in results)


def test_a_missing_compiler_is_said_at_once(monkeypatch):
    def broken(*arguments, **options):
        raise RuntimeError("no g++\nand more")

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(OgiveError, match=r"RuntimeError: no g\+\+\).*C\+\+ compiler"):
        run_bench(["relu"], Settings(compiled=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dtypes": ["float33"]}, "did you mean 'float32'"),
        ({"dtypes": []}, "no dtype given"),
        ({"directions": ["foward"]}, "did you mean 'forward'"),
        ({"sizes": []}, "no size given"),
        ({"sizes": [0]}, "a size must be a whole number from 1 on, not 0"),
        ({"threads": 0}, "the number of threads"),
        ({"pace": Pace(rounds=0)}, "the number of rounds"),
    ],
)
def test_settings_are_checked(wrong, message):
    with pytest.raises(OgiveError, match=message):
        Settings(**wrong)


# where, and the first call


def test_the_machine_is_named(monkeypatch, tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: Some CPU: fast\nprocessor\t: 1\n")
    monkeypatch.setattr(processor, "CPUINFO", info)
    here = processor.Machine.here()
    assert here.cpu == "Some CPU: fast"
    assert here.cores >= 1
    assert torch.__version__ in str(here)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "missing")
    assert processor.Machine.here().cpu


def test_the_first_call_is_measured_twice_with_one_new_cache(monkeypatch):
    given = []

    def run(command, env, **options):
        given.append((command[-1], env[firstcall.CACHE]))
        times = ["[0.5, 0.25]", "[0.1, 0.05]"][len(given) - 1]
        return firstcall.subprocess.CompletedProcess(command, 0, times, "")

    monkeypatch.setattr(firstcall.subprocess, "run", run)
    found = firstcall.first_call("silu")
    assert found == firstcall.FirstCall("silu", 0.5, 0.25, 0.1, 0.05)
    assert given[0] == given[1]
    assert given[0][0] == "silu"


def test_the_program_of_the_first_call_runs(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["-c", "mish"])
    exec(compile(firstcall._PROGRAM, "program", "exec"), {})
    call, gradient = firstcall.json.loads(capsys.readouterr().out)
    assert call > 0
    assert gradient > 0


def test_a_process_that_fails_is_reported(monkeypatch):
    monkeypatch.setattr(firstcall, "_PROGRAM", "raise SystemExit('broken')")
    with pytest.raises(OgiveError, match="a new process could not call mish: broken"):
        firstcall.first_call("mish")

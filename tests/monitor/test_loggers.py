"""Loggers: what was written is read back with the packages' readers; what fails is told once."""

import csv
import json
import logging
import math
import struct
import sys
import time
import warnings

import pytest
import torch
from snapshots import DEAD, INPUT, PLACES, snapshot
from torch import nn

import ogive
from ogive.errors import LoggerWarning, MissingExtra, OgiveError
from ogive.monitor.loggers import HealthLogger, Loggers
from ogive.monitor.loggers.files import COLUMNS, CSV_HEADER
from ogive.monitor.loggers.scalars import scalars
from ogive.monitor.loggers.short_names import KINDS_OF_LOGGER

STEPS = (10, 20)


def written(*given, steps=STEPS):
    """Two snapshots, written and closed."""
    loggers = Loggers(list(given))
    for step in steps:
        loggers.write(snapshot(step))
    loggers.close()


def same(found: float, expected: float) -> bool:
    return (math.isnan(found) and math.isnan(expected)) or found == pytest.approx(
        expected, rel=1e-6
    )


# numbers


def test_every_number_that_may_change_has_a_name():
    numbers = scalars(snapshot())
    assert numbers["ogive.gradient_in/fc1.act"] == 1e-3
    assert numbers["ogive.findings/error"] == 1
    assert "ogive.chi/block.act#2" not in numbers  # not measured
    constant = ("entry", "units", "samples")
    per_place = {
        name.partition("/")[0] for name in numbers if not name.startswith("ogive.findings")
    }
    assert per_place == {f"ogive.{name}" for name in COLUMNS if name not in constant}


# files


def test_a_table_has_a_row_for_each_place_and_step(tmp_path):
    path = tmp_path / "made" / "health.csv"
    written(f"csv:{path}")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["step"], r["place"]) for r in rows] == [
        (str(step), place) for step in STEPS for place in (*PLACES, "input")
    ]
    assert tuple(rows[0]) == CSV_HEADER
    assert [r["findings"] for r in rows] == ["dead", "", "off_centre"] * 2
    for row in rows:
        for name, value in PLACES.get(row["place"], dict.fromkeys(COLUMNS)).items():
            assert row[name] == ("" if value is None else str(value))


def test_a_table_is_continued_with_one_head(tmp_path):
    path = tmp_path / "health.csv"
    written(f"csv:{path}", steps=[10])
    written(f"csv:{path}", steps=[20])
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + 2 * len([*PLACES, "input"])
    assert sum(line.startswith("step,") for line in lines) == 1


@pytest.mark.parametrize("kind", ["csv", "tensorboard"])
def test_what_was_closed_is_opened_again(kind, tmp_path):
    path = tmp_path / "health"
    loggers = Loggers([f"{kind}:{path}"])
    for step in STEPS:
        loggers.write(snapshot(step))
        loggers.close()
    if kind == "csv":
        assert len(path.read_text().splitlines()) == 1 + 2 * len([*PLACES, "input"])
    else:
        assert len(list(path.iterdir())) == 2


def test_a_table_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(OgiveError, match="other columns"):
        Loggers([f"csv:{path}"])
    assert path.read_text() == "a,b\n1,2\n"


def test_json_lines_hold_everything(tmp_path):
    path = tmp_path / "health.jsonl"
    written(f"jsonl:{path}")
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert (first["step"], second["step"]) == STEPS
    assert first["findings"] == [DEAD, INPUT]
    assert first["places"]["fc1.act"] == PLACES["fc1.act"]
    odd = first["places"]["block.act#2"]
    assert (odd["second_f"], odd["chi"], odd["gradient_in"]) == ("nan", None, "inf")


# trackers


def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    written(f"tensorboard:{tmp_path}")
    events = EventAccumulator(str(tmp_path)).Reload()
    expected = scalars(snapshot())
    assert set(events.Tags()["scalars"]) == set(expected)
    for name, value in expected.items():
        told = events.Scalars(name)
        assert [event.step for event in told] == list(STEPS)
        assert all(same(event.value, value) for event in told)
    text, _ = events.Tensors("ogive/findings/text_summary")  # once, as it is the same at step 20
    assert b"dead at fc1.act" in text.tensor_proto.string_val[0]


def test_mlflow(tmp_path, monkeypatch):
    import mlflow

    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    written(f"mlflow:{tmp_path / 'runs'}")
    assert "MLFLOW_ALLOW_FILE_STORE" not in sys.modules["os"].environ
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "runs").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("ogive").experiment_id])
    assert run.info.status == "FINISHED"
    for name, value in scalars(snapshot()).items():
        history = client.get_metric_history(run.info.run_id, name.replace("#", ":"))
        assert [metric.step for metric in history] == list(STEPS)
        assert all(same(metric.value, value) for metric in history)


def offline_records(data):
    """The records of a file of W&B's, whose own reader is a program: LevelDB's log format."""
    at, whole, block = 7, b"", 1 << 15  # after its name and version
    while at + 7 <= len(data):
        if block - at % block < 7:
            at += block - at % block
            continue
        _, length, part = struct.unpack("<IHB", data[at : at + 7])
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if part in (1, 4):  # all of it, or its last part
            yield whole
            whole = b""


@pytest.fixture
def wandb_records(monkeypatch):
    """Reads what an offline run of W&B keeps on the disk."""
    monkeypatch.setenv("WANDB_SILENT", "true")

    def read(folder):
        from wandb.proto.wandb_internal_pb2 import Record

        (path,) = folder.rglob("run-*.wandb")
        records, end = [], time.monotonic() + 30
        while not any(r.WhichOneof("record_type") == "exit" for r in records):
            assert time.monotonic() < end, "W&B's process has not written the end of the run"
            time.sleep(0.05)  # it writes after `finish` has returned
            records = [Record.FromString(data) for data in offline_records(path.read_bytes())]
        for record in records:
            if record.WhichOneof("record_type") == "history":
                yield {
                    (item.key or "/".join(item.nested_key)): json.loads(item.value_json)
                    for item in record.history.item
                }

    return read


def test_wandb_offline(tmp_path, wandb_records):
    written(f"wandb:{tmp_path}")
    rows = list(wandb_records(tmp_path))
    assert [row["ogive.step"] for row in rows] == list(STEPS)
    for name in ("ogive.dead/fc1.act", "ogive.gain_expected/block.act#2", "ogive.findings/error"):
        assert rows[0][name] == pytest.approx(scalars(snapshot())[name])


def test_a_run_that_logs_on_its_own_loses_nothing(tmp_path, wandb_records):
    """The user's own steps are ahead of the monitor's, which W&B would drop."""
    import wandb

    run = wandb.init(project="own", dir=tmp_path, mode="offline", reinit="create_new")
    loggers = Loggers([run])
    for step in range(50, 53):
        run.log({"loss": 1.0}, step=step)
    loggers.write(snapshot(10))
    run.finish()
    assert any(row.get("ogive.step") == 10 for row in wandb_records(tmp_path))


# objects


class Recorder:
    """Keeps what it is told, whichever way."""

    def __init__(self):
        self.told = []


class WithScalar(Recorder):
    def add_scalar(self, tag, value, global_step=None):
        self.told.append((global_step, {tag: value}))


class WithMetrics(Recorder):
    def log_metrics(self, metrics, step=None):
        self.told.append((step, metrics))


class WithStep(Recorder):
    def log(self, values, step=None, log_kwargs=None):
        self.told.append((step, values))


class WithSecond(Recorder):
    def log(self, values, at):
        self.told.append((at, values))


class WithKeywords(Recorder):
    def log(self, values, **options):
        self.told.append((options["step"], values))


class WithOne(Recorder):
    def log(self, values):
        self.told.append((values.pop("step"), values))


KINDS = [WithScalar, WithMetrics, WithStep, WithSecond, WithKeywords, WithOne]


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_told_numbers_and_step(kind):
    logger = kind()
    written(logger)
    for step in STEPS:
        told = {
            name: value
            for at, numbers in logger.told
            for name, value in numbers.items()
            if at == step
        }
        expected = scalars(snapshot())
        assert told.keys() == expected.keys()
        assert all(same(told[name], value) for name, value in expected.items())


def test_a_logger_of_whole_reports():
    class Whole(Recorder, HealthLogger):
        def write(self, snapshot):
            self.told.append(snapshot)

    logger = Whole()
    written(logger)
    assert logger.told == [snapshot(step) for step in STEPS]


def test_a_logger_of_logging_gets_new_findings():
    class Kept(logging.Handler):
        def emit(self, record):
            records.append(record)

    records, logger = [], logging.Logger("health", logging.INFO)
    logger.addHandler(Kept())
    written(logger)
    record, _ = records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("step 10: error: dead at fc1.act")


def test_an_accelerator_is_a_logger(tmp_path):
    from accelerate import Accelerator
    from accelerate.tracking import GeneralTracker

    told = []

    class Tracker(GeneralTracker):
        name, requires_logging_directory, main_process_only = "own", False, False
        tracker = None

        def store_init_configuration(self, values):
            pass

        def log(self, values, step=None, **options):
            told.append((step, values))

    accelerator = Accelerator(cpu=True, log_with=Tracker())
    accelerator.init_trackers("own")
    written(accelerator)
    assert [step for step, _ in told] == list(STEPS)
    assert told[0][1]["ogive.dead/fc1.act"] == 0.25


# failures


class Broken:
    def log(self, values, step):
        raise OSError("no space left on device")


def test_a_failing_logger_is_told_once_and_the_others_go_on():
    good = WithStep()
    loggers = Loggers([Broken(), good])
    with pytest.warns(LoggerWarning, match=r"Broken.*no space left") as caught:
        loggers.write(snapshot(10))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loggers.write(snapshot(20))
        loggers.close()
    assert [step for step, _ in good.told] == list(STEPS)


def test_a_closed_run_is_told_once(tmp_path, monkeypatch):
    import wandb

    monkeypatch.setenv("WANDB_SILENT", "true")
    run = wandb.init(project="own", dir=tmp_path, mode="offline", reinit="create_new")
    loggers = Loggers([run])
    loggers.write(snapshot(10))
    run.finish()
    with pytest.warns(LoggerWarning, match="finished"):
        loggers.write(snapshot(20))
    loggers.write(snapshot(30))


def test_a_file_that_is_gone_is_told_once(tmp_path):
    loggers = Loggers([f"jsonl:{tmp_path / 'a' / 'health.jsonl'}"])
    (tmp_path / "a" / "health.jsonl").unlink()
    (tmp_path / "a").rmdir()
    with pytest.warns(LoggerWarning, match="jsonl:"):
        loggers.write(snapshot())
    loggers.write(snapshot())


WRONG = {
    "tensorbord:runs": "did you mean 'tensorboard'",
    "csv": "csv:FILE",
    "csv:": "csv:FILE",
    "nonsense": "a name is one of",
    "csv:/proc/none/health.csv": "cannot write",
    "tensorboard:/proc/none": "cannot open the logger",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_name_is_told_before_training(name):
    with pytest.raises(OgiveError, match=WRONG[name]):
        Loggers([name])


@pytest.mark.parametrize(
    "wrong", [3, None, object(), WithStep], ids=["int", "None", "object", "class"]
)
def test_what_cannot_log_is_told_before_training(wrong):
    with pytest.raises(OgiveError, match="a logger is"):
        Loggers([wrong])


@pytest.mark.parametrize("wrong", ["csv:health.csv", 3, None])
def test_loggers_are_a_list(wrong):
    with pytest.raises(OgiveError, match="takes a list"):
        Loggers(wrong)


@pytest.mark.parametrize("kind", ["tensorboard", "wandb", "mlflow"])
def test_a_missing_package_is_named_with_its_extra(kind, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, kind, None)
    with pytest.raises(MissingExtra, match=rf"needs {kind}.*pip install 'ogive\[{kind}\]'"):
        Loggers([f"{kind}:{tmp_path}"])


def test_every_kind_is_tried_here():
    assert set(KINDS_OF_LOGGER) == {"tensorboard", "csv", "jsonl", "wandb", "mlflow"}


def test_other_processes_than_the_first_write_nothing(monkeypatch):
    import torch.distributed

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    logger = WithStep()
    written(logger)
    assert logger.told == []


# evaluations


def evaluated(loggers, last_in_training=True):
    """A step, an evaluation of two batches, and perhaps another step."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1, loggers=loggers) as watch:
        for step in range(1 + last_in_training):
            model.train()
            model(torch.randn(16, 4)).mean().backward()
            optimizer.step()
            if step == 0:
                model.eval()
                for _ in range(2):
                    model(torch.randn(5, 4))
    return watch


@pytest.mark.parametrize("goes_on", [True, False])
def test_an_evaluation_gets_rows_of_its_own_once(tmp_path, goes_on):
    evaluated([f"csv:{tmp_path / 'health.csv'}"], goes_on)
    rows = list(csv.DictReader((tmp_path / "health.csv").read_text().splitlines()))
    found = [(row["step"], row["place"], row["samples"]) for row in rows]
    last = [("1", "1", "32")] if goes_on else []
    assert found == [("0", "1", "16"), ("1", "1 (evaluation)", "10"), *last]


def test_an_evaluation_gets_curves_of_its_own():
    told = []

    class Tracker:
        def log(self, numbers, step):
            told.append((step, numbers))

    class Writer:
        def add_scalar(self, name, value, step):
            curves.append((step, name))

    curves = []
    watch = evaluated([Tracker(), Writer()])
    assert [step for step, _ in told] == [0, 1, 1]
    numbers = told[1][1]
    assert numbers["ogive.evaluation.mean_z/1"] == watch.report().evaluation["1"].mean_z
    assert {name.split(".")[1] for name in numbers} == {"evaluation"}  # findings are the training's
    assert (1, "ogive.evaluation.mean_z/1") in curves

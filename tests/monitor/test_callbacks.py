"""The monitor under other people's training loops: Lightning's, transformers' and Accelerate's."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import ogive
from ogive.bench.packages import package
from ogive.monitor import callbacks

# they import torchvision, which may have been built for another torch
lightning, transformers = package("pytorch_lightning"), package("transformers")
ROWS, STEPS = 32, 8


class Recorder:
    """A logger of the user's own."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.names: set[str] = set()

    def log(self, numbers: dict[str, float], step: int) -> None:
        self.steps.append(step)
        self.names |= numbers.keys()


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))


def hooks(model: nn.Module) -> int:
    return sum(
        len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks)
        for m in model.modules()
    )


class Learner(lightning.LightningModule):
    def __init__(self, fail_at: int = -1) -> None:
        super().__init__()
        self.net, self.fail_at = network(), fail_at

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        if index == self.fail_at:
            raise RuntimeError("the training failed")
        return F.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: list[Tensor], index: int) -> None:
        self.net(batch[0])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.1)


def rows() -> DataLoader:
    x = torch.randn(ROWS, 4, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=ROWS // STEPS)


def fit(callback, folder, learner=None, logger=False) -> Learner:
    learner = learner or Learner()
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=logger,
        callbacks=[callback],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(learner, rows(), rows())
    return learner


# Lightning's own: an old name of torch's pytree, and advice on how to read data
OF_LIGHTNING = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:The number of training batches"),
]


class TestLightning:
    pytestmark = OF_LIGHTNING

    def test_a_fit_is_watched_from_start_to_end(self, tmp_path):
        recorder = Recorder()
        callback = callbacks.LightningCallback(every=2, loggers=[recorder])
        learner = fit(callback, tmp_path)
        report = callback.report()
        assert list(report.places) == ["net.1"]
        assert report.places["net.1"].entry == "relu"
        assert report.step == STEPS - 2
        assert recorder.steps == [*range(0, STEPS, 2), STEPS]  # the last is the validation
        assert "ogive.dead/net.1" in recorder.names
        assert hooks(learner) == 0

    def test_the_trainer_s_logger_is_told_too(self, tmp_path):
        logger = lightning.loggers.CSVLogger(tmp_path)
        fit(callbacks.LightningCallback(every=2), tmp_path, logger=logger)
        (path,) = tmp_path.rglob("metrics.csv")
        assert "ogive.dead/net.1" in path.read_text()

    def test_a_failing_training_fails_and_leaves_no_hooks(self, tmp_path):
        callback, learner = callbacks.LightningCallback(every=1), Learner(fail_at=3)
        with pytest.raises(RuntimeError, match="the training failed"):
            fit(callback, tmp_path, learner)
        assert hooks(learner) == 0
        assert callback.report().step == 2


class Classifier(nn.Module):
    """What transformers' Trainer takes: keywords in, a loss and scores out."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        scores = self.net(x)
        return {"loss": F.cross_entropy(scores, labels), "logits": scores}


def test_a_trainer_of_transformers_is_watched(tmp_path):
    x, y = rows().dataset.tensors
    recorder = Recorder()
    callback = callbacks.TransformersCallback(every=2, loggers=[recorder])
    model = Classifier()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=STEPS,
        per_device_train_batch_size=8,
        gradient_accumulation_steps=2,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        save_strategy="no",
    )
    data = [{"x": row, "labels": int(label)} for row, label in zip(x, y, strict=True)]
    trainer = transformers.Trainer(model, arguments, train_dataset=data, callbacks=[callback])
    trainer.train()
    assert list(callback.report().places) == ["net.1"]
    assert callback.report().step == STEPS - 2
    assert recorder.steps == list(range(0, STEPS, 2))
    assert hooks(model) == 0


def test_a_model_that_accelerate_prepared_is_watched():
    from accelerate.tracking import GeneralTracker

    told = []

    class Tracker(GeneralTracker):
        name, requires_logging_directory, main_process_only, tracker = "own", False, False, None

        def store_init_configuration(self, values):
            pass

        def log(self, values, step=None, **options):
            told.append((step, values))

    accelerator = Accelerator(cpu=True, log_with=Tracker())
    accelerator.init_trackers("own")
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model, optimizer, loader = accelerator.prepare(model, optimizer, rows())
    with ogive.Monitor(model, optimizer=optimizer, every=2, loggers=[accelerator]) as watch:
        for x, y in loader:
            optimizer.zero_grad()
            accelerator.backward(F.cross_entropy(model(x), y))
            optimizer.step()
    assert list(watch.report().places) == ["1"]
    assert watch.report().step == STEPS - 2
    assert [step for step, _ in told] == list(range(0, STEPS, 2))


# the classes


@pytest.mark.parametrize("name", ["LightningCallback", "TransformersCallback"])
def test_a_callback_is_a_class_that_copies_and_pickles(name):
    made = getattr(callbacks, name)
    assert made is getattr(callbacks, name)
    callback = made(every=3)
    for twin in (pickle.loads(pickle.dumps(callback)), copy.deepcopy(callback)):
        assert type(twin) is made
        assert twin.options == {"every": 3}
        assert twin.watch is None


def test_a_report_before_the_training_is_told():
    with pytest.raises(RuntimeError, match="nothing was trained yet"):
        callbacks.LightningCallback().report()


def test_other_names_are_unknown():
    with pytest.raises(AttributeError, match="KerasCallback"):
        _ = callbacks.KerasCallback

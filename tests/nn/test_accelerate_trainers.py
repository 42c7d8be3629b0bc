"""Accelerated models under other people's training loops: Lightning's and transformers'."""

from pathlib import Path

import others  # noqa: F401 - before transformers, which needs it
import pytest
import pytorch_lightning as lightning
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from transformers import Trainer, TrainingArguments

import ogive
from ogive.bench.models import TINY, TOKENS, build_model, call_model
from ogive.bench.training_steps import UNTOUCHED, accelerated

GENERATOR = torch.Generator()


class Learner(lightning.LightningModule):
    """A Lightning module around any network, which remembers its losses."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.losses = net, list[float]()

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        loss = (self.net(batch[0]) - batch[0]).square().mean()
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.1)


# Lightning's own: an old name of torch's pytree, and advice on how to read data
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_a_lightning_module(tmp_path: Path) -> None:
    """Accelerated inside of the module, checkpointed by Lightning, read into an untouched one."""
    model, x = build_model("linear_silu_linear", TINY)
    rows = DataLoader(TensorDataset(x), batch_size=8)
    learners = [Learner(accelerated(model, mode)) for mode in (UNTOUCHED, "exact")]
    for learner in learners:
        trainer = lightning.Trainer(
            max_epochs=2,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=tmp_path,
        )
        with ogive.served() as calls:
            trainer.fit(learner, rows)
    assert {c.engine for c in calls} == {"cpu"}
    untouched, ours = learners
    assert len(ours.losses) == 6
    assert ours.losses[-1] < ours.losses[0]
    torch.testing.assert_close(ours.losses, untouched.losses, rtol=1e-6, atol=0)
    trainer.save_checkpoint(tmp_path / "last.ckpt", weights_only=True)
    read = Learner.load_from_checkpoint(
        tmp_path / "last.ckpt", net=accelerated(model, UNTOUCHED), weights_only=True
    )
    torch.testing.assert_close(read.net(x), ours.net(x))


class Classifier(nn.Module):
    """What transformers' Trainer takes: keywords in, a loss and scores out."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = build_model("llama", TINY)[0], nn.Linear(TINY.width, 2)

    def forward(self, input_ids: Tensor, labels: Tensor) -> dict[str, Tensor]:
        scores = self.head(call_model(self.body, {"input_ids": input_ids})[:, -1])
        return {"loss": F.cross_entropy(scores, labels), "logits": scores}


def test_the_trainer_of_transformers(tmp_path: Path) -> None:
    tokens = torch.randint(0, TOKENS, (8, 6), generator=GENERATOR.manual_seed(0))
    rows = [{"input_ids": row, "labels": i % 2} for i, row in enumerate(tokens)]
    torch.manual_seed(0)
    model, curves = Classifier(), []
    for mode in (UNTOUCHED, "exact"):
        arguments = TrainingArguments(
            output_dir=str(tmp_path),
            max_steps=4,
            per_device_train_batch_size=4,
            learning_rate=1e-3,
            logging_steps=1,
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            save_strategy="no",
        )
        trainer = Trainer(accelerated(model, mode), arguments, train_dataset=rows)
        with ogive.served() as calls:
            trainer.train()
        curves.append([row["loss"] for row in trainer.state.log_history if "loss" in row])
    assert {c.engine for c in calls} == {"cpu"}
    assert len(curves[0]) == 4
    torch.testing.assert_close(curves[1], curves[0], rtol=1e-4, atol=0)

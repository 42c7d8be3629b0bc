"""The rows that stacked networks are trained on: those of every run, in the order of its seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ogive.study.data.tasks import Split


class StackedRows:
    """The training and test rows of several seeds, for runs that each take those of one seed.

    The order of a seed's batches is drawn from a generator of its own, so it is the same whatever
    is trained beside it, and noise cannot shift it.
    """

    def __init__(
        self, seeds: Sequence[int], splits: Mapping[int, Split], used: int | None = None
    ) -> None:
        self.own = sorted(set(seeds))
        parts = [splits[seed] for seed in self.own]
        self._place = torch.tensor([self.own.index(seed) for seed in seeds])
        self.count = len(parts[0].train_x[:used])
        self._x = torch.cat([part.train_x[:used] for part in parts])
        self._y = torch.cat([part.train_y[:used] for part in parts])
        self._test_x = torch.stack([part.test_x for part in parts])
        self.test_y = [splits[seed].test_y for seed in seeds]
        self._orders = [torch.Generator().manual_seed(seed) for seed in self.own]

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch: rows ``(runs, size, ...)`` and targets; the last batch may be smaller."""
        orders = torch.stack([torch.randperm(self.count, generator=g) for g in self._orders])
        first = torch.arange(len(self.own)).unsqueeze(1) * self.count
        places = (orders + first)[self._place]
        for rows in torch.split(places, size, dim=1):
            yield self._x[rows], self._y[rows]

    def steps(self, size: int) -> int:
        """How many batches an epoch has."""
        return -(-self.count // size)

    def test_rows(self) -> Tensor:
        """The test rows of every run, ``(runs, rows, ...)``."""
        return self._test_x[self._place]

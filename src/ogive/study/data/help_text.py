"""Sentences of Python's own help as text to predict: what character comes next.

The text comes with Python (``pydoc_data.topics``) and differs a little between its versions; a
study's journal notices, since it goes by the numbers of a split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

import numpy as np
import torch

from ogive.study.data.splitting import DataArray, split_rows
from ogive.study.data.tasks import Split
from ogive.study.errors import StudyError

CONTEXT = 32
TRAINING_WINDOWS, TEST_WINDOWS = 4000, 1000
#: What the numbers of characters mean: 0 is any other than the printable ones of ASCII.
CHARACTERS = "\N{REPLACEMENT CHARACTER}\n" + "".join(map(chr, range(32, 127)))


@dataclass(frozen=True)
class HelpText:
    """The text as numbers of characters, topic after topic.

    Attributes:
        tokens: the number of each character in ``CHARACTERS``.
        topics: the topic of each character.
    """

    tokens: DataArray
    topics: DataArray


@lru_cache(maxsize=1)
def help_text() -> HelpText:
    """Python's help.

    Raises:
        StudyError: where Python was packaged without it.
    """
    try:
        topics: dict[str, str] = import_module("pydoc_data.topics").topics
    except ImportError:
        raise StudyError(
            "this Python comes without the texts of its help (pydoc_data); install the full one, "
            "or choose another task"
        ) from None
    texts = [topics[name] for name in sorted(topics)]
    numbers = {character: number for number, character in enumerate(CHARACTERS)}
    tokens = [numbers.get(character, 0) for text in texts for character in text]
    lengths = [len(text) for text in texts]
    return HelpText(np.array(tokens, dtype=np.int64), np.repeat(np.arange(len(texts)), lengths))


def next_characters(seed: int) -> Split:
    """Windows of 32 characters and the character behind each; whole topics test."""
    text = help_text()
    train, test = split_rows(int(text.topics[-1]) + 1, seed)
    random = np.random.default_rng(seed)
    train_at = _drawn(text.topics, train.numpy(), TRAINING_WINDOWS, random)
    test_at = _drawn(text.topics, test.numpy(), TEST_WINDOWS, random)
    return Split(
        *_windows(text.tokens, train_at),
        *_windows(text.tokens, test_at),
        torch.from_numpy(text.topics[train_at]),
        seed,
    )


def _drawn(
    topics: DataArray, chosen: DataArray, count: int, random: np.random.Generator
) -> DataArray:
    """Where windows of some topics begin; a window and what is behind it lie in one topic."""
    within = topics[:-CONTEXT] == topics[CONTEXT:]
    starts = np.flatnonzero(within & np.isin(topics[:-CONTEXT], chosen))
    return random.choice(starts, count, replace=False)


def _windows(tokens: DataArray, starts: DataArray) -> tuple[torch.Tensor, torch.Tensor]:
    windows = tokens[starts[:, None] + np.arange(CONTEXT)]
    return torch.from_numpy(windows), torch.from_numpy(tokens[starts + CONTEXT])

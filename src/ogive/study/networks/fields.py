"""What a network says on a plane: on a square grid over two features, packed into text."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ogive.study.data.splitting import DataArray
from ogive.study.data.tasks import Split

FIELD_SIDE = 72
_LEVELS = 2**16 - 2  # even, so that one half is a level
#: Rows farther out than all but this share are not shown: one outlier would hide all others.
_SHOWN, _MARGIN = 0.995, 1.15
#: Quantities are shown to so many standard deviations.
SHOWN_DEVIATIONS = 2.5


@dataclass(frozen=True)
class PlaneField:
    """A grid of answers, lowest row first.

    Attributes:
        extent: the grid reaches from -extent to extent in both features.
        levels: of two classes the probability of the second; of more that of the likeliest; of a
            quantity 0 to 1 for -2.5 to 2.5 of its standard deviations.
        classes: of more than two classes, which is the likeliest.
    """

    extent: float
    levels: DataArray
    classes: DataArray | None = None


def boundary_field(network: nn.Module, split: Split) -> dict[str, Any]:
    """The answers of a network on a grid over the plane, as plain data; see :class:`PlaneField`."""
    away = torch.cat([split.train_x, split.test_x]).abs()
    extent = _MARGIN * float(torch.quantile(away, _SHOWN))
    side = torch.linspace(-extent, extent, FIELD_SIDE)
    grid = torch.cartesian_prod(side, side)[:, [1, 0]]
    with torch.no_grad():
        answers = network.eval()(grid).nan_to_num(0.0)
    packed: dict[str, Any] = {"extent": extent}
    if answers.shape[1] == 1:
        return packed | {"levels": _packed(answers[:, 0] / (2 * SHOWN_DEVIATIONS) + 0.5)}
    probability = answers.softmax(1)
    if answers.shape[1] == 2:
        return packed | {"levels": _packed(probability[:, 1])}
    likeliest, numbers = probability.max(1)
    return packed | {"levels": _packed(likeliest), "classes": _packed(numbers / _LEVELS)}


def unpack_field(field: dict[str, Any]) -> PlaneField:
    """The grid that :func:`boundary_field` packed."""
    levels = _unpacked(field["levels"])
    if "classes" not in field:
        return PlaneField(field["extent"], levels)
    classes = (_unpacked(field["classes"]) * _LEVELS).round().astype(np.int64)
    return PlaneField(field["extent"], levels, classes)


def _packed(values: torch.Tensor) -> str:
    levels = (values.clamp(0, 1).double().numpy() * _LEVELS).round().astype("<u2")
    return base64.b85encode(zlib.compress(levels.tobytes())).decode()


def _unpacked(text: str) -> DataArray:
    levels = np.frombuffer(zlib.decompress(base64.b85decode(text)), dtype="<u2")
    shaped: DataArray = levels.reshape(FIELD_SIDE, FIELD_SIDE) / _LEVELS
    return shaped

"""Noise from a seed and a place: the same number whenever it is asked for, so that backward makes
it anew and nothing but the seed is kept.

Philox 4x32 with ten rounds (J. Salmon and others 2011, "Parallel random numbers: as easy as 1, 2,
3") turns a key, a stream and the number of an element into random bits. Key and stream are two
random numbers from torch's generator, drawn by torch's own operator: so seeds, states of
generators, checkpoints and CUDA graphs do with this noise what they do with torch's. Element i of a
tensor, in the order of its indices, gets the noise i, however the tensor lies in memory.

Here it is in torch's operators, for engines without kernels for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

#: Law of the noise -> its kinds by the bits of its numbers.
LAWS = ("uniform", "normal", "gumbel")
#: Kind of noise -> the numbers that one turn of the generator gives.
PER_TURN = {f"{law}{bits}": 128 // bits for law in LAWS for bits in (32, 64)}
#: Multipliers of the two halves, and what the two words of the key are raised by.
MULTIPLIERS, RAISED = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
PHILOX_ROUNDS = 10
_WORD = 0xFFFFFFFF
#: Rows of noise begin at a multiple of so many numbers: with a turn of their own.
ROW_STEP = 4


def kind_of(law: str, dtype: torch.dtype) -> str:
    """The noise for data of a dtype: float64 for float64, else float32."""
    return f"{law}{64 if dtype is torch.float64 else 32}"


def new_seed(device: torch.device, generator: torch.Generator | None = None) -> Tensor:
    """Key and stream, from torch's generator of the device or from the one given."""
    return torch.empty(2, dtype=torch.int64, device=device).random_(generator=generator)


def noise_of(kind: str, seed: Tensor, shape: Sequence[int]) -> Tensor:
    """The noise of a tensor.

    ``uniform`` numbers are those in the middle of 2**23 (float64: 2**52) equal parts of [0, 1]: 0
    and 1 are not among them.
    """
    count, each = math.prod(shape), PER_TURN[kind]
    turns = torch.arange(-(-count // each), device=seed.device)
    made = _OF_WORDS[kind](*_words(seed, turns))
    return torch.stack(made, -1).reshape(-1)[:count].reshape(tuple(shape))


def noise_of_rows(kind: str, seed: Tensor, shape: Sequence[int], dim: int) -> Tensor:
    """The noise of rows along a dimension, counted from 0: of each row and place in it, wherever
    the dimension is."""
    n, others = shape[dim], (*shape[:dim], *shape[dim + 1 :])
    width = -(-n // ROW_STEP) * ROW_STEP
    return noise_of(kind, seed, (*others, width))[..., :n].movedim(-1, dim)


def _words(seed: Tensor, turns: Tensor) -> list[Tensor]:
    """Four words of 32 random bits for each turn."""
    key, stream = seed.unbind()
    k = [key & _WORD, (key >> 32) & _WORD]
    c = [turns & _WORD, (turns >> 32) & _WORD, stream & _WORD, (stream >> 32) & _WORD]
    for _ in range(PHILOX_ROUNDS):
        (low0, high0), (low1, high1) = (
            ((a * m) & _WORD, ((a * m) >> 32) & _WORD)
            for a, m in zip(c[::2], MULTIPLIERS, strict=True)
        )
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(a + b) & _WORD for a, b in zip(k, RAISED, strict=True)]
    return c


def _uniform32(*words: Tensor) -> list[Tensor]:
    return [((w >> 9).float() + 0.5) * 2.0**-23 for w in words]


def _uniform64(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> list[Tensor]:
    pairs = (a, b), (c, d)
    return [(((u >> 6) * 2**26 + (v >> 6)).double() + 0.5) * 2.0**-52 for u, v in pairs]


def _normal32(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> list[Tensor]:
    """G. Box and M. Muller 1958; the first of two words is (0, 1], the other a turn."""
    made = []
    for u, v in ((a, b), (c, d)):
        made += _on_circle((u.float() + 0.5) * 2.0**-32, (v.float() - 2.0**31) * 2.0**-32)
    return made


def _normal64(*words: Tensor) -> list[Tensor]:
    size, turn = _uniform64(*words)
    return _on_circle(size, turn - 0.5)


def _on_circle(share: Tensor, turn: Tensor) -> list[Tensor]:
    radius, angle = (-2 * share.log()).clamp(min=0).sqrt(), 2 * math.pi * turn
    return [radius * angle.cos(), radius * angle.sin()]


def _gumbel32(*words: Tensor) -> list[Tensor]:
    return [_gumbel((w.float() + 0.5) * 2.0**-32) for w in words]


def _gumbel64(*words: Tensor) -> list[Tensor]:
    return [_gumbel(share) for share in _uniform64(*words)]


def _gumbel(share: Tensor) -> Tensor:
    """-log of an exponential number. Small shares have all their digits: they give the large
    numbers, of which the largest decides."""
    below_one = 1 - torch.finfo(share.dtype).eps / 2
    return -(-(-share.clamp(max=below_one)).log1p()).log()


_OF_WORDS: dict[str, Callable[..., list[Tensor]]] = {
    "uniform32": _uniform32,
    "uniform64": _uniform64,
    "normal32": _normal32,
    "normal64": _normal64,
    "gumbel32": _gumbel32,
    "gumbel64": _gumbel64,
}

"""Philox against the words that its authors publish, and its noise against its laws."""

import math

import pytest
import torch

from ogive.engine import philox

#: Counter and key, and the words of ten rounds: kat_vectors of Random123.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
COUNT = 2**18
NOISE = {
    kind: philox.noise_of(kind, torch.tensor([1234567, 89]), (COUNT,)) for kind in philox.PER_TURN
}
LAW = {
    "uniform": lambda x: x,
    "normal": torch.special.ndtr,
    "gumbel": lambda x: (-(-x).exp()).exp(),
}
#: Mean and variance.
MOMENTS = {
    "uniform": (0.5, 1 / 12),
    "normal": (0.0, 1.0),
    "gumbel": (0.5772156649015329, math.pi**2 / 6),
}
by_kind = pytest.mark.parametrize("kind", NOISE)


def whole(low: int, high: int) -> int:
    """Two words as a number of int64."""
    value = high << 32 | low
    return value - 2**64 if value >= 2**63 else value


@pytest.mark.parametrize(("counter", "key", "words"), PUBLISHED)
def test_the_published_words(counter, key, words) -> None:
    seed = torch.tensor([whole(*key), whole(*counter[2:])])
    turn = torch.tensor([whole(*counter[:2])])
    assert [int(w) for w in philox._words(seed, turn)] == list(words)


@by_kind
def test_the_law_by_kolmogorov_and_smirnov(kind) -> None:
    x = NOISE[kind].double().sort().values
    law = LAW[kind[:-2]](x)
    steps = torch.arange(COUNT + 1, dtype=torch.float64) / COUNT
    apart = max((law - steps[:-1]).abs().max(), (steps[1:] - law).abs().max())
    assert apart * math.sqrt(COUNT) < 1.63  # one seed in a hundred is farther off


@by_kind
def test_mean_variance_and_neighbours(kind) -> None:
    x = NOISE[kind].double()
    mean, variance = MOMENTS[kind[:-2]]
    z = (x - mean) / math.sqrt(variance)
    assert abs(z.mean()) < 4 / math.sqrt(COUNT)
    fourth = z.square().square().mean()
    assert abs(z.square().mean() - 1) < 4 * math.sqrt((fourth - 1) / COUNT)
    for apart in range(1, 9):
        assert abs((z[apart:] * z[:-apart]).mean()) < 4 / math.sqrt(COUNT), apart


@pytest.mark.parametrize("bits", [32, 64])
def test_the_ends_are_never_drawn(bits) -> None:
    """Not even by the words that come closest; logarithms of both u and 1 - u are finite."""
    ends = torch.tensor([0, 2**32 - 1])
    for u in philox._OF_WORDS[f"uniform{bits}"](ends, ends, ends, ends):
        assert (u > 0).all()
        assert (u < 1).all()
        assert (1 - u > 0).all()
    for law in ("normal", "gumbel"):
        for n in philox._OF_WORDS[f"{law}{bits}"](ends, ends, ends, ends):
            assert n.isfinite().all()


def test_a_number_depends_on_its_place_alone() -> None:
    seed = torch.tensor([5, 6])
    for kind in philox.PER_TURN:
        long = philox.noise_of(kind, seed, (3, 7))
        assert torch.equal(philox.noise_of(kind, seed, (5,)), long.flatten()[:5])
        assert philox.noise_of(kind, seed, ()).shape == ()


def test_rows_of_noise_depend_on_row_and_place_alone() -> None:
    seed = torch.tensor([5, 6])
    rows = philox.noise_of_rows("gumbel32", seed, (4, 3, 7), 2)
    assert torch.equal(philox.noise_of_rows("gumbel32", seed, (4, 7, 3), 1), rows.movedim(2, 1))
    assert torch.equal(philox.noise_of_rows("gumbel32", seed, (2, 3, 5), 2), rows[:2, :, :5])


def test_seeds_are_torchs() -> None:
    device = torch.device("cpu")
    torch.manual_seed(0)
    first, second = philox.new_seed(device), philox.new_seed(device)
    torch.manual_seed(0)
    assert torch.equal(philox.new_seed(device), first)
    assert not torch.equal(first, second)
    state = torch.get_rng_state()
    own = [philox.new_seed(device, torch.Generator().manual_seed(7)) for _ in range(2)]
    assert torch.equal(*own)
    assert torch.equal(torch.get_rng_state(), state)

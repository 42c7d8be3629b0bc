"""Noise in kernels: philox.py in Triton's language.

A block along memory takes each turn of the generator once, for neighbouring elements; elements
that lie anywhere take a turn each, and one of its numbers.
"""

from __future__ import annotations

import math

from ogive.engine.philox import MULTIPLIERS, PER_TURN, PHILOX_ROUNDS, RAISED, ROW_STEP


def _word(value: int) -> str:
    return f"tl.full((), {value}, tl.uint32)"


def _rounds() -> str:
    first, second = map(_word, MULTIPLIERS)
    lines = []
    for _ in range(PHILOX_ROUNDS):
        lines += [
            f"    high0, low0 = tl.umulhi(c0, {first}), c0 * {first}",
            f"    high1, low1 = tl.umulhi(c2, {second}), c2 * {second}",
            "    c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0",
            f"    k0, k1 = k0 + {_word(RAISED[0])}, k1 + {_word(RAISED[1])}",
        ]
    return "\n".join(lines)


_WORDS = f"""
@triton.jit
def _words(seed, turn):
    key, stream = tl.load(seed), tl.load(seed + 1)
    k0, k1 = key.to(tl.uint32), (key >> 32).to(tl.uint32)
    c0, c1 = turn.to(tl.uint32), (turn >> 32).to(tl.uint32)
    c2, c3 = c0 * 0 + stream.to(tl.uint32), c0 * 0 + (stream >> 32).to(tl.uint32)
{_rounds()}
    return c0, c1, c2, c3
"""


def _series(first: int, terms: int) -> str:
    """A sine over its argument (first 1), or a cosine (first 0), as a polynomial of the square."""
    powers = [first + 2 * n for n in range(terms)]
    coefficients = [(-1) ** n / math.factorial(power) for n, power in enumerate(powers)]
    *rest, text = map(repr, coefficients)
    for coefficient in reversed(rest):
        text = f"({text} * square + {coefficient})"
    return text


def _on_circle(bits: int, terms: int) -> str:
    """The function of a share and of turns, up to half a one, to a point: by the sine and the
    cosine of half the angle, whose series need no reduction, as which libraries take memory."""
    return f"""
@triton.jit
def _on_circle{bits}(share, turn):
    size = tl.log(share) * -2.0
    radius, half = tl.sqrt(tl.where(size > 0.0, size, 0.0)), turn * {math.pi!r}
    square = half * half
    sine, cosine = half * {_series(1, terms)}, {_series(0, terms + 1)}
    return radius * (1.0 - 2.0 * sine * sine), radius * (2.0 * sine * cosine)
""".strip()


def _of_share(bits: int, terms: int) -> str:
    """-log(-log(1 - share)), the inner logarithm by its series where it is small."""
    series = repr(1.0 / terms)
    for k in range(terms - 1, 0, -1):
        series = f"({series} * share + {1.0 / k!r})"
    most = repr(1.0 - 2.0 ** (-24 if bits == 32 else -53))
    return f"""
@triton.jit
def _of_share{bits}(share):
    share = tl.where(share < {most}, share, {most})
    small = share * {series}
    size = tl.where(share < 0.0625, small, tl.log(1.0 - share) * -1.0)
    return tl.log(size) * -1.0
""".strip()


_OF_WORDS = {
    "uniform32": """
@triton.jit
def _middle32(word):
    return ((word >> 9).to(tl.float32) + 0.5) * 1.1920928955078125e-07


@triton.jit
def _uniform32(a, b, c, d):
    return _middle32(a), _middle32(b), _middle32(c), _middle32(d)
""",
    "uniform64": """
@triton.jit
def _middle64(a, b):
    upper, lower = (a >> 6).to(tl.float64), (b >> 6).to(tl.float64)
    return (upper * 67108864.0 + lower + 0.5) * 2.220446049250313e-16


@triton.jit
def _uniform64(a, b, c, d):
    return _middle64(a, b), _middle64(c, d)
""",
    "normal32": f"""
{_on_circle(32, 6)}


@triton.jit
def _of_two(a, b):
    share = (a.to(tl.float32) + 0.5) * 2.3283064365386963e-10
    return _on_circle32(share, (b.to(tl.float32) - 2147483648.0) * 2.3283064365386963e-10)


@triton.jit
def _normal32(a, b, c, d):
    x0, y0 = _of_two(a, b)
    x1, y1 = _of_two(c, d)
    return x0, y0, x1, y1
""",
    "normal64": f"""
{_on_circle(64, 11)}


@triton.jit
def _normal64(a, b, c, d):
    share, turn = _uniform64(a, b, c, d)
    return _on_circle64(share, turn - 0.5)
""",
    "gumbel32": f"""
{_of_share(32, 7)}


@triton.jit
def _gumbel_of_word(word):
    return _of_share32((word.to(tl.float32) + 0.5) * 2.3283064365386963e-10)


@triton.jit
def _gumbel32(a, b, c, d):
    return _gumbel_of_word(a), _gumbel_of_word(b), _gumbel_of_word(c), _gumbel_of_word(d)
""",
    "gumbel64": f"""
{_of_share(64, 14)}


@triton.jit
def _gumbel64(a, b, c, d):
    u, v = _uniform64(a, b, c, d)
    return _of_share64(u), _of_share64(v)
""",
}
#: By the numbers of a turn: of neighbours, in a row and in several, and of an element anywhere.
_PLACED = {
    4: """
@triton.jit
def _{kind}_block(seed, first, BLOCK: tl.constexpr):
    w, x, y, z = _words(seed, first // 4 + tl.arange(0, BLOCK // 4))
    a, b, c, d = _{kind}(w, x, y, z)
    return tl.reshape(tl.join(tl.join(a, c), tl.join(b, d)), (BLOCK,))


@triton.jit
def _{kind}_rows(seed, first, R: tl.constexpr, C: tl.constexpr):
    w, x, y, z = _words(seed, (first // 4)[:, None] + tl.arange(0, C // 4)[None, :])
    a, b, c, d = _{kind}(w, x, y, z)
    return tl.reshape(tl.join(tl.join(a, c), tl.join(b, d)), (R, C))


@triton.jit
def _{kind}_at(seed, index):
    w, x, y, z = _words(seed, index // 4)
    a, b, c, d = _{kind}(w, x, y, z)
    place = index % 4
    return tl.where(place < 2, tl.where(place == 0, a, b), tl.where(place == 2, c, d))
""",
    2: """
@triton.jit
def _{kind}_block(seed, first, BLOCK: tl.constexpr):
    w, x, y, z = _words(seed, first // 2 + tl.arange(0, BLOCK // 2))
    a, b = _{kind}(w, x, y, z)
    return tl.reshape(tl.join(a, b), (BLOCK,))


@triton.jit
def _{kind}_rows(seed, first, R: tl.constexpr, C: tl.constexpr):
    w, x, y, z = _words(seed, (first // 2)[:, None] + tl.arange(0, C // 2)[None, :])
    a, b = _{kind}(w, x, y, z)
    return tl.reshape(tl.join(a, b), (R, C))


@triton.jit
def _{kind}_at(seed, index):
    w, x, y, z = _words(seed, index // 2)
    a, b = _{kind}(w, x, y, z)
    return tl.where(index % 2 == 0, a, b)
""",
}


def row_of_noise(row: str) -> str:
    """The first number of a row's noise, counted in 64 bits as the row is."""
    return f"{row} * ((n + {ROW_STEP - 1}) // {ROW_STEP} * {ROW_STEP})"


def noise_functions() -> dict[str, str]:
    """What texts may call, by name: for each kind of noise ``_KIND_block(seed, first, BLOCK)``,
    ``_KIND_rows(seed, first, R, C)`` and ``_KIND_at(seed, index)``."""
    found: dict[str, str] = {}
    for kind, each in PER_TURN.items():
        needed = [_WORDS, _OF_WORDS[kind], _PLACED[each].format(kind=kind)]
        if kind in ("normal64", "gumbel64"):
            needed.insert(1, _OF_WORDS["uniform64"])
        text = "\n\n\n".join(part.strip() for part in needed)
        found |= {f"_{kind}_{form}": text for form in ("block", "rows", "at")}
    return found

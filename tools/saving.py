"""Writes docs/generated/saving.md: what entries may keep for backward, and how far off that is."""

from __future__ import annotations

from pathlib import Path

from rich.progress import track

import ogive
from ogive.certify.saving.mode import NotLegal
from ogive.certify.saving.saving import Saving, saving

PAGE = Path(__file__).resolve().parents[1] / "docs" / "generated" / "saving.md"
DTYPES = ("float32", "bfloat16")
HEAD = """\
# What is kept for backward

Written by `make saving`. Backward needs f'(x), so torch keeps x. For an elementwise function less
will do, and `save=` says what; it is an argument of calls, of modules and of `ogive.accelerate`:

```python
import torch, ogive

ogive.get("gelu")(torch.randn(9, requires_grad=True), save="lean")
ogive.nn.GELU(save="code8")
ogive.accelerate(torch.nn.Sequential(torch.nn.GELU()), save="exact")
```

| save | kept, beside the result that the next layer keeps anyway | gradient |
|---|---|---|
| `input` (default of calls) | the input | exact |
| `output` | nothing, or one bit where the function turns once | f'(f⁻¹(y)), fitted |
| `mask` | 0, 1 or 2 bits: which of at most four slopes holds | exact |
| `code8`, `code4` | f' in 254 or 14 steps over its range, NaN apart | off by half a step at most |
| `exact` (default of `accelerate`) | `mask` where there is one, else the input | exact |
| `lean` | the least that is off by no more than bfloat16's rounding of the largest slope | stated |

Each mode is derived from the formula, a user's own too: `mask` where f' is made of comparisons
with constants at their ends, `output` where the certificate proves at most one turning point (for
piecewise linear functions it is exact), `code8` and `code4` where it proves that f' is bounded.
`ogive.get(name).saving()` shows the modes of a function with other parameters, their errors, and
why it does not have the others. A gated unit, a rowwise function and a parameter that is a tensor
need the input; `exact` and `lean` take it there.

`exact` never keeps the result, which the next layer may overwrite, and keeps the input of up to
32 KiB (but for relu, of which torch keeps the result), where bits save nothing and take longer.

The result is bitwise that of an ordinary call. Codes are packed and unpacked in the kernels; under
`torch.compile` torch operators do it, and forward mode and `torch.func` take the input. The exact
modes can be differentiated again. The others give one backward, and say so when asked for a second
one or for the gradient of a gradient; a kept result that was overwritten is noticed. With
`inplace=True` the input is given up, and no copy of it is kept unless the mode is `input`.

Errors are of f', and upper bounds over all numbers of the dtype (the floats nearest to a kink left
out, where the slope may be that of the other side, and those beyond 1e4 whose result overflows),
with results rounded to the dtype and two units of float32 off besides. Of 16 bits every number is
looked at; of 32 and 64 the worst of 100,000 closely, and a 64th is added; a code is off by half a
step and what float32 adds. `tests/conformance/test_saving.py` holds every mode of every entry to
them on both engines. The published figures of GELU (an inverse of a bfloat16 result 0.0153 at most,
eight bits 0.0025) come out.

Where f' is unbounded, `output` takes a slope that is a line in y or in the root of its distance
from where a piece begins, as squared_relu's 2√y. Beyond a slope of 1 errors are parts of it then,
and `lean` allows what bfloat16 rounds there. A result that overflows, as float16's does early, has
lost the slope.

hardswish, sine, cosine and minsin have no lean mode in bfloat16, as no eight bits will do: slopes
that fill a range of 2 and may be off by 2⁻⁸ take 256 numbers, and one of the 256 that a byte has
says NaN. `code8` misses by 0.8 %.

| entry | exact | lean, float32 | lean, bfloat16 | output, float32 | output, bfloat16 | code8 |
|---|---|---|---|---|---|---|
"""


def row(name: str) -> str:
    """The line of an entry."""
    modes = saving(ogive.get(name).spec)
    cells = [_chosen(modes, "exact", "float32")]
    cells += [_chosen(modes, "lean", dtype) for dtype in DTYPES]
    cells += [_error(modes, "output", dtype) for dtype in DTYPES]
    return f"| {' | '.join([name, *cells, _error(modes, 'code8', 'float32')])} |"


def _chosen(modes: Saving, save: str, dtype: str) -> str:
    mode = modes.choose(save, dtype)
    if mode is None:
        return "input"
    return f"{mode.name} + {mode.bits} bit" if mode.result and mode.bits else mode.name


def _error(modes: Saving, name: str, dtype: str) -> str:
    try:
        found = modes.error(name, dtype)
    except NotLegal:
        return ""
    return "exact" if found.exact else f"{found.most:.1e}" + " of f'" * found.relative


def main() -> None:
    """Writes the page."""
    names = [n for n in ogive.names() if ogive.get(n).kind == "elementwise"]
    lines = [row(name) for name in track(names, "saving")]
    PAGE.write_text(HEAD + "\n".join(lines) + "\n")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()

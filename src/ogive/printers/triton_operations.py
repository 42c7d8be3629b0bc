"""What Triton lacks of machine.py's operations, as device functions of its own language.

They work on the bits of a number. Each is for one format, which its name ends with; QUICK_FORMS
are for results of 16 bits, and have the digits that those need.
"""

from __future__ import annotations

import re
from typing import ClassVar

from ogive.printers.base import Spelling
from ogive.printers.triton_sines import FAR_SINES

#: Operation -> how Triton says it, for every format.
SPELLED: dict[str, Spelling] = {
    "abs": "tl.abs({0})",
    "neg": "({0} * -1.0)",  # 0 - x, which is what Triton makes of -x, has no -0
    "where": "tl.where({0}, {1}, {2})",
    "min": "tl.minimum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    "max": "tl.maximum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    "fma": "tl.fma({0}, {1}, {2})",
    "over": "libdevice.fast_dividef({0}, {1})",
    "widen": "{0}.to(tl.float64)",
    "narrow": "{0}.to(tl.float32)",
    "sign": "_sign({0})",
    "entry": "_entry({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8})",
    "libm": lambda node, *args: f"libdevice.{node.value}({', '.join(args)})",
}
#: Operations with a function for each format.
BY_FORMAT = ("exp2", "ldexp", "exponent", "alternate", "copysign", "round", "sqrt", "div")


class _Bits:
    """The functions of one format, from its sizes."""

    TEXT: ClassVar = {
        # added to 1.5 * 2**fraction, a whole number stands in the lowest bits
        "round": """
def {round}(a):
    return (a + {large}) - {large}""",
        "exp2": """
def {exp2}(n):
    biased = n + {biased}
    return (biased.to({integer}, bitcast=True) << {fraction}).to({float}, bitcast=True)""",
        "ldexp": """
def {ldexp}(a, n):
    half = {round}(n * 0.5)
    return a * {exp2}(half) * {exp2}(n - half)""",
        "exponent": """
def {exponent}(a):
    biased = (a.to({integer}, bitcast=True) >> {fraction}).to({float})
    return biased - {bias}.0""",
        "alternate": """
def {alternate}(a, b):
    odd = (b + {large}).to({integer}, bitcast=True) << {top}
    return (a.to({integer}, bitcast=True) ^ odd).to({float}, bitcast=True)""",
        "copysign": """
def {copysign}(size, sign):
    signs = tl.full((), {signs}, {integer})
    taken = sign.to({integer}, bitcast=True) & signs
    kept = tl.abs(size).to({integer}, bitcast=True)
    return (kept | taken).to({float}, bitcast=True)""",
        "sqrt": """
def {sqrt}(a):
    return {root}(a)""",
        "div": """
def {div}(a, b):
    return {quotient}""",
    }

    def __init__(self, bits: int, fraction: int, bias: int, root: str, quotient: str) -> None:
        self._words = {
            **{name: f"_{name}_{bits}" for name in self.TEXT},
            "float": f"tl.float{bits}",
            "integer": f"tl.int{bits}",
            "fraction": fraction,
            "top": bits - 1,
            "bias": bias,
            "signs": -(2 ** (bits - 1)),
            "large": 1.5 * 2.0**fraction,
            "biased": 1.5 * 2.0**fraction + bias,
            "root": root,
            "quotient": quotient,
        }

    def functions(self) -> dict[str, str]:
        return {
            str(self._words[name]): "@triton.jit" + text.format(**self._words)
            for name, text in self.TEXT.items()
        }


#: What sums are made by; the interpreter has it from triton itself, where it is faster.
ADDITION = """
@triton.jit
def SUM(a, b):
    return a + b
""".strip()
_COMMON = {
    "_sign": """
@triton.jit
def _sign(a):
    return tl.where(a > 0.0, 1.0, tl.where(a < 0.0, -1.0, a))
""",
    "_entry": """
@triton.jit
def _entry(a, b, c, d, e, f, g, h, i):
    place = a.to(tl.int32, bitcast=True) & 7
    odd = (place & 1) == 1
    low = tl.where((place & 2) == 0, tl.where(odd, c, b), tl.where(odd, e, d))
    high = tl.where((place & 2) == 0, tl.where(odd, g, f), tl.where(odd, i, h))
    return tl.where(place < 4, low, high)
""",
}
#: Function -> its text.
DEVICE_FUNCTIONS: dict[str, str] = {
    **_COMMON,
    **FAR_SINES,
    **_Bits(32, 23, 127, "tl.sqrt_rn", "tl.div_rn(a, b)").functions(),
    **_Bits(64, 52, 1023, "tl.sqrt", "a / b").functions(),
}
#: Primitive -> its function for results of 16 bits.
QUICK_FORMS: dict[str, str] = {
    # in two factors, neither of which can underflow: the processor flushes what does
    "exp": """
@triton.jit
def _exp(a):
    root = tl.exp2(a * 0.7213475204444817)
    return root * root
""",
}
_CALLED = re.compile(r"(?<!def )\b_\w+(?=\()")


def names_in(text: str) -> list[str]:
    """The functions of DEVICE_FUNCTIONS that a text calls, in order."""
    return [name for name in dict.fromkeys(_CALLED.findall(text)) if name in DEVICE_FUNCTIONS]

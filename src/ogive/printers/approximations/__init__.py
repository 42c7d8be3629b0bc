"""The transcendental primitives as straight-line machine arithmetic in float32 and float64.

Each function builds the operations of one primitive in one format, from the coefficients that
tools/fit_coefficients.py fitted. Its docstring says the identity it rests on; its largest error, in
units of the last place, stands in tests/printers/test_approximations.py. LLVM text is made of them,
and any language that lacks a primitive takes the one in float64.

Everything holds on the whole line: signs of zeros, gradual underflow, overflow to infinity where
the exact value rounds to it, infinities and NaN. Comparisons with NaN are false, so a selection
takes its last argument for NaN, and that is the one which hands the NaN on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ogive.printers.approximations import exponentials, gaussian, logarithm, quick, trigonometric
from ogive.printers.approximations.parts import libm
from ogive.printers.machine import Format, Value

Build = Callable[..., Value]


def approximation(name: str, format: Format) -> Build | None:
    """What builds the primitive from its arguments in the format; None if there is nothing."""
    build = FORMS[format.name].get(name)
    return partial(build, format) if build else None


def _table(*functions: Build) -> dict[str, Build]:
    """By primitive; a function of one format only may have its bits in its name."""
    return {f.__name__.removesuffix("32").removesuffix("64"): f for f in functions}


def _by_libm(name: str) -> Build:
    return lambda format, *args: libm(name, *args)


_BOTH = (
    exponentials.exp, exponentials.decay, exponentials.expm1, exponentials.sinh, exponentials.cosh,
    logarithm.log, logarithm.log1p, trigonometric.sin, trigonometric.cos,
)  # fmt: skip
#: Where arguments are not large, or have other limits or another format.
_SPECIAL = (
    exponentials.exp_near, exponentials.exp_near_of_wide, gaussian.bell_near,
    trigonometric.sin_near, trigonometric.cos_near, logarithm.log1p_of_unit,
    exponentials.exp_of_wide, exponentials.decay_of_wide, exponentials.tanh_close,
)  # fmt: skip
_GATES = (
    gaussian.gelu, gaussian.geglu_near, gaussian.gelu_slope, gaussian.gelu_tanh,
    gaussian.geglu_tanh_near, gaussian.gelu_tanh_slope, exponentials.tanhshrink,
)  # fmt: skip
_SHORT = (
    exponentials.exp_short, exponentials.decay_short, exponentials.expm1_short,
    exponentials.tanh_short, logarithm.log1p_short, trigonometric.sin_short,
)  # fmt: skip
#: For results of 16 bits, where the processor has an exponential of its own.
_QUICK = (
    quick.sigmoid_quick, quick.dsigmoid_quick, quick.softplus_quick, quick.expm1_quick,
    quick.tanh_quick, quick.ndtr_quick, quick.erf_quick,
)  # fmt: skip
_IN_FLOAT32 = (
    exponentials.tanh32, logarithm.asinh32, logarithm.pow32, trigonometric.atan32, gaussian.erf32,
    gaussian.erfc32, gaussian.erfinv32, gaussian.ndtr32, gaussian.ndtr_smooth,
)  # fmt: skip
FORMS: dict[str, dict[str, Build]] = {
    "float32": _table(*_BOTH, *_SPECIAL, *_GATES, *_QUICK, *_IN_FLOAT32),
    "float64": _table(*_BOTH, *_SHORT, exponentials.tanh64, gaussian.erfinv64)
    | {
        f"{build.__name__}{form}": partial(build, form)
        for build in (gaussian.erf, gaussian.erfc, gaussian.ndtr)
        for form in ("", "_short")
    }
    | {name: _by_libm(name) for name in ("atan", "asinh", "pow")},
}

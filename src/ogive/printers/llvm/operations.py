"""The instructions of each operation: of arithmetic, and of what machine.py adds to it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial

from ogive.printers.llvm.notation import FORMAT_OF, Type, bit_pattern, literal
from ogive.printers.llvm.typed_values import Register

Writer = Callable[..., Register]
#: How many numbers "entry" chooses from: with AVX2 they are one register, and a choice for all of
#: a vector's lanes is one instruction, which LLVM recognises by a lane after the other.
ENTRIES = 8


def _intrinsic(name: str) -> Writer:
    return lambda x, *others: x.intrinsic(name, *others)


def _limited(name: str, beyond: str) -> Writer:
    """min or max; with a number, one comparison, which lets NaN through."""

    def write(a: Register, b: Register) -> Register:
        limit, x = (b, a) if a.value is None else (a, b)
        if limit.value is None:
            return a.intrinsic(name, b)
        return x.compare(beyond, limit).select(limit, x)

    return write


def _sign(x: Register) -> Register:
    signed = x.number(1.0).intrinsic("copysign", x)
    # zero and NaN are their own sign
    return x.compare("one", 0.0).select(signed, x)


# What LLVM lacks. Added to 2**fraction, a whole number stands in the lowest fraction bits.


def _fraction(x: Register) -> tuple[int, int, str]:
    """The fraction bits of a number, the exponent's bias, and the integer of the same size."""
    format = FORMAT_OF[x.type.element]
    return format.digits - 1, format.largest_exponent - 1, f"i{x.type.bits}"


def _exp2(n: Register) -> Register:
    fraction, bias, integer = _fraction(n)
    biased = n + (1.5 * 2.0**fraction + bias)
    return (biased.to(integer) << fraction).to(n.type.element)


def _ldexp(a: Register, n: Register) -> Register:
    half = (n * 0.5).intrinsic("roundeven")
    rest = n - half
    first, second = _called("exp2", half), _called("exp2", rest)
    return a * first * second


def _exponent(a: Register) -> Register:
    fraction, bias, integer = _fraction(a)
    biased = a.to(integer) >> fraction
    whole = (biased | bit_pattern(2.0**fraction, FORMAT_OF[a.type.element])).to(a.type.element)
    return whole - (2.0**fraction + bias)


def _alternate(a: Register, b: Register) -> Register:
    fraction, _, integer = _fraction(a)
    sign = (b + 1.5 * 2.0**fraction).to(integer) << (a.type.bits - 1)
    return (a.to(integer) ^ sign).to(a.type.element)


def _entry(a: Register, row: Register) -> Register:
    place, result = a.to("i32") & (ENTRIES - 1), a.poison()
    for i in range(a.type.lanes):
        result = result.insert(i, row.element(place.element(i)))
    return result


_FUNCTIONS: dict[str, Writer] = {
    "exp2": _exp2,
    "ldexp": _ldexp,
    "exponent": _exponent,
    "alternate": _alternate,
    "entry": _entry,
}


def _called(op: str, *given: Register) -> Register:
    """The operation by a function of the module's."""
    name, function = f"{op}.{given[0].type.suffix}", given[0].function
    inputs = {letter: g.type for letter, g in zip("ab", given, strict=False)}
    function.module.define(name, inputs, lambda _, *inner: _FUNCTIONS[op](*inner))
    return function.call(name, *given)[0]


def _entry_of(a: Register, *row: Register) -> Register:
    element = a.type.element
    listed = ", ".join(f"{element} {literal(n.value or 0.0, element)}" for n in row)
    return _called("entry", a, Register(a.function, Type(element, ENTRIES), f"<{listed}>"))


#: Operation -> what writes it, given its arguments.
INSTRUCTIONS: dict[str, Writer] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "lt": lambda a, b: a.compare("olt", b),
    "le": lambda a, b: a.compare("ole", b),
    "eq": lambda a, b: a.compare("oeq", b),
    "where": Register.select,
    "sign": _sign,
    "abs": _intrinsic("fabs"),
    "sqrt": _intrinsic("sqrt"),
    "fma": _intrinsic("fma"),
    "round": _intrinsic("roundeven"),
    "copysign": _intrinsic("copysign"),
    "min": _limited("minimum", "ogt"),
    "max": _limited("maximum", "olt"),
    "widen": lambda x: x.to("double", "fpext"),
    "narrow": lambda x: x.to("float", "fptrunc"),
    **{op: partial(_called, op) for op in _FUNCTIONS},
    "entry": _entry_of,
}


def each(name: str, *given: Register) -> Register:
    """The C library's function on one lane after the other."""
    result = given[0].poison()
    for i in range(result.type.lanes):
        lanes = [g.element(i) for g in given]
        result = result.insert(i, lanes[0].function.foreign(name, lanes[0].type, *lanes))
    return result

"""LaTeX: a formula for people. Pieces become cases, quotients fractions."""

from __future__ import annotations

import re

from ogive.expr import PRIMITIVES, Node, walk
from ogive.expr.text import LONGEST_TEXT, number

# precedence of what each operation writes: sum 1, product 2, sign 3, power 4, atom 9
SUM, PRODUCT, SIGN, POWER, _ATOM = 1, 2, 3, 4, 9
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu", "nu",
    "rho", "sigma", "tau", "phi", "omega",
}  # fmt: skip
COMPARISONS = {"lt": ("<", ">"), "le": (r"\le", r"\ge"), "eq": ("=", "=")}


def latex(root: Node) -> str:
    text: dict[Node, tuple[str, int]] = {}
    for node in walk(root):
        text[node] = _write(node, text)
        if len(text[node][0]) > LONGEST_TEXT:
            text[node] = r"\ldots", _ATOM
    return text[root][0]


def symbol_latex(name: str) -> str:
    """alpha -> \\alpha, b_1 and b1 -> b_{1}, negative_slope -> \\mathrm{negative\\_slope}."""
    head = name.rstrip("0123456789").rstrip("_")
    index = name[len(head) :].lstrip("_")
    if head in GREEK:
        base = f"\\{head}"
    else:
        words = head.replace("_", r"\_")
        base = head if len(head) == 1 else rf"\mathrm{{{words}}}"
    return f"{base}_{{{index}}}" if index else base


def _operand(text: dict[Node, tuple[str, int]], node: Node, needed: int) -> str:
    written, precedence = text[node]
    return written if precedence >= needed else rf"\left({written}\right)"


def _write(node: Node, text: dict[Node, tuple[str, int]]) -> tuple[str, int]:
    def arg(i: int, needed: int = 0) -> str:
        return _operand(text, node.args[i], needed)

    match node.op:
        case "symbol":
            return symbol_latex(str(node.value)), _ATOM
        case "const":
            value = float(node.value)  # type: ignore[arg-type]
            return _number(value), _ATOM if value >= 0 else SIGN
        case "pi":
            return r"\pi", _ATOM
        case "add" | "sub":
            return f"{arg(0, SUM)} {'+' if node.op == 'add' else '-'} {arg(1, PRODUCT)}", SUM
        case "mul" | "mul0":
            return _product(node, text)
        case "neg":
            return f"-{arg(0, PRODUCT)}", SIGN if text[node.args[0]][1] > SIGN else SUM
        case "div":
            return rf"\frac{{{arg(0)}}}{{{arg(1)}}}", PRODUCT
        case "pow":
            return f"{arg(0, _ATOM)}^{{{arg(1)}}}", POWER
        case "lt" | "le" | "eq":
            less, more = COMPARISONS[node.op]
            swapped = node.args[0].op == "const"  # x > 0 reads better than 0 < x
            return (f"{arg(1)} {more} {arg(0)}" if swapped else f"{arg(0)} {less} {arg(1)}"), 0
        case "where":
            rows = rf"{arg(1)} & {arg(0)} \\ {arg(2)} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", _ATOM
    words = node.op.replace("_", r"\_")
    written = PRIMITIVES[node.op].latex or rf"\operatorname{{{words}}}"
    if "#" in written:
        needed = _ATOM if "#^" in written else SUM if "+ #" in written else 0
        return written.replace("#", arg(0, needed)), _precedence(written)
    arguments = ", ".join(arg(i) for i in range(len(node.args)))
    return rf"{written}\left({arguments}\right)", _ATOM


def _precedence(pattern: str) -> int:
    """What a primitive's pattern writes, braces and parentheses aside."""
    while (shorter := re.sub(r"\{[^{}]*\}", "", pattern)) != pattern:
        pattern = shorter
    outside = re.sub(r"\\left.*\\right.", "", pattern)
    found = {"+": SUM, "-": SUM, "^": POWER, r"\frac": PRODUCT}
    return next((precedence for sign, precedence in found.items() if sign in outside), _ATOM)


def _product(node: Node, text: dict[Node, tuple[str, int]]) -> tuple[str, int]:
    a, b = node.args
    if a is b:
        return f"{_operand(text, a, _ATOM)}^{{2}}", POWER
    left, right = (
        _operand(text, a, PRODUCT),
        _operand(text, b, SIGN + 1 if b.op == "neg" else PRODUCT),
    )
    dot = r" \cdot " if b.op == "const" or right[0].isdigit() else r"\,"
    return f"{left}{dot}{right}", PRODUCT


def _number(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return r"\infty" if value > 0 else r"-\infty"
    mantissa, e, exponent = number(value).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa

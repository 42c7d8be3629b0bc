"""An expression as the text that ``parse`` reads back to the same expression."""

from __future__ import annotations

from ogive.expr.node import Node, walk

# symbol, own precedence, precedence needed of the left and of the right operand
INFIX = {
    "lt": ("<", 0, 1, 1),
    "le": ("<=", 0, 1, 1),
    "eq": ("==", 0, 1, 1),
    "add": ("+", 1, 1, 2),
    "sub": ("-", 1, 1, 2),
    "mul": ("*", 2, 2, 3),
    "mul0": ("*", 2, 2, 3),
    "div": ("/", 2, 2, 3),
    "pow": ("**", 4, 5, 4),
}
_ATOM = 9
#: More characters are not read, and written they double with every derivative.
LONGEST_TEXT = 20_000


def number(value: float) -> str:
    """The shortest text that reads back as the same float."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def to_text(root: Node) -> str:
    """One line of infix text in the grammar of ``ogive.define``.

    What would be longer than LONGEST_TEXT, as where a derivative uses a value many times over, is
    written as dots.
    """
    text: dict[Node, tuple[str, int]] = {}

    def operand(node: Node, needed: int) -> str:
        written, precedence = text[node]
        return written if precedence >= needed else f"({written})"

    for node in walk(root):
        text[node] = _write(node, operand)
        if len(text[node][0]) > LONGEST_TEXT:
            text[node] = "...", _ATOM
    return text[root][0]


def operation_lines(*roots: Node) -> str:
    """The operations line by line, each with its value and the numbers of the lines it takes: as
    long as there are operations, and the same for the same expressions only."""
    lines: dict[Node, int] = {}
    for node in walk(*roots):
        lines[node] = len(lines)
    told = (f"{n.op} {n.value!r} {[lines[a] for a in n.args]}" for n in lines)
    return "\n".join([*told, str([lines[r] for r in roots])])


def _write(node: Node, operand) -> tuple[str, int]:  # type: ignore[no-untyped-def]
    if node.op == "symbol":
        return str(node.value), _ATOM
    if node.op == "const":
        value = float(node.value)  # type: ignore[arg-type]
        return number(value), _ATOM if value >= 0 else 3
    if node.op == "pi":
        return "pi", _ATOM
    if node.op == "neg":
        return "-" + operand(node.args[0], 3), 3
    if node.op == "mul" and node.args[0] is node.args[1]:
        return operand(node.args[0], 5) + "**2", 4
    if node.op in ("lt", "le") and node.args[0].op == "const":  # x > 0 reads better than 0 < x
        a, b = node.args
        return f"{operand(b, 1)} {'>' if node.op == 'lt' else '>='} {operand(a, 1)}", 0
    if node.op in INFIX:
        sign, own, left, right = INFIX[node.op]
        a, b = node.args
        return f"{operand(a, left)} {sign} {operand(b, right)}", own
    return f"{node.op}({', '.join(operand(a, 0) for a in node.args)})", _ATOM

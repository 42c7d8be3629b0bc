"""How often sparsemax and entmax walk through a row, by their formulas in NumPy."""

from functools import reduce

import numpy as np
import pytest

from numpy_rules import RULES
from ogive.engine.call import RowFunction
from ogive.engine.cpu.rowwise.formulas import GIVEN
from ogive.engine.cpu.rowwise.programs import MOST_TURNS, Kind
from ogive.engine.triton.interpreter import fma32, fma64
from ogive.engine.triton.row_steps import expressions
from ogive.expr import walk

RANDOM = np.random.default_rng(0)


class Row:
    """The state of one row, and its formulas."""

    def __init__(self, name, x, narrow):
        dtype = x.dtype.type
        stored = "bfloat16" if narrow else x.dtype.name
        self.kind, self.dtype = Kind(RowFunction(name), stored, stored, "rows"), dtype
        self.known = {"logit": x, "m": x.max()}

    def computed(self, formula, known):
        _, results, nodes = expressions(self.kind.variant(formula))
        values = {}
        for node in walk(*nodes):
            args = [values[a] for a in node.args]
            if node.op == "symbol":
                values[node] = self.value(node.value, known)
            elif node.op == "const":
                values[node] = self.dtype(node.value)
            elif node.op == "fma":
                wide = self.dtype is np.float64
                values[node] = (fma64 if wide else fma32)(*np.broadcast_arrays(*args))
            else:
                values[node] = RULES[node.op](*args)
        return dict(zip(results, (values[n] for n in nodes), strict=True))

    def value(self, name, known):
        if name not in known:
            variant = self.kind.variant(name)
            assert variant in GIVEN, name
            known.update(self.computed(variant, known))
        return known[name]

    def turns(self):
        """How often the repeated walk is taken."""
        first, again, _ = self.kind.program.walks
        self.known |= self.computed(first.after, dict(self.known))
        for turn in range(1, MOST_TURNS + 1):
            found = self.computed(again.step, dict(self.known))
            sums = [found["a"], found.get("a_low", np.zeros(1, self.dtype))]
            a, low = self.in_two(np.concatenate([np.ravel(v) for v in sums]))
            b = self.dtype(np.sum(found["b"], dtype=np.float64))
            state = {**self.known, "a": a, "a_low": low, "b": b}
            self.known |= self.computed(again.after, state)
            if not self.known["moving"] > 0:
                return turn
        return None

    def in_two(self, numbers):
        """A sum as a number and the rest of it."""
        if self.dtype is np.float32:
            total = np.sum(numbers, dtype=np.float64)
            return np.float32(total), np.float32(total - np.float64(np.float32(total)))

        def add(pair, x):
            total = pair[0] + x
            part = total - pair[0]
            return total, pair[1] + ((pair[0] - (total - part)) + (x - part))

        high, low = reduce(add, numbers, (0.0, 0.0))
        return high + low, low - ((high + low) - high)


def rows(n):
    """Random numbers, and rows of which few elements fall out in each step."""
    places = np.arange(n)
    for scale in (0.01, 0.1, 1.0, 4.0, 1000.0):
        yield RANDOM.standard_normal(n) * scale
    for base in (1.001, 1.1, 2.0, 4.0):
        yield from (-(base ** (-places.astype(float))), base ** (-places.astype(float)))
    for power in (0.1, 0.5, 1, 2, 8):
        yield -((places / n) ** power)
    yield np.full(n, 7.25)


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
@pytest.mark.parametrize("kind", ["float32", "narrow", "float64"])
def test_a_threshold_settles_in_few_steps(name, kind):
    dtype = np.float64 if kind == "float64" else np.float32
    lengths = (1, 16, 700) if kind == "float64" else (1, 16, 4096)
    with np.errstate(all="ignore"):
        turns = [
            Row(name, x.astype(dtype), kind == "narrow").turns() for n in lengths for x in rows(n)
        ]
    assert None not in turns
    assert max(turns) <= 16
    assert sorted(turns)[len(turns) // 2] <= 7

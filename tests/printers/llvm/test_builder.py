"""The builder of LLVM's text: what it writes is run."""

import ctypes

import pytest

from ogive.engine.cpu import compiler
from ogive.printers.llvm import I64, POINTER, VOID, Module, Type

DOUBLE = Type("double")


def run(build, numbers):
    """A function of 64-bit numbers at a place, which writes to the place; the numbers after it."""
    module = Module()
    module.define("tried", {"p": POINTER}, build, "", "")
    memory = (ctypes.c_int64 * len(numbers))(*numbers)
    address = compiler.load(module.text(), "tried").address("tried")
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)(ctypes.addressof(memory))
    return list(memory)


@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_loop_is_run_so_many_times(times):
    def build(f, p):
        with f.loop(p.slot(0)) as i:
            p.at(8).store(p.slot(1) + i * 10, 8)

    assert run(build, [times, 0])[1] == sum(10 * i for i in range(times))


@pytest.mark.parametrize("n", [0, 1, 5])
def test_the_parameters_of_a_block_are_what_the_jump_says(n):
    """Fibonacci's numbers: two values go round the loop and change places."""

    def build(f, p):
        head, more, end = f.block("head", I64, I64, I64), f.block("more"), f.block("end", I64)
        f.jump(head(p.slot(0), 0, 1))
        left, a, b = f.begin(head)
        f.branch(left.compare("eq", 0), end(a), more())
        f.begin(more)
        f.jump(head(left - 1, b, a + b))
        (result,) = f.begin(end)
        p.store(result, 8)

    assert run(build, [n]) == [[0, 1, 1, 2, 3, 5][n]]


@pytest.mark.parametrize("number", [3, 12])
def test_a_part_is_run_where_its_condition_holds(number):
    def build(f, p):
        with f.when(p.slot(0).compare("ult", 10)):
            p.store(p.slot(0) * 2, 8)

    assert run(build, [number]) == [6 if number < 10 else number]


def test_rare_values_are_taken_in_their_lanes_alone():
    def build(f, p):
        x = p.load(Type("i64", 4), 8)
        mask = x.compare("ugt", 100)
        p.store(f.rarely(mask, [x], lambda: [x // 100])[0], 8)

    assert run(build, [7, 700, 101, 100]) == [7, 7, 1, 100]
    assert run(build, [1, 2, 3, 4]) == [1, 2, 3, 4]


def test_a_function_is_written_once_and_may_return_several_values():
    written = []

    def parts(f, a, b):
        written.append(1)
        return a // b, a % b

    def build(f, p):
        for k in range(2):
            name = f.module.define("parts", {"a": I64, "b": I64}, parts)
            quotient, rest = f.call(name, p.slot(2 * k), p.slot(2 * k + 1))
            p.at(2 * k, "i64").store(quotient, 8)
            p.at(2 * k + 1, "i64").store(rest, 8)

    assert run(build, [17, 5, 100, 7]) == [3, 2, 14, 2]
    assert written == [1]


def test_arithmetic_is_written_as_it_stands():
    module = Module()

    def build(f, x):
        return (x + 1.0) - 1.0

    module.define("f", {"x": DOUBLE}, build)
    assert "fadd double %x, 1.0" in module.text()
    assert "fsub double %t.0, 1.0" in module.text()


def test_numbers_have_the_type_of_their_neighbour():
    vector = Type("float", 16)
    assert vector.number(0.1) == "splat (float 0x3FB99999A0000000)"
    assert I64.number(-64) == "-64"
    assert Type("i1", 8).number(1) == "splat (i1 true)"
    assert (vector.suffix, vector.bits, VOID.lanes) == ("v16f32", 32, 0)

"""Kernels compiled for GPUs that are not here: how they access memory, and what they use."""

import re
from itertools import product

import pytest
import torch

import ogive
from ogive.engine import CompiledKernel, compiled
from ogive.engine.triton.ahead import compiled_operands, derived
from ogive.engine.triton.building import crowded
from ogive.engine.triton.tensors import Accessed
from ogive.errors import OgiveError, UnknownName

OTHERS = [("cuda", 80), ("cuda", 100)]
AMD = [("hip", "gfx942"), ("hip", "gfx950")]
#: Functions with one exponential, or none.
ONE_EXPONENTIAL = ("silu", "mish", "softplus", "elu", "tanh", "swiglu", "gelu_tanh", "gelu")
NONE = ("relu", "hardswish", "squared_relu")
#: What asks the special function unit.
SPECIAL = re.compile(r"\b(?:ex2|rcp|rsqrt|sqrt|lg2|sin|cos|tanh|div)\.(?:approx|full|rn)\S*\.f32")


def special_functions(kernel: CompiledKernel) -> float:
    """For each element."""
    return len(SPECIAL.findall(kernel.ptx)) / kernel.elements


@pytest.mark.parametrize(
    ("name", "target"),
    [
        *((name, ("cuda", 90)) for name in ONE_EXPONENTIAL + NONE),
        *((name, target) for name in ("silu", "gelu", "swiglu", "relu") for target in OTHERS),
    ],
    ids=str,
)
def test_accesses_of_128_bits_and_nothing_in_local_memory(name, target):
    for order in (0, 1):
        kernel = compiled(name, torch.bfloat16, order, target)
        accesses = re.findall(r"\b(?:ld|st)\.global\S*", kernel.ptx)
        assert accesses
        assert all(".v4.b32" in access for access in accesses)
        assert kernel.n_spills == 0
        assert ".local" not in kernel.ptx
        assert kernel.n_regs <= 64


@pytest.mark.parametrize("target", [("cuda", 80), ("cuda", 90), ("cuda", 100)], ids=str)
def test_interleaved_units_are_read_and_written_as_vectors(target):
    """Of value and gate in turns 128 bits at once, and both gradients too."""
    pair = [Accessed("bfloat16", along=a) for a in ("even", "other")]
    forward = derived(ogive.get("swiglu").spec, {}, 0)
    result = Accessed("bfloat16", "out")
    gradients = [Accessed("bfloat16", "out", o.along) for o in pair]
    for program, operands in (
        (forward, (*pair, result)),
        (forward.vjp((0, 1)), (Accessed("bfloat16"), *pair, *gradients)),
    ):
        kernel = compiled_operands(program, operands, target)
        accesses = re.findall(r"\b(?:ld|st)\.global\S*", kernel.ptx)
        assert accesses
        assert all(".v4.b32" in access for access in accesses)
        assert kernel.n_spills == 0
        assert kernel.n_regs <= 64


@pytest.mark.parametrize("name", ONE_EXPONENTIAL)
def test_registers_of_one_exponential_in_other_dtypes(name):
    for dtype, order in product((torch.float32, torch.float16), (0, 1)):
        kernel = compiled(name, dtype, order)
        assert kernel.n_regs <= 64
        assert kernel.n_spills == 0
        assert ".v4.b32" in kernel.ptx


@pytest.mark.parametrize("name", ["sinlu", "snake", "sinc"])
def test_a_thread_of_a_crowded_kernel_takes_half_as_much(name):
    """Of two vectors for each tensor 146 to 161 registers; of one they are within the bar."""
    kernel = compiled(name, torch.bfloat16, order=1)
    assert kernel.elements * torch.bfloat16.itemsize == 16
    assert not crowded(kernel.n_regs, kernel.n_spills)
    assert ".v4.b32" in kernel.ptx


@pytest.mark.parametrize("name", ONE_EXPONENTIAL)
def test_an_exponential_and_a_reciprocal_an_element(name):
    assert special_functions(compiled(name)) <= 2
    assert special_functions(compiled(name, order=1)) <= 4


@pytest.mark.parametrize("name", NONE)
def test_what_has_no_exponential_asks_for_none(name):
    for order in (0, 1):
        assert special_functions(compiled(name, order=order)) == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64], ids=str)
def test_other_dtypes_are_accessed_as_widely(dtype):
    kernel = compiled("mish", dtype)
    assert ".v4.b32" in kernel.ptx or ".v2.b64" in kernel.ptx
    assert kernel.n_spills == 0


@pytest.mark.parametrize("target", AMD, ids=str)
def test_gpus_of_amd(target):
    for name in ("swiglu", "gelu"):
        kernel = compiled(name, order=1, target=target)
        assert kernel.n_spills == 0
        assert "load_dwordx4" in kernel.ptx


def test_no_product_is_fused_with_a_sum_behind_its_back():
    """An addition of a product stays two operations unless the text fuses them."""
    kernel = compiled(ogive.define("apart", "(x * 3.0) * x + 1.0", replace=True).name)
    written = kernel.source.count("tl.fma(")
    assert kernel.ptx.count("fma.rn.f32") == written * kernel.elements


def test_the_source_is_a_kernel_of_the_function():
    kernel = compiled("mish")
    assert "def program(x):" in kernel.source
    assert repr(kernel).startswith("CompiledKernel(name='mish', target=('cuda', 90), n_regs=")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dtype": torch.int32}, "float64, float32, bfloat16, float16"),
        ({"order": 3}, "order is 3"),
        ({"target": "cuda"}, "'gfx942'"),
        ({"target": ("cuda", "90")}, "'gfx942'"),
        ({"target": ("cuda", 12345)}, "release must know"),
    ],
)
def test_other_arguments_are_refused(arguments, message):
    with pytest.raises(OgiveError, match=message):
        compiled("silu", **arguments)


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownName, match="silu"):
        compiled("siluu")

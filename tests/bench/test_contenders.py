"""torch's operators in the table compute what the entries do."""

import pytest
import torch

import ogive
from ogive.bench.contenders import LEFT_OUT, NATIVES, ROW, input_shape, inputs

GENERATOR = torch.Generator()


@pytest.mark.parametrize("name", NATIVES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_both_sides_compute_the_same(name, dtype):
    """Loosely: torch's own digits differ (tests/conformance/test_peers.py is strict)."""
    function, native = ogive.get(name), NATIVES[name]
    x = inputs(input_shape(function.kind, 2 * ROW), dtype, GENERATOR.manual_seed(0))
    results = []
    for call in (function, native.call):
        arguments = native.arguments(dtype)
        leaves = [t.detach().requires_grad_() for t in (x, *arguments.values())]
        y = call(leaves[0], **dict(zip(arguments, leaves[1:], strict=True)))
        gradients = torch.autograd.grad(
            y, leaves, inputs(tuple(y.shape), dtype, GENERATOR.manual_seed(1))
        )
        results.append((y.detach(), *gradients))
    rtol = 2e-2 if dtype == torch.bfloat16 else 1e-4
    torch.testing.assert_close(results[0], results[1], rtol=rtol, atol=rtol)


def test_names_are_canonical():
    assert [ogive.get(name).name for name in NATIVES] == list(NATIVES)
    assert set(LEFT_OUT) <= set(ogive.names())


def test_whatever_has_a_name_of_torch_s_is_in_the_table_or_left_out_for_a_reason():
    known = {n for n in ogive.names() if any(a.startswith("torch:") for a in ogive.get(n).aliases)}
    assert known == (set(NATIVES) - {"gelu_tanh"}) | set(LEFT_OUT)
    assert not set(NATIVES) & set(LEFT_OUT)


def test_rows_are_of_one_length_where_the_size_allows_it():
    assert input_shape("elementwise", 3 * ROW) == (3 * ROW,)
    assert input_shape("stochastic", 5) == (5,)
    assert input_shape("rowwise", 3 * ROW) == input_shape("gated", 3 * ROW) == (3, ROW)
    assert input_shape("gated", 64) == (1, 64)


def test_inputs_are_the_same_numbers_in_every_dtype():
    wide, narrow = (
        inputs((1000,), dtype, GENERATOR.manual_seed(0)) for dtype in (torch.float64, torch.float16)
    )
    assert torch.equal(wide.to(torch.float16), narrow)
    assert 1.8 < wide.std() < 2.2

"""torch's operators that stand in for kernels: the same to the last bit, wherever they do."""

import pytest
import torch

import ogive
from ogive.ops.native import NATIVE

BITS = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
LINE = torch.cat(
    [
        BITS.view(torch.float16).float(),
        BITS.view(torch.bfloat16).float(),
        3 * torch.randn(100_000, generator=torch.Generator().manual_seed(0)),
    ]
)
INPUTS = {
    torch.float32: LINE,
    torch.float64: LINE.double(),
    torch.bfloat16: BITS.view(torch.bfloat16),
    torch.float16: BITS.view(torch.float16),
}


@pytest.mark.parametrize("dtype", INPUTS, ids=str)
@pytest.mark.parametrize("name", NATIVE)
def test_the_values_are_the_same(name, dtype):
    function, x = ogive.get(name), INPUTS[dtype]
    parameters = {p.name: p.default for p in function.parameters}
    with ogive.engine("cpu"):
        wanted = function(x)
    got = NATIVE[name].forward(x, *parameters.values())
    assert torch.equal(got.nan_to_num(7.0), wanted.nan_to_num(7.0))
    assert torch.equal(got.isnan(), wanted.isnan())


@pytest.mark.parametrize("name", NATIVE)
def test_the_parameters_are_in_torchs_order(name):
    function, x = ogive.get(name), LINE[:1000]
    parameters = {p.name: p.default + 0.25 for p in function.parameters}
    with ogive.engine("cpu"):
        assert torch.equal(
            NATIVE[name].forward(x, *parameters.values()).nan_to_num(7.0),
            function(x, **parameters).nan_to_num(7.0),
        )

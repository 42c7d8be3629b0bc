"""What is no dense tensor of torch's own is computed by its operators, or refused in a sentence."""

import warnings

import pytest
import torch
from torch.masked import masked_tensor

import ogive
from ogive.errors import InputError

DENSE = torch.linspace(-2, 2, 6)


def foreign(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "masked": lambda: masked_tensor(DENSE, DENSE > -1),
            "sparse": lambda: torch.eye(4).to_sparse(),
            "csr": lambda: torch.eye(4).to_sparse_csr(),
            "nested": lambda: torch.nested.nested_tensor([DENSE[:2], DENSE[:3]]),
            "float8": lambda: DENSE.to(torch.float8_e4m3fn),
            "quantised": lambda: torch.quantize_per_tensor(DENSE, 0.1, 0, torch.quint8),
            "complex": lambda: DENSE + 1j,
            "whole": lambda: DENSE.int(),
        }[kind]()


@pytest.mark.parametrize("warm", (False, True), ids=("cold", "warm"))
@pytest.mark.parametrize(
    "kind", ("masked", "sparse", "csr", "nested", "float8", "quantised", "complex", "whole")
)
@pytest.mark.filterwarnings("ignore")
def test_every_entry_computes_it_or_says_why_not(kind, warm):
    for name in ogive.names():
        function = ogive.get(name)
        if warm:
            function(DENSE)
        try:
            y = function(foreign(kind))
        except InputError as error:
            assert len(str(error)) <= 500, name
            assert "convert" in str(error) or "take its" in str(error), name
        else:
            assert isinstance(y, torch.Tensor), name

"""Under a framework's name an entry takes the framework's names for its arguments."""

import pickle

import pytest
import torch

import ogive
from ogive.catalogue import entries, resolve
from ogive.errors import ParameterError
from ogive.ops import OPTIONS

X = torch.tensor([-2.0, -0.3, 0.0, 0.7, 3.0, 1.5])
#: A call as a framework writes it, and as ogive does.
CALLS = [
    ("onnx:Selu", {"alpha": 2.0, "gamma": 3.0}, lambda x: 3 * ogive.get("elu")(x, alpha=2.0)),
    ("onnx:Selu", {}, ogive.get("selu")),
    ("paddle:selu", {"scale": 2.0}, lambda x: 2 * ogive.get("elu")(x, alpha=1.6732632423543772)),
    ("onnx:LeakyRelu", {"alpha": 0.3}, lambda x: ogive.get("leaky_relu")(x, 0.3)),
    ("tf:leaky_relu", {}, lambda x: ogive.get("leaky_relu")(x, 0.2)),
    ("tf:leaky_relu", {"alpha": 0.3}, lambda x: ogive.get("leaky_relu")(x, 0.3)),
    ("tinygrad:leaky_relu", {"neg_slope": 0.3}, lambda x: ogive.get("leaky_relu")(x, 0.3)),
    ("onnx:Clip", {"min": -0.5, "max": 1.0}, lambda x: x.clamp(-0.5, 1.0)),
    ("onnx:Clip", {"max": 1.0}, lambda x: x.clamp(max=1.0)),
    ("torch:clamp", {"min": 0.5}, lambda x: x.clamp(min=0.5)),
    ("onnx:Swish", {"alpha": 2.0}, lambda x: ogive.get("swish")(x, beta=2.0)),
    ("onnx:PRelu", {"slope": torch.tensor(0.3)}, lambda x: ogive.get("leaky_relu")(x, 0.3)),
    ("onnx:Softmax", {"axis": 0}, lambda x: ogive.get("softmax")(x, dim=0)),
    ("keras:log_softmax", {"axis": -1}, lambda x: ogive.get("log_softmax")(x)),
    ("jax:glu", {"axis": 0}, lambda x: ogive.get("glu")(x, dim=0)),
    ("keras:soft_shrink", {"threshold": 0.2}, lambda x: ogive.get("softshrink")(x, 0.2)),
    ("keras:threshold", {"threshold": 0.2, "default_value": 7.0}, lambda x: x.where(x > 0.2, 7.0)),
    ("jax:gelu", {}, ogive.get("gelu_tanh")),
    ("jax:gelu", {"approximate": False}, ogive.get("gelu")),
    ("keras:gelu", {"approximate": True}, ogive.get("gelu_tanh")),
    ("jax:logsumexp", {"axis": 0, "keepdims": True}, lambda x: x.logsumexp(0, keepdim=True)),
    ("paddle:thresholded_relu", {"threshold": 0.5}, lambda x: x.where(x > 0.5, 0.0)),
]


@pytest.mark.parametrize(
    ("name", "attributes", "ours"), CALLS, ids=[f"{n}({', '.join(a)})" for n, a, _ in CALLS]
)
def test_a_call_as_the_framework_writes_it(name, attributes, ours):
    function = ogive.get(name)
    torch.testing.assert_close(function(X, **attributes), ours(X))
    assert torch.equal(function(X, **attributes), function(X, **attributes)), "prepared"
    again = pickle.loads(pickle.dumps(function))
    assert torch.equal(again(X, **attributes), function(X, **attributes))


def test_every_name_leads_to_an_argument():
    for spec in entries().values():
        for names in spec.under:
            for alias in names.split():
                assert alias in spec.aliases, (spec.name, alias)
                found, _ = resolve(alias)
                known = {p.name for p in found.parameters} | OPTIONS[found.kind].keys()
                assert set(found.attributes.values()) <= known, alias
                assert not {*found.attributes} & known, alias
                assert found is resolve(alias)[0], "what is derived is kept"


def test_an_argument_is_given_once():
    with pytest.raises(ParameterError, match="given twice"):
        ogive.get("onnx:LeakyRelu")(X, alpha=0.1, negative_slope=0.1)
    with pytest.raises(ParameterError, match="given twice"):
        ogive.get("onnx:LeakyRelu")(X, 0.1, alpha=0.1)


def test_other_names_stay_unknown():
    with pytest.raises(ParameterError, match="no parameter 'alpha'"):
        ogive.get("leaky_relu")(X, alpha=0.1)
    with pytest.raises(ParameterError, match="no parameter 'axis'"):
        ogive.get("torch:softmax")(X, axis=0)

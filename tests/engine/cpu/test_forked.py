"""Children of a fork whose parent has used torch's threads compute: cold, cached, in all ways."""

import os

import pytest
from handmade import printed

WAYS = {
    "a call": "y = ogive.get('mish')(x)",
    "torch's operator": "y = ogive.get('relu')(x)",
    "a gated unit": "y = ogive.get('swiglu')(x.view(2, -1))",
    "rows": "y = ogive.get('softmax')(x.view(4, -1))",
    "a rowwise function": "y = ogive.get('sparsemax')(x.view(4, -1))",
    "a module and its backward": "ogive.nn.GELU()(x.requires_grad_()).backward(g)",
    "a learned parameter": "ogive.nn.PReLU()(x.requires_grad_()).backward(g)",
    "packed bits": "ogive.get('mish')(x.requires_grad_(), save='lean').backward(g)",
    "a formula": "y = ogive.define('waves', 'x * sin(x)')(x)",
    "the eager engine": "ogive.engine('eager'); y = ogive.get('mish')(x)",
    "noise": "y = ogive.get('rrelu')(x, training=True)",
}
PARENT = """
import os, signal, torch, ogive
torch.set_num_threads(2)
x = torch.linspace(-4, 4, 100_000)
g, done = x.exp(), []
{before}
children = []
for way in {ways!r}:
    child = os.fork()
    if not child:
        signal.alarm(60)  # a child that waits forever is ended, and found
        exec(way)
        os._exit(0)
    done.append(os.waitpid(child, 0)[1])
print(done)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_child_ends(tmp_path):
    """First with an empty cache and an engine that the parent has not loaded."""
    ways = list(WAYS.values())
    for before in ("", "ogive.get('elu')(x)"):
        code = PARENT.format(before=before, ways=ways)
        kept = {"OGIVE_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": "2"}
        assert printed(code, alone=False, timeout=600, **kept) == str([0] * len(ways))

"""Children of a fork whose parent has used torch's threads compute: cold, cached, in all ways, and
where only the child imports ogive."""

import ast
import os
from pathlib import Path

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
#: As many numbers as most of torch's operators take to one thread, and ogive to two.
SMALL = 20_000
PARENT = """
import os, signal, torch
{first}
torch.set_num_threads(2)
torch.linspace(-4, 4, 100_000).exp()
x = torch.linspace(-4, 4, {count})
g, done = x.exp(), []
{before}
children = []
for way in {ways!r}:
    child = os.fork()
    if not child:
        signal.alarm(120)  # a child that waits forever is ended, and found
        exec(way)
        os._exit(0)
    done.append(os.waitpid(child, 0)[1])
print(set(done))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_child_ends(tmp_path):
    """First with an empty cache and an engine that the parent has not loaded."""
    for before in ("", "ogive.get('elu')(x)"):
        assert ends(tmp_path, 100_000, list(WAYS.values()), "import ogive", before) == {0}


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(),
    reason="the mark of a forked process, PF_FORKNOEXEC, is Linux's: elsewhere nothing is promised",
)
def test_a_child_that_imports_ogive_after_the_fork_ends_where_torch_does(tmp_path):
    """All but the eager engine: torch's own operators wait, from 2,048 numbers on for some."""
    kernels = [way for name, way in WAYS.items() if name != "the eager engine"]
    all_of_them = "\n".join(["import ogive", *kernels])
    assert ends(tmp_path, SMALL, [all_of_them], "", "") == {0}


def ends(kept: Path, count: int, ways: list[str], first: str, before: str) -> set[int]:
    """How children end, one for each of the ways, with kernels kept in this place."""
    code = PARENT.format(first=first, before=before, count=count, ways=ways)
    places = {"OGIVE_CACHE_DIR": str(kept), "OMP_NUM_THREADS": "2"}
    return ast.literal_eval(printed(code, alone=False, timeout=600, **places))

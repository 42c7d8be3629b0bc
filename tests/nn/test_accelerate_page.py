"""docs/accelerate.md lists what is covered; tests/docs/test_blocks.py runs it."""

from pathlib import Path

from ogive.nn.gated_blocks import PATTERNS
from ogive.nn.recognise import torch_functions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accelerate.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_lists_every_function_and_block() -> None:
    assert all(name in TEXT for name in torch_functions())
    blocks = {place.rpartition(".")[2] for place in PATTERNS} - {"XIELUActivation"}
    assert all(f"`{block}`" in TEXT for block in blocks)

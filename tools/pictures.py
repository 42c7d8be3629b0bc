"""Draws the pictures of the README and the guides, from a study and from measured tables.

    python tools/pictures.py

``study.png``: scores of a small study. ``lean.png``: what models keep for backward, as
``docs/generated/models.md`` has it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

from ogive.plot.style import COLOURS, FAINT, INK
from ogive.study import run_study

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
MODELS = ROOT / "docs" / "generated" / "models.md"
COMPARED = ["relu", "gelu", "mish", "tanh", "sigmoid"]
#: The models that are drawn, of those that were measured.
DRAWN = (
    "efficientnet_b0",
    "convnext_pico",
    "vit_tiny_patch16_224",
    "bert",
    "gpt2",
    "llama",
    "gemma",
)
MODES = {"untouched": FAINT, "exact": COLOURS[4], "lean": COLOURS[0]}


def study(path: Path) -> None:
    """The first figure of a study of spirals."""
    with tempfile.TemporaryDirectory() as out:
        found = run_study("spirals", COMPARED, seeds=10, epochs=30, lr=0.003, out=Path(out))
        shutil.copy(found.folder / "scores.png", path)


def held(page: str) -> dict[str, dict[str, float]]:
    """Model -> mode -> MB kept for backward in float32, as the page says."""
    table = page.partition("## float32")[2].partition("\n## ")[0]
    found: dict[str, dict[str, float]] = {}
    model = ""
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 2 and cells[1] in MODES:
            model = cells[0].strip("`") or model
            found.setdefault(model, {})[cells[1]] = float(cells[2])
    return found


def lean(path: Path) -> None:
    """A bar for each model and mode, as a share of the untouched model's."""
    measured = held(MODELS.read_text(encoding="utf-8"))
    rows = {name: measured[name] for name in DRAWN}
    figure = Figure(figsize=(6.4, 0.42 * len(rows) + 1.1), layout="constrained", facecolor="white")
    axes = figure.subplots()
    for i, (mode, colour) in enumerate(MODES.items()):
        shares = [modes[mode] / modes["untouched"] for modes in rows.values()]
        places = [place + 0.26 * (i - 1) for place in range(len(rows))]
        axes.barh(places, shares, 0.24, color=colour, label=mode)
    axes.set_yticks(range(len(rows)), list(rows), color=INK)
    axes.invert_yaxis()
    axes.set_xlabel("kept for backward, share of the untouched model's (float32)", color=INK)
    axes.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=144)


if __name__ == "__main__":
    study(IMAGES / "study.png")
    lean(IMAGES / "lean.png")

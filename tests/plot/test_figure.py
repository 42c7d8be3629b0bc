"""Figures: the files are what their names say, the lines hold the right numbers."""

import sys

import matplotlib as mpl
import numpy as np
import pytest

import ogive
from ogive.errors import MissingExtra, OgiveError
from ogive.plot import plot, sheet
from ogive.plot.figure import formula_of, symbol_of
from ogive.plot.style import COLOURS, MOST

MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}


def named(*names):
    return [ogive.get(name) for name in names]


def curves(axes):
    """The lines that are curves: no axes, no rings at jumps."""
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


@pytest.mark.parametrize("suffix", MAGIC)
def test_files(tmp_path, suffix):
    path = tmp_path / f"mish{suffix}"
    ogive.get("mish").plot(path)
    assert path.read_bytes().startswith(MAGIC[suffix])
    assert path.stat().st_size > 5000


def test_one_activation_has_a_panel_for_each_order():
    silu = ogive.get("silu")
    figure = plot([silu])
    panels = [axes for axes in figure.axes if curves(axes)]
    assert [axes.get_title(loc="left") for axes in panels] == [symbol_of(i) for i in range(3)]
    for order, axes in enumerate(panels):
        (line,) = curves(axes)
        expected = silu.derivative(order)(np.array(line.get_xdata()))
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12, atol=1e-14)


def test_the_heading_has_name_and_formula():
    texts = [t.get_text() for axes in plot(named("silu")).axes for t in axes.texts]
    assert texts[0] == "silu"
    assert r"\sigma" in texts[1]
    assert texts[1].startswith("$f(x) = ")


def test_cases_are_written_as_plain_text():
    text, _, mathematics = formula_of(ogive.get("elu"), 700)
    assert (text, mathematics) == (f"f(x) = {ogive.get('elu').formula}", False)


def test_a_long_formula_fits():
    text, size, _ = formula_of(ogive.get("noisy_hardsigmoid"), 700)
    assert len(text.split("\n")) <= 2
    assert max(map(len, text.split("\n"))) * size * 0.6 < 750


def test_comparison_overlays_with_a_legend():
    figure = plot(named("relu", "elu", "silu"), orders=(0, 1), interval=(-3, 3))
    panels = [axes for axes in figure.axes if curves(axes)]
    assert [len(curves(axes)) for axes in panels] == [3, 3]
    assert len({line.get_color() for line in curves(panels[0])}) == 3
    assert all(axes.get_xlim() == (-3, 3) for axes in panels)
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [t.get_text() for t in legend.get_texts()] == ["relu", "elu", "silu"]


def test_more_curves_than_colours_differ_in_their_lines():
    many = named(*ogive.names(kind="elementwise")[: len(COLOURS) + 1])
    lines = curves(plot(many, orders=(0,)).axes[0])
    assert lines[0].get_color() == lines[-1].get_color()
    assert lines[0].get_linestyle() != lines[-1].get_linestyle()


def test_jumps_have_rings_filled_where_the_value_is():
    axes = next(a for a in plot(named("relu"), orders=(1,)).axes if curves(a))
    rings = {
        (line.get_xdata()[0], line.get_ydata()[0]): line.get_markerfacecolor()
        for line in axes.lines
        if line.get_marker() == "o"
    }
    assert rings == {(0.0, 0.0): COLOURS[0], (0.0, 1.0): "white"}


def test_sheet_has_a_small_panel_for_each():
    names = ["relu", "tanh", "step", "swiglu", "rrelu"]
    figure = sheet(named(*names))
    assert [axes.get_title() for axes in figure.axes] == names
    assert all(len(curves(axes)) == 2 for axes in figure.axes)


def test_the_same_figure_is_the_same_file(tmp_path):
    first, second = (tmp_path / f"{i}.svg" for i in (1, 2))
    for path in (first, second):
        plot(named("tanh"), path, orders=(0,))

    def without_date(path):
        return [line for line in path.read_text().splitlines() if "<dc:date>" not in line]

    assert without_date(first) == without_date(second)


def test_global_settings_stay(tmp_path, monkeypatch):
    def settings():  # asking for the backend would choose one
        return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}

    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it would fail
    before = settings()
    plot(named("relu", "silu"), tmp_path / "both.svg")
    assert settings() == before


@pytest.mark.parametrize(
    ("path", "message"),
    [("relu.jpg", r"must end in \.png, \.svg, \.pdf"), ("missing/relu.png", "no folder")],
)
def test_wrong_paths(tmp_path, path, message):
    for draw in (plot, sheet):
        with pytest.raises(OgiveError, match=message):
            draw(named("relu"), tmp_path / path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written(tmp_path):
    (tmp_path / "relu.png").mkdir()
    with pytest.raises(OgiveError, match="cannot write"):
        plot(named("relu"), tmp_path / "relu.png", orders=(0,))


@pytest.mark.parametrize("many", [0, MOST + 1])
def test_wrong_number_of_curves(many):
    with pytest.raises(OgiveError, match="sheet"):
        plot(named(*["relu"] * many))


def test_nothing_to_draw_on_a_sheet():
    with pytest.raises(OgiveError, match="nothing to draw"):
        sheet([])


@pytest.mark.parametrize("orders", [(), (-1,)])
def test_wrong_orders(orders):
    with pytest.raises(OgiveError, match="orders"):
        plot(named("relu"), orders=orders)


def test_rowwise_entries_say_what_to_do():
    with pytest.raises(OgiveError, match="works on rows"):
        plot(named("softmax"))


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"ogive\[plot\]"):
        plot(named("relu"))

"""``ogive explore``: what it writes, opens and refuses."""

import webbrowser

import pytest
from typer.testing import CliRunner

from ogive.catalogue import entries
from ogive.cli import app
from ogive.explorer import site


def run(*arguments):
    return CliRunner().invoke(app, ["explore", *map(str, arguments)])


@pytest.fixture
def few(monkeypatch):
    """A catalogue of two entries, so that the site is written at once."""
    kept = {name: entries()[name] for name in ("relu", "softmax")}
    monkeypatch.setattr(site, "entries", lambda: kept | {
        name: spec for name, spec in entries().items() if spec.family == "user"
    })  # fmt: skip


def test_the_site_is_written_with_what_a_user_defines(few, tmp_path):
    done = run(
        "-o", tmp_path / "new" / "site", "--no-open", "--define", "bump = x*exp(-x**2/s); s=2"
    )
    assert done.exit_code == 0, done.output
    assert "index.html" in done.output
    page = (tmp_path / "new" / "site" / "functions" / "bump.html").read_text()
    assert "A function of your own." in page
    script = (tmp_path / "new" / "site" / "assets" / "data" / "functions.js").read_text()
    assert 'ogive.add("bump"' in script


def test_a_user_s_function_is_live(few, tmp_path, tab):
    assert run("-o", tmp_path, "--no-open", "--define", "bump = x*exp(-x**2/s); s=2").exit_code == 0
    tab.goto((tmp_path / "functions" / "bump.html").as_uri())
    assert tab.evaluate("ogive.value('bump', 1, {s: 1})") == pytest.approx(0.36787944117144233)
    assert not tab.watch.errors
    tab.goto((tmp_path / "index.html").as_uri())
    assert tab.get_by_role("link", name="bump").count() == 1


def test_without_a_folder_it_is_opened(few, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: opened.append(uri) or True)
    assert run().exit_code == 0
    assert opened[0].startswith("file://")
    monkeypatch.setattr(webbrowser, "open", lambda uri: False)
    assert "no browser was found" in run().output


REFUSED = {
    ("--define", "bump"): "takes NAME = FORMULA",
    ("--define", "bump = x*tahn(x)"): "did you mean",
    ("--define", "relu = x"): "relu",
    ("--define", "bump = x*s; s=two"): "a parameter of --define is NAME = NUMBER",
    ("-o", "/dev/null/site"): "cannot be written to",
}


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_cannot_be_done_is_said(few, arguments, tmp_path):
    done = run(*(() if "-o" in arguments else ("-o", tmp_path)), "--no-open", *arguments)
    assert done.exit_code == 2
    assert REFUSED[arguments] in done.output

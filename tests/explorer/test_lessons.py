"""The lessons: every figure is live, numbers come from certificates, verdicts from the ledger."""

import re

import pytest

from browser import until
from ogive.explorer import lessons
from ogive.explorer.experiments import KnownClaim, known_claims
from ogive.explorer.lessons import LESSONS, lesson_body
from ogive.explorer.strings import Texts, all_texts
from ogive.study.claims import find_claims

SLUGS = [lesson.slug for lesson in LESSONS]
#: For each figure: a control, a value for it, and where the change is seen.
MOVES = {
    "nonlinearity": ("Hidden layers", "3", "figcaption >> nth=0"),
    "saturation": ("Hidden layers", "20", "figcaption >> nth=0"),
    "dead": ("Learning rate", "0.4", "output >> nth=0"),
    "centre": ("Inputs", "1.5", "figcaption"),
    "relus": ("α", "1.5", "figcaption"),
    "gates": ("β of swish", "4", "figcaption >> nth=0"),
    "softmax": ("Logit 1", "3", "tbody >> nth=0"),
    "choose": ("Units in each", "3", "output >> nth=0"),
}


@pytest.fixture
def open_lesson(tab, site):
    """Opens a lesson in a language."""

    def opened(slug, folder=""):
        tab.goto((site / folder / "lessons" / f"{slug}.html").as_uri())
        return tab

    return opened


@pytest.mark.parametrize("slug", SLUGS)
def test_a_figure_answers_its_controls_and_the_address_keeps_them(open_lesson, slug):
    page = open_lesson(slug)
    name, value, place = MOVES[slug]
    seen = page.locator("#figure").locator(place)
    until(page, lambda: len(page.locator("#figure").inner_text()) > 40)
    before = seen.inner_text()
    slider = page.get_by_label(name, exact=False)
    slider.fill(value)
    kept = slider.input_value()
    if slug != "nonlinearity":  # a line keeps its accuracy, whatever the depth
        until(page, lambda: seen.inner_text() != before)
    until(page, lambda: "#" in page.url)
    page.reload()
    assert float(page.get_by_label(name, exact=False).input_value()) == pytest.approx(
        float(kept), abs=0.01
    )
    assert not page.watch.errors


def test_only_the_bent_network_closes_in_the_disc(open_lesson):
    page = open_lesson("nonlinearity")

    def shares():
        told = " ".join(page.locator("figcaption").all_inner_texts())
        return [float(share) for share in re.findall(r"([\d.]+)%", told)]

    until(page, lambda: len(shares()) > 1 and shares()[1] > 90)
    assert shares()[0] < 70


def test_the_gradient_fades_through_sigmoids_and_not_through_relus(open_lesson):
    page = open_lesson("saturation")

    def left():
        text = page.locator("figcaption").first.inner_text()
        return float(re.search(r"([\d.e−]+) of it reaches", text)[1].replace("−", "-"))

    faded = left()
    page.get_by_label("Activation").select_option("relu")
    until(page, lambda: "relu" in page.locator("figcaption").first.inner_text())
    assert faded < 1e-3 < 0.1 < left()


def test_relu_units_die_of_a_large_rate(open_lesson):
    page = open_lesson("dead")
    page.get_by_label("Learning rate").fill("0.3")
    page.get_by_role("button", name="Train").click()
    told = page.locator("#figure > figcaption")
    until(page, lambda: int(re.search(r"(\d+) steps", told.inner_text())[1]) > 100)
    page.get_by_role("button", name="Pause").click()
    assert page.locator(".unit.dead").count() >= 3


def test_the_jacobian_of_the_figure_is_that_of_its_shares(open_lesson):
    page = open_lesson("softmax")
    tables = page.locator("#figure tbody")
    shares = [
        float(t.rstrip("%")) / 100
        for t in tables.first.locator("td:nth-child(2)").all_inner_texts()
    ]
    cells = [float(t.replace("−", "-")) for t in tables.nth(1).locator("td").all_inner_texts()]
    wanted = [y * ((i == j) - z) for i, y in enumerate(shares) for j, z in enumerate(shares)]
    assert cells == pytest.approx(wanted, abs=2e-3)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_in_prose_is_filled_in(language):
    for lesson in LESSONS:
        body = lesson_body(lesson, Texts(language, "../"))
        assert not re.search(r"\{\w+\}", body)
    told = lesson_body(LESSONS[1], Texts(language))
    assert "6.91" in told and "0.153" in told  # where sigmoid' < 0.001, and E f'^2 / E f^2


@pytest.mark.parametrize(
    ("verdict", "on", "told"),
    [
        ("depends", "task: fails at digits", "task: fails at digits"),
        ("fails", "", "does not hold"),
        ("undecided", "speed", "Still open in this ledger: C1."),
        ("", "", "make claims"),
    ],
)
def test_the_decision_page_says_what_the_ledger_says(monkeypatch, verdict, on, told):
    one = KnownClaim("C1", "What is said.", verdict, on)
    monkeypatch.setattr(lessons, "known_claims", lambda: {"C1": one})
    body = lesson_body(LESSONS[-1], Texts("en"))
    assert "What is said." in body
    assert told in body


def test_lessons_name_claims_that_there_are():
    assert {name for lesson in LESSONS for name in lesson.claims} <= known_claims().keys()


def test_the_explorer_knows_every_claim_of_the_ledger():
    told = {claim.id: claim.statement for claim in find_claims()}
    assert {each.id: each.claim for each in known_claims().values()} == told


def test_no_verdict_is_typed():
    """The words of verdicts stand in one table of the texts, and nowhere in the lessons' prose."""
    prose = [
        row[0] for key, row in all_texts().items() if re.match(r"lessons\.\w+\.(say|keep)", key)
    ]
    assert not [text for text in prose if re.search(r"\bC\d+\b", text)]

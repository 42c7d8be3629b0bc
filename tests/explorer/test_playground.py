"""The playground: its networks learn, its gradients are right, its state is in the address."""

import pytest

from browser import until
from ogive.catalogue import entries

COMMON = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh")


@pytest.fixture(scope="module")
def open_page(chromium, site):
    """The playground, opened once for the tests that leave nothing behind."""
    page = chromium.new_page()
    page.goto((site / "playground.html").as_uri())
    yield page
    page.close()


def run(page, steps, **options):
    return page.evaluate("([steps, options]) => playground.run(steps, options)", [steps, options])


@pytest.mark.parametrize("data", ["circles", "moons", "xor"])
@pytest.mark.parametrize("activation", COMMON)
def test_common_activations_separate_what_no_line_can(open_page, data, activation):
    found = run(open_page, 400, data=data, activation=activation)
    assert found["accuracy"] >= 0.97
    assert found["steps"] == 400


def test_spirals_are_separated_within_a_minute(open_page):
    found = run(open_page, 2000, data="spirals", activation="tanh", width=16, depth=3)
    assert found["accuracy"] >= 0.95


@pytest.mark.parametrize("data", ["circles", "xor"])
def test_without_a_nonlinearity_depth_adds_nothing(open_page, data):
    found = run(open_page, 400, data=data, activation="identity", depth=4)
    assert found["accuracy"] <= 0.7


def test_a_seed_determines_the_result(open_page):
    options = {"data": "moons", "activation": "mish", "width": 5, "depth": 1}
    first, again, other = (run(open_page, 60, seed=seed, **options) for seed in (7, 7, 8))
    assert first == again
    assert first["loss"] != other["loss"]


def test_every_entry_is_trained_or_says_why_not(open_page):
    """Most of the catalogue learns the moons; the rest diverges or stays, and nothing breaks."""
    options = open_page.locator("#activation option")
    told = options.evaluate_all("all => all.map(o => [o.value, o.disabled, o.textContent])")
    assert {name for name, _, _ in told} == set(entries())
    pooled = {name: text for name, off, text in told if off}
    assert set(pooled) == {"logsumexp", "logmeanexp"}
    assert all("one number for a whole row" in text for text in pooled.values())
    names = [name for name in entries() if name not in pooled]
    found = open_page.evaluate(
        """(names) => names.map((name) => {
            const f = ogive.trainable(name);
            const training = new ogive.Training({data: "moons", f, hidden: [8, 8], seed: 1});
            for (let i = 0; i < 100; i++) training.step();
            return training.measure().accuracy;
        })""",
        names,
    )
    assert all(0 <= accuracy <= 1 for accuracy in found)
    assert sum(accuracy > 0.95 for accuracy in found) > 0.8 * len(found)


@pytest.mark.parametrize(
    ("activation", "data"),
    [
        ("swiglu", "moons"),
        ("geglu", "xor"),
        ("swiglu", "circles"),
        ("maxout", "xor"),
        ("crelu", "circles"),
    ],
)
def test_gated_units_and_rows_separate_as_well(open_page, activation, data):
    found = run(open_page, 400, data=data, activation=activation)
    assert found["accuracy"] >= 0.97
    layers = open_page.locator("[data-part=layers] tr")
    assert layers.count() == 3
    assert open_page.locator("#activation").input_value() == activation


@pytest.mark.parametrize(
    "activation",
    [
        "tanh",
        "gelu",
        "swish",
        "swiglu",
        "geglu",
        "gtu",
        "softmax",
        "solu",
        "maxout",
        "ncrelu",
        "squash",
    ],
)
def test_the_gradient_is_that_of_the_loss(open_page, activation):
    worst = open_page.evaluate(
        """(activation) => {
            const f = ogive.trainable(activation);
            const training = new ogive.Training({data: "moons", f, hidden: [4, 3], seed: 5});
            training.gradientOf(training.train);
            const exact = Float64Array.from(training.network.gradient);
            const loss = () => training.measure(training.train).loss;
            const { parameters } = training.network;
            const step = 1e-5;
            return Math.max(...exact.map((g, i) => {
              const kept = parameters[i];
              parameters[i] = kept + step;
              const above = loss();
              parameters[i] = kept - step;
              const below = loss();
              parameters[i] = kept;
              return Math.abs(g - (above - below) / (2 * step));
            }));
        }""",
        activation,
    )
    assert worst < 1e-8  # the step's square times a third derivative, and rounding over the step


def test_adam_moves_every_parameter_by_its_rate_in_the_first_step(open_page):
    moves = open_page.evaluate(
        """() => {
            const f = ogive.trainable("tanh");
            const options = {data: "xor", f, hidden: [3], seed: 2, recipe: "keras"};
            const training = new ogive.Training(options);
            const before = Float64Array.from(training.network.parameters);
            training.step();
            return Array.from(training.network.parameters, (p, i) => Math.abs(p - before[i]));
        }"""
    )
    assert all(abs(move - 0.001) < 1e-6 for move in moves)


@pytest.mark.parametrize(
    ("steps", "options", "named"),
    [
        (10, {"data": "square"}, "circles, moons"),
        (10, {"activation": "gleu"}, "activation is one of"),
        (10, {"activation": "logsumexp"}, "makes one number of a whole row"),
        (10, {"activation": "lwta", "width": 5}, "works on groups of 2 units"),
        (10, {"width": 0}, "width is a whole number from 1"),
        (10, {"depth": 1.5}, "depth is a whole number"),
        (10, {"layers": 2}, "there is no option layers"),
        (-1, {}, "steps is a whole number"),
    ],
)
def test_a_wrong_option_is_named(open_page, steps, options, named):
    asked = "([s, o]) => playground.run(s, o).then(() => 'ran', (error) => error.message)"
    assert named in open_page.evaluate(asked, [steps, options])


def test_the_state_is_in_the_address(tab, site):
    address = (site / "playground.html").as_uri()
    tab.goto(f"{address}#data=xor&activation=mish&width=5&depth=3&seed=9")
    tab.get_by_label("Width").fill("6")
    tab.reload()
    assert tab.get_by_label("XOR").is_checked()
    assert tab.get_by_label("Activation").input_value() == "mish"
    assert tab.get_by_label("Width").input_value() == "6"
    tab.locator("a.language").click()
    tab.wait_for_load_state()
    assert tab.locator("html").get_attribute("lang") == "zh-CN"
    assert tab.locator("#activation").input_value() == "mish"
    assert not tab.watch.errors


def test_what_a_choice_means_is_told(tab, site):
    tab.goto((site / "playground.html").as_uri() + "#activation=group_sort&width=5")
    notice = tab.locator("[data-part=notice]")
    assert "a whole layer at once" in notice.text_content()
    assert "groups of 2" in notice.text_content()
    assert tab.get_by_label("Width").input_value() == "6"
    tab.locator("#activation").select_option("swiglu")
    assert "its value and its gate" in notice.text_content()
    tab.locator("#activation").select_option("relu")
    assert notice.text_content() == ""
    assert not tab.watch.errors


def test_an_impossible_address_gives_the_defaults(tab, site):
    tab.goto((site / "playground.html").as_uri() + "#data=moon&width=1e9&activation=nothing")
    assert tab.get_by_label("Width").input_value() == "8"
    assert not tab.watch.errors


def test_the_keyboard_trains_and_pauses(tab, site):
    tab.goto((site / "playground.html").as_uri())
    tab.get_by_label("Seed").focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    until(tab, lambda: int(tab.locator("[data-part=steps]").text_content()) > 20)
    assert tab.locator(":focus").text_content() == "Pause"
    tab.keyboard.press("Enter")
    assert "After" in tab.locator("[data-part=told]").text_content()


def test_a_sweep_of_the_notes_shows_every_seed(tab, site):
    tab.goto((site / "playground.html").as_uri())
    tab.get_by_role("button", name="Width: one hidden layer").click()
    assert tab.locator("[data-part=rows] tr").count() == 6
    first = tab.locator("[data-part=rows] tr").first
    first.locator(".dot").nth(4).wait_for(timeout=60_000)
    assert first.locator(".noted").count() == 1
    assert first.get_by_role("rowheader").text_content() == "1"
    tab.get_by_role("button", name="Epochs").click()  # ends the other
    assert tab.locator("[data-part=rows] tr").count() == 5
    assert not tab.watch.errors

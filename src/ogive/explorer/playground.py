"""The playground: a small network trained in the page, and the experiments of the notes again."""

from __future__ import annotations

import html
import json
import math
from functools import cache
from typing import Any

from ogive.catalogue import KINDS, Spec, entries
from ogive.certify.report.certificate import certificate
from ogive.explorer.experiments import notes_sweeps
from ogive.explorer.strings import Texts

PLANES = ("circles", "moons", "xor", "spirals")
#: Slider -> lowest and highest value.
SLIDERS = {"width": (1, 32), "depth": (0, 8)}
_TABLE = ("layer", "units", "saturated", "dead", "slope", "gradient")


def playground_body(texts: Texts) -> str:
    """The page; scripts take the activations, and what the notes found, from its attributes."""
    return f"""\
<h1>{texts("playground.title")}</h1>
<p>{texts("playground.lead")}</p>
<div id="playground" data-activations="{_attribute(trainable())}">
{_controls(texts)}
<div class="columns">
{_plane(texts)}
{_inside(texts)}
</div>
<p class="unseen" role="status" data-part="told"></p>
</div>
{_experiments(texts)}"""


Scales = tuple[float | None, float | None]
#: Kinds whose layers compute each unit from one weighted sum.
ONE_SUM = ("elementwise", "stochastic")


@cache
def trainable(kinds: tuple[str, ...] = KINDS) -> dict[str, Scales]:
    """Every activation of these kinds that networks can be trained with: its gain, its sup |f'|.

    The gain is 1 where none is proved; a slope without a bound counts as 1. Both are None for what
    is no function of one number, where the page measures the gain.
    """
    return {
        spec.name: _scales(spec) if spec.kind in ONE_SUM else (None, None)
        for spec in entries().values()
        if spec.kind in kinds and not pools(spec)
    }


def pools(spec: Spec) -> bool:
    """Whether it makes one number of a row, so that a layer of it has no units."""
    return any(p.name == "keepdim" for p in spec.parameters)


def _scales(spec: Spec) -> Scales:
    found = certificate(spec)
    assert found.signal and found.smoothness
    gain, steepest = found.signal.recommendation.gain, found.smoothness.lipschitz.value
    return _usable(gain), _usable(steepest)


def _usable(scale: float) -> float:
    return round(scale, 6) if math.isfinite(scale) and scale > 0 else 1.0


def _controls(texts: Texts) -> str:
    pooled = {spec.name for spec in entries().values() if pools(spec)}
    names = "".join(
        _option(name, name in pooled, texts) for name in sorted({*trainable(), *pooled})
    )
    planes = "".join(
        f'<label class="choice"><input type="radio" name="data" value="{name}"> '
        f"{texts(f'playground.data.{name}')}</label>"
        for name in PLANES
    )
    buttons = "".join(
        f'<button type="button" data-part="{name}"{look}>{texts(f"playground.{name}")}</button>'
        for name, look in (("play", ' class="primary"'), ("step", ""), ("reset", ""))
    )
    return f"""\
<div class="controls">
<fieldset class="choices"><legend>{texts("playground.points")}</legend>{planes}</fieldset>
<div><label for="activation">{texts("playground.activation")}</label>
<select id="activation" name="activation">{names}</select></div>
{"".join(_slider(name, texts) for name in SLIDERS)}
<div><label for="seed">{texts("playground.seed")}</label>
<input id="seed" name="seed" type="number" min="0" max="9999" step="1"></div>
<div class="buttons">{buttons}</div>
</div>
<p class="note" data-part="notice" role="status"></p>"""


def _option(name: str, pooled: bool, texts: Texts) -> str:
    """A name to choose; one that cannot be trained says why."""
    why = f" ({texts('playground.pools')})" if pooled else ""
    off = " disabled" if pooled else ""
    return f'<option value="{html.escape(name)}"{off}>{html.escape(name)}{why}</option>'


def _slider(name: str, texts: Texts) -> str:
    low, high = SLIDERS[name]
    return (
        f'<div><label for="{name}">{texts(f"playground.{name}")} '
        f'<output data-of="{name}"></output></label>'
        f'<input id="{name}" name="{name}" type="range" min="{low}" max="{high}"></div>'
    )


def _plane(texts: Texts) -> str:
    told = "".join(
        f'<div><dt>{texts(f"playground.{name}")}</dt><dd data-part="{name}"></dd></div>'
        for name in ("steps", "epochs", "accuracy", "loss")
    )
    return f"""\
<figure>
<canvas class="plane" data-part="plane" width="420" height="420" role="img"
 aria-label="{texts("playground.plane")}"></canvas>
<figcaption>{texts("playground.plane_caption")}</figcaption>
<dl class="figures">{told}</dl>
</figure>"""


def _inside(texts: Texts) -> str:
    heads = "".join(f'<th scope="col">{texts(f"playground.layers.{name}")}</th>' for name in _TABLE)
    lines = "".join(f'<polyline class="{n}" data-part="loss-{n}"/>' for n in ("test", "train"))
    return f"""\
<div>
<figure>
<svg class="network" data-part="network" role="img"
 aria-label="{texts("playground.network")}"></svg>
<figcaption>{texts.html("playground.network_caption")}</figcaption>
</figure>
<div class="scroll" tabindex="0"><table>
<caption>{texts("playground.layers.caption")}</caption>
<thead><tr>{heads}</tr></thead><tbody data-part="layers"></tbody>
</table></div>
<figure>
<svg class="losses" viewBox="0 0 300 84" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>
<figcaption>{texts.html("playground.loss_caption")}</figcaption>
</figure>
</div>"""


def _experiments(texts: Texts) -> str:
    sweeps = notes_sweeps()
    buttons = "".join(
        f'<button type="button" data-sweep="{name}">{texts(f"playground.sweep.{name}")}</button>'
        for name in sweeps
    )
    heads = "".join(
        f'<th scope="col">{texts(f"playground.sweep.{name}")}</th>'
        for name in ("value", "boundary", "seeds", "spread", "notes")
    )
    return f"""\
<section id="experiments" data-sweeps="{_attribute(sweeps)}">
<h2>{texts("playground.sweep.title")}</h2>
<p>{texts("playground.sweep.lead", epochs=sweeps["width"][0]["epochs"])}</p>
<div class="controls">{buttons}</div>
<div data-part="results" hidden>
<h3 data-part="heading"></h3>
<p role="status" data-part="state"></p>
<div class="scroll" tabindex="0"><table>
<thead><tr>{heads}</tr></thead><tbody data-part="rows"></tbody>
</table></div>
<p class="note">{texts("playground.sweep.caption")}</p>
</div>
</section>"""


def _attribute(told: Any) -> str:
    """Data for a script, as the value of an attribute."""
    return html.escape(json.dumps(told, separators=(",", ":")))

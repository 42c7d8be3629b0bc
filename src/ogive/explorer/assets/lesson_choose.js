// Two activations from ten seeds each: is their difference larger than that between seeds?
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);
  const body = ogive.element("tbody");
  const told = ogive.element("figcaption", { "aria-live": "polite" });

  let current = null;
  const race = async (state) => {
    const asked = (current = {});
    const stopped = () => current !== asked;
    const rows = [state.first, state.second].map((name) => addRow(name));
    body.replaceChildren(...rows.map((row) => row.element));
    for (const seed of SEEDS)
      for (const row of rows) {
        const hidden = [state.width, state.width];
        const training = new ogive.Training({ data: state.data, f: ogive.trainable(row.name), hidden, seed });
        await ogive.trainInSlices(training, state.steps, () => {}, stopped);
        if (stopped()) return;
        row.found.push(100 * training.measure().accuracy);
        row.show();
        told.textContent = text("race.running", { seed, seeds: SEEDS.length });
      }
    told.textContent = verdict(rows);
  };

  const begin = ogive.whenStill((state) => race({ ...state, steps: Math.round(state.steps) }));

  const addRow = (name) => {
    const strip = ogive.element("td");
    const mean = ogive.element("td.number");
    const element = ogive.element("tr", {}, ogive.element("th", { scope: "row" }, name), strip, mean);
    const found = [];
    const show = () => {
      strip.replaceChildren(ogive.drawStrip(found));
      mean.textContent = `${(found.reduce((a, b) => a + b) / found.length).toFixed(1)}%`;
    };
    return { name, element, found, show };
  };

  /** By signs: on how many seeds each was ahead, as the same seed has the same points. */
  const verdict = ([one, other]) => {
    const ahead = one.found.filter((v, i) => v > other.found[i]).length;
    const behind = one.found.filter((v, i) => v < other.found[i]).length;
    const values = { first: one.name, second: other.name, ahead, behind, ties: SEEDS.length - ahead - behind };
    return text("race.verdict", values);
  };

  const planes = Object.fromEntries(ogive.PLANES.map((name) => [name, text(`data.${name}`)]));
  const names = Object.keys(ogive.trainables);
  const state = ogive.figureControls(
    figure,
    {
      data: { label: text("data.label"), options: planes, value: "spirals" },
      first: { label: text("race.first"), options: names, value: "relu" },
      second: { label: text("race.second"), options: names, value: "silu" },
      width: { label: text("units"), low: 2, high: 16, value: 8 },
      steps: { label: text("steps"), low: 50, high: 1500, value: 300, log: true, told: (v) => String(Math.round(v)) },
    },
    (values) => {
      current = null; // while a slider moves nothing is trained
      begin(values);
    }
  );
  const head = [text("activation"), text("race.seeds"), text("race.mean")];
  figure.append(
    ogive.element(
      "div.scroll", { tabindex: 0, role: "region", "aria-label": text("race.label") },
      ogive.element(
        "table", {},
        ogive.element("thead", {}, ogive.element("tr", {}, ...head.map((h) => ogive.element("th", { scope: "col" }, h)))), body
      )
    ),
    told
  );
  race({ ...state, steps: Math.round(state.steps) });
}

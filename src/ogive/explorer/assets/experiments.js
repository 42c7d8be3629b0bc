// The three experiments of the teaching notes again: accuracy on the circles by width, depth and
// epochs, each over several seeds, beside the single runs that the notes report.
"use strict";
{
  const page = document.getElementById("experiments");
  /** sweep -> rows of {value, hidden, epochs, single_run}; the last is the accuracy of the notes in per cent, or null. */
  const sweeps = JSON.parse(page.dataset.sweeps);
  const find = (name) => page.querySelector(`[data-part="${name}"]`);
  const SEEDS = [1, 2, 3, 4, 5];

  /** The sweep that is being trained; another one, or none, ends it. */
  let current = null;

  const start = async (name) => {
    const asked = (current = {});
    const stopped = () => current !== asked;
    const told = new URLSearchParams(location.hash.slice(1)).get("activation");
    // an address may hold anything
    const activation = Object.hasOwn(ogive.trainables, told) ? told : "relu";
    find("results").hidden = false;
    find("heading").textContent = ogive.text(`playground.sweep.${name}`);
    const rows = sweeps[name].map((setting) => addRow(setting));
    find("rows").replaceChildren(...rows.map((row) => row.element));
    for (const row of rows) if (!stopped()) await fillRow(row, activation, stopped);
    if (!stopped()) find("state").textContent = ogive.text("playground.sweep.done", { activation });
  };

  const addRow = (setting) => {
    const map = ogive.element("canvas", { width: 72, height: 72, "aria-hidden": "true" });
    const strip = ogive.element("td");
    const told = ogive.element("td.number");
    const notes = setting.single_run === null ? "" : `${setting.single_run}%`;
    const element = ogive.element(
      "tr", {}, ogive.element("th", { scope: "row" }, String(setting.value)), ogive.element("td", {}, map), strip,
      told, ogive.element("td.number", {}, notes)
    );
    return { setting, element, map, strip, told };
  };

  const fillRow = async ({ setting, map, strip, told }, activation, stopped) => {
    const found = [];
    const hidden = setting.hidden.map((units) => ogive.wholeGroups(activation, units));
    const f = ogive.trainable(activation);
    for (const seed of SEEDS) {
      const training = new ogive.Training({ data: "circles", f, hidden, seed, recipe: "keras" });
      const progress = { value: setting.value, seed, seeds: SEEDS.length };
      find("state").textContent = ogive.text("playground.sweep.running", progress);
      await ogive.trainInSlices(training, setting.epochs * training.stepsPerEpoch, () => {}, stopped);
      if (stopped()) return;
      if (seed === SEEDS[0]) ogive.drawPlaneView(map, training, { points: false, fine: 36 });
      found.push(100 * training.measure().accuracy);
      strip.replaceChildren(ogive.drawStrip(found, setting.single_run));
      told.textContent = spread(found);
    }
  };

  const spread = (found) => {
    const [low, high] = [Math.min(...found), Math.max(...found)].map((v) => v.toFixed(0));
    return low === high ? `${low}%` : `${low}–${high}%`;
  };

  for (const button of page.querySelectorAll("button[data-sweep]"))
    button.addEventListener("click", () => start(button.dataset.sweep));
}

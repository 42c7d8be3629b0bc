// The playground: a small network trained in the page, seen while it learns.
// window.playground.run(steps, {data, activation, width, depth, seed}) trains one from the start.
"use strict";
{
  const page = document.getElementById("playground");
  const find = (name) => page.querySelector(`[data-part="${name}"]`);

  const DEFAULTS = { data: "circles", activation: "relu", width: 8, depth: 2, seed: 1 };
  const LIMITS = { width: [1, 64], depth: [0, 16], seed: [0, 2 ** 32 - 1] };
  const MOST_STEPS = 1e6;

  const wholeIn = (value, [low, high]) => Number.isInteger(value) && value >= low && value <= high;

  /** What is wrong with options, or nothing. */
  const fault = ({ data, activation, ...sizes }) => {
    const chosen = (value, names) =>
      names.includes(value) ? "" : `is one of ${names.slice(0, 9).join(", ")}${names.length > 9 ? " ..." : ""}`;
    const wrong = Object.entries(LIMITS).map(([name, limits]) =>
      wholeIn(sizes[name], limits) ? "" : `${name} is a whole number from ${limits.join(" to ")}, not ${sizes[name]}`
    );
    const names = { data: [data, ogive.PLANES], activation: [activation, Object.keys(ogive.trainables)] };
    for (const [name, [value, all]] of Object.entries(names))
      if (chosen(value, all)) wrong.push(`${name} ${chosen(value, all)}, not ${JSON.stringify(value)}`);
    if (ogive.entries.has(activation) && !Object.hasOwn(ogive.trainables, activation))
      return `${activation} makes one number of a whole row, so a layer of it has no units; choose another activation`;
    if (!wrong.some(Boolean) && sizes.width !== ogive.wholeGroups(activation, sizes.width))
      return `${activation} works on groups of ${ogive.groupSize(activation)} units; width ${sizes.width} is no multiple of that`;
    return wrong.find(Boolean);
  };

  const { state, change } = ogive.state(DEFAULTS, () => begin());

  /** Options with a width that the activation's groups fit into. */
  const fitted = (options) => {
    const known = Object.hasOwn(ogive.trainables, options.activation);
    return known ? { ...options, width: ogive.wholeGroups(options.activation, options.width) } : options;
  };

  let training;
  let playing = false;
  let losses = [];

  /** A new network for the state, drawn before its first step. */
  const begin = () => {
    later.stop();
    Object.assign(state, fitted(state));
    if (fault(state)) change(DEFAULTS);
    const { data, activation, width, depth, seed } = state;
    training = new ogive.Training({
      data, seed, f: ogive.trainable(activation, width), hidden: Array(depth).fill(width),
    });
    losses = [];
    showControls();
    draw();
  };

  /** While a slider moves, only its number changes: a network of thirty units takes longer than a frame. */
  const later = ogive.whenStill(begin);

  const choose = (values) => {
    change(values);
    begin();
  };

  // ---- what is seen

  const showControls = () => {
    for (const control of page.querySelectorAll("[name]")) {
      if (control.type === "radio") control.checked = control.value === String(state[control.name]);
      else control.value = state[control.name];
    }
    for (const told of page.querySelectorAll("output[data-of]")) told.value = state[told.dataset.of];
    find("notice").textContent = notices().join(" ");
  };

  /** What the choice means for the network. */
  const notices = () => {
    const { kind, parameters } = ogive.entry(state.activation);
    const group = ogive.groupSize(state.activation);
    if (state.depth === 0) return [ogive.text("playground.no_hidden")];
    return [
      kind === "elementwise" ? "" : ogive.text(`playground.notice.${kind}`),
      group > 1 ? ogive.text("playground.notice.groups", { group }) : "",
      parameters.some((p) => p.learnable) ? ogive.text("playground.notice.learnable") : "",
    ].filter(Boolean);
  };

  const draw = () => {
    const { accuracy, loss } = training.measure();
    losses.push([training.steps, loss, training.measure(training.train).loss]);
    const health = training.health();
    find("steps").textContent = training.steps;
    find("epochs").textContent = Math.floor(training.epochs);
    find("accuracy").textContent = `${(100 * accuracy).toFixed(1)}%`;
    find("loss").textContent = ogive.shown(loss, 3);
    ogive.drawPlaneView(find("plane"), training);
    ogive.drawNetworkView(find("network"), training, health);
    ogive.fillLayerTable(find("layers"), health, training.gradientNorms());
    drawLosses();
  };

  /** Both losses over the steps, each a line; few enough points for a small picture. */
  const drawLosses = () => {
    if (losses.length > 400) losses = losses.filter((_, i) => i % 2 === 0);
    const last = losses.at(-1)[0] || 1;
    const top = Math.max(0.8, ...losses.map((row) => row[2]).filter(Number.isFinite));
    for (const [column, name] of [[1, "test"], [2, "train"]]) {
      const points = losses
        .filter((row) => Number.isFinite(row[column]))
        .map((row) => `${(300 * row[0]) / last},${80 - 76 * Math.min(row[column] / top, 1)}`);
      find(`loss-${name}`).setAttribute("points", points.join(" "));
    }
  };

  const tell = () => {
    const { accuracy, loss } = training.measure();
    const told = { steps: training.steps, accuracy: (100 * accuracy).toFixed(1), loss: ogive.shown(loss, 3) };
    find("told").textContent = ogive.text("playground.told", told);
  };

  // ---- training

  const play = async (on) => {
    if (on === playing) return;
    playing = on;
    const button = find("play");
    button.textContent = ogive.text(on ? "playground.pause" : "playground.play");
    if (!on) return tell();
    while (playing) {
      const end = performance.now() + 25;
      do training.step();
      while (performance.now() < end);
      draw();
      await new Promise(requestAnimationFrame);
    }
  };

  /** One run at a time: the page shows one network. */
  let running = Promise.resolve();

  const run = (steps, options = {}) => {
    const asked = { ...DEFAULTS, ...options };
    const unknown = Object.keys(options).find((name) => !(name in DEFAULTS));
    const wrong = !wholeIn(steps, [0, MOST_STEPS])
      ? `steps is a whole number from 0 to ${MOST_STEPS}, not ${steps}`
      : unknown
        ? `there is no option ${unknown}; there are ${Object.keys(DEFAULTS).join(", ")}`
        : fault(asked);
    if (wrong) return Promise.reject(new RangeError(wrong));
    const result = running.then(async () => {
      await play(false);
      choose(asked);
      await ogive.trainInSlices(training, steps, draw);
      tell();
      return { ...training.measure(), steps: training.steps };
    });
    running = result.catch(() => {});
    return result;
  };

  window.playground = { run };

  // ---- controls

  page.addEventListener("input", ({ target }) => {
    if (!(target.name in DEFAULTS)) return;
    const value = typeof DEFAULTS[target.name] === "number" ? Number(target.value) : target.value;
    const asked = fitted({ ...state, [target.name]: value });
    if (fault(asked)) return;
    if (target.type !== "range") return choose(asked);
    change(asked);
    showControls();
    later();
  });
  find("play").addEventListener("click", () => play(!playing));
  find("step").addEventListener("click", async () => {
    await play(false);
    training.step();
    draw();
    tell();
  });
  find("reset").addEventListener("click", async () => {
    await play(false);
    begin();
  });
  document.addEventListener("ogive:theme", draw);

  begin();
}

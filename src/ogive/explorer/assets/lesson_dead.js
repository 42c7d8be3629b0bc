// A network trained at a learning rate of the reader's choice: which units it loses, and when.
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const HIDDEN = [10, 10];

  const plane = ogive.element("canvas.plane", { width: 320, height: 320, role: "img", "aria-label": text("dead.plane") });
  const network = ogive.svg("svg", { class: "network", role: "img", "aria-label": text("dead.network") });
  const history = ogive.element("figure");
  const told = ogive.element("figcaption", { "aria-live": "polite" });
  const button = ogive.element("button.primary", { type: "button", onclick: () => play(!playing) }, text("train"));
  const again = ogive.element("button", { type: "button", onclick: () => begin() }, text("again"));

  let training;
  let deaths;
  let playing = false;

  const begin = () => {
    training = new ogive.Training({
      data: "circles", f: ogive.trainable(state.activation), hidden: HIDDEN, seed: 1, rate: state.rate,
    });
    deaths = { x: [], y: HIDDEN.map(() => []) };
    draw();
  };

  const draw = () => {
    const health = training.health();
    const dead = health.map((units) => units.filter((unit) => unit.state === "dead").length);
    ogive.drawPlaneView(plane, training);
    ogive.drawNetworkView(network, training, health);
    if (training.steps !== deaths.x.at(-1)) {
      deaths.x.push(training.steps);
      dead.forEach((count, l) => deaths.y[l].push(count));
    }
    const series = deaths.y.map((y, l) => ({
      name: text("dead.layer", { layer: l + 1 }), color: `series-${l + 1}`, x: deaths.x, y,
    }));
    chart.draw({ series, x: [0, Math.max(training.steps, 50)], y: [0, HIDDEN[0] + 0.5] });
    const accuracy = (100 * training.measure().accuracy).toFixed(1);
    told.textContent = text("dead.caption", { steps: training.steps, first: dead[0], second: dead[1], accuracy });
  };

  const play = async (on) => {
    playing = on;
    button.textContent = text(on ? "pause" : "train");
    told.setAttribute("aria-live", on ? "off" : "polite"); // not every frame is to be read out
    while (playing) {
      for (let i = 0; i < 5 && playing; i++) training.step();
      draw();
      await new Promise(requestAnimationFrame);
    }
  };

  const state = ogive.figureControls(
    figure,
    {
      activation: { label: text("activation"), options: Object.keys(ogive.trainables), value: "relu" },
      rate: { label: text("dead.rate"), low: 0.003, high: 3, value: 0.1, log: true },
    },
    (_, name) => {
      if (name === "rate") training.rate = state.rate; // so that a rate can be lowered on the way
      else begin();
    }
  );
  figure.querySelector(".controls").append(ogive.element("div.buttons", {}, button, again));
  figure.append(
    ogive.element(
      "div.columns", {}, ogive.element("figure", {}, plane), ogive.element("div", {}, ogive.element("figure", {}, network), history)
    ),
    told
  );
  const chart = ogive.chart(history, {
    label: text("dead.history"), x: [0, 50], height: 180, name: "dead-units", xLabel: text("steps"),
  });
  document.addEventListener("ogive:theme", draw);
  begin();
}

// The valley that a mean makes of the loss: its contours, and the way of gradient descent in it.
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const [WIDTH, HEIGHT] = [520, 300];
  /** Descent starts here, (along the mean, across), and ends where the loss has fallen so far. */
  const START = [1, 1];
  const SMALL = 1e-3;
  const MOST_STEPS = 20_000;

  const picture = ogive.svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "valley", role: "img", "aria-label": text("valley.label"),
  });
  const caption = ogive.element("figcaption", { "aria-live": "polite" });

  /** Mean and variance of f(Z), Z from N(0, 1), by the trapezoidal rule. */
  const moments = (f) => {
    let [first, second, whole] = [0, 0, 0];
    for (let z = -9; z <= 9; z += 1 / 128) {
      const weight = Math.exp((-z * z) / 2);
      const value = f(z);
      whole += weight;
      first += weight * value;
      second += weight * value * value;
    }
    return { mean: first / whole, variance: second / whole - (first / whole) ** 2 };
  };

  /** Descent on (steep a^2 + flat b^2) / 2 with the step that suits both curvatures best. */
  const descend = (steep, flat) => {
    const rate = 2 / (steep + flat);
    const loss = ([a, b]) => (steep * a * a + flat * b * b) / 2;
    const path = [START];
    while (path.length <= MOST_STEPS && loss(path.at(-1)) > SMALL * loss(START)) {
      const [a, b] = path.at(-1);
      path.push([a * (1 - rate * steep), b * (1 - rate * flat)]);
    }
    return path;
  };

  const place = ([a, b]) => [WIDTH / 2 + 210 * b, HEIGHT / 2 - 120 * a].map((v) => v.toFixed(1));

  const draw = ({ activation, inputs, subtract }) => {
    const { mean, variance } = moments(ogive.bound(activation).value);
    if (!(variance > 1e-12 && Number.isFinite(mean))) {
      picture.replaceChildren();
      caption.textContent = text("valley.none", { activation });
      return;
    }
    const steep = variance + (subtract ? 0 : inputs * mean * mean);
    const path = descend(steep, variance);
    const rings = [0.1, 0.35, 0.7, 1, 1.4].map((size) => {
      const [rx, ry] = [210 * size, (120 * size) / Math.sqrt(steep / variance)];
      return ogive.svg("ellipse", { cx: WIDTH / 2, cy: HEIGHT / 2, rx, ry: Math.max(ry, 0.5), class: "contour" });
    });
    const shown = path.slice(0, 400);
    const way = ogive.svg("path", { d: `M${shown.map((p) => place(p).join(" ")).join("L")}`, class: "way" });
    const dots = shown.map((p) => {
      const [cx, cy] = place(p);
      return ogive.svg("circle", { cx, cy, r: 2.5, class: "stop" });
    });
    picture.replaceChildren(...rings, way, ...dots, ...axisNames());
    const steps = path.length > MOST_STEPS ? `> ${MOST_STEPS}` : String(path.length - 1);
    caption.textContent = text("valley.caption", {
      activation, steps, mean: ogive.shown(mean, 3), deviation: ogive.shown(Math.sqrt(variance), 3),
      ratio: ogive.shown(steep / variance, 3),
    });
  };

  const axisNames = () => [
    ogive.svg("text", { x: WIDTH / 2 + 6, y: 14 }, text("valley.along")),
    ogive.svg("text", { x: WIDTH - 8, y: HEIGHT / 2 - 8, "text-anchor": "end" }, text("valley.across")),
  ];

  const redraw = ogive.onceAFrame(draw);
  const state = ogive.figureControls(
    figure,
    {
      activation: { label: text("activation"), options: Object.keys(ogive.trainables), value: "sigmoid" },
      inputs: { label: text("valley.inputs"), low: 1, high: 128, value: 8, log: true, told: (v) => String(Math.round(v)) },
      subtract: { label: text("valley.subtract"), value: false },
    },
    (values) => redraw({ ...values, inputs: Math.round(values.inputs) })
  );
  figure.append(ogive.element("figure", {}, picture, caption));
  draw({ ...state, inputs: Math.round(state.inputs) });
}

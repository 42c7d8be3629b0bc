// Two networks that differ in their activation only: with the identity, and with a chosen function.
"use strict";
{
  const figure = document.getElementById("figure");
  const STEPS = 600;
  const text = (key, values) => ogive.text(`figures.${key}`, values);

  const view = (kind) => {
    const canvas = ogive.element("canvas.plane", { width: 320, height: 320, role: "img" });
    const caption = ogive.element("figcaption");
    const element = ogive.element("figure", {}, canvas, caption);
    return { kind, canvas, caption, element };
  };
  const views = [view("linear"), view("bent")];

  let current = null;
  const train = async (state) => {
    const asked = (current = {});
    for (const { kind, canvas, caption } of views) {
      const name = kind === "linear" ? "identity" : state.activation;
      const hidden = Array(state.depth).fill(state.width);
      const training = new ogive.Training({ data: state.data, f: ogive.trainable(name), hidden, seed: 1 });
      const show = () => {
        ogive.drawPlaneView(canvas, training);
        const accuracy = (100 * training.measure().accuracy).toFixed(1);
        caption.textContent = text("planes.caption", { name, accuracy });
        canvas.setAttribute("aria-label", caption.textContent);
      };
      await ogive.trainInSlices(training, STEPS, show, () => current !== asked);
    }
  };

  const begin = ogive.whenStill(train);

  const planes = Object.fromEntries(ogive.PLANES.map((name) => [name, text(`data.${name}`)]));
  const state = ogive.figureControls(
    figure,
    {
      data: { label: text("data.label"), options: planes, value: "circles" },
      activation: { label: text("activation"), options: Object.keys(ogive.trainables), value: "relu" },
      depth: { label: text("layers"), low: 1, high: 6, value: 1 },
      width: { label: text("units"), low: 1, high: 16, value: 4 },
    },
    (values) => {
      current = null; // while a slider moves nothing is trained
      begin(values);
    }
  );
  figure.append(ogive.element("div.columns", {}, ...views.map((v) => v.element)));
  document.addEventListener("ogive:theme", () => train(state));
  train(state);
}

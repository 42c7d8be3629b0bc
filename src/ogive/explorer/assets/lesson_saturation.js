// What of a signal and of a gradient is left in each layer of a network with random weights.
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const UNITS = 40;
  const DEEPEST = 40;

  const slopes = ogive.element("figure");
  const layers = ogive.element("figure");
  const slopeCaption = ogive.element("figcaption", {}, text("depth.slope_caption"));
  const layerCaption = ogive.element("figcaption", { "aria-live": "polite" });

  /** The root mean square of each layer's numbers. */
  const sizes = (network, name, rows) =>
    network.hidden.map((layer) => {
      const count = rows * layer.outputs;
      let sum = 0;
      for (let i = 0; i < count; i++) sum += layer[name][i] ** 2;
      return Math.sqrt(sum / count);
    });

  let made = {};
  /** The deepest network at its start with a batch, and its layers' weights before they are scaled. */
  const deepestOf = (activation) => {
    if (made.activation === activation) return made;
    const f = ogive.trainable(activation);
    const training = new ogive.Training({ data: "circles", f, hidden: Array(DEEPEST).fill(UNITS), seed: 1 });
    training.fill();
    const { network, batch } = training;
    made = { activation, network, batch, layers: network.layers, weights: network.hidden.map((layer) => layer.weights.slice()) };
    drawSlope(f);
    return made;
  };

  const draw = ({ activation, depth, scale }) => {
    const { network, batch, layers, weights } = deepestOf(activation);
    network.layers = [...layers.slice(0, depth), layers.at(-1)]; // one that is less deep begins like it
    network.hidden.forEach(({ weights: scaled }, l) => {
      for (let i = 0; i < scaled.length; i++) scaled[i] = scale * weights[l][i];
    });
    network.forward(batch.x, batch.count);
    network.passErrors(batch.y, batch.count);
    const signal = sizes(network, "sums", batch.count);
    const errors = sizes(network, "errors", batch.count);
    drawLayers(signal, errors.map((size) => size / errors.at(-1)));
    const left = errors[0] / errors.at(-1);
    layerCaption.textContent = text("depth.caption", { activation, depth, left: ogive.shown(left, 2) });
  };

  const drawLayers = (signal, gradient) => {
    const x = signal.map((_, l) => l + 1);
    // 0 has no logarithm, and what overflowed no size: the line ends there
    const logs = (sizes) => sizes.map((size) => (size > 0 && size < Infinity ? Math.log10(size) : NaN));
    const series = [
      { name: text("depth.signal"), color: "series-1", x, y: logs(signal) },
      { name: text("depth.gradient"), color: "series-2", x, y: logs(gradient) },
    ];
    const seen = series.flatMap((s) => s.y).filter(Number.isFinite);
    layerChart.draw({ series, x: [1, Math.max(signal.length, 2)], y: [Math.min(-3, ...seen) - 0.3, Math.max(1, ...seen) + 0.3] });
  };

  const drawSlope = (f) => {
    const view = [-10, 10];
    const { x, y } = ogive.sample(f.slope, view, 400);
    slopeChart.draw({
      series: [{ name: "f′", color: "f1", x, y }],
      zones: flatZones(x, y, 1e-3),
    });
  };

  /** Where |f'| is below a limit: runs of neighbouring samples. */
  const flatZones = (x, y, limit) => {
    const zones = [];
    for (let i = 0, from = null; i < x.length; i++) {
      const flat = Math.abs(y[i]) < limit;
      if (flat && from === null) from = x[i];
      if (from !== null && (!flat || i === x.length - 1)) {
        zones.push({ from, to: x[i], kind: "saturated", name: text("depth.flat") });
        from = null;
      }
    }
    return zones;
  };

  const redraw = ogive.onceAFrame(draw);
  const state = ogive.figureControls(
    figure,
    {
      activation: { label: text("activation"), options: Object.keys(ogive.trainables), value: "sigmoid" },
      depth: { label: text("layers"), low: 2, high: DEEPEST, value: 10 },
      scale: { label: text("depth.scale"), low: 0.25, high: 4, value: 1, log: true },
    },
    redraw
  );
  figure.append(ogive.element("div.columns", {}, layers, slopes));
  const layerChart = ogive.chart(layers, {
    label: text("depth.label"), x: [1, state.depth], height: 260, name: "layers", xLabel: text("depth.layer"),
  });
  const slopeChart = ogive.chart(slopes, { label: text("depth.slope"), x: [-10, 10], height: 260, name: "slope" });
  layers.append(layerCaption);
  slopes.append(slopeCaption);
  draw(state);
}

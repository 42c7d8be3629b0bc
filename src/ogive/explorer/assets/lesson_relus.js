// The members of the relu family with their parameters, beside relu itself.
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const VIEW = [-4, 8];
  const chartPlace = ogive.element("figure");
  const caption = ogive.element("figcaption", { "aria-live": "polite" });

  /** The parameters that the slider moves, of those that have any. */
  const MOVED = { leaky_relu: "negative_slope", prelu: "weight", elu: "alpha", celu: "alpha" };

  const draw = ({ activation, alpha }) => {
    const moved = MOVED[activation];
    const f = ogive.bound(activation, moved ? { [moved]: alpha } : {});
    const slope = f.functions[1];
    const beside =
      activation === "leaky_relu"
        ? { name: "max(αx, x)", of: (x) => Math.max(alpha * x, x) }
        : { name: "relu", of: ogive.bound("relu").value };
    const series = [
      { name: beside.name, color: "quiet", dash: "5 4", ...ogive.sample(beside.of, VIEW) },
      { name: "f", color: "f", ...ogive.sample(f.value, VIEW) },
      { name: "f′", color: "f1", ...ogive.sample(slope, VIEW) },
    ];
    chart.draw({ series, y: [-2.4, 6.6] });
    const [mean, zero] = [meanOf(f.value), meanOf((x) => (f.value(x) === 0 ? 1 : 0))];
    caption.textContent = text("relus.caption", {
      activation, mean: ogive.shown(Math.abs(mean) < 5e-5 ? 0 : mean, 3), zero: `${(100 * zero).toFixed(0)}%`,
    });
    figure.querySelector("#figure-alpha").disabled = !moved;
  };

  /** The mean of g(Z), Z from N(0, 1), by the trapezoidal rule. */
  const meanOf = (g) => {
    let [sum, whole] = [0, 0];
    for (let z = -9; z <= 9; z += 1 / 128) {
      const weight = Math.exp((-z * z) / 2);
      whole += weight;
      sum += weight * g(z + 1 / 256); // beside 0, where a share of zeros would count too much
    }
    return sum / whole;
  };

  const members = ["relu", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "relu6"];
  const state = ogive.figureControls(
    figure,
    {
      activation: { label: text("activation"), options: members, value: "leaky_relu" },
      alpha: { label: "α", low: 0.01, high: 2, step: 0.01, value: 0.2 },
    },
    ogive.onceAFrame(draw)
  );
  figure.append(chartPlace);
  const chart = ogive.chart(chartPlace, { label: text("relus.label"), x: VIEW, height: 320, name: "relu-family" });
  chartPlace.append(caption);
  draw(state);
}

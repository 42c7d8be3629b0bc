// relu with soft gates: Swish between a line and relu, its relatives, and gelu as a mean of masks.
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const VIEW = [-4, 4];
  const PLACES = Array.from({ length: 49 }, (_, i) => VIEW[0] + i / 6);
  const curves = ogive.element("figure");
  const masks = ogive.element("figure");
  const caption = ogive.element("figcaption", { "aria-live": "polite" });

  const gelu = ogive.bound("gelu").value;
  const curve = (name, parameters) => ogive.sample(ogive.bound(name, parameters).value, VIEW);
  const fixed = [
    { name: "relu", color: "quiet", dash: "5 4", ...curve("relu") },
    { name: "gelu", color: "series-1", ...curve("gelu") },
    { name: "mish", color: "series-3", ...curve("mish") },
  ];

  const drawCurves = (beta) => {
    const swish = curve("swish", { beta });
    curveChart.draw({ series: [...fixed, { name: "swish", color: "series-2", ...swish }], y: [-1.4, 4] });
    const far = Math.max(...swish.x.map((x, i) => Math.abs(swish.y[i] - gelu(x))));
    caption.textContent = text("gates.caption", { beta: ogive.shown(beta, 3), far: ogive.shown(far, 2) });
  };

  /** At each place the mean of x times a mask that is 1 where a normal number lies below x. */
  const drawMasks = (count) => {
    const random = new ogive.RandomNumbers(1);
    const means = PLACES.map((x) => {
      let kept = 0;
      for (let i = 0; i < count; i++) kept += random.normal() < x ? 1 : 0;
      return (x * kept) / count;
    });
    // a dot is a short line with round ends, apart from its neighbours
    const x = PLACES.flatMap((at) => [at, at + 0.001, at + 0.002]);
    const y = means.flatMap((mean) => [mean, mean, NaN]);
    maskChart.draw({
      series: [{ name: "gelu", color: "series-1", ...curve("gelu") }, { name: text("gates.means"), color: "series-2", x, y }],
      y: [-4, 4],
    });
  };

  const drawn = ogive.onceAFrame((state, name) => {
    if (name !== "masks") drawCurves(state.beta);
    if (name !== "beta") drawMasks(Math.round(state.masks));
  });
  const state = ogive.figureControls(
    figure,
    {
      beta: { label: text("gates.beta"), low: 0, high: 10, step: 0.05, value: 1 },
      masks: { label: text("gates.masks"), low: 1, high: 2000, value: 10, log: true, told: (v) => String(Math.round(v)) },
    },
    drawn
  );
  figure.append(ogive.element("div.columns", {}, curves, masks));
  const curveChart = ogive.chart(curves, { label: text("gates.label"), x: VIEW, height: 300, name: "gates" });
  const maskChart = ogive.chart(masks, { label: text("gates.mask_label"), x: VIEW, height: 300, name: "masks" });
  maskChart.svg.classList.add("dots");
  curves.append(caption);
  masks.append(ogive.element("figcaption", {}, text("gates.mask_caption")));
  drawCurves(state.beta);
  drawMasks(Math.round(state.masks));
}

// What an activation makes of a normal input: the density that goes in, the outputs that come out.
"use strict";
{
  const { element, text, shown } = ogive;
  const root = document.getElementById("input");
  const { state, change } = ogive.state({ name: "gelu", mu: 0, sigma: 1 }, () => show(), {
    mu: ogive.within(-100, 100), sigma: ogive.within(0.001, 100), name: (name) => Boolean(ogive.chosen(name)),
  });
  const POINTS = ogive.normal.quantiles(1500);
  const BINS = 70;
  const picker = ogive.pickOne({ id: "name", label: text("tools.function"), value: state.name, onchange: (name) => { change({ name }); draw(); } });
  const slider = (key, low, high) =>
    ogive.slider({
      id: key, label: text(`tools.${key}`), value: state[key], low, high, step: 0.01,
      exact: (v) => Number.isFinite(v) && (key === "mu" || v > 0), oninput: (v) => { change({ [key]: v }); redraw(); },
    });
  const sliders = { mu: slider("mu", -4, 4), sigma: slider("sigma", 0.05, 5) };
  const place = (key) => {
    const figure = element("figure", {}, element("figcaption", {}, text(`tools.${key}`)));
    return { figure, chart: ogive.chart(figure, { label: text(`tools.${key}`), x: [-5, 5], height: 300, name: key, xLabel: key === "outputs" ? "f" : "x" }) };
  };
  root.append(element("div.controls", {}, picker), element("div.sliders", {}, ...Object.values(sliders)));
  const charts = element("div.columns.wide");
  const table = element("div.scroll");
  root.append(charts, table);
  const inputs = place("inputs");
  const outputs = place("outputs");
  charts.append(inputs.figure, outputs.figure);

  const draw = () => {
    const of = ogive.chosen(state.name);
    if (!of) return;
    const [f, slope] = of.functions;
    const { mu, sigma } = state;
    const x = [Math.min(-5, mu - 4 * sigma), Math.max(5, mu + 4 * sigma)];
    const bell = ogive.sample((v) => Math.exp(-0.5 * ((v - mu) / sigma) ** 2), x, 240);
    inputs.chart.draw({ x, series: [{ ...bell, color: "f1", name: text("tools.density"), area: true }, { ...ogive.sample(f, x), color: "f", name: "f" }] });
    const y = POINTS.map((z) => f(mu + sigma * z)).sort();
    drawHistogram(y);
    tell(f, slope, y);
  };

  /** Shares of the outputs in bins, over all but the farthest thousandth. */
  const drawHistogram = (y) => {
    const finite = y.filter(Number.isFinite);
    const [low, high] = [0.002, 0.998].map((q) => finite[Math.min(Math.floor(q * finite.length), finite.length - 1)] ?? 0);
    const width = Math.max(high - low, 1e-6) / BINS;
    const counts = new Array(BINS + 2).fill(0);
    for (const v of finite) {
      const bin = Math.floor((v - low) / width) + 1;
      if (bin >= 0 && bin < counts.length) counts[bin] += 1 / y.length;
    }
    const steps = { x: [], y: [] };
    counts.forEach((share, i) => {
      const from = low + (i - 1) * width;
      steps.x.push(from, from + width);
      steps.y.push(share, share);
    });
    const most = Math.max(...counts);
    outputs.chart.draw({ x: [low - width, high + width], y: [0, most * 1.08], series: [{ ...steps, color: "f", area: true }] });
  };

  const tell = (f, slope, y) => {
    const { moments } = ogive.normal;
    const { mu, sigma } = state;
    const { mean: first, square: second } = moments(f, mu, sigma);
    const { square: squareSlope } = moments(slope, mu, sigma);
    const slopes = POINTS.map((z) => Math.abs(slope(mu + sigma * z)));
    const share = (holds) => slopes.filter(holds).length / slopes.length;
    const percent = (v) => `${shown(100 * v, 3)} %`;
    const rows = [
      ["mean", shown(first)], ["deviation", shown(Math.sqrt(Math.max(second - first ** 2, 0)))], ["second", shown(second)],
      ["gain", shown(1 / Math.sqrt(second))], ["square_slope", shown(squareSlope)], ["chi", shown(squareSlope * sigma ** 2 / second)],
      ["zero_share", percent(y.filter((v) => v === 0).length / y.length)],
      ["dead_share", percent(share((size) => size === 0))], ["saturated_share", percent(share((size) => size < 1e-3))],
    ];
    if (!table.childElementCount)
      table.append(
        element("table", {}, element("caption", {}, text("tools.input_table")),
          element("tbody", {}, ...rows.map(([key]) => element("tr", {}, element("th", { scope: "row" }, text(`tools.${key}`)), element("td.number")))))
      );
    table.querySelectorAll("td").forEach((cell, i) => (cell.textContent = rows[i][1]));
  };

  const redraw = ogive.onceAFrame(draw);
  const show = () => {
    picker.set(state.name);
    for (const [key, made] of Object.entries(sliders)) made.set(state[key]);
    draw();
  };
  show();
}

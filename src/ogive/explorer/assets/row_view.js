// The live part of a function of rows: inputs and outputs as bars, and for shares the point on the
// simplex with its path as the temperature changes.
"use strict";
{
  const { element, text, shown, svg } = ogive;
  const root = document.getElementById("live");
  const { name } = root.dataset;
  const entry = ogive.entry(name);
  const record = ogive.catalogue.find((r) => r.name === name);
  const ownTemperature = entry.parameters.some((p) => p.name === "tau");
  // groups of two need an even row, which then has four numbers
  const count = entry.parameters.some((p) => p.whole && p.name !== "hard" && p.name !== "keepdim") ? 4 : 3;
  const START = [1, 0.3, -0.8, 0.5].slice(0, count);
  const { state, change } = ogive.state({ x: START.map(String), t: 1, p: "" }, () => {
    Object.assign(values, ogive.readParameters(entry, state.p));
    show();
  }, { t: ogive.within(0.001, 1000), x: (x) => x.length === count && x.every((v) => v !== "" && Number.isFinite(Number(v))) });
  const values = ogive.readParameters(entry, state.p);
  const isShares = (record.marks || []).includes("sums_to_one") && count === 3;
  const CORNERS = [[150, 18], [282, 246], [18, 246]];
  const SAMPLES = 400;

  const row = () => state.x.map(Number);
  const outputs = (x, t) => {
    const given = ownTemperature ? { ...values, tau: t } : values;
    return [ogive.value(name, ownTemperature ? x : x.map((v) => v / t), given)].flat();
  };

  const bars = element("figure.bars");
  const plane = element("figure.simplex");
  const matrix = element("div.scroll");
  const logits = START.map((_, i) =>
    ogive.slider({
      id: `x${i}`, label: text("function.logit", { i: i + 1 }), value: Number(state.x[i]), low: -5, high: 5, step: 0.01, exact: Number.isFinite,
      oninput: (v) => { change({ x: state.x.map((old, j) => (i === j ? String(v) : old)) }); redraw(); },
    })
  );
  const temperature = ogive.slider({
    id: "t", label: text("function.temperature"), value: state.t, low: 0.05, high: 5, step: 0.01, exact: (v) => v > 0,
    oninput: (t) => { change({ t }); redraw(); },
  });
  const shownParameters = { ...entry, parameters: entry.parameters.filter((p) => p.name !== "tau") };
  const panel = ogive.parameters(shownParameters, values, () => {
    change({ p: ogive.writtenParameters(entry, values) });
    redraw();
  });
  const again = name === "gumbel_softmax" ? element("button", { type: "button", onclick: () => { sample(); draw(); } }, text("function.draw_again")) : null;
  root.append(
    element("div.columns", {},
      element("div", {}, element("div.sliders", {}, ...logits, isShares ? temperature : null), panel, bars),
      isShares ? element("div", {}, plane, element("p.note", {}, text("function.simplex_about")), again, again && element("p.note", {}, text("function.samples", { n: SAMPLES }))) : null),
    element("h3", {}, text("function.jacobian")), matrix
  );

  let noise = [];
  const sample = () => {
    noise = Array.from({ length: SAMPLES }, () => START.map(() => Math.random() || 0.5));
  };
  if (again) sample();

  /** So many children of an element: what is there is kept, so that a slider makes nothing new. */
  const kept = (parent, count, make) => {
    while (parent.childElementCount < count) parent.append(make(parent.childElementCount));
    while (parent.childElementCount > count) parent.lastChild.remove();
    return [...parent.children];
  };
  const put = (node, attributes, told) => {
    for (const [name, value] of Object.entries(attributes))
      if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
    if (told !== undefined && node.textContent !== told) node.textContent = told;
  };

  const barChart = svg("svg", { class: "chart", role: "img", "aria-label": text("function.row_label", { name }) });
  const [axis, heads, columns] = [svg("path", { class: "axis" }), svg("g"), svg("g")];
  barChart.append(heads, columns, axis);
  const barGroups = () => [["inputs", row(), "f1"], ["outputs", outputs(row(), isShares ? state.t : 1), "f"]];
  const barCsv = () =>
    ["kind,value", ...barGroups().flatMap(([key, numbers]) => numbers.map((v) => `${key},${v}`)), ""].join("\r\n");
  bars.append(barChart, ogive.exports({ name, csv: barCsv, drawing: () => barChart }));

  const drawBars = () => {
    const groups = barGroups();
    const all = groups.flatMap(([, numbers]) => numbers).filter(Number.isFinite);
    const low = Math.min(0, ...all);
    const high = Math.max(1e-9, ...all);
    const height = 204;
    const up = (v) => 38 + (height - 62) * (1 - (v - low) / (high - low));
    const bars = groups.flatMap(([, numbers, color]) => numbers.map((value) => ({ value, color })));
    const wide = 46 * bars.length + 60;
    put(barChart, { viewBox: `0 0 ${wide} ${height}` });
    put(axis, { d: `M0 ${up(0)}H${wide}` });
    const place = (i) => 12 + 46 * i + (i < groups[0][1].length ? 0 : 36);
    const titles = kept(heads, groups.length, () => svg("text", { y: 12 }));
    titles.forEach((title, i) => put(title, { x: place(i && groups[0][1].length) }, text(`function.${groups[i][0]}`)));
    const made = kept(columns, bars.length, () => {
      const group = svg("g");
      group.append(svg("rect", { width: 34 }), svg("text", { "text-anchor": "middle" }));
      return group;
    });
    made.forEach(({ children: [rect, told] }, i) => {
      const { value, color } = bars[i];
      const [top, bottom] = [up(Math.max(value, 0)), up(Math.min(value, 0))];
      const size = Number.isFinite(value) ? Math.max(bottom - top, 1) : 0;
      put(rect, { x: place(i), y: size ? top : 0, height: size, fill: `var(--${color})` });
      put(told, { x: place(i) + 17, y: Number.isFinite(value) ? (value < 0 ? bottom + 14 : top - 4) : up(0) - 4 }, shown(value, 3));
    });
  };

  const onPlane = (shares) =>
    [0, 1].map((axis) => shares.reduce((sum, share, i) => sum + share * CORNERS[i][axis], 0));

  const triangle = svg("svg", { class: "chart", viewBox: "0 0 300 264", role: "img", "aria-label": text("function.simplex_label", { name }) });
  triangle.append(svg("path", { class: "corner", d: `M${CORNERS.map((c) => c.join(" ")).join("L")}Z` }));
  CORNERS.forEach(([x, y], i) => triangle.append(svg("text", { x, y: i ? y + 15 : y - 5, "text-anchor": "middle" }, `y${i + 1}`)));
  const [cloud, way, dot] = [svg("path", { class: "sample" }), svg("path", { class: "line", stroke: "var(--f1)", fill: "none" }), svg("circle", { r: 6, fill: "var(--f)" })];
  triangle.append(cloud, way, dot);
  const TEMPERATURES = Array.from({ length: 90 }, (_, i) => 0.05 * 400 ** (i / 89));
  const planeCsv = () => ["temperature,y1,y2,y3", ...TEMPERATURES.map((t) => [t, ...outputs(row(), t)].join()), ""].join("\r\n");
  if (isShares) plane.append(triangle, ogive.exports({ name: `${name}_simplex`, csv: planeCsv, drawing: () => triangle }));

  let walked = ""; // what the path of temperatures is of: the temperature itself changes nothing of it
  const drawPlane = () => {
    const points = (rows) =>
      rows.map(onPlane).filter((p) => p.every(Number.isFinite)).map((p) => p.map((v) => v.toFixed(1)).join(" "));
    const x = row();
    const samples = noise.map((uniform) => ogive.rows[name](x, { ...values, tau: state.t, uniform }).value());
    put(cloud, { d: points(samples).map((p) => `M${p}h0`).join("") });
    const now = JSON.stringify([x, values]);
    if (now !== walked) {
      const told = points(TEMPERATURES.map((t) => outputs(x, t)));
      put(way, { d: told.length ? `M${told.join("L")}` : "" });
      walked = now;
    }
    const [cx, cy] = onPlane(outputs(x, state.t));
    put(dot, Number.isFinite(cx) ? { cx, cy, visibility: "visible" } : { visibility: "hidden" });
  };

  const tableHead = element("tr", {}, element("td"), ...START.map((_, j) => element("th", { scope: "col" }, `∂/∂x${j + 1}`)));
  const tableBody = element("tbody");
  matrix.append(element("table", {}, element("thead", {}, tableHead), tableBody));

  const drawMatrix = () => {
    const t = isShares ? state.t : 1;
    const given = ownTemperature ? { ...values, tau: t } : values;
    const found = ogive.derivative(name, ownTemperature ? row() : row().map((v) => v / t), given, 1);
    const rows = Array.isArray(found[0]) ? found : [found];
    const scale = ownTemperature ? 1 : 1 / t;
    const made = kept(tableBody, rows.length, (i) => element("tr", {}, element("th", { scope: "row" }, `y${i + 1}`), ...START.map(() => element("td.number"))));
    made.forEach(({ children: [, ...cells] }, i) => cells.forEach((cell, j) => put(cell, {}, shown(rows[i][j] * scale, 3))));
  };

  const draw = () => {
    drawBars();
    if (isShares) drawPlane();
    drawMatrix();
  };

  const redraw = ogive.onceAFrame(draw);
  const show = () => {
    logits.forEach((made, i) => made.set(Number(state.x[i])));
    temperature.set(state.t);
    panel.update();
    draw();
  };
  show();
}

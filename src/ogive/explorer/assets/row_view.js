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
      oninput: (v) => { change({ x: state.x.map((old, j) => (i === j ? String(v) : old)) }); draw(); },
    })
  );
  const temperature = ogive.slider({
    id: "t", label: text("function.temperature"), value: state.t, low: 0.05, high: 5, step: 0.01, exact: (v) => v > 0,
    oninput: (t) => { change({ t }); draw(); },
  });
  const shownParameters = { ...entry, parameters: entry.parameters.filter((p) => p.name !== "tau") };
  const panel = ogive.parameters(shownParameters, values, () => {
    change({ p: ogive.writtenParameters(entry, values) });
    draw();
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

  const drawBars = () => {
    const groups = [["inputs", row(), "f1"], ["outputs", outputs(row(), isShares ? state.t : 1), "f"]];
    const all = groups.flatMap(([, numbers]) => numbers).filter(Number.isFinite);
    const low = Math.min(0, ...all);
    const high = Math.max(1e-9, ...all);
    const height = 190;
    const up = (v) => 24 + (height - 48) * (1 - (v - low) / (high - low));
    const wide = 46 * groups.reduce((sum, [, n]) => sum + n.length, 0) + 60;
    const drawn = svg("svg", { class: "chart", viewBox: `0 0 ${wide} ${height}`, role: "img", "aria-label": text("function.row_label", { name }) });
    let x = 12;
    for (const [key, numbers, color] of groups) {
      drawn.append(svg("text", { x, y: 12 }, text(`function.${key}`)));
      for (const value of numbers) {
        const [top, bottom] = [up(Math.max(value, 0)), up(Math.min(value, 0))];
        if (Number.isFinite(value)) drawn.append(svg("rect", { x, y: top, width: 34, height: Math.max(bottom - top, 1), fill: `var(--${color})` }));
        drawn.append(svg("text", { x: x + 17, y: value < 0 ? bottom + 14 : top - 4, "text-anchor": "middle" }, shown(value, 3)));
        x += 46;
      }
      x += 36;
    }
    drawn.append(svg("path", { class: "axis", d: `M0 ${up(0)}H${wide}` }));
    const csv = () => ["kind,value", ...groups.flatMap(([key, numbers]) => numbers.map((v) => `${key},${v}`)), ""].join("\r\n");
    bars.replaceChildren(drawn, ogive.exports({ name, csv, drawing: () => drawn }));
  };

  const onPlane = (shares) =>
    [0, 1].map((axis) => shares.reduce((sum, share, i) => sum + share * CORNERS[i][axis], 0));

  const drawPlane = () => {
    const drawn = svg("svg", { class: "chart", viewBox: "0 0 300 264", role: "img", "aria-label": text("function.simplex_label", { name }) });
    drawn.append(svg("path", { class: "corner", d: `M${CORNERS.map((c) => c.join(" ")).join("L")}Z` }));
    CORNERS.forEach(([x, y], i) => drawn.append(svg("text", { x, y: i ? y + 15 : y - 5, "text-anchor": "middle" }, `y${i + 1}`)));
    for (const uniform of again ? noise : []) {
      const shares = ogive.value(name, row(), { ...values, tau: state.t, uniform });
      const [x, y] = onPlane(shares);
      drawn.append(svg("circle", { class: "sample", cx: x.toFixed(1), cy: y.toFixed(1), r: 2 }));
    }
    const temperatures = Array.from({ length: 90 }, (_, i) => 0.05 * 400 ** (i / 89));
    const path = temperatures.map((t) => onPlane(outputs(row(), t)));
    const told = path.filter((p) => p.every(Number.isFinite)).map((p) => p.map((v) => v.toFixed(1)).join(" "));
    if (told.length) drawn.append(svg("path", { class: "line", stroke: "var(--f1)", d: `M${told.join("L")}` }));
    const [x, y] = onPlane(outputs(row(), state.t));
    if (Number.isFinite(x)) drawn.append(svg("circle", { cx: x, cy: y, r: 6, fill: "var(--f)" }));
    const csv = () => ["temperature,y1,y2,y3", ...temperatures.map((t) => [t, ...outputs(row(), t)].join()), ""].join("\r\n");
    plane.replaceChildren(drawn, ogive.exports({ name: `${name}_simplex`, csv, drawing: () => drawn }));
  };

  const drawMatrix = () => {
    const t = isShares ? state.t : 1;
    const given = ownTemperature ? { ...values, tau: t } : values;
    const found = ogive.derivative(name, ownTemperature ? row() : row().map((v) => v / t), given, 1);
    const rows = Array.isArray(found[0]) ? found : [found];
    const scale = ownTemperature ? 1 : 1 / t;
    const body = rows.map((r, i) =>
      element("tr", {}, element("th", { scope: "row" }, `y${i + 1}`), ...r.map((v) => element("td.number", {}, shown(v * scale, 3))))
    );
    const head = element("tr", {}, element("td"), ...START.map((_, j) => element("th", { scope: "col" }, `∂/∂x${j + 1}`)));
    matrix.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
  };

  const draw = () => {
    drawBars();
    if (isShares) drawPlane();
    drawMatrix();
  };

  const show = () => {
    logits.forEach((made, i) => made.set(Number(state.x[i])));
    temperature.set(state.t);
    panel.update();
    draw();
  };
  show();
}

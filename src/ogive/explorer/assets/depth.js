// Signals in depth by theory, for wide layers with weights N(0, sigma_w^2 / inputs) and biases
// N(0, sigma_b^2): lengths, correlations and gradients layer by layer, and where chaos begins.
"use strict";
{
  const { element, text, shown } = ogive;
  const { layer, secondMoment } = ogive.normal;
  const root = document.getElementById("depth");
  const MAP = { w: [0.1, 4], b: [0, 2], columns: 78, rows: 40 };
  const { state, change } = ogive.state({ name: "tanh", w: 1.3, b: 0.1, layers: 30, c: 0.5 }, () => show(), {
    w: ogive.within(MAP.w[0], 40), b: ogive.within(...MAP.b), layers: ogive.within(2, 100), c: ogive.within(0, 1),
    name: (name) => Boolean(ogive.chosen(name)),
  });
  const LENGTHS = { low: 1e-6, high: 1e6, count: 140 };
  const picker = ogive.pickOne({ id: "name", label: text("tools.function"), value: state.name, onchange: (name) => { change({ name }); prepare(); draw(); } });
  const slider = (key, low, high, step) =>
    ogive.slider({
      id: key, label: text(`tools.depth_${key}`), value: state[key], low, high, step, exact: (v) => v >= low && v <= (key === "w" ? MAP.w[1] : high),
      oninput: (v) => { change({ [key]: key === "layers" ? Math.round(v) : v }); redraw(); },
    });
  const sliders = { w: slider("w", ...MAP.w, 0.01), b: slider("b", ...MAP.b, 0.01), layers: slider("layers", 2, 100, 1), c: slider("c", 0, 0.999, 0.001) };
  root.append(element("p", {}, text("tools.depth_lead")), element("div.controls", {}, picker), element("div.sliders", {}, ...Object.values(sliders)));
  const place = (key, height = 230) => {
    const figure = element("figure", {}, element("figcaption", {}, text(`tools.${key}`)));
    return { figure, chart: ogive.chart(figure, { label: text(`tools.${key}`), x: [0, 30], height, name: key, xLabel: text("tools.layer") }) };
  };
  const charts = element("div.columns.wide");
  const verdict = element("p.readout", { role: "status" });
  root.append(verdict, charts);
  const places = { length: place("depth_length"), correlation: place("depth_correlation"), gradient: place("depth_gradient") };
  const canvas = element("canvas", { role: "img", "aria-label": text("tools.depth_map") });
  const map = element("figure.map", {}, element("figcaption", {}, text("tools.depth_map")), canvas,
    ogive.exports({ name: "edge_of_chaos", csv: () => mapCsv(), drawing: () => canvas }), element("p.note", {}, text("tools.depth_map_note")));
  charts.append(...Object.values(places).map((p) => p.figure), map);

  let functions;
  let tables;
  let prepared = "";
  let fields = null;
  const painted = { canvas: element("canvas"), key: "" };

  /** E f^2 and E f'^2 over lengths, for the map. */
  const prepare = () => {
    const of = ogive.chosen(state.name);
    if (!of) return;
    functions = of.functions;
    prepared = state.name;
    // far enough to the right to show the edge that is proved
    const proved = (of.record?.edge || []).map(([, w]) => w);
    MAP.w[1] = Math.max(4, Math.ceil(1.3 * Math.max(0, ...proved)), Math.ceil(state.w));
    sliders.w.querySelector("input").max = MAP.w[1];
    sliders.w.set(state.w);
    const [f, slope] = functions;
    const { low, high, count } = LENGTHS;
    const at = Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)));
    tables = {
      square: at.map((q) => secondMoment(f, Math.sqrt(q))),
      slope: at.map((q) => secondMoment(slope, Math.sqrt(q))),
    };
    fields = null;
    painted.key = "";
  };
  const between = (table, q) => {
    const { low, high, count } = LENGTHS;
    const place = (Math.log(Math.min(Math.max(q, low), high) / low) / Math.log(high / low)) * (count - 1);
    const i = Math.min(Math.floor(place), count - 2);
    return table[i] + (place - i) * (table[i + 1] - table[i]);
  };

  /** chi_1 where lengths settle, beginning with 1; infinite where they grow without end. */
  const chiAt = (w, b) => {
    let q = 1;
    for (let i = 0; i < 150; i++) {
      const next = w * w * between(tables.square, q) + b * b;
      if (!(next < LENGTHS.high)) return Infinity;
      if (Math.abs(next - q) < 1e-7 * q) break;
      q = next;
    }
    return w * w * between(tables.slope, q);
  };

  const SETTLED = 1e-13;
  /** {second, pair, slope} of a layer by its deviation: where lengths have settled, that of the one before. */
  const layerOf = ([f, slope]) => {
    let [made, at] = [null, NaN];
    return (deviation) => {
      if (!(Math.abs(deviation - at) <= SETTLED * at))
        [made, at] = [{ ...layer(f, deviation), slope: secondMoment(slope, deviation) }, deviation];
      return made;
    };
  };

  const propagated = () => {
    const made = layerOf(functions);
    const { w, b, layers } = state;
    const rows = [{ q: 1, c: state.c, g: 1 }];
    for (let l = 0; l < layers; l++) {
      const { q, c, g } = rows.at(-1);
      const { second, pair, slope } = made(Math.sqrt(q));
      const next = w * w * second + b * b;
      const joint = w * w * pair(Math.min(c, 1)) + b * b;
      const chi = w * w * slope;
      if (!Number.isFinite(next) || next > 1e30) break;
      rows.push({ q: next, c: Math.min(Math.max(joint / next, -1), 1), g: g * chi });
    }
    return rows;
  };

  const draw = () => {
    if (!functions) return;
    const rows = propagated();
    const x = [0, state.layers];
    const layers = rows.map((_, l) => l);
    const lengths = rows.map((r) => r.q);
    const line = (y, color) => [{ x: layers, y, color }];
    places.length.chart.draw({ x, y: ends(lengths, 0), series: line(lengths, "f") });
    const correlations = rows.map((r) => r.c);
    places.correlation.chart.draw({ x, y: [Math.min(0, ...correlations) - 0.02, 1.04], series: line(correlations, "f2") });
    const logs = rows.map((r) => Math.log10(Math.max(r.g, 1e-300)));
    places.gradient.chart.draw({ x, y: ends(logs, 0), series: line(logs, "f1") });
    const chi = chiAt(state.w, state.b);
    const settled = rows.at(-1);
    const state_ = !Number.isFinite(chi) || rows.length <= state.layers ? "unbounded" : chi > 1.005 ? "chaos" : chi < 0.995 ? "order" : "edge";
    verdict.textContent = text(`tools.depth_${state_}`, { chi: shown(chi, 3), q: shown(settled.q, 3), c: shown(settled.c, 3) });
    drawMap();
  };
  const ends = (values, also) => {
    const low = Math.min(also, ...values);
    const high = Math.max(also, ...values);
    const air = Math.max(0.06 * (high - low), 0.05);
    return [low - (low < 0 ? air : 0), high + air];
  };

  // the map

  const size = { width: 240, height: 260 };
  const spot = (w, b, { width, height }) => [
    34 + ((w - MAP.w[0]) / (MAP.w[1] - MAP.w[0])) * (width - 44),
    height - 36 - ((b - MAP.b[0]) / (MAP.b[1] - MAP.b[0])) * (height - 48),
  ];
  const share = (i, n, [low, high]) => low + ((i + 0.5) / n) * (high - low);

  const drawMap = () => {
    const of = size;
    const ratio = devicePixelRatio || 1;
    canvas.width = of.width * ratio;
    canvas.height = of.height * ratio;
    const color = ogive.palette();
    const pen = canvas.getContext("2d");
    fields ??= Array.from({ length: MAP.rows }, (_, j) =>
      Array.from({ length: MAP.columns }, (_, i) => chiAt(share(i, MAP.columns, MAP.w), share(j, MAP.rows, MAP.b))));
    pen.drawImage(ground(of, ratio, color), 0, 0);
    pen.scale(ratio, ratio);
    const [x, y] = spot(state.w, state.b, of);
    pen.beginPath();
    pen.arc(x, y, 6, 0, 7);
    pen.fillStyle = color("bad");
    pen.fill();
    pen.strokeStyle = color("ground");
    pen.lineWidth = 2;
    pen.stroke();
  };

  /** The map without the dot, painted anew where function, size or theme are others. */
  const ground = (of, ratio, color) => {
    const key = [state.name, of.width, ratio, color("ground")].join();
    if (painted.key === key) return painted.canvas;
    painted.key = key;
    painted.canvas.width = canvas.width;
    painted.canvas.height = canvas.height;
    const pen = painted.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    paintFields(pen, of, color);
    paintFrame(pen, of, color);
    paintProved(pen, of, color);
    return painted.canvas;
  };

  const mapCsv = () => {
    const rows = fields.flatMap((row, j) =>
      row.map((chi, i) => [share(i, MAP.columns, MAP.w), share(j, MAP.rows, MAP.b), chi].join()));
    return ["sigma_w,sigma_b,chi_1", ...rows, ""].join("\r\n");
  };

  const paintFields = (pen, of, color) => {
    const [left, bottom] = spot(MAP.w[0], MAP.b[0], of);
    const [right, top] = spot(MAP.w[1], MAP.b[1], of);
    // whole points, so that no seams show
    const across = (i) => Math.round(left + (i / MAP.columns) * (right - left));
    const upwards = (j) => Math.round(bottom - (j / MAP.rows) * (bottom - top));
    fields.forEach((row, j) =>
      row.forEach((chi, i) => {
        const distance = Number.isFinite(chi) ? Math.min(Math.abs(Math.log(Math.max(chi, 1e-9))) / 2.5, 1) : 1;
        pen.globalAlpha = 0.1 + 0.7 * distance;
        pen.fillStyle = color(chi < 1 ? "f" : "f1");
        pen.fillRect(across(i), upwards(j + 1), across(i + 1) - across(i), upwards(j) - upwards(j + 1));
      })
    );
    pen.globalAlpha = 1;
  };

  const paintFrame = (pen, of, color) => {
    pen.fillStyle = color("quiet");
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    for (const w of ogive.ticks(...MAP.w, 5)) pen.fillText(ogive.shown(w), spot(w, 0, of)[0], of.height - 20);
    pen.fillText("σ_w", of.width - 22, of.height - 6);
    pen.textAlign = "right";
    for (const b of [0, 1, 2]) pen.fillText(String(b), 28, spot(0, b, of)[1] + 4);
    pen.fillText("σ_b", 28, spot(0, 1.5, of)[1] + 4);
  };

  /** The points of the edge that the certificate has. */
  const paintProved = (pen, of, color) => {
    for (const [b, w] of ogive.chosen(state.name)?.record?.edge || []) {
      if (!(w <= MAP.w[1])) continue;
      const [x, y] = spot(w, b, of);
      pen.beginPath();
      pen.rect(x - 3.5, y - 3.5, 7, 7);
      pen.fillStyle = color("text");
      pen.fill();
    }
  };

  canvas.addEventListener("pointerdown", (event) => {
    const rect = canvas.getBoundingClientRect();
    const of = size;
    const w = MAP.w[0] + ((event.clientX - rect.left - 34) / (of.width - 44)) * (MAP.w[1] - MAP.w[0]);
    const b = MAP.b[0] + ((of.height - 36 - (event.clientY - rect.top)) / (of.height - 48)) * (MAP.b[1] - MAP.b[0]);
    const within = (v, [low, high]) => Number(Math.min(Math.max(v, low), high).toFixed(2));
    change({ w: within(w, MAP.w), b: within(b, MAP.b) });
    show();
  });
  document.addEventListener("ogive:theme", () => drawMap());

  const redraw = ogive.onceAFrame(draw);
  const show = () => {
    picker.set(state.name);
    for (const [key, made] of Object.entries(sliders)) made.set(state[key]);
    if (prepared !== state.name) prepare();
    draw();
  };
  ogive.onWidth(map, (width) => { size.width = Math.max(width, 240); if (functions) drawMap(); });
  show();
}

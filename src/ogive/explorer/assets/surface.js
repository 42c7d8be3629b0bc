// The live part of a gated unit: f(value, gate) as a surface that can be turned, the point that two
// sliders choose with its gradient, and slices along the gate.
"use strict";
{
  const { element, text, shown } = ogive;
  const root = document.getElementById("live");
  const { name } = root.dataset;
  const entry = ogive.entry(name);
  const GRID = 26;
  const REACH = 4;
  const { state, change } = ogive.state({ p: "", value: 1, gate: 1, turn: 35 }, () => {
    Object.assign(values, ogive.readParameters(entry, state.p));
    show();
  }, { value: ogive.within(-1e6, 1e6), gate: ogive.within(-1e6, 1e6), turn: ogive.within(-180, 180) });
  const values = ogive.readParameters(entry, state.p);

  const canvas = element("canvas", { role: "img", "aria-label": text("function.surface_label", { name }) });
  const csv = () =>
    ["value,gate,f", ...(heights ?? prepare()).flatMap((row, i) => row.map((f, j) => [at(i), at(j), f].join())), ""].join("\r\n");
  const box = element("figure.surface", {}, canvas, ogive.exports({ name, csv, drawing: () => canvas }));
  const readout = element("p.readout", { role: "status" });
  const slices = element("figure");
  const slider = (key, low, high, label) =>
    ogive.slider({
      id: key, label, value: state[key], low, high, step: (high - low) / 400, exact: Number.isFinite,
      oninput: (v) => { change({ [key]: v }); redraw(); },
    });
  const sliders = {
    value: slider("value", -REACH, REACH, text("function.value")),
    gate: slider("gate", -REACH, REACH, text("function.gate")),
    turn: slider("turn", -180, 180, text("function.turn")),
  };
  const changed = () => {
    change({ p: ogive.writtenParameters(entry, values) });
    heights = null;
    redraw();
  };
  const panel = ogive.parameters(entry, values, changed);
  root.append(
    element("div.columns", {}, box, element("div", {}, readout, element("div.sliders", {}, ...Object.values(sliders)), panel,
      element("h3", {}, text("function.slices")), slices))
  );
  const chart = ogive.chart(slices, { label: text("function.slices"), x: [-REACH, REACH], height: 220, name, xLabel: text("function.gate") });

  let width = 240;
  let heights;
  let window_;
  const at = (i) => -REACH + (2 * REACH * i) / GRID;
  let given = [];
  const f = (v, g) => entry.functions[0](v, g, ...given);
  const prepare = () => {
    given = ogive.numbers(entry, values);
    heights = Array.from({ length: GRID + 1 }, (_, i) => Array.from({ length: GRID + 1 }, (_, j) => f(at(i), at(j))));
    const all = heights.flat().filter(Number.isFinite);
    window_ = [Math.max(Math.min(...all), -40), Math.min(Math.max(...all), 40)];
    if (window_[1] - window_[0] < 1e-9) window_ = [window_[0] - 1, window_[1] + 1];
    return heights;
  };

  /** A point of the surface on the canvas: turned about the vertical, seen from above. */
  const projected = (v, g, height, size) => {
    const angle = (state.turn * Math.PI) / 180;
    const x = (v / REACH) * Math.cos(angle) - (g / REACH) * Math.sin(angle);
    const depth = (v / REACH) * Math.sin(angle) + (g / REACH) * Math.cos(angle);
    const up = (Math.min(Math.max(height, window_[0]), window_[1]) - window_[0]) / (window_[1] - window_[0]);
    return { x: size.width * (0.5 + 0.33 * x), y: size.height * (0.75 + 0.165 * depth - 0.5 * up), depth };
  };

  const draw = () => {
    if (!heights) prepare();
    const size = { width, height: Math.round(width * 0.78) };
    const ratio = devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = size.height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const color = ogive.palette();
    const known = shades(color);
    floor(pen, size, color);
    quads(size).forEach((quad) => paint(pen, quad, known));
    axes(pen, size, color);
    point(pen, size, color);
    drawSlices();
  };

  /** The patches, the farthest first. */
  const quads = (size) => {
    const points = heights.map((row, i) => row.map((height, j) => ({ ...projected(at(i), at(j), height, size), height })));
    const found = [];
    for (let i = 0; i < GRID; i++)
      for (let j = 0; j < GRID; j++) {
        const corners = [points[i][j], points[i + 1][j], points[i + 1][j + 1], points[i][j + 1]];
        const mean = corners.reduce((sum, c) => sum + c.height, 0) / 4;
        if (Number.isFinite(mean)) found.push({ corners, mean, depth: corners.reduce((sum, c) => sum + c.depth, 0) });
      }
    return found.sort((a, b) => a.depth - b.depth);
  };

  const SHADES = 24;
  /** The red, green and blue of a token, which is written #rrggbb. */
  const parts = (told) => [1, 3, 5].map((i) => parseInt(told.trim().slice(i, i + 2), 16));
  const mixed = (below, above, share) => below.map((v, i) => Math.round(v + share * (above[i] - v)));
  /** Blue above 0, orange below, the paler the nearer to 0: the colours and the line of a patch. */
  const shades = (color) =>
    Object.fromEntries(["f", "f1"].map((token) => [token, Array.from({ length: SHADES + 1 }, (_, i) => {
      const fill = mixed(parts(color("ground")), parts(color(token)), 0.12 + (0.78 * i) / SHADES);
      return { fill: `rgb(${fill})`, line: `rgb(${mixed(fill, parts(color("quiet")), 0.3)})` };
    })]));
  const paint = (pen, { corners, mean }, known) => {
    const most = Math.max(Math.abs(window_[0]), Math.abs(window_[1]));
    const { fill, line } = known[mean < 0 ? "f1" : "f"][Math.round(SHADES * Math.min(Math.abs(mean) / most, 1))];
    pen.beginPath();
    corners.forEach(({ x, y }, i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.fillStyle = fill;
    pen.fill();
    pen.strokeStyle = line;
    pen.lineWidth = 0.5;
    pen.stroke();
  };

  /** The square below the surface, over which it stands. */
  const floor = (pen, size, color) => {
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([v, g]) => projected(REACH * v, REACH * g, window_[0], size));
    pen.beginPath();
    corners.forEach(({ x, y }, i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.strokeStyle = color("line");
    pen.lineWidth = 1;
    pen.stroke();
  };

  const axes = (pen, size, color) => {
    pen.fillStyle = color("quiet");
    pen.font = "13px system-ui, sans-serif";
    pen.textAlign = "center";
    const low = window_[0];
    for (const [v, g, label] of [[REACH * 1.15, 0, "value"], [0, REACH * 1.15, "gate"]]) {
      const place = projected(v, g, low, size);
      pen.fillText(`${text(`function.${label}`)} →`, place.x, place.y + 4);
    }
  };

  const point = (pen, size, color) => {
    const here = f(state.value, state.gate);
    const [v, g] = ogive.derivative(name, [state.value, state.gate], values, 1);
    const place = projected(state.value, state.gate, here, size);
    pen.beginPath();
    pen.arc(place.x, place.y, 5.5, 0, 7);
    pen.fillStyle = color("bad");
    pen.fill();
    pen.strokeStyle = color("ground");
    pen.lineWidth = 2;
    pen.stroke();
    readout.textContent = text("function.surface_at", { f: shown(here, 5), v: shown(v, 5), g: shown(g, 5) });
  };

  let sliced = ""; // what the slices show: turning the surface changes nothing of it
  const drawSlices = () => {
    const now = [state.value, state.gate, ...given].join();
    if (now === sliced) return;
    sliced = now;
    const chosen = [...new Set([1, state.value, -1])].slice(0, 3);
    const series = chosen.map((v, i) => ({
      ...ogive.sample((g) => f(v, g), [-REACH, REACH], 160), color: `series-${i + 1}`, name: shown(v, 3), title: `value ${v}`,
    }));
    chart.draw({ series });
    chart.trace(state.gate, [{ color: "bad", y: f(state.value, state.gate) }]);
  };

  const redraw = ogive.onceAFrame(draw);
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, turn: state.turn };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const turn = ((((from.turn + (event.clientX - from.x) / 2 + 180) % 360) + 360) % 360) - 180;
    change({ turn: Math.round(turn) });
    sliders.turn.set(state.turn);
    redraw();
  });
  canvas.addEventListener("pointerup", () => (from = null));
  document.addEventListener("ogive:theme", () => draw());

  const show = () => {
    for (const [key, made] of Object.entries(sliders)) made.set(state[key]);
    panel.update();
    heights = null;
    draw();
  };
  ogive.onWidth(box, (now) => { width = Math.max(now, 240); if (heights) draw(); });
  show();
}

// The live part of a function of one number: f, f', f'' with sliders, a tracer with its tangent, and
// the zones that the certificate proves.
"use strict";
{
  const { element, text, shown } = ogive;
  const root = document.getElementById("live");
  const { name } = root.dataset;
  const entry = ogive.entry(name);
  const record = ogive.catalogue.find((r) => r.name === name);
  // the first view that shows where zones end
  const VIEWS = [1, 2, 5, 10, 20, 100];
  const ends = (record.zones || []).flatMap(([, from, to]) => [from, to]).filter(Number.isFinite).map(Math.abs);
  const wide = VIEWS.slice(2).find((v) => v >= 1.1 * Math.max(0, ...ends.filter((e) => e < 7.6))) || 5;
  const { state, change } = ogive.state({ p: "", x: 1, orders: ["0", "1", "2"], view: wide }, () => {
    values = ogive.readParameters(entry, state.p);
    panel.update();
    show();
  }, { view: (v) => VIEWS.includes(v), x: ogive.within(-1e6, 1e6) });
  let values = ogive.readParameters(entry, state.p);
  const NOISY = 400;
  const ORDERS = [["f", "f"], ["f1", "f1"], ["f2", "f2"]];

  const box = element("figure");
  root.append(box);
  const chart = ogive.chart(box, { label: text("function.chart_label", { name }), x: [-5, 5], height: 380, name });
  const readout = element("p.readout", { role: "status" });
  const note = element("p.note");
  const zoneList = element("ul.legend");

  const toggles = ORDERS.map(([key, color], order) =>
    element(
      "button", {
        type: "button",
        onclick: () => {
          const on = state.orders.includes(String(order));
          change({ orders: on ? state.orders.filter((o) => o !== String(order)) : [...state.orders, String(order)].sort() });
          show();
        },
      },
      element(`span.swatch.fill-${color}`), text(`function.${key}`)
    )
  );
  const tracer = ogive.slider({
    id: "x", label: text("function.x"), value: state.x, low: -5, high: 5, step: 0.01, exact: Number.isFinite,
    oninput: (x) => { change({ x }); retrace(); },
  });
  const view = element(
    "select", { id: "view", onchange: (event) => { change({ view: Number(event.target.value) }); show(); } },
    ...VIEWS.map((v) => element("option", { value: v }, text("function.zoom", { from: shown(-v), to: v })))
  );
  const reset = element(
    "button", {
      type: "button",
      onclick: () => { values = Object.assign(values, ogive.defaults(entry)); panel.update(); changed(); },
    },
    text("function.reset")
  );
  const again = element("button", { type: "button", onclick: () => draw() }, text("function.draw_again"));
  const panel = ogive.parameters(entry, values, () => changed());
  const changed = () => {
    change({ p: ogive.writtenParameters(entry, values) });
    redraw();
  };
  const parts = [
    readout, note, zoneList,
    element(
      "div.controls", {},
      element("div.chips", { role: "group", "aria-label": text("function.show") }, ...toggles),
      element("div", {}, element("label", { for: "view" }, text("function.range")), view),
      entry.parameters.length ? reset : null, entry.training ? again : null
    ),
    entry.training ? element("p.note", {}, text("function.noise", { n: NOISY })) : null,
    element("div.sliders", {}, tracer), panel,
  ];
  root.append(...parts.filter(Boolean));

  /** What training gives at places drawn anew, of which each has its own noise. */
  const noisy = ([low, high]) => {
    const given = ogive.numbers(entry, values);
    const kinds = Object.values(entry.noise);
    const uniform = () => Math.random() || 0.5;
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * Math.random());
    const x = Array.from({ length: NOISY }, () => low + (high - low) * Math.random());
    const y = x.map((v) => entry.training(v, ...kinds.map((kind) => (kind === "uniform" ? uniform() : normal())), ...given));
    return { x, y, color: "f" };
  };

  let functions;
  const draw = () => {
    functions = ogive.wherever(ogive.bound(name, values).functions);
    const x = [-state.view, state.view];
    const series = ORDERS.map(([key, color], order) => ({
      ...ogive.sample(functions[order], x), color, name: text(`function.${key}`), order, dash: ["", "", "5 4"][order],
    })).filter(({ order }) => state.orders.includes(String(order)));
    const atDefaults = ogive.writtenParameters(entry, values) === "";
    const zones = (atDefaults && record.zones ? record.zones : sampledZones(functions, x)).map(([kind, from, to]) => ({
      kind, from, to, name: text(`function.zone_${kind}`),
    }));
    chart.draw({ series, zones, x, dots: entry.training ? noisy(x) : undefined });
    tell(zones, atDefaults && record.zones);
    trace();
  };

  /** Which zones there are, by the slope and the bend at many points, where no certificate holds. */
  const sampledZones = ([f, f1, f2], [low, high]) => {
    const found = [];
    const step = (high - low) / 400;
    for (let x = low; x < high; x += step) {
      const at = x + step / 2;
      const slope = f1(at);
      const kind = slope === 0 ? (f(at) === 0 ? "zero" : "dead") : Math.abs(slope) < 1e-3 ? "saturated" : f2(at) === 0 ? "linear" : "";
      const last = found.at(-1);
      if (!kind) continue;
      if (last && last[0] === kind && Math.abs(last[2] - x) < step / 2) last[2] = x + step;
      else found.push([kind, x, x + step]);
    }
    return found.filter(([, from, to]) => to - from > 2 * step);
  };

  let told = ""; // what the legend says: most moves of a slider change nothing of it
  const tell = (zones, proved) => {
    const kinds = [...new Set(zones.map((z) => z.kind))];
    const now = `${kinds.join()} ${Boolean(proved)}`;
    if (now === told) return;
    told = now;
    note.textContent = text(kinds.length ? (proved ? "function.zones_proved" : "function.zones_sampled") : "function.zones_none");
    if (!kinds.length && !proved) note.textContent = "";
    zoneList.replaceChildren(
      ...kinds.map((kind) => element("li", {}, element(`span.swatch.zone-swatch.zone-${kind}`), text(`function.zone_${kind}`)))
    );
  };

  const trace = () => {
    const [y, slope, bend] = functions.map((f) => f(state.x));
    const marks = [{ color: "f", y, slope }, { color: "f1", y: slope }, { color: "f2", y: bend }];
    chart.trace(state.x, marks.filter((_, order) => state.orders.includes(String(order))));
    readout.textContent = text("function.at", { x: shown(state.x), f: shown(y, 6), f1: shown(slope, 6), f2: shown(bend, 6) });
  };

  const redraw = ogive.onceAFrame(draw);
  const retrace = ogive.onceAFrame(trace);
  chart.onmove = (x) => {
    const rounded = Number(x.toPrecision(3));
    change({ x: rounded });
    tracer.set(rounded);
    retrace();
  };

  const show = () => {
    toggles.forEach((button, order) => button.setAttribute("aria-pressed", state.orders.includes(String(order))));
    view.value = state.view;
    tracer.querySelector("input").min = -state.view;
    tracer.querySelector("input").max = state.view;
    tracer.set(state.x);
    draw();
  };
  show();
}

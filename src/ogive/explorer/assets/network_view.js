// A network as a picture of its units, coloured by how much gradient they pass, and as a table of its
// layers, which says the same in numbers.
"use strict";
{
  const WIDTH = 420;
  const HEIGHT = 220;
  const { svg } = ogive;

  /** Draws the units of a training's network into an <svg>; health is `Training.health()`. */
  ogive.drawNetworkView = (picture, training, health) => {
    const columns = [2, ...health.map((units) => units.length), 1];
    const spread = (HEIGHT - 16) / Math.max(...columns);
    const radius = Math.min(9, 0.4 * spread, 150 / columns.length);
    const place = (column, unit) => [
      20 + ((WIDTH - 40) * column) / (columns.length - 1),
      HEIGHT / 2 + spread * (unit - (columns[column] - 1) / 2),
    ];
    picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    picture.replaceChildren(
      ...training.network.layers.map((layer, l) => connections(layer, l, place)),
      ...columns.flatMap((units, column) =>
        Array.from({ length: units }, (_, unit) =>
          drawUnit(place(column, unit), radius, health[column - 1]?.[unit])
        )
      )
    );
  };

  /** The weights between two columns: one path, thicker where weights are larger. */
  const connections = (layer, l, place) => {
    const { inputs, outputs, weights } = layer;
    const largest = Math.max(...weights.map(Math.abs)) || 1;
    const group = svg("g", { class: "weights" });
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++) {
        const share = layer.strength(o, i) / largest;
        if (!(share > 0.05)) continue;
        const [[x1, y1], [x2, y2]] = [place(l, i), place(l + 1, o)];
        const opacity = (0.5 * share).toFixed(2);
        group.append(svg("line", { x1, y1, x2, y2, "stroke-opacity": opacity, "stroke-width": 1.5 * share }));
      }
    return group;
  };

  /** Full for healthy units, a ring for saturated ones, a cross for dead ones; ends have none. */
  const drawUnit = ([x, y], r, unit) => {
    if (!unit) return svg("circle", { cx: x, cy: y, r, class: "unit end" });
    const flat = `${ogive.shown(100 * unit.flat, 3)}%`;
    const title = svg("title", {}, ogive.text(`playground.unit.${unit.state}`, { flat }));
    const s = 0.8 * r;
    const cross = `M${x - s} ${y - s}L${x + s} ${y + s}M${x + s} ${y - s}L${x - s} ${y + s}`;
    const marks = {
      healthy: () => svg("circle", { cx: x, cy: y, r, "fill-opacity": (1 - 0.8 * unit.flat).toFixed(2) }),
      saturated: () => svg("circle", { cx: x, cy: y, r: 0.85 * r }),
      dead: () => svg("path", { d: cross }),
    };
    const group = svg("g", { class: `unit ${unit.state}` });
    group.append(title, marks[unit.state]());
    return group;
  };

  /** Fills the body of a table: a row for each layer, its units' states and its gradient. */
  ogive.fillLayerTable = (body, health, norms) => {
    const logs = norms.map((norm) => Math.log10(norm));
    body.replaceChildren(
      ...norms.map((norm, l) => {
        const units = health[l];
        const count = (state) => (units ? units.filter((unit) => unit.state === state).length : "");
        const slope = units ? ogive.shown(units.reduce((s, u) => s + u.slope, 0) / units.length, 2) : "";
        const name = units ? String(l + 1) : ogive.text("playground.layers.output");
        const cells = [units?.length ?? 1, count("saturated"), count("dead"), slope].map((told) =>
          ogive.element("td.number", {}, String(told))
        );
        const bar = ogive.element("meter", {
          min: -6, max: 1, value: Number.isFinite(logs[l]) ? logs[l] : -6,
          "aria-label": ogive.text("playground.layers.gradient"),
        });
        const gradient = ogive.element("td.number", {}, bar, ` ${norm ? norm.toExponential(1).replace("-", "−") : "0"}`);
        return ogive.element("tr", {}, ogive.element("th", { scope: "row" }, name), ...cells, gradient);
      })
    );
  };
}

// Line charts in SVG: axes, curves with labels at their ends, shaded zones and a tracer.
//
//   const chart = ogive.chart(element, {label, x: [from, to], height, name})
//   chart.draw({series: [{name, color, x, y, dash, area}], zones: [{from, to, kind, name}], y: [low, high]})
//   chart.draw({..., dots: {x, y, color}})   single points, below the curves
//   chart.trace(x, [{color, y, slope}])      a line at x, a dot at each y, a tangent where a slope is
//   chart.onmove = (x) => ...                the pointer's place, null where it left
//
// A colour is a name of the style's tokens, such as "f" or "series-2"; a zone's kind is one of
// saturated, dead, linear, zero.
"use strict";
{
  const { svg, shapes } = ogive;
  const MARGIN = { left: 46, right: 14, top: 10, bottom: 36 };

  /** A text at a place; moved by a transform, which has no glyph looked for again. */
  const label = (x, y, text, attributes) => ["text", { ...attributes, transform: `translate(${x} ${y})` }, text];

  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  const TOLERANCE = 0.1;

  /**
   * The path of one curve from left to right. A point is left out where a straight line between
   * those that stay passes it at a tenth of a point: `low` and `high` are the slopes such a line may
   * have from (a, b), where the last one stayed.
   */
  const joined = (points) => {
    const tenth = (v) => Math.round(10 * v) / 10;
    let [a, b] = points[0];
    let told = `M${tenth(a)} ${tenth(b)}`;
    let [low, high] = [-Infinity, Infinity];
    for (let i = 1; i < points.length; i++) {
      const [x, y] = points[i];
      const slope = (y - b) / (x - a);
      if (!(x > a && slope >= low && slope <= high) && i > 1) {
        [a, b] = points[i - 1];
        told += `L${tenth(a)} ${tenth(b)}`;
        [low, high] = [-Infinity, Infinity];
      }
      // straight up or down: no slope passes it
      low = x > a ? Math.max(low, (y - TOLERANCE - b) / (x - a)) : Infinity;
      high = x > a ? Math.min(high, (y + TOLERANCE - b) / (x - a)) : -Infinity;
    }
    const last = points.at(-1);
    return points.length > 1 ? `${told}L${tenth(last[0])} ${tenth(last[1])}` : told;
  };

  class Chart {
    constructor(parent, { label, x, height = 340, name = "chart", exports = true, xLabel = "x" }) {
      Object.assign(this, { x, height, name, xLabel, label, drawn: { series: [] }, onmove: null, left: MARGIN.left });
      this.svg = svg("svg", { class: "chart", role: "img", "aria-label": label });
      this.frame = this.svg.appendChild(svg("g"));
      const clip = `clip-${++Chart.count}`;
      this.clip = this.svg.appendChild(svg("clipPath", { id: clip }));
      this.zones = this.svg.appendChild(svg("g"));
      this.dots = this.svg.appendChild(svg("g", { "clip-path": `url(#${clip})` }));
      this.lines = this.svg.appendChild(svg("g", { "clip-path": `url(#${clip})` }));
      this.tracer = this.svg.appendChild(svg("g", { "clip-path": `url(#${clip})`, class: "tracer" }));
      this.labels = this.svg.appendChild(svg("g"));
      parent.append(this.svg);
      if (exports) parent.append(ogive.exports({ name, csv: () => this.csv(), drawing: () => this.svg }));
      this.listen();
      ogive.onWidth(parent, (width) => this.resize(Math.max(width, 240)));
    }

    resize(width) {
      this.width = width;
      this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
      this.redraw();
    }

    get box() {
      return {
        left: this.left, right: this.width - MARGIN.right - (this.drawn.ends || 0),
        top: MARGIN.top, bottom: this.height - MARGIN.bottom,
      };
    }

    at(x) {
      const { left, right } = this.box;
      return left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * (right - left);
    }

    up(y) {
      const { top, bottom } = this.box;
      const [low, high] = this.y;
      // far outside the window is as good as at its border, and keeps the path's numbers short
      const share = Math.min(Math.max((y - low) / (high - low), -3), 4);
      return bottom - share * (bottom - top);
    }

    draw(given) {
      this.drawn = { zones: [], ...given };
      const named = this.drawn.series.filter((s) => s.name);
      this.drawn.ends = named.length ? Math.min(8 + 7 * Math.max(...named.map((s) => s.name.length)), 130) : 0;
      if (given.x) this.x = given.x;
      this.redraw();
    }

    redraw() {
      const { series, zones = [], y } = this.drawn;
      this.y = y || ogive.window(series, this.x);
      const { top, bottom } = this.box;
      const heights = ogive.ticks(...this.y, (bottom - top) / 45);
      this.left = Math.max(MARGIN.left, 12 + 7 * Math.max(...heights.map((v) => ogive.shown(v).length)));
      this.drawFrame(heights);
      this.drawZones(zones);
      shapes(this.lines, series.map((s) => this.line(s)));
      this.drawDots(this.drawn.dots);
      this.drawEnds(series.filter((s) => s.name));
      if (this.traced) this.trace(...this.traced);
    }

    /** The grid with its numbers; `heights` are those that have a line. */
    drawFrame(heights) {
      const { left, right, top, bottom } = this.box;
      shapes(this.clip, [["rect", { x: left, y: top, width: Math.max(right - left, 0), height: bottom - top }]]);
      const places = ogive.ticks(...this.x, (right - left) / 70).map((value) => [value, this.at(value).toFixed(1)]);
      const levels = heights.map((value) => [value, this.up(value).toFixed(1)]);
      const across = ([, y]) => `M${left} ${y}H${right}`;
      const upwards = ([, x]) => `M${x} ${top}V${bottom}`;
      const lines = (marks, told) => [
        ["path", { class: "grid", d: marks.filter(([value]) => value).map(told).join("") }],
        ["path", { class: "axis", d: marks.filter(([value]) => !value).map(told).join("") }],
      ];
      shapes(this.frame, [
        ...lines(places, upwards),
        ...lines(levels, across),
        ...places.map(([value, x]) => label(x, bottom + 16, ogive.shown(value), { "text-anchor": "middle" })),
        ...levels.map(([value, y]) => label(left - 6, Number(y) + 4, ogive.shown(value), { "text-anchor": "end" })),
        label(right, bottom + 31, this.xLabel, { "text-anchor": "end", class: "axis-name" }),
      ]);
    }

    drawZones(zones) {
      const { left, right, top, bottom } = this.box;
      const parts = zones.flatMap(({ from, to, kind, name }) => {
        const [a, b] = [from, to].map((v) => Math.min(Math.max(this.at(v), left), right));
        if (!(b - a > 0.5)) return [];
        const place = { x: a.toFixed(1), y: top, width: (b - a).toFixed(1), height: bottom - top };
        return [["rect", { class: `zone zone-${kind}`, ...place }, [["title", {}, name]]]];
      });
      shapes(this.zones, parts);
    }

    drawDots({ x, y, color } = { x: [] }) {
      const told = Array.from(x, (v, i) => `M${this.at(v).toFixed(1)} ${this.up(y[i]).toFixed(1)}h0`).join("");
      shapes(this.dots, told ? [["path", { class: "dots", stroke: `var(--${color})`, d: told }]] : []);
    }

    line({ x, y, color, dash, area }) {
      const paint = `var(--${color})`;
      const d = area ? this.areaPath(x, y) : this.path(x, y);
      return ["path", { class: "line", stroke: paint, "stroke-dasharray": dash || "none", fill: area ? paint : "none", d }];
    }

    /** A curve that is filled down to 0. */
    areaPath(x, y) {
      const ground = this.up(0).toFixed(1);
      return `${this.path(x, y)}V${ground}H${this.at(x[0]).toFixed(1)}Z`;
    }

    /** Curves with gaps where there is no number. */
    path(x, y) {
      const parts = [[]];
      for (let i = 0; i < x.length; i++)
        if (!Number.isNaN(y[i])) parts.at(-1).push([this.at(x[i]), this.up(y[i])]);
        else if (parts.at(-1).length) parts.push([]);
      return parts.filter((points) => points.length).map(joined).join("");
    }

    /** Names at the right ends, moved apart where they would lie on each other. */
    drawEnds(series) {
      const { right, top, bottom } = this.box;
      const ends = series.map(({ x, y, name, color }) => {
        let last = x.length - 1;
        while (last > 0 && !Number.isFinite(y[last])) last--;
        return { name, color, y: Math.min(Math.max(this.up(y[last]), top + 6), bottom - 2) };
      });
      ends.sort((a, b) => a.y - b.y);
      for (let i = 1; i < ends.length; i++) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + 14);
      for (let i = ends.length - 1, most = bottom - 2; i >= 0; i--, most -= 14) ends[i].y = Math.min(ends[i].y, most);
      shapes(
        this.labels,
        ends.map((e) => label(right + 6, (e.y + 4).toFixed(1), e.name, { class: "end", fill: `var(--${e.color})` }))
      );
    }

    trace(x, marks) {
      this.traced = x === null ? null : [x, marks];
      if (x === null) return shapes(this.tracer, []);
      const { top, bottom } = this.box;
      const at = this.at(x).toFixed(1);
      const dots = marks.filter(({ y }) => Number.isFinite(y)).flatMap(({ color, y, slope }) => [
        ...(Number.isFinite(slope) ? [["path", { class: "tangent", d: this.tangent(x, y, slope) }]] : []),
        ["circle", { cx: at, cy: this.up(y).toFixed(1), r: 4.5, fill: `var(--${color})` }],
      ]);
      shapes(this.tracer, [["path", { class: "trace-line", d: `M${at} ${top}V${bottom}` }], ...dots]);
    }

    tangent(x, y, slope) {
      const reach = (this.x[1] - this.x[0]) / 6;
      return [x - reach, x + reach]
        .map((v, i) => `${i ? "L" : "M"}${this.at(v).toFixed(1)} ${this.up(y + slope * (v - x)).toFixed(1)}`)
        .join("");
    }

    listen() {
      const move = (event) => {
        const rect = this.svg.getBoundingClientRect();
        const { left, right } = this.box;
        const place = ((event.clientX - rect.left) / rect.width) * this.width;
        const share = (place - left) / (right - left);
        if (share >= 0 && share <= 1) this.onmove?.(this.x[0] + share * (this.x[1] - this.x[0]));
      };
      this.svg.addEventListener("pointermove", move);
      this.svg.addEventListener("pointerdown", move);
    }

    /** The curves' points: a line for each x, a column for each curve. */
    csv() {
      const rows = new Map();
      const { series } = this.drawn;
      series.forEach((s, column) =>
        s.x.forEach((x, i) => {
          if (!rows.has(x)) rows.set(x, Array(series.length).fill(""));
          rows.get(x)[column] = s.y[i];
        })
      );
      const head = [this.xLabel, ...series.map((s) => s.title || s.name || s.color)].map(quoted).join();
      const body = [...rows].sort(([a], [b]) => a - b).map(([x, values]) => [x, ...values].join());
      return [head, ...body, ""].join("\r\n");
    }
  }
  Chart.count = 0;
  ogive.chart = (parent, options) => new Chart(parent, options);
}

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
  const SPACE = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 46, right: 14, top: 10, bottom: 36 };

  const svg = (tag, attributes = {}, text) => {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  ogive.svg = svg;

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
      this.clip = svg("rect");
      this.svg.appendChild(svg("clipPath", { id: clip })).append(this.clip);
      this.zones = this.svg.appendChild(svg("g"));
      this.dots = this.svg.appendChild(svg("g", { "clip-path": `url(#${clip})` }));
      this.lines = this.svg.appendChild(svg("g", { "clip-path": `url(#${clip})` }));
      this.tracer = this.svg.appendChild(svg("g", { "clip-path": `url(#${clip})`, class: "tracer" }));
      this.labels = this.svg.appendChild(svg("g"));
      parent.append(this.svg);
      if (exports) parent.append(ogive.exports({ name, csv: () => this.csv(), drawing: () => this.svg }));
      this.listen();
      this.resize();
      new ResizeObserver(() => this.resize()).observe(parent);
    }

    resize() {
      const width = Math.max(Math.round(this.svg.parentElement.clientWidth), 240);
      if (width === this.width) return;
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
      this.left = Math.max(MARGIN.left, 12 + 7 * Math.max(...this.heights().map((v) => ogive.shown(v).length)));
      this.drawFrame();
      this.drawZones(zones);
      series.forEach((s, i) => this.drawLine(s, i));
      while (this.lines.childElementCount > series.length) this.lines.lastChild.remove();
      this.drawDots(this.drawn.dots);
      this.drawEnds(series.filter((s) => s.name));
      if (this.traced) this.trace(...this.traced);
    }

    /** The heights that have a line and a label. */
    heights() {
      const { top, bottom } = this.box;
      return ogive.ticks(...this.y, (bottom - top) / 45);
    }

    drawFrame() {
      const { left, right, top, bottom } = this.box;
      const key = [left, right, top, bottom, ...this.x, ...this.y].join();
      if (key === this.framed) return;
      this.framed = key;
      for (const [name, value] of Object.entries({ x: left, y: top, width: Math.max(right - left, 0), height: bottom - top }))
        this.clip.setAttribute(name, value);
      const parts = [];
      for (const value of ogive.ticks(...this.x, (right - left) / 70)) {
        const x = this.at(value).toFixed(1);
        parts.push(svg("path", { class: value ? "grid" : "axis", d: `M${x} ${top}V${bottom}` }));
        parts.push(svg("text", { x, y: bottom + 16, "text-anchor": "middle" }, ogive.shown(value)));
      }
      for (const value of this.heights()) {
        const y = this.up(value).toFixed(1);
        parts.push(svg("path", { class: value ? "grid" : "axis", d: `M${left} ${y}H${right}` }));
        parts.push(svg("text", { x: left - 6, y: Number(y) + 4, "text-anchor": "end" }, ogive.shown(value)));
      }
      parts.push(svg("text", { x: right, y: bottom + 31, "text-anchor": "end", class: "axis-name" }, this.xLabel));
      this.frame.replaceChildren(...parts);
    }

    drawZones(zones) {
      const { left, right, top, bottom } = this.box;
      const parts = zones.flatMap(({ from, to, kind, name }) => {
        const [a, b] = [from, to].map((v) => Math.min(Math.max(this.at(v), left), right));
        if (!(b - a > 0.5)) return [];
        const rect = svg("rect", { class: `zone zone-${kind}`, x: a.toFixed(1), y: top, width: (b - a).toFixed(1), height: bottom - top });
        rect.append(svg("title", {}, name));
        return [rect];
      });
      this.zones.replaceChildren(...parts);
    }

    drawDots({ x, y, color } = { x: [] }) {
      const told = Array.from(x, (v, i) => `M${this.at(v).toFixed(1)} ${this.up(y[i]).toFixed(1)}h0`).join("");
      this.dots.replaceChildren(...(told ? [svg("path", { class: "dots", stroke: `var(--${color})`, d: told })] : []));
    }

    drawLine({ x, y, color, dash, area }, place) {
      let line = this.lines.children[place];
      if (!line) line = this.lines.appendChild(svg("path", { class: "line" }));
      line.setAttribute("stroke", `var(--${color})`);
      line.setAttribute("stroke-dasharray", dash || "none");
      line.setAttribute("fill", area ? `var(--${color})` : "none");
      line.setAttribute("d", area ? this.areaPath(x, y) : this.path(x, y));
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
      this.labels.replaceChildren(
        ...ends.map((e) =>
          svg("text", { class: "end", x: right + 6, y: (e.y + 4).toFixed(1), fill: `var(--${e.color})` }, e.name)
        )
      );
    }

    trace(x, marks) {
      this.traced = x === null ? null : [x, marks];
      if (x === null) return this.tracer.replaceChildren();
      const { top, bottom } = this.box;
      const at = this.at(x);
      const parts = [svg("path", { class: "trace-line", d: `M${at.toFixed(1)} ${top}V${bottom}` })];
      for (const { color, y, slope } of marks) {
        if (!Number.isFinite(y)) continue;
        if (Number.isFinite(slope)) parts.push(this.tangent(x, y, slope));
        parts.push(svg("circle", { cx: at.toFixed(1), cy: this.up(y).toFixed(1), r: 4.5, fill: `var(--${color})` }));
      }
      this.tracer.replaceChildren(...parts);
    }

    tangent(x, y, slope) {
      const reach = (this.x[1] - this.x[0]) / 6;
      const ends = [x - reach, x + reach].map((v) => `${this.at(v).toFixed(1)} ${this.up(y + slope * (v - x)).toFixed(1)}`);
      return svg("path", { class: "tangent", d: `M${ends[0]}L${ends[1]}` });
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

// Line charts in SVG: axes, curves with labels at their ends, shaded zones, a tracer, and export.
//
//   const chart = ogive.chart(element, {label, x: [from, to], height, name})
//   chart.draw({series: [{name, color, x, y, dash, area}], zones: [{from, to, kind, name}], y: [low, high]})
//   chart.draw({..., dots: {x, y, color}})   single points, below the curves
//   chart.trace(x, [{color, y, slope}])      a line at x, a dot at each y, a tangent where a slope is
//   ogive.exports({name, csv, drawing})      the buttons below a chart, for other drawings
//   chart.onmove = (x) => ...                the pointer's place, null where it left
//   ogive.sample(f, [from, to], count)       {x, y}: NaN where f jumps, so that no line joins the sides
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

  /** Round numbers from low to high, about `count` of them. */
  ogive.ticks = (low, high, count) => {
    const rough = (high - low) / Math.max(count, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * (rough < 1.5 * power ? 1 : rough < 3.5 * power ? 2 : rough < 7.5 * power ? 5 : 10);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => {
      const value = (first + i) * step;
      return Math.abs(value) < step * 1e-9 ? 0 : Number(value.toPrecision(12));
    });
  };

  /** Samples of f: both sides of a jump with NaN between them. */
  ogive.sample = (f, [from, to], count = 480) => {
    const x = [];
    const y = [];
    const step = (to - from) / count;
    let before = f(from);
    x.push(from);
    y.push(before);
    for (let i = 1; i <= count; i++) {
      const at = i === count ? to : from + i * step;
      const here = f(at);
      if (Math.abs(here - before) > 0.02 * (to - from)) splitJump(f, x, y, at, here);
      x.push(at);
      y.push(here);
      before = here;
    }
    return { x, y };
  };

  /** Where the step between two samples stays in one place, however near the samples: a jump. */
  const splitJump = (f, x, y, to, after) => {
    let low = x.at(-1);
    let below = y.at(-1);
    let high = to;
    let above = after;
    const whole = Math.abs(above - below);
    for (let i = 0; i < 40 && high - low > 1e-12 * Math.max(1, Math.abs(high)); i++) {
      const middle = (low + high) / 2;
      const value = f(middle);
      if (Math.abs(value - below) > Math.abs(above - value)) [high, above] = [middle, value];
      else [low, below] = [middle, value];
    }
    if (!(Math.abs(above - below) > 0.5 * whole)) return;
    x.push(low, (low + high) / 2, high);
    y.push(below, NaN, above);
  };

  /** The window of curves over [from, to]: what they reach, but not beyond the width of the view. */
  ogive.window = (series, [from, to]) => {
    const most = Math.max((to - from) / 2, 1);
    let low = 0;
    let high = 0;
    for (const { y } of series)
      for (const value of y)
        if (Number.isFinite(value)) {
          low = Math.min(low, Math.max(value, -most));
          high = Math.max(high, Math.min(value, most));
        }
    if (high - low < 1e-9) [low, high] = [low - 1, high + 1];
    const air = 0.06 * (high - low);
    return [low - air, high + air];
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

    path(x, y) {
      let told = "";
      let open = false;
      for (let i = 0; i < x.length; i++) {
        if (Number.isNaN(y[i])) {
          open = false;
          continue;
        }
        told += `${open ? "L" : "M"}${this.at(x[i]).toFixed(1)} ${this.up(y[i]).toFixed(1)}`;
        open = true;
      }
      return told;
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

  /** Buttons that save: csv() gives text, drawing() an SVG element or a canvas. */
  ogive.exports = ({ name, csv, drawing }) => {
    const make = (format, save) =>
      ogive.element(
        "button",
        { type: "button", "aria-label": ogive.text("chart.save_as", { format: ogive.text(`chart.${format}`) }), onclick: save },
        ogive.text(`chart.${format}`)
      );
    const isCanvas = drawing() instanceof HTMLCanvasElement;
    const saveCanvas = () => drawing().toBlob((blob) => ogive.download(`${name}.png`, blob));
    return ogive.element(
      "div.export", {},
      make("csv", () => ogive.download(`${name}.csv`, new Blob([csv()], { type: "text/csv" }))),
      isCanvas ? null : make("svg", () => ogive.saveSvg(drawing(), `${name}.svg`)),
      make("png", () => (isCanvas ? saveCanvas() : ogive.savePng(drawing(), `${name}.png`)))
    );
  };

  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  ogive.download = (name, blob) => {
    const link = ogive.element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  /** The drawing by itself: what the style sheet says stands in its attributes. */
  const standalone = (drawing) => {
    const copy = drawing.cloneNode(true);
    const [, , width, height] = drawing.getAttribute("viewBox").split(" ");
    copy.setAttribute("xmlns", SPACE);
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    const originals = drawing.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((node, i) => {
      const style = getComputedStyle(originals[i]);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "fill-opacity", "font-size", "font-weight", "font-family"])
        node.setAttribute(name, style.getPropertyValue(name));
      node.removeAttribute("class");
    });
    const ground = svg("rect", { width, height, fill: getComputedStyle(document.body).backgroundColor });
    copy.prepend(ground);
    return { text: new XMLSerializer().serializeToString(copy), width: Number(width), height: Number(height) };
  };

  ogive.saveSvg = (drawing, name) =>
    ogive.download(name, new Blob([standalone(drawing).text], { type: "image/svg+xml" }));

  ogive.savePng = (drawing, name) => {
    const { text, width, height } = standalone(drawing);
    const image = new Image();
    image.onload = () => {
      const canvas = ogive.element("canvas", { width: 2 * width, height: 2 * height });
      const pen = canvas.getContext("2d");
      pen.scale(2, 2);
      pen.drawImage(image, 0, 0, width, height);
      canvas.toBlob((blob) => ogive.download(name, blob));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };
}

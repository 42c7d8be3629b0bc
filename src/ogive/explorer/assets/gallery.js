// The gallery: a card with a small curve for every activation, searched and filtered.
"use strict";
{
  const { element, text } = ogive;
  const DEFAULTS = {
    q: "", sort: "known", kind: "", family: "", framework: "", marks: [], learnable: false, from: 0, to: 0,
  };
  const SMALL = { width: 132, height: 76, x: [-5, 5], count: 60 };
  const root = document.getElementById("gallery");
  const { state, change } = ogive.state(DEFAULTS, () => {
    show();
    update();
  });

  const plainWord = (word) => word.toLowerCase().replace(/[\s_-]/g, "");
  const records = ogive.catalogue.map((record) => {
    const family = ["en", "zh"].map((code) => text(`gallery.family_words.${record.family}.${code}`));
    const name = [record.name, record.title].map(plainWord);
    const words = [record.name, record.title, record.words, ...family, record.family].join(" ").toLowerCase();
    return { ...record, plain: name, searched: words, curve: null };
  });

  /** How well a record matches the search, 0 best; Infinity not at all. */
  const rank = (record, terms) => {
    if (!terms.every((t) => record.searched.includes(t) || record.plain.some((n) => n.includes(plainWord(t)))))
      return Infinity;
    const first = plainWord(terms.join(""));
    if (record.plain.includes(first)) return 0;
    if (record.plain.some((n) => n.startsWith(first))) return 1;
    return record.plain.some((n) => n.includes(first)) ? 2 : 3;
  };

  const fits = (record) =>
    (!state.kind || record.kind === state.kind) &&
    (!state.family || record.family === state.family) &&
    (!state.framework || record.frameworks.includes(state.framework)) &&
    (!state.learnable || record.learnable) &&
    (!state.from || record.year >= state.from) &&
    (!state.to || (record.year && record.year <= state.to)) &&
    state.marks.every((mark) => record.marks?.includes(mark));

  const SORTS = {
    known: (a, b) => b.frameworks.length - a.frameworks.length,
    name: (a, b) => (a.name < b.name ? -1 : 1),
    year: (a, b) => (b.year || 0) - (a.year || 0),
    family: () => 0,
  };

  const found = () => {
    const terms = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    return records
      .map((record) => ({ record, place: terms.length ? rank(record, terms) : 0 }))
      .filter(({ record, place }) => place < Infinity && fits(record))
      .sort((a, b) => a.place - b.place || (SORTS[state.sort] || SORTS.known)(a.record, b.record))
      .map(({ record }) => record);
  };

  // curves

  const curve = (record) => {
    if (record.kind === "rowwise") return rowCurves(record.name);
    const functions = ogive.wherever(ogive.bound(record.name).functions);
    return [
      { ...ogive.sample(functions[1], SMALL.x, SMALL.count), color: "f1" },
      { ...ogive.sample(functions[0], SMALL.x, SMALL.count), color: "f" },
    ];
  };

  /** Every output of a row of four in which the first element moves. */
  const rowCurves = (name) => {
    const x = Array.from({ length: SMALL.count + 1 }, (_, i) => SMALL.x[0] + (10 * i) / SMALL.count);
    const rows = x.map((v) => [ogive.value(name, [v, 1, -1, 0.3])].flat());
    return rows[0].map((_, i) => ({ x, y: rows.map((r) => r[i]), color: i ? "f1" : "f" })).reverse();
  };

  const drawing = (record) => {
    const { width, height, x } = SMALL;
    const lines = curve(record);
    const [low, high] = ogive.window(lines.filter((l) => l.color === "f"), x);
    const at = (v) => (((v - x[0]) / (x[1] - x[0])) * width).toFixed(1);
    const up = (v) => (height - Math.min(Math.max((v - low) / (high - low), -1), 2) * height).toFixed(1);
    const drawn = ogive.svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", class: "small" });
    drawn.append(ogive.svg("path", { class: "axis", d: `M0 ${up(0)}H${width}M${at(0)} 0V${height}` }));
    for (const line of lines) {
      let told = "";
      line.x.forEach((v, i) => {
        if (Number.isNaN(line.y[i])) return;
        told += `${i && !Number.isNaN(line.y[i - 1]) ? "L" : "M"}${at(v)} ${up(line.y[i])}`;
      });
      drawn.append(ogive.svg("path", { class: `line ${line.color}`, d: told }));
    }
    return drawn;
  };

  const card = (record) => {
    if (record.card) return record.card;
    const name = element("span.name", {}, record.name);
    const about = element("span.about", {}, record.doc);
    const link = element("a.card", { href: ogive.page(`functions/${record.name}.html`) }, drawing(record), name, about);
    return (record.card = element("li", {}, link));
  };

  // controls

  const field = (key, control) => {
    const label = element("label", { for: control.id }, text(`gallery.${key}`));
    return element("div", {}, label, control);
  };
  const select = (key, choices) => {
    const change_ = (event) => set({ [key]: event.target.value });
    const options = choices.map(([value, told]) => element("option", { value }, told));
    return element("select", { id: `by-${key}`, onchange: change_ }, ...options);
  };
  const set = (values) => {
    change(values);
    update();
  };

  const search = element("input", {
    type: "search", id: "by-q", autocomplete: "off", spellcheck: "false",
    oninput: (event) => set({ q: event.target.value }),
  });
  const counted = (key) => {
    const counts = new Map();
    for (const record of records) for (const value of [record[key]].flat()) counts.set(value, (counts.get(value) || 0) + 1);
    return counts;
  };
  const families = [...counted("family").keys()].map((f) => [f, text(`gallery.family_words.${f}.${text("gallery.code")}`)]);
  const frameworks = [...counted("frameworks")].filter(([, n]) => n > 1).sort((a, b) => b[1] - a[1]);
  const any = ["", text("gallery.any")];
  const controls = {
    sort: select("sort", Object.keys(SORTS).map((s) => [s, text(`gallery.sort_${s}`)])),
    kind: select("kind", [any, ...[...counted("kind").keys()].map((k) => [k, text(`gallery.kind_${k}`)])]),
    family: select("family", [any, ...families]),
    framework: select("framework", [any, ...frameworks.map(([f, n]) => [f, `${f} (${n})`])]),
  };
  const year = (key) =>
    element("input", {
      type: "number", id: `by-${key}`, min: 1940, max: 2100, placeholder: text("gallery.any"),
      onchange: (event) => set({ [key]: Number(event.target.value) || 0 }),
    });
  const years = { from: year("from"), to: year("to") };
  const learnable = element("input", {
    type: "checkbox", id: "by-learnable", onchange: (event) => set({ learnable: event.target.checked }),
  });
  const marks = [...new Set(records.flatMap((r) => r.marks || []))].map((mark) =>
    element(
      "button", {
        type: "button", "data-mark": mark,
        onclick: () => set({ marks: state.marks.includes(mark) ? state.marks.filter((m) => m !== mark) : [...state.marks, mark] }),
      },
      text(`gallery.mark_${mark}`)
    )
  );
  const clear = element("button", { type: "button", onclick: () => { change(DEFAULTS); show(); update(); } }, text("gallery.clear"));
  const count = element("p.quiet", { role: "status" });
  const grid = element("ul.cards");

  root.append(
    element("p", {}, text("gallery.lead", { n: records.length })),
    element("div.controls", {}, element("div.grow", {}, element("label", { for: "by-q" }, text("gallery.q")), search), field("sort", controls.sort)),
    element(
      "details.filters", { open: innerWidth > 700 },
      element("summary", {}, text("gallery.filters")),
      element(
        "div.controls", {},
        field("kind", controls.kind), field("family", controls.family), field("framework", controls.framework),
        field("from", years.from), field("to", years.to),
        element("div.check", {}, learnable, element("label", { for: "by-learnable" }, text("gallery.learnable")))
      ),
      element("div.chips", { role: "group", "aria-label": text("gallery.marks") }, ...marks)
    ),
    element("div.controls", {}, count, clear),
    grid
  );

  /** What the controls show is the state. */
  const show = () => {
    search.value = state.q;
    for (const [key, control] of Object.entries(controls)) control.value = state[key];
    for (const [key, control] of Object.entries(years)) control.value = state[key] || "";
    learnable.checked = state.learnable;
  };

  const update = () => {
    for (const button of marks) button.setAttribute("aria-pressed", state.marks.includes(button.dataset.mark));
    const now = found();
    grid.replaceChildren(...now.map(card));
    count.textContent = now.length ? text("gallery.count", { n: now.length, all: records.length }) : text("gallery.none");
  };

  show();
  update();
}

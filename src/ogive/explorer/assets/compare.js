// Several functions beside each other: f and f' overlaid, differences to the first, certificates.
"use strict";
{
  const { element, text, shown } = ogive;
  const root = document.getElementById("compare");
  const MOST = 10;
  const { state, change } = ogive.state({ names: ["relu", "gelu", "silu", "mish"], view: 5 }, () => show(), {
    view: ogive.within(0.1, 1000), names: (names) => names.length <= MOST,
  });
  const picker = ogive.pickMany({
    id: "names", label: text("tools.compare_pick"), values: () => state.names, most: MOST,
    onchange: (names) => { change({ names }); show(); },
  });
  const view = element(
    "select", { id: "view", onchange: (event) => { change({ view: Number(event.target.value) }); show(); } },
    ...[1, 2, 5, 10, 20].map((v) => element("option", { value: v }, `${shown(-v)} … ${v}`))
  );
  const place = (key) => {
    const figure = element("figure", {}, element("figcaption", {}, text(`tools.${key}`)));
    return { figure, chart: ogive.chart(figure, { label: text(`tools.${key}`), x: [-5, 5], height: 300, name: key }) };
  };
  const table = element("div.scroll");
  root.append(picker, element("div.controls", {}, element("div", {}, element("label", { for: "view" }, text("tools.view")), view)));
  const charts = element("div.columns.wide");
  root.append(charts);
  const places = { compare_f: place("compare_f"), compare_f1: place("compare_f1"), compare_difference: place("compare_difference") };
  charts.append(...Object.values(places).map((p) => p.figure));
  root.append(element("h2", {}, text("tools.compare_table")), element("p.note", {}, text("tools.compare_note")), table);

  const lines = (of, order) => {
    const x = [-state.view, state.view];
    return of.map((c, i) => ({ ...ogive.sample(c.functions[order], x), name: c.name.slice(0, 18), title: c.name, ...ogive.seriesLook(i) }));
  };

  const show = () => {
    picker.show();
    view.value = state.view;
    const of = state.names.map(ogive.chosen).filter(Boolean);
    const x = [-state.view, state.view];
    places.compare_f.chart.draw({ series: lines(of, 0), x });
    places.compare_f1.chart.draw({ series: lines(of, 1), x });
    const [first, ...others] = of;
    const differences = others.map((c, i) => ({
      ...ogive.sample((v) => c.functions[0](v) - first.functions[0](v), x), name: c.name.slice(0, 18), title: `${c.name} - ${first.name}`, ...ogive.seriesLook(i + 1),
    }));
    places.compare_difference.chart.draw({ series: differences, x });
    places.compare_difference.figure.querySelector("figcaption").textContent = text("tools.compare_difference_to", { name: first ? first.name : "…" });
    drawTable(of);
  };

  const cell = ([value, method]) => {
    if (method === "not proved" || value === "not proved") return element("td.quiet", {}, text("report.word.not_proved"));
    const known = typeof value === "string" ? ogive.texts[`report.word.${value}`] : undefined;
    return element("td.number", { title: text(`report.method_word.${method}`) }, known ?? (typeof value === "number" ? shown(value, 5) : value));
  };

  const drawTable = (of) => {
    const rows = Object.keys(ogive.singles[0].facts || {});
    const head = element("tr", {}, element("td"), ...of.map((c) =>
      element("th", { scope: "col" }, c.record ? element("a", { href: ogive.page(`functions/${c.name}.html`) }, c.name) : c.name)));
    const body = rows.map((row) =>
      element("tr", {}, element("th", { scope: "row" }, text(`report.label.${row}`)),
        ...of.map((c) => (c.record?.facts?.[row] ? cell(c.record.facts[row]) : element("td.quiet", {}, "–"))))
    );
    table.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
  };
  show();
}

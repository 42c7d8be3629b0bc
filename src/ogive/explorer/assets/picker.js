// Choosing functions: by name, or a formula of one's own that begins with "=".
//
//   ogive.chosen("gelu") or ogive.chosen("=x*tanh(x)")   {name, functions: [f, f', f'']}, or null
//   ogive.pickOne({id, label, value, onchange})          a select of all functions of one number
//   ogive.pickMany({id, label, values, most, onchange})  chips, and a box that adds to them
"use strict";
{
  const { element, text } = ogive;
  const singles = ogive.catalogue.filter((r) => r.kind !== "rowwise");
  singles.sort((a, b) => b.frameworks.length - a.frameworks.length);
  ogive.singles = singles;

  const chosen = (told) => {
    if (told.startsWith("=")) {
      const made = ogive.formula(told.slice(1));
      if (made.error) return null;
      return { name: told.slice(1), functions: [0, 1, 2].map((k) => (x) => made.derivative(x, k)) };
    }
    const record = singles.find((r) => r.name === told);
    return record ? { name: told, record, functions: ogive.wherever(ogive.bound(told).functions) } : null;
  };
  ogive.chosen = chosen;

  const COLORS = 6;
  /** How the i-th of several lines looks: when the colours are used up, they come again with dashes. */
  ogive.seriesLook = (i) => ({ color: `series-${(i % COLORS) + 1}`, dash: i < COLORS ? "" : "7 4" });
  const swatch = (i) => element(`span.swatch.fill-series-${(i % COLORS) + 1}${i < COLORS ? "" : ".dashed"}`);

  ogive.pickOne = ({ id, label, value, onchange }) => {
    const own = value.startsWith("=") ? [element("option", { value }, value.slice(1))] : [];
    const options = singles.map((r) => element("option", { value: r.name }, r.name));
    const select = element("select", { id, onchange: () => onchange(select.value) }, ...own, ...options);
    select.value = value;
    const made = element("div", {}, element("label", { for: id }, label), select);
    made.set = (v) => (select.value = v);
    return made;
  };

  ogive.pickMany = ({ id, label, values, most, onchange }) => {
    const list = element("datalist", { id: `${id}-names` }, ...singles.map((r) => element("option", { value: r.name })));
    const box = element("input", { type: "text", id, list: `${id}-names`, autocomplete: "off", spellcheck: "false" });
    const alert = element("p.alert", { role: "alert" });
    const chips = element("ul.chips");
    const made = element(
      "form.picker", {},
      element("label", { for: id }, label),
      element("div.controls", {}, box, element("button", { type: "submit", class: "primary" }, text("tools.add"))),
      list, alert, chips
    );
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      add(box.value.trim());
    });
    const add = (told) => {
      const found = singles.some((r) => r.name === told) ? told : `=${told.replace(/^=/, "")}`;
      const problem = told && !chosen(found) ? whyNot(told) : "";
      alert.textContent = values().length >= most ? text("tools.most", { n: most }) : problem;
      if (alert.textContent || !told) return;
      box.value = "";
      onchange([...new Set([...values(), found])]);
    };
    const whyNot = (told) => {
      const near = /^\w+$/.test(told) ? singles.filter((r) => r.name.includes(told.toLowerCase())).slice(0, 4) : [];
      if (near.length) return text("tools.unknown", { name: told, near: near.map((r) => r.name).join(", ") });
      return ogive.formula(told.replace(/^=/, "")).error;
    };
    made.show = () =>
      chips.replaceChildren(
        ...values().map((told, i) =>
          element("li", {},
            element("button", {
              type: "button", "aria-label": text("tools.remove", { name: told }),
              onclick: () => onchange(values().filter((other) => other !== told)),
            }, swatch(i), told.replace(/^=/, ""), " ×"))
        )
      );
    return made;
  };
}

// A formula of one's own: read by the safe grammar, differentiated in the page, drawn as it is typed.
"use strict";
{
  const { element, text, shown } = ogive;
  const root = document.getElementById("formula");
  const EXAMPLES = ["x * tanh(softplus(x))", "x * ndtr(x)", "where(x > 0, x, 0.2 * x)", "x * exp(-x**2 / 2)", "sin(3*x) / (1 + x**2)", "log(1 + exp(x))", "gelu(2*x)", "elu(x, alpha=0.5) - tanh(x)"];
  const { state, change } = ogive.state({ f: EXAMPLES[0] }, () => show());
  const box = element("input", {
    type: "text", id: "own", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-describedby": "own-help own-alert",
    oninput: () => { change({ f: box.value }); draw(); },
  });
  const alert = element("p.alert", { role: "alert", id: "own-alert" });
  const pointer = element("pre.pointer", { "aria-hidden": "true", hidden: true });
  const figure = element("figure");
  const told = element("dl.formulas");
  const table = element("div.scroll");
  const links = element("p");
  const code = element("code");
  root.append(
    element("label", { for: "own" }, text("site.nav.formula")), box,
    element("p.note", { id: "own-help" }, text("tools.formula_help", { words: Object.keys(ogive.language.words).join(", ") })),
    alert, pointer,
    element("div.chips", { role: "group", "aria-label": text("tools.examples") },
      ...EXAMPLES.map((f) => element("button", { type: "button", onclick: () => { change({ f }); show(); } }, f))),
    figure, told, table, links, element("h2", {}, text("tools.formula_code")), element("pre", { tabindex: 0 }, code)
  );
  const chart = ogive.chart(figure, { label: text("tools.formula_chart"), x: [-5, 5], height: 340, name: "formula" });

  const draw = () => {
    const made = ogive.formula(state.f);
    box.setAttribute("aria-invalid", String(Boolean(made.error)));
    if (made.error) return refuse(made);
    if (alert.textContent) alert.textContent = "";
    pointer.hidden = true;
    [figure, told, table, links].forEach((part) => part.classList.remove("stale"));
    const x = [-5, 5];
    chart.draw({
      x,
      series: ["f", "f′", "f″"].map((name, k) => ({
        ...ogive.sample((v) => made.derivative(v, k), x), name, color: ["f", "f1", "f2"][k], dash: ["", "", "5 4"][k],
      })),
    });
    told.replaceChildren(
      ...["f", "f′", "f″"].flatMap((name, k) => [element("dt", {}, `${name}(x)`), element("dd", {}, element("code", {}, made.text(k)))])
    );
    tell(made);
    const from = encodeURIComponent(`=${state.f}`);
    links.replaceChildren(
      ...[["compare", `compare.html#names=${from}~relu`], ["input", `input.html#name=${from}`], ["depth", `depth.html#name=${from}`]].flatMap(
        ([key, place]) => [element("a", { href: ogive.page(place) }, text(`tools.formula_${key}`)), " · "]
      ).slice(0, -1)
    );
    code.textContent = `import ogive\n\nmine = ogive.define("mine", ${JSON.stringify(state.f.trim())})\ny = mine(x)\nprint(mine.certificate())`;
    return null;
  };

  const refuse = ({ error, position }) => {
    alert.textContent = error;
    const start = Math.max(0, position - 40);
    pointer.textContent = `${state.f.slice(start, start + 80)}\n${" ".repeat(position - start)}^`;
    pointer.hidden = false;
    [figure, told, table, links].forEach((part) => part.classList.add("stale"));
  };

  const tell = (made) => {
    const { mean, square: second } = ogive.normal.moments(made.value);
    const { square: slope } = ogive.normal.moments(made.derivative);
    const rows = [["mean", mean], ["second", second], ["gain", 1 / Math.sqrt(second)], ["square_slope", slope], ["chi", slope / second]];
    const limits = [["left", made.value(-Infinity)], ["right", made.value(Infinity)]];
    table.replaceChildren(
      element("table", {}, element("caption", {}, text("tools.formula_table")),
        element("tbody", {}, ...[...rows, ...limits].map(([key, value]) =>
          element("tr", {}, element("th", { scope: "row" }, text(`tools.${key}`)), element("td.number", {}, shown(value, 5))))))
    );
  };

  const show = () => {
    box.value = state.f;
    draw();
  };
  show();
}

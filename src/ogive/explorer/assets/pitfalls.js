// Pitfalls that are about a formula: the wrong one drawn beside the right one, or their difference
// where the two can hardly be told apart. Also the buttons that copy code.
"use strict";
{
  const { text } = ogive;
  const VIEWS = [5, 10, 20].map((reach) => [-reach, reach]);

  const farthest = ({ y }) => Math.max(0, ...y.map((v) => Math.abs(v)).filter(Number.isFinite));

  const drawWrong = (figure) => {
    const { name, formula, order, parameters, label } = figure.dataset;
    const right = ogive.bound(name, JSON.parse(parameters)).functions[order];
    const wrong = ogive.formula(formula);
    const apart = (x) => wrong.value(x) - right(x);
    // the first view in which they differ at all
    const view = VIEWS.find((v) => farthest(ogive.sample(apart, v, 200)) > 0) || VIEWS.at(-1);
    const lines = [right, wrong.value].map((f) => ogive.sample(f, view, 200));
    const chart = ogive.chart(figure, { label, x: view, height: 190, exports: false, name });
    const [low, high] = ogive.window([lines[0]], view);
    const difference = ogive.sample(apart, view, 200);
    const most = farthest(difference);
    if (most < 0.03 * (high - low)) {
      const y = [-1.15 * most, 1.15 * most];
      return chart.draw({ series: [{ ...difference, color: "bad", name: text("function.difference") }], y });
    }
    return chart.draw({
      series: [
        { ...lines[1], color: "bad", name: text("function.wrong"), dash: "5 4" },
        { ...lines[0], color: "f", name: text("function.right") },
      ],
    });
  };
  document.querySelectorAll("figure.wrong").forEach(drawWrong);

  document.querySelectorAll("button.copy").forEach((button) =>
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(code);
      } catch {
        getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        document.execCommand("copy");
      }
      button.textContent = text("function.copied");
      setTimeout(() => (button.textContent = text("function.copy")), 1500);
    })
  );
}

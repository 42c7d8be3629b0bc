// Three logits: their shares, the Jacobian, and samples of Gumbel-softmax on the triangle of shares.
"use strict";
{
  const figure = document.getElementById("figure");
  const text = (key, values) => ogive.text(`figures.${key}`, values);
  const CLASSES = [1, 2, 3];
  const SAMPLES = 400;
  const CORNERS = [[20, 250], [280, 250], [150, 25]];

  const shares = ogive.element("tbody");
  const jacobian = ogive.element("tbody");
  const triangle = ogive.svg("svg", { viewBox: "0 0 300 280", class: "triangle", role: "img", "aria-label": text("rows.triangle") });
  const table = (caption, head, body) =>
    ogive.element(
      "table", {}, ogive.element("caption", {}, caption),
      ogive.element("thead", {}, ogive.element("tr", {}, ...head.map(columnHead))), body
    );

  /** The corner above the rows' heads is no head. */
  const columnHead = (text) => (text ? ogive.element("th.number", { scope: "col" }, text) : ogive.element("td"));

  /** Noise is drawn once, so that moving a slider moves the samples. */
  const random = new ogive.RandomNumbers(1);
  const noise = Array.from({ length: SAMPLES }, () =>
    CLASSES.map(() => -Math.log(-Math.log(random.uniform(2 ** -33, 1))))
  );

  const softmax = (row) => ogive.value("softmax", row, {});
  const largest = (row) => row.indexOf(Math.max(...row));

  const draw = (state) => {
    const logits = CLASSES.map((i) => state[`x${i}`]);
    const y = softmax(logits);
    const samples = noise.map((row) => softmax(row.map((g, i) => (logits[i] + g) / state.temperature)));
    const counts = CLASSES.map((_, i) => samples.filter((s) => largest(s) === i).length / SAMPLES);
    shares.replaceChildren(...CLASSES.map((i, at) => shareRow(i, y[at], counts[at])));
    const matrix = ogive.derivative("softmax", logits, {}, 1);
    jacobian.replaceChildren(...CLASSES.map((i, at) => matrixRow(i, matrix[at])));
    drawTriangle(samples);
  };

  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  const shareRow = (i, share, drawn) =>
    ogive.element(
      "tr", {}, ogive.element("th", { scope: "row" }, String(i)),
      ogive.element("td.number", {}, ogive.element("meter", { value: share, "aria-hidden": "true" }), ` ${percent(share)}`),
      ogive.element("td.number", {}, percent(drawn))
    );

  const matrixRow = (i, row) =>
    ogive.element(
      "tr", {}, ogive.element("th", { scope: "row" }, `∂y${i}`),
      ...row.map((value) => ogive.element("td.number", {}, value.toFixed(3).replace("-", "−")))
    );

  const edge = ogive.svg("path", { d: `M${CORNERS.map((c) => c.join(" ")).join("L")}Z`, class: "edge" });
  const names = CORNERS.map(([x, y], i) => ogive.svg("text", { x, y: y + (i === 2 ? -8 : 18), "text-anchor": "middle" }, String(i + 1)));
  /** The samples of each class: a dot is a line of no length. */
  const clouds = CLASSES.map((i) => ogive.svg("path", { class: `drawn class-${i}` }));
  triangle.append(edge, ...clouds, ...names);

  const drawTriangle = (samples) => {
    const place = (share) => [0, 1].map((axis) => CORNERS.reduce((sum, corner, i) => sum + share[i] * corner[axis], 0).toFixed(1));
    const dots = CLASSES.map(() => "");
    for (const share of samples) dots[largest(share)] += `M${place(share).join(" ")}h0`;
    clouds.forEach((cloud, i) => cloud.setAttribute("d", dots[i]));
  };

  const logit = (i, value) => ({ label: text("rows.logit", { i }), low: -5, high: 5, step: 0.1, value });
  const state = ogive.figureControls(
    figure,
    {
      x1: logit(1, 1), x2: logit(2, 0), x3: logit(3, -1),
      temperature: { label: text("rows.temperature"), low: 0.05, high: 10, value: 0.5, log: true },
    },
    ogive.onceAFrame(draw)
  );
  figure.append(
    ogive.element(
      "div.columns", {},
      ogive.element(
        "div", {}, table(text("rows.shares"), [text("rows.class"), "softmax", text("rows.drawn", { n: SAMPLES })], shares),
        table(text("rows.jacobian"), ["", ...CLASSES.map((i) => `∂x${i}`)], jacobian)
      ),
      ogive.element("figure", {}, triangle, ogive.element("figcaption", {}, text("rows.caption")))
    )
  );
  draw(state);
}

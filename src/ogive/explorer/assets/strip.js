// Accuracies on a line from 30 to 100 %: a dot for each seed, and a diamond for a number beside them.
"use strict";
{
  const [LOW, HIGH] = [30, 100];

  ogive.drawStrip = (found, beside = null) => {
    const across = (percent) => 8 + (184 * (Math.max(percent, LOW) - LOW)) / (HIGH - LOW);
    const picture = ogive.svg("svg", { viewBox: "0 0 200 24", class: "strip", "aria-hidden": "true" });
    const add = (tag, attributes) => picture.append(ogive.svg(tag, attributes));
    add("line", { x1: 8, y1: 12, x2: 192, y2: 12, class: "axis" });
    for (const percent of found) add("circle", { cx: across(percent), cy: 12, r: 4, class: "dot" });
    if (beside !== null) add("path", { d: `M${across(beside)} 4l6 8l-6 8l-6 -8z`, class: "noted" });
    return picture;
  };
}

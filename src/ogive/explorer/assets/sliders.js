// Sliders for the parameters of an entry, for numbers of any kind.
//
//   ogive.slider({id, label, value, low, high, step, oninput})    a range and a number, one value
//   ogive.parameters(entry, values, changed)                      an element with a slider for each
"use strict";
{
  const { element } = ogive;

  /** A labelled range with a box for exact numbers; `set(value)` moves both. */
  ogive.slider = ({ id, label, value, low, high, step, oninput, exact = () => true }) => {
    const range = element("input", { type: "range", id, min: low, max: high, step });
    const box = element("input", { type: "number", step: "any", "aria-label": label });
    const set = (v) => {
      range.value = v;
      box.value = Number(Number(v).toPrecision(6));
    };
    range.addEventListener("input", () => {
      const v = Number(range.value);
      if (!exact(v)) return;
      box.value = Number(v.toPrecision(6));
      oninput(v);
    });
    box.addEventListener("change", () => {
      const v = Number(box.value);
      const good = box.value !== "" && exact(v);
      box.setAttribute("aria-invalid", String(!good));
      if (!good) return;
      range.value = v;
      oninput(v);
    });
    set(value);
    const made = element("div.slider", {}, element("label", { for: id }, label), range, box);
    made.set = set;
    return made;
  };

  /** Where a slider ends: around the default, within what is allowed. */
  const ends = (parameter, value) => {
    const size = Math.max(Math.abs(value), 1);
    const low = Math.max(parameter.low, value - 3 * size);
    const high = Math.min(parameter.high, value + 3 * size);
    const edge = parameter.open && low === parameter.low ? (high - low) / 200 : 0;
    return [low + edge, high];
  };

  const isFlag = ({ whole, low, high }) => whole && low === 0 && high === 1;

  const flag = ({ name }, values, changed) => {
    const id = `parameter-${name}`;
    const box = element("input", { type: "checkbox", id });
    box.addEventListener("change", () => {
      values[name] = Number(box.checked);
      changed();
    });
    const made = element("div.check", {}, box, element("label", { for: id }, name));
    made.update = () => (box.checked = Boolean(values[name]));
    made.update();
    return made;
  };

  /** Values as numbers: an infinite default stands for "none" and gets a slider from -20 to 20. */
  ogive.parameters = (entry, values, changed) => {
    const sliders = [];
    for (const parameter of entry.parameters) {
      if (isFlag(parameter)) {
        sliders.push(flag(parameter, values, changed));
        continue;
      }
      const vector = Array.isArray(parameter.default);
      [parameter.default].flat().forEach((start, i) => {
        const finite = Number.isFinite(start) ? start : 6;
        const [low, high] = ends(parameter, finite);
        const learned = parameter.learnable ? ` (${ogive.text("function.learnable")})` : "";
        const read = () => (vector ? values[parameter.name][i] : values[parameter.name]);
        const made = ogive.slider({
          id: `parameter-${parameter.name}${vector ? i : ""}`,
          label: `${parameter.name}${vector ? `[${i}]` : ""}${learned}`,
          value: Number.isFinite(read()) ? read() : finite,
          low, high,
          step: parameter.whole ? 1 : (high - low) / 400,
          exact: (v) => ogive.allowed(parameter, v),
          oninput: (v) => {
            if (vector) values[parameter.name][i] = v;
            else values[parameter.name] = v;
            changed();
          },
        });
        made.update = () => made.set(Number.isFinite(read()) ? read() : finite);
        sliders.push(made);
      });
    }
    const made = element("div.sliders", {}, ...sliders);
    made.update = () => sliders.forEach((s) => s.update());
    return made;
  };

  /** The parameters of an entry as an object that sliders change. */
  ogive.defaults = (entry) =>
    Object.fromEntries(entry.parameters.map((p) => [p.name, Array.isArray(p.default) ? [...p.default] : p.default]));

  /** "alpha:1.5,a:1|2" for those that differ from the defaults, and back. */
  ogive.writtenParameters = (entry, values) =>
    entry.parameters
      .filter((p) => String(values[p.name]) !== String(p.default))
      .map((p) => `${p.name}:${[values[p.name]].flat().map((v) => Number(v.toPrecision(8))).join("|")}`)
      .join(",");

  ogive.readParameters = (entry, text) => {
    const values = ogive.defaults(entry);
    for (const part of text.split(",").filter(Boolean)) {
      const [name, told = ""] = part.split(":");
      const parameter = entry.parameters.find((p) => p.name === name);
      const numbers = told.split("|").map(Number);
      const wanted = parameter && [parameter.default].flat().length;
      if (!parameter || numbers.length !== wanted || !numbers.every((v) => ogive.allowed(parameter, v))) continue;
      values[name] = Array.isArray(parameter.default) ? numbers : numbers[0];
    }
    return values;
  };
}

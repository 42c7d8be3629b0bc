// The controls of a lesson's figure, made from a description; their values are in the address.
"use strict";
{
  /**
   * ogive.figureControls(parent, {name: {label, ...}}, onchange) gives the state, an object with each
   * control's value. A control is {options, value}, {low, high, step, value, log} or {value: boolean};
   * a logarithmic slider moves in the exponent of 10. `told` shows a value for people.
   */
  ogive.figureControls = (parent, described, onchange) => {
    const defaults = Object.fromEntries(Object.entries(described).map(([name, { value }]) => [name, value]));
    const { state, change } = ogive.state(defaults, () => {
      for (const control of Object.values(controls)) control.show();
      onchange(state);
    });
    const set = (name, value) => {
      change({ [name]: value });
      controls[name].show();
      onchange(state, name);
    };
    const controls = Object.fromEntries(
      Object.entries(described).map(([name, told]) => [name, made(name, told, state, (value) => set(name, value))])
    );
    parent.append(ogive.element("div.controls", {}, ...Object.values(controls).map((control) => control.element)));
    for (const control of Object.values(controls)) control.show();
    return state;
  };

  const made = (name, described, state, set) => {
    if (described.options) return choice(name, described, state, set);
    return typeof described.value === "boolean" ? tick(name, described, state, set) : slider(name, described, state, set);
  };

  const choice = (name, { label, options, value }, state, set) => {
    const names = Array.isArray(options) ? Object.fromEntries(options.map((o) => [o, o])) : options;
    const select = ogive.element(
      "select", { id: `figure-${name}`, onchange: () => set(select.value) },
      ...Object.entries(names).map(([key, text]) => ogive.element("option", { value: key }, text))
    );
    const show = () => {
      if (!(state[name] in names)) state[name] = value;
      select.value = state[name];
    };
    return { show, element: ogive.element("div", {}, ogive.element("label", { for: select.id }, label), select) };
  };

  const tick = (name, { label }, state, set) => {
    const box = ogive.element("input", { type: "checkbox", onchange: () => set(box.checked) });
    const show = () => (box.checked = state[name]);
    return { show, element: ogive.element("label.choice", {}, box, ` ${label}`) };
  };

  const slider = (name, { label, low, high, step = 1, value, log = false, told = (v) => ogive.shown(v, 3) }, state, set) => {
    const [to, from] = log ? [Math.log10, (v) => Number((10 ** v).toPrecision(3))] : [Number, Number];
    const output = ogive.element("output", { for: `figure-${name}` });
    const range = ogive.element("input", {
      id: `figure-${name}`, type: "range", min: to(low), max: to(high), step: log ? "any" : step,
      oninput: () => set(from(Number(range.value))),
    });
    const show = () => {
      if (!(state[name] >= low && state[name] <= high)) state[name] = value;
      range.value = to(state[name]);
      output.value = told(state[name]);
      range.setAttribute("aria-valuetext", output.value);
    };
    return { show, element: ogive.element("div", {}, ogive.element("label", { for: range.id }, `${ogive.text("figures.labelled", { label })} `, output), range) };
  };
}

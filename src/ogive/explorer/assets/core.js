// What every page offers, as `window.ogive`:
//
//   value(name, x, parameters)              a number; an array for an array, and for rows
//   derivative(name, x, parameters, order)  the same for order 1 and 2; of a gated unit the gradient
//                                           [d/dvalue, d/dgate] or the Hessian, of rows the Jacobian
//   bound(name, parameters)                 {value(x), derivative(x, order)} of one number, for loops
//   formula(text)                           {value(x), derivative(x, order), error, position}
//   entry(name), names()                    what there is: kind, variables, parameters
//   text(key, values)                       a text in the page's language
//
// A gated unit is one function of one number as its gate at value 1, a stochastic one as its form of
// evaluation. Names are canonical ones.
"use strict";

window.ogive = { texts: {}, entries: new Map() };

{
  /** Registers texts; the files of assets/texts call it. */
  ogive.addTexts = (texts) => Object.assign(ogive.texts, texts);

  /** The text of a key, with values in the place of {names}. */
  ogive.text = (key, values = {}) => {
    const text = ogive.texts[key];
    if (text === undefined) throw new Error(`this page has no text ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  };

  /**
   * Registers an entry. `functions` are of the variables and then every parameter's numbers: for one
   * variable f, f', f''; for two f, its gradient and the upper half of its Hessian. Of a stochastic
   * entry `training` is of x, the noise and the parameters; `noise` says how each is distributed.
   */
  ogive.add = (name, entry) => ogive.entries.set(name, { name, ...entry });

  ogive.names = () => [...ogive.entries.keys()];

  ogive.entry = (name) => {
    const found = ogive.entries.get(name);
    if (!found) throw new RangeError(`there is no activation ${JSON.stringify(name)}`);
    return found;
  };

  /** Every parameter's numbers in order: the given ones, and defaults for the rest. */
  const numbers = (entry, given = {}) => {
    for (const name of Object.keys(given || {}))
      if (!entry.parameters.some((p) => p.name === name) && !(entry.kind === "rowwise" && entry.noise && name in entry.noise)) {
        const known = entry.parameters.map((p) => p.name).join(", ") || "none";
        throw new RangeError(`${entry.name} has no parameter ${name}; it has: ${known}`);
      }
    return entry.parameters.flatMap((p) => checked(entry, p, given?.[p.name] ?? p.default));
  };

  ogive.numbers = numbers;

  const checked = (entry, parameter, given) => {
    const values = Array.isArray(given) ? given : [Number(given)];
    const wanted = Array.isArray(parameter.default) ? parameter.default.length : 1;
    if (values.length !== wanted)
      throw new RangeError(`${entry.name}: ${parameter.name} takes ${wanted} numbers`);
    for (const value of values)
      if (!allowed(parameter, value))
        throw new RangeError(`${entry.name}: ${parameter.name} must be ${parameter.text}, not ${value}`);
    return values;
  };

  /** Whether a parameter may have a value. */
  const allowed = ({ low, high, open, whole }, value) =>
    (open ? value > low : value >= low) && value <= high && (!whole || Number.isInteger(value));
  ogive.allowed = allowed;

  const checkOrder = (order) => {
    if (order !== 0 && order !== 1 && order !== 2)
      throw new RangeError(`derivatives are taken once or twice, not ${order} times`);
  };

  ogive.value = (name, x, parameters) => ogive.derivative(name, x, parameters, 0);

  ogive.derivative = (name, x, parameters, order = 1) => {
    checkOrder(order);
    const entry = ogive.entry(name);
    const given = numbers(entry, parameters);
    if (entry.kind === "rowwise") return ofRow(entry, x, parameters, order);
    if (entry.kind === "gated") return ofPair(entry, x, given, order);
    const f = entry.functions[order];
    return isList(x) ? Array.from(x, (v) => f(v, ...given)) : f(Number(x), ...given);
  };

  const isList = (x) => Array.isArray(x) || ArrayBuffer.isView(x);

  const ofPair = (entry, x, given, order) => {
    if (!isList(x) || x.length !== 2)
      throw new RangeError(`${entry.name} takes a pair [value, gate]`);
    const at = (f) => f(x[0], x[1], ...given);
    const [f, slopes, bends] = entry.functions;
    if (order === 0) return at(f);
    if (order === 1) return slopes.map(at);
    const [vv, vg, gg] = bends.map(at);
    return [[vv, vg], [vg, gg]];
  };

  const ofRow = (entry, x, parameters, order) => {
    if (!isList(x) || !x.length) throw new RangeError(`${entry.name} takes a row, an array of numbers`);
    if (order === 2) throw new RangeError(`of ${entry.name}, which takes rows, there is the Jacobian only`);
    const defaults = Object.fromEntries(entry.parameters.map((p) => [p.name, p.default]));
    return ogive.rows[entry.name](Array.from(x), { ...defaults, ...parameters })[order ? "jacobian" : "value"]();
  };

  /** A function of one number, its parameters fixed once: for loops and pictures. */
  ogive.bound = (name, parameters) => {
    const entry = ogive.entry(name);
    if (entry.kind === "rowwise") throw new RangeError(`${name} takes rows, not single numbers`);
    const given = numbers(entry, parameters);
    const functions =
      entry.kind === "gated"
        ? [entry.functions[0], entry.functions[1][1], entry.functions[2][2]].map((f) => fixed(f, [1], given))
        : entry.functions.map((f) => fixed(f, [], given));
    return { value: functions[0], derivative: (x, order = 1) => functions[order](x), functions };
  };

  /** f(...before, x, ...after) as a function of x; without lists where it is called most. */
  const fixed = (f, before, after) => {
    const [a, b, c] = after;
    if (before.length) return (x) => f(...before, x, ...after);
    if (after.length === 0) return f;
    if (after.length === 1) return (x) => f(x, a);
    if (after.length === 2) return (x) => f(x, a, b);
    if (after.length === 3) return (x) => f(x, a, b, c);
    return (x) => f(x, ...after);
  };
}

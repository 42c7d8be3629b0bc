// Entries as functions in formulas, as ogive.define reads them: gelu(2*x), elu(x, alpha=0.5),
// swiglu(x, tanh(x)). By every name that means one: canonical, of its class, of a framework.
//
//   ogive.called(name)                               {entry, preset}, {ambiguous} or null
//   ogive.applied(make, called, values, named)       the expression; or {error, at, values}
//
// `make` builds expressions; `values` is a list and `named` a map of {value, at, nameAt}: a value is an
// expression, a text or a list of expressions, and the others are places in the text.
"use strict";
{
  const { meanings, ambiguous, variants } = ogive.calledNames;
  const { walk, compiled } = ogive.expressions;
  const { text } = ogive;
  const plain = (name) => name.replace(/[\s_-]/g, "").toLowerCase();
  const canonical = new Map(ogive.names().reverse().map((name) => [plain(name), name])); // the first counts
  const own = (table, key) => (Object.hasOwn(table, key) ? table[key] : null);

  ogive.called = (name) => {
    const key = plain(name);
    const found = ogive.entries.has(name) ? name : canonical.get(key);
    if (found) return { entry: ogive.entry(found), preset: {} };
    const meaning = own(meanings, key);
    if (meaning) return { entry: ogive.entry(meaning[0]), preset: meaning[1] };
    const several = own(ambiguous, key);
    return several && { ambiguous: several };
  };

  /** What stops an application: the key of a text, its place if that is not the call's, its values. */
  const wrong = (error, values, at) => ({ error, values, at });
  const REFUSED = { rowwise: "of_rows", stochastic: "with_noise" };

  ogive.applied = (make, { entry, preset, ambiguous: several }, values, named) => {
    if (several) return wrong("ambiguous", { names: several.join(", ") });
    const { name, kind, variables, parameters } = entry;
    if (kind in REFUSED) return wrong(REFUSED[kind], { name });
    const chosen = variant(entry, named);
    if (chosen) return chosen.error ? chosen : ogive.applied(make, { entry: chosen, preset }, values, named);
    const names = [...variables, ...parameters.map((p) => p.name)];
    if (values.length < variables.length || values.length > names.length)
      return wrong("values", { name, wanted: names.join(", "), given: values.length });
    const found = new Map(values.map((given, i) => [names[i], given]));
    for (const [parameter, given] of named) {
      if (!parameters.some((p) => p.name === parameter)) return unknown(entry, parameter, given.nameAt);
      if (found.has(parameter)) return wrong("twice", { name, parameter }, given.nameAt);
      found.set(parameter, given);
    }
    const symbols = {};
    for (const variable of variables) {
      const { value, at } = found.get(variable);
      if (!value.op) return wrong("no_number", { name, parameter: variable }, at);
      symbols[variable] = value;
    }
    for (const parameter of parameters) {
      const given = found.get(parameter.name) ?? { value: [preset[parameter.name] ?? parameter.default].flat().map((v) => make.constant(v)) };
      const fault = take(entry, parameter, given, symbols);
      if (fault) return fault;
    }
    return make.substituted(make.grown(entry.formula, {}), symbols);
  };

  /** The entry that an argument asks for, as gelu's approximate="tanh"; takes the argument away. */
  const variant = ({ name }, named) => {
    for (const [argument, choices] of Object.entries(own(variants, name) ?? {})) {
      if (!named.has(argument)) continue;
      const { value, at } = named.get(argument);
      named.delete(argument);
      if (typeof value !== "string" || !Object.hasOwn(choices, value))
        return wrong("choice", { name, parameter: argument, choices: Object.keys(choices).map((c) => `"${c}"`).join(", ") }, at);
      return ogive.entry(choices[value] ?? name);
    }
    return null;
  };

  const unknown = ({ name, parameters }, parameter, at) =>
    parameters.length
      ? wrong("no_parameter", { name, parameter, known: parameters.map((p) => p.name).join(", ") }, at)
      : wrong("no_parameters", { name, parameter }, at);

  /** Sets the symbols of a parameter; gives what is wrong with its value. */
  const take = ({ name }, parameter, { value, at }, symbols) => {
    const parts = Array.isArray(value) ? value : [value];
    const vector = Array.isArray(parameter.default);
    const wanted = vector ? parameter.default.length : 1;
    const told = { name, parameter: parameter.name };
    if (parts.length !== wanted) return wrong("coefficients", { ...told, wanted, given: parts.length }, at);
    for (const [i, part] of parts.entries()) {
      if (!part.op) return wrong("no_number", told, at);
      const fixed = [...walk(part)].every((node) => node.op !== "symbol");
      const number = fixed ? compiled(part)(0) : null;
      if (fixed && !ogive.allowed(parameter, number))
        return wrong("not_allowed", { ...told, condition: condition(parameter), value: ogive.shown(number) }, at);
      symbols[vector ? `${parameter.name}${i}` : parameter.name] = part;
    }
    return null;
  };

  const condition = ({ low, high, open, whole }) => {
    if (whole) return text(high === 1 ? "errors.flag" : "errors.whole", { low });
    if (Number.isFinite(high)) return text("errors.between", { low, high });
    return Number.isFinite(low) ? text(open ? "errors.above" : "errors.from", { low }) : text("errors.any");
  };
}

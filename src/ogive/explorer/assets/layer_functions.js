// What a layer makes of its weighted sums, for entries of every kind:
//
//   ogive.layerFunction(name)   {shape(units), feeds(unit, units), forward, back, passes} and, of one
//                               number, value(x) and slope(x)
//
// `shape` says how many sums a layer takes and how many values it hands on; `feeds` which sums a value
// is made of. Sums and values lie row by row: forward(sums, values, count, units) fills the values,
// back(sums, given, errors, count, units) the errors of the sums from those of the values, and
// passes(sums, row, units) gives for each value of a row the size of its gradient.
"use strict";
{
  const same = (units) => ({ sums: units, values: units });

  /** Of one number: each sum is a value. */
  const single = (name) => {
    const f = ogive.bound(name);
    const [value, slope] = f.functions;
    return {
      value, slope, shape: same, feeds: (unit) => [unit],
      forward: (sums, values, count, units) => {
        for (let i = 0; i < count * units; i++) values[i] = value(sums[i]);
      },
      back: (sums, given, errors, count, units) => {
        for (let i = 0; i < count * units; i++) errors[i] = given[i] * slope(sums[i]);
      },
      passes: (sums, row, units) => Array.from({ length: units }, (_, o) => Math.abs(slope(sums[row * units + o]))),
    };
  };

  /** Gated: two sums a unit, of every row first the values and then the gates. */
  const gated = (name) => {
    const entry = ogive.entry(name);
    const given = ogive.numbers(entry);
    const [f, [byValue, byGate]] = entry.functions;
    const at = (sums, row, unit, units) => [sums[2 * row * units + unit], sums[(2 * row + 1) * units + unit]];
    const each = (count, units, call) => {
      for (let row = 0; row < count; row++) for (let o = 0; o < units; o++) call(row, o);
    };
    return {
      shape: (units) => ({ sums: 2 * units, values: units }),
      feeds: (unit, units) => [unit, units + unit],
      forward: (sums, values, count, units) =>
        each(count, units, (row, o) => (values[row * units + o] = f(...at(sums, row, o, units), ...given))),
      back: (sums, errorsOfValues, errors, count, units) =>
        each(count, units, (row, o) => {
          const [value, gate] = at(sums, row, o, units);
          const error = errorsOfValues[row * units + o];
          errors[2 * row * units + o] = error * byValue(value, gate, ...given);
          errors[(2 * row + 1) * units + o] = error * byGate(value, gate, ...given);
        }),
      passes: (sums, row, units) =>
        Array.from({ length: units }, (_, o) => {
          const [value, gate] = at(sums, row, o, units);
          return Math.hypot(byValue(value, gate, ...given), byGate(value, gate, ...given));
        }),
    };
  };

  /** The shapes of functions of rows that are not one value a sum. */
  const SHAPES = {
    maxout: ({ k }) => ({ shape: (units) => ({ sums: k * units, values: units }), feeds: (unit) => Array.from({ length: k }, (_, i) => k * unit + i) }),
    crelu: () => ({ shape: (units) => ({ sums: units, values: 2 * units }), feeds: (unit, units) => [unit % units] }),
  };
  SHAPES.ncrelu = SHAPES.crelu;

  /** Of rows: the layer as a whole. */
  const rowwise = (name) => {
    const entry = ogive.entry(name);
    const parameters = Object.fromEntries(entry.parameters.map((p) => [p.name, p.default]));
    const { shape, feeds } = SHAPES[name]?.(parameters) ?? { shape: same, feeds: (unit) => [unit] };
    const of = (sums, row, wide) => ogive.rows[name](Array.from(sums.subarray(row * wide, (row + 1) * wide)), parameters);
    return {
      shape, feeds,
      forward: (sums, values, count, units) => {
        const { sums: wide, values: handed } = shape(units);
        for (let row = 0; row < count; row++) values.set(of(sums, row, wide).value(), row * handed);
      },
      back: (sums, given, errors, count, units) => {
        const { sums: wide, values: handed } = shape(units);
        for (let row = 0; row < count; row++) {
          const jacobian = of(sums, row, wide).jacobian();
          for (let j = 0; j < wide; j++) {
            let error = 0;
            for (let i = 0; i < handed; i++) error += given[row * handed + i] * jacobian[i][j];
            errors[row * wide + j] = error;
          }
        }
      },
      passes: (sums, row, units) => of(sums, row, shape(units).sums).jacobian().map((slopes) => Math.hypot(...slopes)),
    };
  };

  ogive.layerFunction = (name) => ({ gated, rowwise }[ogive.entry(name).kind] ?? single)(name);

  /** The units of a layer come in groups of this size. */
  ogive.groupSize = (name) => ogive.entry(name).parameters.find((p) => p.name === "group")?.default ?? 1;
  /** So many units, or a few more, so that they are whole groups. */
  ogive.wholeGroups = (name, units) => Math.ceil(units / ogive.groupSize(name)) * ogive.groupSize(name);

  const SAMPLES = 4096;

  /** 1 / sqrt(E y^2) for sums from N(0, 1), by numbers that are always the same ones. */
  ogive.measuredGain = (f, units) => {
    const shape = f.shape(units);
    const count = Math.ceil(SAMPLES / units);
    const random = new ogive.RandomNumbers(1);
    const sums = Float64Array.from({ length: count * shape.sums }, () => random.normal());
    const values = new Float64Array(count * shape.values);
    f.forward(sums, values, count, units);
    const square = values.reduce((total, v) => total + v * v, 0) / values.length;
    return square > 0 && square < Infinity ? 1 / Math.sqrt(square) : 1;
  };
}

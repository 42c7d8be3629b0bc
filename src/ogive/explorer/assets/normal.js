// Means under normal distributions, by the trapezoid rule, which is exact to many digits for smooth
// functions and to four or more where there are kinks.
"use strict";
{
  const rule = (count) => {
    const reach = 8.5;
    const step = (2 * reach) / (count - 1);
    const z = Float64Array.from({ length: count }, (_, i) => -reach + i * step);
    const w = z.map((v) => (step * Math.exp(-0.5 * v * v)) / Math.sqrt(2 * Math.PI));
    return { z, w };
  };
  const FINE = rule(681);
  const MIDDLE = rule(281);
  const TERMS = 80;

  /** The points from 0 on: the others are their negatives. */
  const HALF = { z: MIDDLE.z.slice(MIDDLE.z.length >> 1), w: MIDDLE.w.slice(MIDDLE.w.length >> 1) };
  HALF.w[0] /= 2; // 0 is its own negative

  /** Hermite polynomials at these points, each with mean square 1: a row for each. */
  const hermite = () => {
    const { z } = HALF;
    const rows = [z.map(() => 1), z.slice()];
    for (let n = 1; n < TERMS; n++)
      rows.push(z.map((v, i) => (v * rows[n][i] - Math.sqrt(n) * rows[n - 1][i]) / Math.sqrt(n + 1)));
    return rows;
  };
  let polynomials = null;

  /** {mean: E g(Z), square: E g(Z)^2} for Z from N(center, deviation^2). */
  const moments = (g, center = 0, deviation = 1) => {
    const { z, w } = FINE;
    let [mean, square] = [0, 0];
    for (let i = 0; i < z.length; i++) {
      const y = g(center + deviation * z[i]);
      mean += w[i] * y;
      square += w[i] * y ** 2;
    }
    return { mean, square };
  };

  /**
   * What a layer needs of g at pre-activations of this standard deviation: {second: E g^2,
   * pair(c): E g(U) g(V) for correlation c}, which is the sum of c^n over the squares of g's
   * coefficients (R. Daniely et al. 2016, arXiv:1602.05897); what is beyond the last one goes with it.
   */
  const layer = (g, deviation) => {
    const { z, w } = HALF;
    polynomials ??= hermite();
    // the even polynomials see the sums of g at both signs, the odd ones the differences
    const parts = [new Float64Array(z.length), new Float64Array(z.length)];
    let second = 0;
    for (let i = 0; i < z.length; i++) {
      const [right, left] = [g(deviation * z[i]), g(-deviation * z[i])];
      parts[0][i] = w[i] * (right + left);
      parts[1][i] = w[i] * (right - left);
      second += w[i] * (right * right + left * left);
    }
    const squares = polynomials.map((row, n) => {
      const weighted = parts[n % 2];
      let coefficient = 0;
      for (let i = 0; i < row.length; i++) coefficient += row[i] * weighted[i];
      return coefficient ** 2;
    });
    const rest = Math.max(second - squares.reduce((a, b) => a + b), 0);
    const pair = (c) => squares.reduceRight((sum, a) => sum * c + a, rest);
    return { second, pair };
  };

  /** E g^2, by the same points as a layer. */
  const secondMoment = (g, deviation) => {
    const { z, w } = MIDDLE;
    let total = 0;
    for (let i = 0; i < z.length; i++) total += w[i] * g(deviation * z[i]) ** 2;
    return total;
  };

  /** Numbers that lie as those of N(0, 1) do: its quantiles at equal steps. */
  const quantiles = (count) =>
    Float64Array.from({ length: count }, (_, i) => Math.SQRT2 * ogive.language.primitives.erfinv.compute((2 * i + 1) / count - 1));

  ogive.normal = { moments, layer, secondMoment, quantiles };
}

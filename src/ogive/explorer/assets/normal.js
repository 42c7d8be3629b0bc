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
  const COARSE = rule(121);

  /** E g(Z) for Z from N(mean, deviation^2). */
  const mean = (g, center = 0, deviation = 1, { z, w } = FINE) => {
    let total = 0;
    for (let i = 0; i < z.length; i++) total += w[i] * g(center + deviation * z[i]);
    return total;
  };

  /** E g(U) g(V) for standard deviations `deviation` and correlation c. */
  const pairMean = (g, deviation, c) => {
    const { z, w } = COARSE;
    const rest = Math.sqrt(Math.max(1 - c * c, 0));
    if (rest < 1e-7) return c > 0 ? mean((x) => g(x) ** 2, 0, deviation) : mean((x) => g(x) * g(-x), 0, deviation);
    let total = 0;
    for (let i = 0; i < z.length; i++) {
      let inner = 0;
      for (let j = 0; j < z.length; j++) inner += w[j] * g(deviation * (c * z[i] + rest * z[j]));
      total += w[i] * g(deviation * z[i]) * inner;
    }
    return total;
  };

  /** Numbers that lie as those of N(0, 1) do: its quantiles at equal steps. */
  const quantiles = (count) =>
    Float64Array.from({ length: count }, (_, i) => Math.SQRT2 * ogive.language.primitives.erfinv.compute((2 * i + 1) / count - 1));

  ogive.normal = { mean, pairMean, quantiles };
}

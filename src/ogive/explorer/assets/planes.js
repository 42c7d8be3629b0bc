// Data in the plane: two classes of points, drawn by a seed. The shapes are those of ogive's studies
// with a little less noise, so that a network can get every point right.
"use strict";
{
  /** Each draws one point of a class, 0 or 1. */
  const PLANES = {
    circles(random, label) {
      const angle = random.uniform(0, 2 * Math.PI);
      const radius = label ? 0.5 : 1;
      return blurred(random, radius * Math.cos(angle), radius * Math.sin(angle), 0.06);
    },
    moons(random, label) {
      const angle = random.uniform(0, Math.PI);
      const x = label ? 1 - Math.cos(angle) : Math.cos(angle);
      const y = label ? 0.5 - Math.sin(angle) : Math.sin(angle);
      return blurred(random, x, y, 0.08);
    },
    spirals(random, label) {
      const radius = Math.sqrt(random.uniform(0.02, 1));
      const angle = Math.PI * (3 * radius + label);
      return blurred(random, radius * Math.cos(angle), radius * Math.sin(angle), 0.02);
    },
    xor(random, label) {
      const x = random.uniform(0.1, 1) * (random.next() % 2 ? 1 : -1);
      const y = random.uniform(0.1, 1) * (x > 0 === label > 0 ? 1 : -1);
      return blurred(random, x, y, 0.03);
    },
  };

  function blurred(random, x, y, deviation) {
    return [x + deviation * random.normal(), y + deviation * random.normal()];
  }

  /** Rows of both classes in turn, scaled: {x: Float64Array of pairs, y: Uint8Array, count}. */
  function drawPlane(name, count, random) {
    const x = new Float64Array(2 * count);
    const y = Uint8Array.from({ length: count }, (_, row) => row % 2);
    y.forEach((label, row) => x.set(PLANES[name](random, label), 2 * row));
    return { x, y, count };
  }

  /** Moves and stretches rows as the first ones need it for mean 0 and deviation 1 in each column. */
  function standardise(first, ...others) {
    for (const column of [0, 1]) {
      const of = first.x.filter((_, i) => i % 2 === column);
      const mean = of.reduce((a, b) => a + b) / of.length;
      const deviation = Math.sqrt(of.reduce((sum, v) => sum + (v - mean) ** 2, 0) / of.length);
      for (const { x } of [first, ...others])
        for (let i = column; i < x.length; i += 2) x[i] = (x[i] - mean) / deviation;
    }
  }

  Object.assign(ogive, { PLANES: Object.keys(PLANES), drawPlane, standardise });
}

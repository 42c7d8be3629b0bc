// Functions of a whole row, which no program of one number gives: ogive.rows[name](row, parameters)
// is {value(), jacobian()}, jacobian()[i][j] the derivative of output i with respect to input j.
// tests/explorer/test_rows.py holds each to the catalogue's reference.
//
// gumbel_softmax takes its noise as the parameter `uniform`, numbers in (0, 1), one an element; left
// out, there is none, which is softmax(x / tau).
"use strict";
{
  const sum = (row) => row.reduce((a, b) => a + b, 0);
  const largest = (row) => row.reduce((a, b) => Math.max(a, b), -Infinity);
  const hasNaN = (row) => row.some(Number.isNaN);
  const matrix = (rows, columns, at) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => at(i, j)));
  const diagonal = (i, j, value) => (i === j ? value : 0);

  /** Shares exp(l) / sum(exp(l)), where l[i] depends on x[i] with the given slope. */
  const shares = (logs, slopes, rest = []) => {
    const top = largest([...logs, ...rest]);
    const weights = logs.map((l) => Math.exp(l - top));
    const total = sum(weights) + sum(rest.map((l) => Math.exp(l - top)));
    const y = weights.map((w) => w / total);
    return {
      value: () => y,
      jacobian: () => matrix(y.length, y.length, (i, j) => y[i] * (diagonal(i, j, slopes[j]) - y[j] * slopes[j])),
    };
  };
  const constant = (row, value) => row.map(() => value);

  /** Shares of squares over `scale`, which keeps them in range: x^2 + rest, with `rest` a square. */
  const squared = (row, root) => {
    if (!row.every(Number.isFinite)) return nothing(row);
    const scale = Math.max(root, largest(row.map(Math.abs)), Number.MIN_VALUE);
    const weights = row.map((x) => (x / scale) ** 2 + (root / scale) ** 2);
    const slopes = row.map((x) => (2 * (x / scale)) / scale);
    const total = sum(weights);
    const y = weights.map((w) => w / total);
    return {
      value: () => y,
      jacobian: () => matrix(y.length, y.length, (i, j) => (diagonal(i, j, slopes[j]) - y[i] * slopes[j]) / total),
    };
  };

  const logOfSum = (row) => {
    const top = largest(row);
    if (!Number.isFinite(top)) return top;
    return top + Math.log(sum(row.map((x) => Math.exp(x - top))));
  };

  /** One number of the row whose gradient is softmax. */
  const pooled = (row, keepdim, value) => ({
    value: () => (Number(keepdim) ? [value] : value),
    jacobian: () => {
      const gradient = softmax(row).value();
      return Number(keepdim) ? [gradient] : gradient;
    },
  });

  const softmax = (row) => shares(row, constant(row, 1));

  /** Outputs that each are one input or 0: `from[i]` says which, -1 for none. */
  const chosen = (row, from) => ({
    value: () => from.map((j) => (j < 0 ? 0 : row[j])),
    jacobian: () => matrix(from.length, row.length, (i, j) => (from[i] === j ? 1 : 0)),
  });

  const firstLargest = (row, indices) => indices.reduce((best, i) => (larger(row[i], row[best]) ? i : best));
  const larger = (a, b) => a > b || (Number.isNaN(a) && !Number.isNaN(b));

  const groups = (name, row, size) => {
    if (row.length % size) throw new RangeError(`${name} of ${row.length} numbers: groups of ${size} do not fit`);
    return Array.from({ length: row.length / size }, (_, g) => Array.from({ length: size }, (_, i) => g * size + i));
  };

  /** The one-hot row of the first largest element. */
  const oneHot = (row) => {
    const best = firstLargest(row, [...row.keys()]);
    return hasNaN(row) ? constant(row, NaN) : row.map((_, i) => Number(i === best));
  };

  /** Sparse shares: which elements are above a threshold that depends on how many are. */
  const support = (row, isInside) => {
    const order = [...row].sort((a, b) => b - a);
    let size = row.length;
    while (size > 1 && !isInside(order.slice(0, size))) size--;
    return order.slice(0, size);
  };
  const unshared = (row) => hasNaN(row) || !Number.isFinite(largest(row));
  const nothing = (row) => ({
    value: () => constant(row, NaN),
    jacobian: () => matrix(row.length, row.length, () => NaN),
  });

  const sparsemaxThreshold = (kept) => (sum(kept) - 1) / kept.length;
  const entmaxThreshold = (kept) => {
    const mean = sum(kept) / kept.length;
    const rest = 1 - sum(kept.map((z) => (z - mean) ** 2));
    return rest > 0 ? mean - Math.sqrt(rest / kept.length) : Infinity;
  };

  /** Two halves, each x on one side of 0. */
  const halves = (row, sign) => ({
    value: () => [...row.map((x) => Math.max(x, 0)), ...row.map((x) => sign * Math.max(-x, 0))],
    jacobian: () =>
      matrix(2 * row.length, row.length, (i, j) => {
        const upper = i < row.length;
        if (i % row.length !== j || Number.isNaN(row[j])) return i % row.length === j ? NaN : 0;
        return upper ? Number(row[j] > 0) : -sign * Number(row[j] < 0);
      }),
  });

  /** The row times a factor of its length r: `slope` is d factor / d r. */
  const scaled = (row, r, factor, slope) => ({
    value: () => row.map((x) => x * factor),
    jacobian: () =>
      matrix(row.length, row.length, (i, j) => diagonal(i, j, factor) + (r ? row[i] * (row[j] / r) * slope : 0)),
  });

  ogive.rows = {
    softmax,
    softmin: (row) => shares(row.map((x) => -x), constant(row, -1)),
    log_softmax: (row) => {
      if (largest(row) === Infinity) return nothing(row);
      const total = logOfSum(row);
      const y = softmax(row).value();
      return {
        value: () => row.map((x) => x - total),
        jacobian: () => matrix(row.length, row.length, (i, j) => diagonal(i, j, 1) - y[j]),
      };
    },
    logsumexp: (row, { keepdim }) => pooled(row, keepdim, logOfSum(row)),
    logmeanexp: (row, { keepdim }) => pooled(row, keepdim, logOfSum(row) - Math.log(row.length)),
    safe_softmax: (row) => {
      if (!row.every((x) => x === -Infinity)) return softmax(row);
      return { value: () => constant(row, 0), jacobian: () => matrix(row.length, row.length, () => 0) };
    },
    quiet_softmax: (row) => shares(row, constant(row, 1), [0]),
    hardmax: (row) => ({ value: () => oneHot(row), jacobian: () => matrix(row.length, row.length, () => 0) }),
    sparsemax: (row) => {
      if (unshared(row)) return nothing(row);
      const top = largest(row);
      const z = row.map((x) => Math.max(x - top, -1));
      const threshold = sparsemaxThreshold(support(z, (kept) => kept.at(-1) > sparsemaxThreshold(kept)));
      const y = z.map((v) => Math.max(v - threshold, 0));
      const size = y.filter((v) => v > 0).length;
      const jacobian = () => matrix(y.length, y.length, (i, j) => (y[i] && y[j] ? diagonal(i, j, 1) - 1 / size : 0));
      return { value: () => y, jacobian };
    },
    entmax15: (row) => {
      if (unshared(row)) return nothing(row);
      const top = largest(row);
      const z = row.map((x) => Math.max((x - top) / 2, -1));
      const threshold = entmaxThreshold(support(z, (kept) => kept.at(-1) > entmaxThreshold(kept)));
      const roots = z.map((v) => Math.max(v - threshold, 0));
      const total = sum(roots);
      return {
        value: () => roots.map((s) => s * s),
        jacobian: () =>
          matrix(row.length, row.length, (i, j) => diagonal(i, j, roots[i]) - (roots[i] * roots[j]) / total),
      };
    },
    gumbel_softmax: (row, { tau, hard, uniform }) => {
      const noisy = uniform ? row.map((x, i) => x - Math.log(-Math.log(uniform[i]))) : row;
      const soft = shares(noisy.map((x) => x / tau), constant(row, 1 / tau));
      return Number(hard) ? { value: () => oneHot(soft.value()), jacobian: soft.jacobian } : soft;
    },
    taylor_softmax: (row) => squared(row.map((x) => 1 + x), 1),
    spherical_softmax: (row, { eps }) => squared(row, Math.sqrt(eps)),
    sigsoftmax: (row) => {
      const decay = row.map((x) => Math.exp(-Math.abs(x)));
      return shares(
        row.map((x, i) => x + Math.min(x, 0) - Math.log1p(decay[i])),
        row.map((x, i) => 1 + (x < 0 ? 1 : decay[i]) / (1 + decay[i]))
      );
    },
    scalable_softmax: (row, { s }) => {
      const factor = s * Math.log(row.length);
      return shares(row.map((x) => factor * x), constant(row, factor));
    },
    softpick: (row, { eps }) => {
      const top = Math.max(largest(row), 0);
      if (!Number.isFinite(top)) return nothing(row);
      const size = (x) => (x === -Infinity ? 0 : -Math.expm1(-Math.abs(x)) * Math.exp(Math.max(x, 0) - top));
      const sizes = row.map(size);
      const total = sum(sizes) + eps * Math.exp(-top);
      const y = row.map((x, i) => (x <= 0 ? 0 : sizes[i] / total));
      const slopes = row.map((x) => (x === -Infinity ? 0 : Math.exp(x - top)));
      const jacobian = () =>
        matrix(row.length, row.length, (i, j) => {
          const own = row[j] > 0 ? diagonal(i, j, slopes[j]) : 0;
          return (own - y[i] * Math.sign(row[j]) * slopes[j]) / total;
        });
      return { value: () => y, jacobian };
    },
    solu: (row) => {
      const share = softmax(row);
      const kept = row.map((x) => (x === -Infinity ? 0 : x));
      return {
        value: () => share.value().map((p, i) => kept[i] * p),
        jacobian: () => {
          const p = share.value();
          return share.jacobian().map((r, i) => r.map((v, j) => diagonal(i, j, p[i]) + kept[i] * v));
        },
      };
    },
    squash: (row) => {
      const r = Math.hypot(...row);
      // r / (1 + r^2) without squares that overflow
      const factor = r < 1 ? r / (1 + r * r) : 1 / (1 / r + r);
      const slope = r < 1 ? (1 - r * r) / (1 + r * r) ** 2 : (1 / r - r) * (factor / r) * factor;
      return Number.isFinite(r) ? scaled(row, r, factor, slope) : nothing(row);
    },
    l2_normalize: (row, { eps }) => {
      const r = Math.hypot(...row);
      if (!Number.isFinite(r)) return nothing(row);
      return r > eps ? scaled(row, r, 1 / r, -1 / r / r) : scaled(row, r, 1 / eps, 0);
    },
    maxout: (row, { k }) => {
      const found = groups("maxout", row, k).map((group) => group.map((i) => row[i]));
      const top = found.map((values) => largest(values));
      const jacobian = () =>
        matrix(top.length, row.length, (g, j) => {
          if (Math.floor(j / k) !== g) return 0;
          const ties = found[g].filter((v) => v === top[g]).length;
          return row[j] === top[g] ? 1 / ties : 0;
        });
      return { value: () => top, jacobian };
    },
    lwta: (row, { group }) => {
      const winners = new Set(groups("lwta", row, group).map((g) => firstLargest(row, g)));
      return chosen(row, row.map((_, i) => (winners.has(i) ? i : -1)));
    },
    k_wta: (row, { k }) => {
      if (k > row.length) throw new RangeError(`k_wta of ${row.length} numbers: k must be at most that, not ${k}`);
      const order = [...row.keys()].sort((i, j) => larger(row[j], row[i]) - larger(row[i], row[j]) || i - j);
      const winners = new Set(order.slice(0, k));
      return chosen(row, row.map((_, i) => (winners.has(i) ? i : -1)));
    },
    group_sort: (row, { group }) => {
      const ascending = (i, j) => larger(row[i], row[j]) - larger(row[j], row[i]) || i - j;
      return chosen(row, groups("group_sort", row, group).flatMap((g) => [...g].sort(ascending)));
    },
    crelu: (row) => halves(row, 1),
    ncrelu: (row) => halves(row, -1),
  };
}

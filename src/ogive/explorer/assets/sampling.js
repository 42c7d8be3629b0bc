// What charts draw of functions: samples, windows, round numbers.
//
//   ogive.sample(f, [from, to], count)       {x, y}: NaN where f jumps, so that no line joins the sides
//   ogive.window(series, [from, to])         the heights to show
//   ogive.ticks(low, high, count)            round numbers
//   ogive.wherever([f, f', f''])             derivatives where f is defined only
"use strict";
{
  /** Round numbers from low to high, about `count` of them. */
  ogive.ticks = (low, high, count) => {
    const rough = (high - low) / Math.max(count, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * (rough < 1.5 * power ? 1 : rough < 3.5 * power ? 2 : rough < 7.5 * power ? 5 : 10);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => {
      const value = (first + i) * step;
      return Math.abs(value) < step * 1e-9 ? 0 : Number(value.toPrecision(12));
    });
  };

  /** f with its derivatives, which are drawn only where f is defined. */
  ogive.wherever = ([f, ...derivatives]) => {
    const everywhere = ![-4, -1, -1e-3, 1e-3, 1, 4].some((x) => Number.isNaN(f(x)));
    return [f, ...derivatives.map((d) => (everywhere ? d : (x) => (Number.isNaN(f(x)) ? NaN : d(x))))];
  };

  /** Samples of f: both sides of a jump with NaN between them. */
  ogive.sample = (f, [from, to], count = 480) => {
    const x = [];
    const y = [];
    const step = (to - from) / count;
    let before = f(from);
    x.push(from);
    y.push(before);
    for (let i = 1; i <= count; i++) {
      const at = i === count ? to : from + i * step;
      const here = f(at);
      if (Math.abs(here - before) > 0.02 * (to - from)) splitJump(f, x, y, at, here);
      x.push(at);
      y.push(here);
      before = here;
    }
    return { x, y };
  };

  /** Where the step between two samples stays in one place, however near the samples: a jump. */
  const splitJump = (f, x, y, to, after) => {
    let low = x.at(-1);
    let below = y.at(-1);
    let high = to;
    let above = after;
    const whole = Math.abs(above - below);
    for (let i = 0; i < 40 && high - low > 1e-12 * Math.max(1, Math.abs(high)); i++) {
      const middle = (low + high) / 2;
      const value = f(middle);
      if (Math.abs(value - below) > Math.abs(above - value)) [high, above] = [middle, value];
      else [low, below] = [middle, value];
      if (!(Math.abs(above - below) > 0.5 * whole)) return; // steep, and no jump
    }
    x.push(low, (low + high) / 2, high);
    y.push(below, NaN, above);
  };

  /** The window of curves over [from, to]: what they reach, but not beyond the width of the view. */
  ogive.window = (series, [from, to]) => {
    const most = Math.max((to - from) / 2, 1);
    let low = 0;
    let high = 0;
    for (const { y } of series)
      for (const value of y)
        if (Number.isFinite(value)) {
          low = Math.min(low, Math.max(value, -most));
          high = Math.max(high, Math.min(value, most));
        }
    if (high - low < 1e-9) [low, high] = [low - 1, high + 1];
    const air = 0.06 * (high - low);
    return [low - air, high + air];
  };
}

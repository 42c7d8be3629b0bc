// A small network: layers of units, one logit at the end. All parameters lie in one array, so that
// the optimiser needs no notion of layers.
"use strict";
{
  /** The last layer hands its one sum on. */
  const LAST = { shape: (units) => ({ sums: units, values: units }), feeds: (unit) => [unit] };

  class Network {
    /**
     * hidden: units of each hidden layer; f: an `ogive.layerFunction`. Weights are set by `start`.
     */
    constructor(hidden, f) {
      const functions = [...hidden.map(() => f), LAST];
      const shapes = [...hidden, 1].map((units, l) => functions[l].shape(units));
      const inputs = [2, ...shapes.map((shape) => shape.values)];
      const counts = shapes.map(({ sums }, l) => (inputs[l] + 1) * sums);
      const total = counts.reduce((a, b) => a + b);
      this.parameters = new Float64Array(total);
      this.gradient = new Float64Array(total);
      let from = 0;
      this.layers = counts.map((count, l) => {
        from += count;
        return new Layer(inputs[l], [...hidden, 1][l], functions[l], this, from - count);
      });
    }

    /** The layers whose sums go through the activation. */
    get hidden() {
      return this.layers.slice(0, -1);
    }

    /** Weights from N(0, (gain / sqrt(inputs))^2), the last layer with gain 1; biases 0. */
    start(gain, random) {
      this.layers.forEach((layer, l) => {
        const scale = (l < this.layers.length - 1 ? gain : 1) / Math.sqrt(layer.inputs);
        layer.weights.forEach((_, i) => (layer.weights[i] = scale * random.normal()));
      });
    }

    /** Weights as Keras draws them, uniform after Glorot; biases 0. */
    startAsKeras(random) {
      for (const { inputs, units, weights } of this.layers) {
        const end = Math.sqrt(6 / (inputs + units));
        weights.forEach((_, i) => (weights[i] = random.uniform(-end, end)));
      }
    }

    /** Logits of `count` rows, an array that the next call overwrites. */
    forward(x, count) {
      let signal = x;
      for (const layer of this.hidden) {
        layer.weigh(signal, count);
        layer.f.forward(layer.sums, layer.values, count, layer.units);
        signal = layer.values;
      }
      const last = this.layers.at(-1);
      last.weigh(signal, count);
      return last.sums;
    }

    /** Sets `gradient` to that of the mean cross entropy of the rows that `forward` saw last. */
    backward(x, y, count) {
      this.passErrors(y, count);
      this.layers.forEach((layer, l) => layer.gather(l ? this.layers[l - 1].values : x, count));
    }

    /** Sets each layer's `errors`, which are the gradient with respect to its sums. */
    passErrors(y, count) {
      const { sums, errors } = this.layers.at(-1);
      for (let row = 0; row < count; row++) errors[row] = (logistic(sums[row]) - y[row]) / count;
      for (let l = this.layers.length - 1; l > 0; l--) {
        const below = this.layers[l - 1];
        this.layers[l].passBack(below.passed, count);
        below.f.back(below.sums, below.passed, below.errors, count, below.units);
      }
    }

    /** The norm of the gradient of each layer's weights. */
    gradientNorms() {
      return this.layers.map((layer) => Math.sqrt(layer.weightGradient.reduce((s, g) => s + g * g, 0)));
    }

    /** Of each unit of each hidden layer over rows: see `Layer.health`. */
    health(x, count, limit) {
      this.forward(x, count);
      return this.hidden.map((layer) => layer.health(count, limit));
    }
  }

  class Layer {
    constructor(inputs, units, f, network, from) {
      const shape = f.shape(units);
      const weights = [from, from + inputs * shape.sums];
      const biases = [weights[1], weights[1] + shape.sums];
      Object.assign(this, { inputs, units, f, wide: shape.sums, outputs: shape.values });
      this.weights = network.parameters.subarray(...weights);
      this.biases = network.parameters.subarray(...biases);
      this.weightGradient = network.gradient.subarray(...weights);
      this.biasGradient = network.gradient.subarray(...biases);
      this.reserve(0);
    }

    /** Has room for so many rows. */
    reserve(rows) {
      if (rows <= this.rows) return;
      this.rows = rows;
      for (const name of ["sums", "errors"]) this[name] = new Float64Array(rows * this.wide);
      for (const name of ["values", "passed"]) this[name] = new Float64Array(rows * this.outputs);
    }

    weigh(signal, count) {
      this.reserve(count);
      const { inputs, wide, weights, biases, sums } = this;
      for (let row = 0; row < count; row++) {
        const given = row * inputs;
        let o = 0;
        // four sums side by side, of which none waits for another's addition
        for (; o + 4 <= wide; o += 4) {
          let [a, b, c, d] = [biases[o], biases[o + 1], biases[o + 2], biases[o + 3]];
          for (let i = 0, w = o * inputs; i < inputs; i++, w++) {
            const s = signal[given + i];
            a += weights[w] * s;
            b += weights[w + inputs] * s;
            c += weights[w + 2 * inputs] * s;
            d += weights[w + 3 * inputs] * s;
          }
          sums[row * wide + o] = a;
          sums[row * wide + o + 1] = b;
          sums[row * wide + o + 2] = c;
          sums[row * wide + o + 3] = d;
        }
        for (; o < wide; o++) {
          let sum = biases[o];
          for (let i = 0; i < inputs; i++) sum += weights[o * inputs + i] * signal[given + i];
          sums[row * wide + o] = sum;
        }
      }
    }

    /** The gradient of weights and biases, from the errors of the sums. */
    gather(signal, count) {
      const { inputs, wide, errors, weightGradient, biasGradient } = this;
      weightGradient.fill(0);
      biasGradient.fill(0);
      for (let row = 0; row < count; row++)
        for (let o = 0; o < wide; o++) {
          const error = errors[row * wide + o];
          biasGradient[o] += error;
          for (let i = 0; i < inputs; i++)
            weightGradient[o * inputs + i] += error * signal[row * inputs + i];
        }
    }

    /** The errors of the inputs, which are the values of the layer below. */
    passBack(passed, count) {
      const { inputs, wide, weights, errors } = this;
      passed.fill(0, 0, count * inputs);
      for (let row = 0; row < count; row++) {
        const [to, from] = [row * inputs, row * wide];
        let o = 0;
        // four errors at a time, for which each sum is read and written once
        for (; o + 4 <= wide; o += 4) {
          const [a, b, c, d] = [errors[from + o], errors[from + o + 1], errors[from + o + 2], errors[from + o + 3]];
          for (let i = 0, w = o * inputs; i < inputs; i++, w++)
            passed[to + i] =
              passed[to + i] + weights[w] * a + weights[w + inputs] * b + weights[w + 2 * inputs] * c + weights[w + 3 * inputs] * d;
        }
        for (; o < wide; o++)
          for (let i = 0; i < inputs; i++) passed[to + i] += weights[o * inputs + i] * errors[from + o];
      }
    }

    /** Of each value: the mean size of its gradient, and the share of rows where it is below `limit`. */
    health(count, limit) {
      const slopes = new Float64Array(this.outputs);
      const flat = new Uint32Array(this.outputs);
      for (let row = 0; row < count; row++)
        this.f.passes(this.sums, row, this.units).forEach((size, o) => {
          slopes[o] += size;
          flat[o] += size < limit ? 1 : 0;
        });
      return Array.from(slopes, (sum, o) => ({ slope: sum / count, flat: flat[o] / count }));
    }

    /** The largest weight of an input in what a value is made of. */
    strength(output, input) {
      return Math.max(...this.f.feeds(output, this.units).map((sum) => Math.abs(this.weights[sum * this.inputs + input])));
    }
  }

  const logistic = (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

  Object.assign(ogive, { Network, logistic });
}

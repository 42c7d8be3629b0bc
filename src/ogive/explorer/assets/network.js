// A small network: layers of units, one logit at the end. All parameters lie in one array, so that
// the optimiser needs no notion of layers.
"use strict";
{
  class Network {
    /**
     * hidden: units of each hidden layer; f: {value(x), slope(x)}; rows: the most rows of a batch.
     * Weights are set by `start`.
     */
    constructor(hidden, f, rows) {
      this.f = f;
      const sizes = [2, ...hidden, 1];
      const counts = hidden.concat(1).map((units, l) => (sizes[l] + 1) * units);
      const total = counts.reduce((a, b) => a + b);
      this.parameters = new Float64Array(total);
      this.gradient = new Float64Array(total);
      let from = 0;
      this.layers = counts.map((count, l) => {
        from += count;
        return new Layer(sizes[l], sizes[l + 1], this, from - count, rows);
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
      for (const { inputs, outputs, weights } of this.layers) {
        const end = Math.sqrt(6 / (inputs + outputs));
        weights.forEach((_, i) => (weights[i] = random.uniform(-end, end)));
      }
    }

    /** Logits of `count` rows, an array that the next call overwrites. */
    forward(x, count) {
      let signal = x;
      for (const layer of this.hidden) {
        layer.weigh(signal, count);
        layer.activate(this.f, count);
        signal = layer.values;
      }
      const last = this.layers.at(-1);
      last.weigh(signal, count);
      return last.sums;
    }

    /** Sets `gradient` to that of the mean cross entropy of the rows that `forward` saw last. */
    backward(x, y, count) {
      const { sums, errors } = this.layers.at(-1);
      for (let row = 0; row < count; row++) errors[row] = (logistic(sums[row]) - y[row]) / count;
      for (let l = this.layers.length - 1; l > 0; l--) {
        const below = this.layers[l - 1];
        this.layers[l].gather(below.values, count);
        this.layers[l].passBack(below, this.f, count);
      }
      this.layers[0].gather(x, count);
    }

    /** The norm of the gradient of each layer's weights. */
    gradientNorms() {
      return this.layers.map((layer) => Math.sqrt(layer.weightGradient.reduce((s, g) => s + g * g, 0)));
    }

    /** Of each unit of each hidden layer over rows: see `Layer.health`. */
    health(x, count, limit) {
      this.forward(x, count);
      return this.hidden.map((layer) => layer.health(this.f, count, limit));
    }
  }

  class Layer {
    constructor(inputs, outputs, network, from, rows) {
      const weights = [from, from + inputs * outputs];
      const biases = [weights[1], weights[1] + outputs];
      this.inputs = inputs;
      this.outputs = outputs;
      this.weights = network.parameters.subarray(...weights);
      this.biases = network.parameters.subarray(...biases);
      this.weightGradient = network.gradient.subarray(...weights);
      this.biasGradient = network.gradient.subarray(...biases);
      for (const name of ["sums", "values", "errors"]) this[name] = new Float64Array(rows * outputs);
    }

    weigh(signal, count) {
      const { inputs, outputs, weights, biases, sums } = this;
      for (let row = 0; row < count; row++)
        for (let o = 0; o < outputs; o++) {
          let sum = biases[o];
          for (let i = 0; i < inputs; i++) sum += weights[o * inputs + i] * signal[row * inputs + i];
          sums[row * outputs + o] = sum;
        }
    }

    activate(f, count) {
      const { sums, values } = this;
      for (let i = 0; i < count * this.outputs; i++) values[i] = f.value(sums[i]);
    }

    /** The gradient of weights and biases, from the errors of the sums. */
    gather(signal, count) {
      const { inputs, outputs, errors, weightGradient, biasGradient } = this;
      weightGradient.fill(0);
      biasGradient.fill(0);
      for (let row = 0; row < count; row++)
        for (let o = 0; o < outputs; o++) {
          const error = errors[row * outputs + o];
          biasGradient[o] += error;
          for (let i = 0; i < inputs; i++)
            weightGradient[o * inputs + i] += error * signal[row * inputs + i];
        }
    }

    /** The errors of the sums of the layer below. */
    passBack(below, f, count) {
      const { inputs, outputs, weights, errors } = this;
      for (let row = 0; row < count; row++)
        for (let i = 0; i < inputs; i++) {
          let error = 0;
          for (let o = 0; o < outputs; o++)
            error += weights[o * inputs + i] * errors[row * outputs + o];
          const at = row * inputs + i;
          below.errors[at] = error * f.slope(below.sums[at]);
        }
    }

    /** Of each unit: the mean of |f'|, and the share of rows where it is below `limit`. */
    health(f, count, limit) {
      return Array.from({ length: this.outputs }, (_, o) => {
        let slopes = 0;
        let flat = 0;
        for (let row = 0; row < count; row++) {
          const slope = Math.abs(f.slope(this.sums[row * this.outputs + o]));
          slopes += slope;
          flat += slope < limit ? 1 : 0;
        }
        return { slope: slopes / count, flat: flat / count };
      });
    }
  }

  const logistic = (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

  Object.assign(ogive, { Network, logistic });
}

// Training in the page: Adam on batches of drawn points. A longer run is the continuation of a
// shorter one with the same seed.
"use strict";
{
  /** Adam's decay rates and epsilon, as in its paper (arXiv:1412.6980). */
  const ADAM = { first: 0.9, second: 0.999, epsilon: 1e-8 };

  /**
   * How networks are trained. `matched` is for the page's own runs: weights by the activation's
   * gain, a large rate that falls as 1 / sqrt(1 + steps / patience). `keras` is how the
   * experiments of the teaching notes were run.
   */
  const RECIPES = {
    matched: { rows: 400, batch: 40, rate: 0.05, patience: 500 },
    keras: { rows: 600, batch: 32, rate: 0.001, patience: Infinity },
  };

  class Training {
    /**
     * data: a name of `ogive.PLANES`; f: an `ogive.trainable`; hidden: units of each hidden
     * layer; rate: instead of the recipe's.
     */
    constructor({ data, f, hidden, seed, recipe = "matched", rate = RECIPES[recipe].rate }) {
      const { rows, batch, patience } = RECIPES[recipe];
      Object.assign(this, { f, rate, patience, steps: 0 });
      this.random = new ogive.RandomNumbers(seed);
      this.train = ogive.drawPlane(data, rows, this.random);
      this.test = ogive.drawPlane(data, rows, this.random);
      ogive.standardise(this.train, this.test);
      this.network = new ogive.Network(hidden, f);
      if (recipe === "keras") this.network.startAsKeras(this.random);
      else this.network.start(f.gain, this.random);
      this.first = new Float64Array(this.network.parameters.length);
      this.second = new Float64Array(this.network.parameters.length);
      this.order = Uint16Array.from({ length: rows }, (_, row) => row);
      this.place = rows;
      this.batch = { x: new Float64Array(2 * batch), y: new Uint8Array(batch), count: 0 };
      this.stepsPerEpoch = Math.ceil(rows / batch);
    }

    get epochs() {
      return this.steps / this.stepsPerEpoch;
    }

    /** One update of all parameters. */
    step() {
      this.fill();
      this.gradientOf(this.batch);
      this.update();
    }

    /** Fills the batch with the next rows. */
    fill() {
      const { order, batch, train } = this;
      if (this.place >= order.length) {
        this.random.shuffle(order);
        this.place = 0;
      }
      batch.count = Math.min(batch.y.length, order.length - this.place);
      for (let i = 0; i < batch.count; i++) {
        const row = order[this.place++];
        batch.x[2 * i] = train.x[2 * row];
        batch.x[2 * i + 1] = train.x[2 * row + 1];
        batch.y[i] = train.y[row];
      }
    }

    gradientOf({ x, y, count }) {
      this.network.forward(x, count);
      this.network.backward(x, y, count);
    }

    update() {
      const { parameters, gradient } = this.network;
      const { first, second } = this;
      this.steps += 1;
      const rate = this.rate / Math.sqrt(1 + this.steps / this.patience);
      const pace = rate / (1 - ADAM.first ** this.steps);
      const unbiased = 1 / (1 - ADAM.second ** this.steps);
      for (let i = 0; i < parameters.length; i++) {
        const g = gradient[i];
        first[i] += (1 - ADAM.first) * (g - first[i]);
        second[i] += (1 - ADAM.second) * (g * g - second[i]);
        parameters[i] -= (pace * first[i]) / (Math.sqrt(second[i] * unbiased) + ADAM.epsilon);
      }
    }

    /** {accuracy, loss} on rows that training does not see; the loss is the mean cross entropy. */
    measure({ x, y, count } = this.test) {
      const logits = this.network.forward(x, count);
      let right = 0;
      let loss = 0;
      for (let row = 0; row < count; row++) {
        const towards = y[row] ? logits[row] : -logits[row];
        right += towards > 0 || (towards === 0 && !y[row]) ? 1 : 0; // NaN is wrong
        loss += Math.max(-towards, 0) + Math.log1p(Math.exp(-Math.abs(towards)));
      }
      return { accuracy: right / count, loss: loss / count };
    }

    /** The gradient's norm of each layer's weights, over all training rows. */
    gradientNorms() {
      this.gradientOf(this.train);
      return this.network.gradientNorms();
    }

    /** Of each hidden unit over the training rows: how much of them it passes a gradient for. */
    health() {
      const found = this.network.health(this.train.x, this.train.count, ogive.FLAT * this.f.steepest);
      return found.map((units) => units.map((unit) => ({ ...unit, state: stateOf(unit) })));
    }
  }

  /**
   * name -> [gain, sup |f'|] of every activation that networks of this page can be trained with; null
   * for a number that no function of one number gives.
   */
  ogive.trainables = JSON.parse(document.querySelector("[data-activations]").dataset.activations);

  /** An activation as trainings take it, for layers of so many units. */
  ogive.trainable = (name, units = 8) => {
    const f = ogive.layerFunction(name);
    const [gain, steepest] = ogive.trainables[name];
    return { ...f, gain: gain ?? ogive.measuredGain(f, units), steepest: steepest ?? 1 };
  };

  /** A slope below this share of its supremum is flat, as for ogive.Monitor. */
  ogive.FLAT = 1e-3;
  /** A unit is saturated where it is flat for more of the rows than this, and dead for all. */
  const SATURATED = 0.9;

  const stateOf = ({ flat }) => (flat === 1 ? "dead" : flat > SATURATED ? "saturated" : "healthy");

  /** Trains to so many steps in slices of time, so that the page stays alive; `after` follows each. */
  ogive.trainInSlices = async (training, steps, after, stopped = () => false) => {
    while (training.steps < steps && !stopped()) {
      const end = performance.now() + 100;
      while (training.steps < steps && performance.now() < end) training.step();
      after(training);
      await nextTask();
    }
  };

  const nextTask = () => new Promise((done) => setTimeout(done));

  ogive.Training = Training;
}

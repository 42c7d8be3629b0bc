// Random numbers that a seed determines: Math.random cannot be seeded.
"use strict";
{
  class RandomNumbers {
    /** sfc32 of PractRand, its state filled from the seed by a multiplicative hash. */
    constructor(seed) {
      const state = Uint32Array.from([seed, seed / 2 ** 32, 0x9e3779b9]);
      this.state = Uint32Array.from([state[0] ^ 0x2545f491, state[1] ^ 0x6c078965, state[2], 1]);
      for (let i = 0; i < 16; i++) this.next();
      this.spare = NaN;
    }

    /** A whole number from 0 to 2^32 - 1. */
    next() {
      const s = this.state;
      const sum = (s[0] + s[1] + s[3]) >>> 0;
      s[3] = s[3] + 1;
      s[0] = s[1] ^ (s[1] >>> 9);
      s[1] = s[2] + (s[2] << 3);
      s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
      return sum;
    }

    /** A number from [low, high). */
    uniform(low = 0, high = 1) {
      return low + (high - low) * (this.next() / 2 ** 32);
    }

    /** A number from N(0, 1), by Box and Muller, which gives two at a time. */
    normal() {
      if (this.spare === this.spare) {
        const kept = this.spare;
        this.spare = NaN;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    }

    /** Brings the numbers of an array into a random order. */
    shuffle(numbers) {
      for (let last = numbers.length - 1; last > 0; last--) {
        const other = Math.floor(this.uniform(0, last + 1));
        [numbers[last], numbers[other]] = [numbers[other], numbers[last]];
      }
    }
  }

  ogive.RandomNumbers = RandomNumbers;
}

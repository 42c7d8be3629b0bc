// Expressions as the library's own `expr` has them: shared nodes, derivatives, limits at infinity,
// values. The tables are ogive.language, which is printed from the library's.
"use strict";
{
  const { primitives, constants, stable } = ogive.language;
  const HUGE = Number.MAX_VALUE;
  const SAMPLES = [0.7, Infinity, -Infinity, HUGE, -HUGE];

  /** Nodes of one formula: the same operation on the same nodes is the same object. */
  class Expressions {
    constructor() {
      this.known = new Map();
      this.zero = this.constant(0);
      this.one = this.constant(1);
    }

    node(op, args = [], value = null) {
      const told = Object.is(value, -0) ? "-0" : String(value);
      const key = `${op}:${told}:${args.map((a) => a.id).join()}`;
      let found = this.known.get(key);
      if (!found) {
        found = Object.freeze({ op, args, value, id: this.known.size });
        this.known.set(key, found);
      }
      return found;
    }

    constant(value) {
      return this.node("const", [], value);
    }

    symbol(name) {
      return this.node("symbol", [], name);
    }

    /** An operation with what is exact in real and in rounded arithmetic simplified. */
    build(op, args) {
      const [a, b, c] = args;
      const make = {
        add: () => this.add(a, b), sub: () => this.sub(a, b), neg: () => this.neg(a), mul: () => this.mul(a, b),
        div: () => this.div(a, b), pow: () => this.pow(a, b), where: () => this.where(a, b, c),
        lt: () => this.compare("lt", a, b), le: () => this.compare("le", a, b),
      }[op];
      return make ? make() : this.node(op, args);
    }

    /** An operation as a formula has it: 0 times what is infinite or NaN is not 0 there. */
    written(op, args) {
      const zero = (op === "mul" && args.includes(this.zero)) || (op === "div" && args[0] === this.zero);
      return zero ? this.folded(op, ...args) : this.build(op, args);
    }

    add(a, b) {
      if (a === this.zero) return b;
      if (b === this.zero) return a;
      if (a === b) return this.mul(this.constant(2), a);
      if (b.op === "neg") return this.sub(a, b.args[0]);
      if (a.op === "neg") return this.sub(b, a.args[0]);
      return this.folded("add", a, b);
    }

    sub(a, b) {
      if (b === this.zero) return a;
      if (a === this.zero) return this.neg(b);
      if (b.op === "neg") return this.add(a, b.args[0]);
      return this.folded("sub", a, b);
    }

    neg(a) {
      if (a.op === "neg") return a.args[0];
      return a.op === "const" ? this.constant(a.value === 0 ? 0 - a.value : -a.value) : this.node("neg", [a]);
    }

    mul(a, b) {
      if (a === this.zero || b === this.zero) return this.zero;
      if (b.op === "const" && a.op !== "const") [a, b] = [b, a];
      if (a === this.one) return b;
      if (a.op === "const" && a.value === -1) return this.neg(b);
      if (a.op === "neg") return this.neg(this.mul(a.args[0], b));
      if (b.op === "neg") return this.neg(this.mul(a, b.args[0]));
      if (a.op === "const" && b.op === "mul" && b.args[0].op === "const") {
        const merged = exact("mul", a.value, b.args[0].value);
        if (merged !== null) return this.mul(this.constant(merged), b.args[1]);
      }
      return this.folded("mul", a, b);
    }

    div(a, b) {
      if (a === this.zero) return this.zero;
      if (b === this.one) return a;
      if (a.op === "neg") return this.neg(this.div(a.args[0], b));
      if (b.op === "neg") return this.neg(this.div(a, b.args[0]));
      return this.folded("div", a, b);
    }

    /** Small whole exponents become products; negative ones, of 1 / a. */
    pow(a, b) {
      const exponent = b.op === "const" ? b.value : null;
      if (exponent === 0.5) return this.node("sqrt", [a]);
      if (!Number.isInteger(exponent) || Math.abs(exponent) > 16) return this.node("pow", [a, b]);
      return this.wholePower(exponent >= 0 ? a : this.div(this.one, a), Math.abs(exponent));
    }

    wholePower(a, n) {
      if (n === 0) return this.one;
      const half = this.wholePower(a, Math.floor(n / 2));
      const square = n < 2 ? this.one : this.mul(half, half);
      return n % 2 ? this.mul(square, a) : square;
    }

    compare(op, a, b) {
      if (a.op === "const" && b.op === "const") return this.constant(Number(op === "lt" ? a.value < b.value : a.value <= b.value));
      const beyond = (n, end) => n.op === "const" && n.value === end;
      if (op === "lt" && (beyond(a, Infinity) || beyond(b, -Infinity))) return this.zero;
      return this.node(op, [a, b]);
    }

    where(condition, a, b) {
      if (a === b) return a;
      if (condition.op === "const") return condition.value ? a : b;
      return this.node("where", [condition, a, b]);
    }

    folded(op, a, b) {
      const value = a.op === "const" && b.op === "const" ? exact(op, a.value, b.value) : null;
      return value === null ? this.node(op, [a, b]) : this.constant(value);
    }

    /** A tree of ogive.language with nodes for its symbols. */
    grown(tree, symbols) {
      if (typeof tree === "number") return this.constant(tree);
      if (typeof tree === "string") return symbols[tree] ?? this.symbol(tree);
      const [op, ...args] = tree;
      return this.build(op, args.map((a) => this.grown(a, symbols)));
    }

    namedConstant(name) {
      return this.grown(constants[name], {});
    }

    /** The derivative, branch by branch. */
    derivative(root, variable) {
      const slopes = new Map();
      for (const node of walk(root)) slopes.set(node, this.chain(node, variable, slopes));
      return slopes.get(root);
    }

    chain(node, variable, slopes) {
      if (node === variable) return this.one;
      const inner = node.args.map((a) => slopes.get(a));
      if (inner.every((d) => d === this.zero)) return this.zero;
      if (node.op === "where") return this.where(node.args[0], inner[1], inner[2]);
      if (node.op === "min" || node.op === "max") {
        const [a, b] = node.args;
        return this.where(node.op === "min" ? this.compare("lt", a, b) : this.compare("lt", b, a), ...inner);
      }
      const [a, b, c] = node.args;
      const symbols = { y: node, a, b, c };
      return primitives[node.op].partials.reduce((total, partial, i) => {
        if (inner[i] === this.zero) return total;
        return this.add(total, this.mul(this.grown(partial, symbols), inner[i]));
      }, this.zero);
    }

    rebuilt(root, change) {
      const made = new Map();
      for (const node of walk(root)) {
        const args = node.args.map((a) => made.get(a));
        const same = args.every((a, i) => a === node.args[i]);
        const again = same ? node : (node.args.includes(this.zero) ? this.written(node.op, args) : this.build(node.op, args));
        made.set(node, change(again, node) ?? again);
      }
      return made.get(root);
    }

    /** Textbook forms replaced by the stable primitives equal to them. */
    stabilised(root) {
      this.forms ??= stable.map((pair) => pair.map((tree) => this.grown(tree, {})));
      return this.rebuilt(root, (node) => {
        for (const [textbook, form] of this.forms) {
          const found = {};
          if (matches(textbook, node, found)) return this.substituted(form, found);
        }
        return null;
      });
    }

    substituted(root, values) {
      return this.rebuilt(root, (_, node) => (node.op === "symbol" ? values[node.value] : null));
    }

    /** Products that are 0 times infinity at an extreme input made to be 0 there, their limit. */
    guarded(root) {
      const nodes = [...walk(root)];
      const decayed = new Map();
      for (const x of SAMPLES.slice(1)) {
        const value = valuesOf(nodes, x);
        if (!Number.isNaN(value.get(root))) continue;
        for (const node of nodes) {
          const side = node.op === "mul" ? zeroSide(node, value) : null;
          if (side !== null) decayed.set(node, (decayed.get(node) || new Set()).add(side));
        }
      }
      if (!decayed.size) return root;
      return this.guarded(this.rebuilt(root, (made, node) => this.absorbing(made, decayed.get(node))));
    }

    absorbing(made, sides) {
      if (!sides || made.op !== "mul") return null;
      const [a, b] = made.args;
      const found = this.node("mul0", sides.has(1) ? [a, b] : [b, a]);
      if (sides.size < 2) return found;
      return this.where(this.node("eq", [a, this.zero]), this.node("mul0", [b, a]), found);
    }
  }

  /** Every node below the root once, arguments before those who use them. */
  function* walk(root) {
    const seen = new Set();
    const stack = [[root, false]];
    while (stack.length) {
      const [node, ready] = stack.pop();
      if (ready) yield node;
      else if (!seen.has(node)) {
        seen.add(node);
        stack.push([node, true], ...node.args.map((a) => [a, false]).reverse());
      }
    }
  }

  /** The result of an operation on two numbers where it is a number exactly, else null. */
  const exact = (op, a, b) => {
    if (!Number.isFinite(a) || !Number.isFinite(b) || (op === "div" && b === 0)) return null;
    const value = { add: a + b, sub: a - b, mul: a * b, div: a / b }[op];
    if (!Number.isFinite(value)) return null;
    const right = {
      add: () => isSum(value, a, b), sub: () => isSum(value, a, -b), mul: () => isProduct(value, a, b),
      div: () => isProduct(a, value, b),
    }[op];
    return right() ? value : null;
  };
  const isSum = (total, a, b) => {
    const part = total - a;
    return a - (total - part) + (b - part) === 0;
  };
  /** Compared as whole numbers times powers of two. */
  const isProduct = (product, a, b) => {
    const [[p, i], [q, j], [r, k]] = [a, b, product].map(whole);
    const shift = i + j - k;
    const [left, right] = shift >= 0 ? [(p * q) << BigInt(shift), r] : [p * q, r << BigInt(-shift)];
    return left === right;
  };
  /** A number as a whole one times a power of two. */
  const whole = (number) => {
    let exponent = 0;
    let value = number;
    while (!Number.isInteger(value)) {
      value *= 2;
      exponent -= 1;
    }
    return [BigInt(value), exponent];
  };

  const matches = (pattern, node, found) => {
    if (pattern.op === "symbol") return (found[pattern.value] ??= node) === node;
    if (pattern.op !== node.op || !node.args.length) return pattern === node;
    const orders = ["add", "mul"].includes(node.op) ? [node.args, [...node.args].reverse()] : [node.args];
    return orders.some((args) => {
      const trial = { ...found };
      const good = pattern.args.every((p, i) => matches(p, args[i], trial));
      if (good) Object.assign(found, trial);
      return good;
    });
  };

  const compute = (node, args, x) => {
    if (node.op === "const") return node.value;
    return node.op === "symbol" ? x : Number(primitives[node.op].compute(...args));
  };
  const valuesOf = (nodes, x) => {
    const value = new Map();
    for (const node of nodes) value.set(node, compute(node, node.args.map((a) => value.get(a)), x));
    return value;
  };
  const zeroSide = (node, value) => {
    const [a, b] = node.args;
    if (value.get(a) === 0 && Math.abs(value.get(b)) === Infinity && a.op !== "const") return 0;
    return value.get(b) === 0 && Math.abs(value.get(a)) === Infinity && b.op !== "const" ? 1 : null;
  };

  /** The expression as a function of x: a list of steps, each of which takes earlier results. */
  const compiled = (root) => {
    const nodes = [...walk(root)];
    const place = new Map(nodes.map((n, i) => [n, i]));
    const values = new Float64Array(nodes.length);
    const variable = nodes.findIndex((n) => n.op === "symbol");
    const changes = new Set();
    const steps = [];
    nodes.forEach((node, i) => {
      const [a, b, c] = node.args.map((n) => place.get(n));
      if (node.op === "symbol" || [a, b, c].some((p) => changes.has(p))) changes.add(i);
      if (node.op === "symbol") return;
      const f = node.op === "const" ? null : primitives[node.op].compute;
      if (changes.has(i)) steps.push({ f, i, a, b, c });
      else values[i] = f ? f(values[a], values[b], values[c]) : node.value;
    });
    return (x) => {
      if (variable >= 0) values[variable] = x;
      for (const { f, i, a, b, c } of steps) values[i] = f(values[a], values[b], values[c]);
      return values[nodes.length - 1];
    };
  };

  // as text

  const INFIX = {
    lt: ["<", 0, 1, 1], le: ["<=", 0, 1, 1], eq: ["==", 0, 1, 1], add: ["+", 1, 1, 2], sub: ["-", 1, 1, 2],
    mul: ["*", 2, 2, 3], mul0: ["*", 2, 2, 3], div: ["/", 2, 2, 3], pow: ["**", 4, 5, 4],
  };
  const LONGEST = 4000;

  /** Infix text that is read back as the same; dots where it would be too long. */
  const textOf = (root) => {
    const told = new Map();
    const operand = (node, needed) => {
      const [text, precedence] = told.get(node);
      return precedence >= needed ? text : `(${text})`;
    };
    for (const node of walk(root)) {
      const [text, precedence] = writtenOut(node, operand);
      told.set(node, text.length > LONGEST ? ["…", 9] : [text, precedence]);
    }
    return told.get(root)[0];
  };
  const writtenOut = (node, operand) => {
    const [a, b] = node.args;
    if (node.op === "symbol") return [node.value, 9];
    if (node.op === "const") return [String(node.value).replace("Infinity", "inf"), node.value >= 0 ? 9 : 3];
    if (node.op === "pi") return ["pi", 9];
    if (node.op === "neg") return [`-${operand(a, 3)}`, 3];
    if (node.op === "mul" && a === b) return [`${operand(a, 5)}**2`, 4];
    if ((node.op === "lt" || node.op === "le") && a.op === "const")
      return [`${operand(b, 1)} ${node.op === "lt" ? ">" : ">="} ${operand(a, 1)}`, 0];
    if (node.op in INFIX) {
      const [sign, own, left, right] = INFIX[node.op];
      return [`${operand(a, left)} ${sign} ${operand(b, right)}`, own];
    }
    return [`${node.op}(${node.args.map((n) => operand(n, 0)).join(", ")})`, 9];
  };

  ogive.expressions = { Expressions, walk, compiled, textOf };
}

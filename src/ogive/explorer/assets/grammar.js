// Formulas that people type: the library's safe grammar. Text becomes an expression or an error with
// its position; nothing is ever evaluated as code.
//
//   ogive.formula(text)   {value(x), derivative(x, order), text(order), error, position}
//
// error is null, or a sentence in the page's language; position counts the characters before it.
"use strict";
{
  const { words, constants, limits } = ogive.language;
  const { Expressions, walk, compiled, textOf } = ogive.expressions;
  const NUMBER =
    /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:(?:\d(?:_?\d)*)?\.\d(?:_?\d)*|\d(?:_?\d)*\.?)(?:[eE][+-]?\d(?:_?\d)*)?)/y;
  const NAME = /[A-Za-z_]\w*/y;
  const SIGN = /\*\*|\/\/|<<|>>|<=|>=|==|!=|:=|[-+*/%@<>()~,.[\]{}:=&|!;"'`$?\\]/y;
  /** Words of Python's own grammar that no formula has, by what is wrong. */
  const KEYWORDS = new Map(Object.entries({
    lambda: "lambda", if: "if_else", else: "if_else", and: "and_or", or: "and_or", not: "and_or", in: "comparison",
    is: "comparison", True: "truth", False: "truth", None: "syntax", for: "syntax", import: "syntax", await: "syntax",
    yield: "syntax",
  }));
  const BINARY = { "+": "add", "-": "sub", "*": "mul", "/": "div" };
  const REFUSED = ["//", "%", "@", "<<", ">>", "&", "|"];
  const COMPARISONS = { "<": ["lt", false], "<=": ["le", false], ">": ["lt", true], ">=": ["le", true] };

  class FormulaError extends Error {
    constructor(key, position, values = {}) {
      super(ogive.text("errors.at", { what: ogive.text(`errors.${key}`, values), at: position + 1 }));
      this.position = position;
    }
  }

  class Reader {
    constructor(text, expressions) {
      this.text = text.replace(/[\t\n\r]/g, " ");
      this.make = expressions;
      this.place = 0;
    }

    read() {
      this.checkBounds();
      this.next();
      const found = this.expression(0);
      if (this.token.kind !== "end") throw this.unexpected();
      if (found.op === "lt" || found.op === "le") throw new FormulaError("comparison_value", 0);
      return found;
    }

    checkBounds() {
      const { text } = this;
      const start = text.length - text.trimStart().length;
      if (!text.trim()) throw new FormulaError("empty", 0);
      const length = text.trim().length;
      if (length > limits.length) throw new FormulaError("too_long", start, { length, most: limits.length });
      const odd = text.search(/[^\x00-\x7f]/);
      if (odd >= 0) throw new FormulaError("character", odd, { character: text[odd] });
      if (text.includes("^")) throw new FormulaError("caret", text.indexOf("^"));
      let depth = 0;
      for (let i = 0; i < text.length; i++) {
        depth += "([{".includes(text[i]) - ")]}".includes(text[i]);
        if (depth > limits.depth) throw new FormulaError("nested", i, { most: limits.depth });
      }
    }

    /** Moves on to the next token: {kind, text, at}. */
    next() {
      while (this.text[this.place] === " " || this.text[this.place] === "\f") this.place++;
      const at = this.place;
      if (at >= this.text.length || this.text[at] === "#") return (this.token = { kind: "end", text: "", at: Math.min(at, this.text.trimEnd().length) });
      for (const [kind, pattern] of [["number", NUMBER], ["name", NAME], ["sign", SIGN]]) {
        pattern.lastIndex = at;
        const found = pattern.exec(this.text);
        if (!found) continue;
        this.place = pattern.lastIndex;
        this.token = { kind, text: found[0], at };
        if (kind === "number") this.checkNumber();
        return this.token;
      }
      throw new FormulaError("character", at, { character: this.text[at] });
    }

    checkNumber() {
      const { text, at } = this.token;
      const glued = /[A-Za-z0-9_]/.test(this.text[this.place] || "");
      const padded = /^0[0-9_]*[1-9]/.test(text) && !/[.eExXoObB]/.test(text);
      if (glued || padded) throw new FormulaError("number", at);
    }

    is(...signs) {
      return this.token.kind === "sign" && signs.includes(this.token.text);
    }

    unexpected() {
      const { kind, text, at } = this.token;
      if (kind === "end") return new FormulaError("ends", at);
      if (kind === "name" && KEYWORDS.has(text)) return new FormulaError(KEYWORDS.get(text), at);
      if (text === ".") return new FormulaError("attribute", at);
      if (text === "[") return new FormulaError("indexing", at);
      if (REFUSED.includes(text) || text === "~") return new FormulaError("operator", at);
      if (text === "==" || text === "!=") return new FormulaError("comparison", at);
      return new FormulaError("syntax", at);
    }

    checkDepth(depth, at) {
      if (depth > 4 * limits.depth) throw new FormulaError("too_deep", at);
    }

    expression(depth) {
      const at = this.token.at;
      this.checkDepth(depth, at);
      const left = this.sum(depth);
      const compared = this.token.kind === "sign" && COMPARISONS[this.token.text];
      if (!compared) return left;
      const [op, swapped] = compared;
      this.next();
      const right = this.sum(depth + 1);
      if (this.is(...Object.keys(COMPARISONS), "==", "!=")) throw new FormulaError("comparison", at);
      this.noComparison(left, at);
      return this.make.build(op, swapped ? [right, left] : [left, right]);
    }

    noComparison(node, at) {
      if (node.op === "lt" || node.op === "le") throw new FormulaError("comparison_inside", at);
      return node;
    }

    sum(depth) {
      return this.chain(depth, ["+", "-"], () => this.product(depth + 1));
    }

    product(depth) {
      return this.chain(depth, ["*", "/"], () => this.sign(depth + 1));
    }

    /** Operations from left to right. */
    chain(depth, signs, part) {
      const at = this.token.at;
      let node = part();
      while (this.is(...signs)) {
        const op = BINARY[this.token.text];
        this.noComparison(node, at);
        this.next();
        const there = this.token.at;
        node = this.make.written(op, [node, this.noComparison(part(), there)]);
      }
      if (this.is(...REFUSED)) throw new FormulaError("operator", at);
      return node;
    }

    sign(depth) {
      const at = this.token.at;
      this.checkDepth(depth, at);
      if (this.is("~")) throw new FormulaError("operator", at);
      if (!this.is("+", "-")) return this.power(depth);
      const minus = this.is("-");
      this.next();
      const there = this.token.at;
      const node = this.noComparison(this.sign(depth + 1), there);
      if (!minus) return node;
      return node === this.make.zero ? this.make.constant(-0) : this.make.neg(node);
    }

    power(depth) {
      const at = this.token.at;
      const base = this.atom(depth);
      if (this.is(".")) throw new FormulaError("attribute", at);
      if (this.is("[")) throw new FormulaError("indexing", at);
      if (this.is("(")) throw new FormulaError("call", at);
      if (!this.is("**")) return base;
      this.noComparison(base, at);
      this.next();
      const there = this.token.at;
      return this.make.written("pow", [base, this.noComparison(this.sign(depth + 1), there)]);
    }

    atom(depth) {
      const { kind, text, at } = this.token;
      if (kind === "number") return this.number(text, at);
      if (kind === "name" && !KEYWORDS.has(text)) return this.name(text, at, depth);
      if (!this.is("(")) throw this.unexpected();
      this.next();
      if (this.is(")")) throw new FormulaError("syntax", at);
      const inner = this.expression(depth + 1);
      if (this.is(",")) throw new FormulaError("tuple", at);
      this.expect(")");
      return inner;
    }

    expect(sign) {
      if (!this.is(sign)) throw this.unexpected();
      this.next();
    }

    number(text, at) {
      this.next();
      if (this.token.kind === "name" && /^[jJ]$/.test(this.token.text)) throw new FormulaError("number", at);
      const value = Number(text.replaceAll("_", ""));
      if (!Number.isFinite(value)) throw new FormulaError("too_large", at);
      return this.make.constant(value);
    }

    name(text, at, depth) {
      this.next();
      if (this.is("(")) return this.call(text, at, depth);
      if (text === "x") return this.make.symbol("x");
      if (Object.hasOwn(constants, text)) return this.make.namedConstant(text);
      if (Object.hasOwn(words, text)) throw new FormulaError("function", at, { name: text });
      throw new FormulaError("unknown_name", at, { name: brief(text), hint: hint(text, ["x", ...Object.keys(constants), ...Object.keys(words)]) });
    }

    call(name, at, depth) {
      this.next();
      const known = Object.hasOwn(words, name);
      const places = [];
      const args = [];
      while (!this.is(")")) {
        if (this.is("*", "**")) throw new FormulaError("call", at);
        places.push(this.token.at);
        args.push(this.expression(depth + 1));
        if (this.is("=", ":=")) throw new FormulaError("call", at);
        if (!this.is(",")) break;
        this.next();
      }
      this.expect(")");
      if (!known) throw new FormulaError("unknown_function", at, { name: brief(name), hint: hint(name, Object.keys(words)) });
      const [arity, tree] = words[name];
      if (args.length !== arity) throw new FormulaError("arguments", at, { name, wanted: arity, given: args.length });
      if (name === "where" && !["lt", "le", "const"].includes(args[0].op)) throw new FormulaError("condition", places[0]);
      args.forEach((a, i) => {
        if (name !== "where" || i) this.noComparison(a, places[i]);
      });
      const [a, b, c] = args;
      return name === "where" ? this.make.where(a, b, c) : this.make.grown(tree, { a, b, c });
    }
  }

  const brief = (text) => (text.length > 40 ? `${text.slice(0, 37)}...` : text);

  /** Names that differ little from the one given. */
  const hint = (name, known) => {
    const near = known.filter((k) => name.length < 40 && distance(k, name) <= Math.max(1, Math.floor(name.length / 3)));
    near.sort((a, b) => distance(a, name) - distance(b, name));
    return near.length ? ogive.text("errors.hint", { names: near.slice(0, 3).join(", ") }) : "";
  };

  /** How many letters are to be changed, added, left out or exchanged with their neighbour. */
  const distance = (a, b) => {
    const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
        if (exchanged) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
      }
      rows.push(row);
    }
    return rows[a.length][b.length];
  };

  const checkSize = (node) => {
    const size = [...walk(node)].length;
    if (size > limits.nodes) throw new FormulaError("too_many", 0, { size, most: limits.nodes });
    return node;
  };

  ogive.formula = (text) => {
    const expressions = new Expressions();
    try {
      if (typeof text !== "string") throw new FormulaError("no_text", 0);
      const read = checkSize(new Reader(text, expressions).read());
      return new Formula(checkSize(expressions.stabilised(read)), expressions);
    } catch (error) {
      if (!(error instanceof FormulaError)) throw error;
      const nothing = () => NaN;
      return { value: nothing, derivative: nothing, text: () => "", error: error.message, position: error.position };
    }
  };

  class Formula {
    constructor(root, expressions) {
      this.expressions = expressions;
      this.roots = [root];
      this.functions = [];
      this.error = null;
      this.position = null;
      // without `this`, so that it can be handed on
      this.value = (x) => this.derivative(x, 0);
      this.derivative = (x, order = 1) => this.function(order)(Number(x));
    }

    root(order) {
      if (!Number.isInteger(order) || order < 0 || order > 4) throw new RangeError(`derivatives are taken up to 4 times, not ${order}`);
      while (this.roots.length <= order)
        this.roots.push(this.expressions.derivative(this.roots.at(-1), this.expressions.symbol("x")));
      return this.roots[order];
    }

    function(order) {
      return (this.functions[order] ??= compiled(this.expressions.guarded(this.root(order))));
    }

    text(order = 0) {
      return textOf(this.root(order));
    }
  }
}

// Formulas that people type: the library's safe grammar. Text becomes an expression or an error with
// its position; nothing is ever evaluated as code.
//
//   ogive.formula(text)   {value(x), derivative(x, order), text(order), error, position}
// Entries are functions there, with their parameters (entry_calls.js): gelu(2*x), elu(x, alpha=0.5).
//
// error is null, or a sentence in the page's language; position counts the characters before it.
"use strict";
{
  const { words, constants, limits } = ogive.language;
  const { Expressions, walk, compiled, textOf } = ogive.expressions;
  const NUMBER =
    /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:(?:\d(?:_?\d)*)?\.\d(?:_?\d)*|\d(?:_?\d)*\.?)(?:[eE][+-]?\d(?:_?\d)*)?)/y;
  const NAME = /[A-Za-z_]\w*/y;
  const TEXT = /'[^'\\]*'|"[^"\\]*"/y;
  /** What follows the name of an argument. */
  const EQUALS = /[ \f]*=(?!=)/y;
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
      for (const [kind, pattern] of [["number", NUMBER], ["name", NAME], ["text", TEXT], ["sign", SIGN]]) {
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
      this.operand(left, at);
      return this.make.build(op, swapped ? [right, left] : [left, right]);
    }

    /** What an operation may take: neither a comparison nor several values. */
    operand(node, at) {
      if (node.op === "lt" || node.op === "le") throw new FormulaError("comparison_inside", at);
      if (node.op === "tuple") throw new FormulaError("tuple", at);
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
        this.operand(node, at);
        this.next();
        const there = this.token.at;
        node = this.make.written(op, [node, this.operand(part(), there)]);
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
      const node = this.operand(this.sign(depth + 1), there);
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
      this.operand(base, at);
      this.next();
      const there = this.token.at;
      return this.make.written("pow", [base, this.operand(this.sign(depth + 1), there)]);
    }

    atom(depth) {
      const { kind, text, at } = this.token;
      if (kind === "number") return this.number(text, at);
      if (kind === "name" && !KEYWORDS.has(text)) return this.name(text, at, depth);
      if (!this.is("(")) throw this.unexpected();
      const mayBeTuple = at === this.tupleAt;
      this.next();
      if (mayBeTuple) this.tupleAt = this.token.at;
      if (this.is(")")) throw new FormulaError("syntax", at);
      const inner = this.expression(depth + 1);
      if (!this.is(",")) {
        this.expect(")");
        return inner;
      }
      if (!mayBeTuple) throw new FormulaError("tuple", at);
      this.next();
      return { op: "tuple", args: [this.operand(inner, at), ...this.several(")", depth)] };
    }

    /** Numbers up to a closing sign, as a value of a parameter that has several. */
    several(close, depth) {
      const parts = [];
      while (!this.is(close)) {
        const at = this.token.at;
        parts.push(this.operand(this.expression(depth + 1), at));
        if (!this.is(",")) break;
        this.next();
      }
      this.expect(close);
      return parts;
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
      if (Object.hasOwn(words, text) || ogive.called(text)) throw new FormulaError("function", at, { name: text });
      throw new FormulaError("unknown_name", at, { name: brief(text), hint: hint(text, ["x", ...Object.keys(constants), ...Object.keys(words)]) });
    }

    call(name, at, depth) {
      const { values, named } = this.given(depth + 1);
      const word = Object.hasOwn(words, name) ? words[name] : null;
      if (word && !named.size && values.length === word[0]) return this.word(name, values);
      const called = ogive.called(name);
      if (called) return this.applied(name, called, values, named, at);
      if (!word) throw new FormulaError("unknown_function", at, { name: brief(name), hint: hint(name, [...Object.keys(words), ...ogive.names()]) });
      if (named.size) throw new FormulaError("call", at);
      throw new FormulaError("arguments", at, { name, wanted: word[0], given: values.length });
    }

    /** What a call is given: a list, and by name. */
    given(depth) {
      const values = [];
      const named = new Map();
      this.next();
      while (!this.is(")")) {
        const { at } = this.token;
        if (this.is("*", "**")) throw new FormulaError("call", at);
        const name = this.argumentName();
        if (named.has(name) || (!name && named.size)) throw new FormulaError("call", at);
        const given = { nameAt: at, at: this.token.at, value: this.argument(depth) };
        if (name) named.set(name, given);
        else values.push(given);
        if (this.is("=", ":=")) throw new FormulaError("call", at);
        if (!this.is(",")) break;
        this.next();
      }
      this.expect(")");
      return { values, named };
    }

    /** The name before an argument's "=", which is passed by; none if there is none. */
    argumentName() {
      const { kind, text } = this.token;
      EQUALS.lastIndex = this.place;
      if (kind !== "name" || !EQUALS.test(this.text)) return null;
      if (KEYWORDS.has(text)) throw this.unexpected();
      this.next();
      this.next();
      return text;
    }

    /** An expression, a text, or a list of expressions. */
    argument(depth) {
      const { kind, text, at } = this.token;
      if (kind === "text" || this.is("[")) this.next();
      if (kind === "text") return text.slice(1, -1);
      if (text === "[") return this.several("]", depth);
      this.tupleAt = at;
      const node = this.expression(depth);
      return node.op === "tuple" ? node.args : node;
    }

    word(name, values) {
      values.forEach(({ value, at }, i) => {
        if (typeof value === "string") throw new FormulaError("syntax", at);
        if (Array.isArray(value)) throw new FormulaError("tuple", at);
        if (name !== "where" || i) this.operand(value, at);
      });
      const [a, b, c] = values.map(({ value }) => value);
      if (name !== "where") return this.make.grown(words[name][1], { a, b, c });
      if (!["lt", "le", "const"].includes(a.op)) throw new FormulaError("condition", values[0].at);
      return this.make.where(a, b, c);
    }

    applied(name, called, values, named, at) {
      for (const given of [...values, ...named.values()]) if (given.value.op) this.operand(given.value, given.at);
      const found = ogive.applied(this.make, called, values, named);
      if (found.error) throw new FormulaError(found.error, found.at ?? at, { name, ...found.values });
      return found;
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

// The frame of every page: theme, language, and the state that lives in the address.
"use strict";
{
  const root = document.documentElement;

  document.querySelector("button.theme").addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("ogive.theme", root.dataset.theme);
    } catch {
      // the choice holds for this page only
    }
    document.dispatchEvent(new Event("ogive:theme"));
  });

  /**
   * How long nothing has to change before it counts as still, in milliseconds: a slider makes sixty
   * states a second, and a change of the address takes a browser longer than what is drawn.
   */
  const REST = 100;
  const writers = [];

  /** The function, called at once, and again when calls have stopped coming. */
  const atRest = (write) => {
    let waiting = 0;
    let due = false;
    const now = () => {
      clearTimeout(waiting);
      waiting = 0;
      if (due) write();
      due = false;
    };
    writers.push(now);
    return () => {
      if (waiting) due = true;
      else write();
      clearTimeout(waiting);
      waiting = setTimeout(now, REST);
    };
  };
  const writeAll = () => writers.forEach((write) => write());
  addEventListener("pagehide", writeAll);

  // the other language shows the same state
  document.querySelector("a.language").addEventListener("click", (event) => {
    writeAll();
    event.currentTarget.hash = location.hash;
  });

  /**
   * The state in the address, after #: an object with the keys of `defaults`, whose values say by
   * their type how a text is read. `change(object)` writes what differs from the defaults.
   * `onchange` is called where the address changed by other means, such as going back. A value that
   * `allowed[key]` refuses is the default: an address may hold anything.
   */
  ogive.state = (defaults, onchange, allowed = {}) => {
    const read = () => {
      const told = new URLSearchParams(location.hash.slice(1));
      return Object.fromEntries(
        Object.entries(defaults).map(([key, value]) => {
          const given = told.has(key) ? parsed(told.get(key), value) : value;
          return [key, allowed[key]?.(given) === false ? value : given];
        })
      );
    };
    const state = { ...read() };
    const write = atRest(() => {
      const told = new URLSearchParams();
      for (const [key, value] of Object.entries(state))
        if (written(value) !== written(defaults[key])) told.set(key, written(value));
      history.replaceState(null, "", `#${told}`);
    });
    const change = (values) => {
      Object.assign(state, values);
      write();
    };
    if (onchange)
      addEventListener("hashchange", () => {
        Object.assign(state, read());
        onchange(state);
      });
    return { state, change };
  };

  /** Calls a function at most once a frame, with the newest arguments. */
  ogive.onceAFrame = (call) => {
    let waiting = null;
    return (...given) => {
      if (!waiting) requestAnimationFrame(() => {
        const last = waiting;
        waiting = null;
        call(...last);
      });
      waiting = given;
    };
  };

  /** The function, called once calls have stopped coming; `stop()` takes the last one back. */
  ogive.whenStill = (call) => {
    let waiting = 0;
    const later = (...given) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => call(...given), REST);
    };
    later.stop = () => clearTimeout(waiting);
    return later;
  };

  /** Whether a value lies between two numbers. */
  ogive.within = (low, high) => (value) => value >= low && value <= high;

  const parsed = (text, like) => {
    if (typeof like === "number") return Number.isFinite(Number(text)) && text !== "" ? Number(text) : like;
    if (typeof like === "boolean") return text === "1";
    if (Array.isArray(like)) return text ? text.split("~") : [];
    return text;
  };

  const written = (value) => {
    if (typeof value === "boolean") return value ? "1" : "0";
    return Array.isArray(value) ? value.join("~") : String(value);
  };

  /** An element: ogive.element("p.note", {title: "..."}, "text", other, ...). */
  ogive.element = (kind, attributes = {}, ...children) => {
    const [tag, ...classes] = kind.split(".");
    const made = document.createElement(tag);
    if (classes.length) made.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  /** Calls `resized` with an element's width where it changes: asked for in a drawing it would cost a layout. */
  ogive.onWidth = (node, resized) => {
    let width = -1;
    const look = () => {
      if (node.clientWidth === width) return;
      width = node.clientWidth;
      resized(width);
    };
    new ResizeObserver(look).observe(node);
    look();
  };

  const palettes = new Map();
  /** The style's colours by the names of their tokens, each asked for once in a theme. */
  ogive.palette = () => {
    const { theme } = root.dataset;
    if (!palettes.has(theme)) palettes.set(theme, new Map());
    const known = palettes.get(theme);
    return (token) => {
      if (!known.has(token)) known.set(token, getComputedStyle(root).getPropertyValue(`--${token}`));
      return known.get(token);
    };
  };

  /** The address of a page of this language, or of an asset. */
  ogive.page = (file) => document.body.dataset[file.startsWith("assets/") ? "root" : "pages"] + file;

  /** A number for people. */
  ogive.shown = (value, digits = 4) => {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    const text = Number(value.toPrecision(digits));
    const size = Math.abs(text);
    const plain = size !== 0 && (size >= 1e6 || size < 1e-4) ? text.toExponential() : String(text);
    return plain.replace("-", "−");
  };
}

// SVG elements, and how what they show changes.
//
//   ogive.svg(tag, attributes, text)                        an element
//   ogive.shapes(parent, [[tag, attributes, inner], ...])   makes these the children of an element,
//                                                           inner a text or again such a list
//
// A slider has sixty drawings a second made: an element that is there is kept, and only what differs
// is set, since whatever is set has its style, layout and picture worked out anew.
"use strict";
{
  const SPACE = "http://www.w3.org/2000/svg";

  ogive.svg = (tag, attributes = {}, text) => {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /** What an element shows that `shapes` made. */
  const shown = new WeakMap();

  const update = (node, attributes, inner) => {
    const before = shown.get(node) ?? { attributes: {} };
    for (const [name, value] of Object.entries(attributes))
      if (before.attributes[name] !== value) node.setAttribute(name, value);
    for (const name of Object.keys(before.attributes)) if (!(name in attributes)) node.removeAttribute(name);
    if (Array.isArray(inner)) ogive.shapes(node, inner);
    else if (before.inner !== inner) node.textContent = inner;
    shown.set(node, { attributes, inner });
  };

  ogive.shapes = (parent, wanted) => {
    wanted.forEach(([tag, attributes, inner = ""], place) => {
      let node = parent.children[place];
      if (node?.tagName !== tag) {
        const made = ogive.svg(tag);
        if (node) node.replaceWith(made);
        else parent.append(made);
        node = made;
      }
      update(node, attributes, inner);
    });
    while (parent.childElementCount > wanted.length) parent.lastElementChild.remove();
  };
}

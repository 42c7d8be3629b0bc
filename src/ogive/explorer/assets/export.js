// Saving what is drawn: ogive.exports({name, csv, drawing}) gives the buttons below a chart; csv()
// gives text, drawing() an SVG element or a canvas.
"use strict";
{
  const SPACE = "http://www.w3.org/2000/svg";

  /** Buttons that save: csv() gives text, drawing() an SVG element or a canvas. */
  ogive.exports = ({ name, csv, drawing }) => {
    const make = (format, save) =>
      ogive.element(
        "button",
        { type: "button", "aria-label": ogive.text("chart.save_as", { format: ogive.text(`chart.${format}`) }), onclick: save },
        ogive.text(`chart.${format}`)
      );
    const isCanvas = drawing() instanceof HTMLCanvasElement;
    const saveCanvas = () => drawing().toBlob((blob) => ogive.download(`${name}.png`, blob));
    return ogive.element(
      "div.export", {},
      make("csv", () => ogive.download(`${name}.csv`, new Blob([csv()], { type: "text/csv" }))),
      isCanvas ? null : make("svg", () => ogive.saveSvg(drawing(), `${name}.svg`)),
      make("png", () => (isCanvas ? saveCanvas() : ogive.savePng(drawing(), `${name}.png`)))
    );
  };

  ogive.download = (name, blob) => {
    const link = ogive.element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  /** The drawing by itself: what the style sheet says stands in its attributes. */
  const standalone = (drawing) => {
    const copy = drawing.cloneNode(true);
    const [, , width, height] = drawing.getAttribute("viewBox").split(" ");
    copy.setAttribute("xmlns", SPACE);
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    const originals = drawing.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((node, i) => {
      const style = getComputedStyle(originals[i]);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "fill-opacity", "stroke-opacity", "font-size", "font-weight", "font-family"])
        node.setAttribute(name, style.getPropertyValue(name));
      node.removeAttribute("class");
    });
    const ground = ogive.svg("rect", { width, height, fill: getComputedStyle(document.body).backgroundColor });
    copy.prepend(ground);
    return { text: new XMLSerializer().serializeToString(copy), width: Number(width), height: Number(height) };
  };

  ogive.saveSvg = (drawing, name) =>
    ogive.download(name, new Blob([standalone(drawing).text], { type: "image/svg+xml" }));

  ogive.savePng = (drawing, name) => {
    const { text, width, height } = standalone(drawing);
    const image = new Image();
    image.onload = () => {
      const canvas = ogive.element("canvas", { width: 2 * width, height: 2 * height });
      const pen = canvas.getContext("2d");
      pen.scale(2, 2);
      pen.drawImage(image, 0, 0, width, height);
      canvas.toBlob((blob) => ogive.download(name, blob));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };
}

// A plane with its two classes of points, and what a network says of every place in it.
"use strict";
{
  /** The square that is drawn reaches this far from 0; points have deviation 1. */
  const REACH = 2.6;
  /** Places of the field in each direction. */
  const FINE = 72;

  /** What a training's network says: probabilities of the second class, row by row from the top. */
  ogive.fieldOf = ({ network, train }, fine = FINE) => {
    const field = new Float32Array(fine * fine);
    const x = new Float64Array(2 * train.count);
    for (let from = 0; from < field.length; from += train.count) {
      const count = Math.min(train.count, field.length - from);
      for (let i = 0; i < count; i++) {
        const place = from + i;
        x[2 * i] = REACH * ((2 * (place % fine) + 1) / fine - 1);
        x[2 * i + 1] = REACH * (1 - (2 * Math.floor(place / fine) + 1) / fine);
      }
      network.forward(x, count).subarray(0, count).forEach((logit, i) => (field[from + i] = ogive.logistic(logit)));
    }
    return field;
  };

  /** Draws the field, and the points where they are asked for, into a square canvas. */
  ogive.drawPlaneView = (canvas, training, { points = true, fine = FINE } = {}) => {
    const size = Math.round(canvas.clientWidth * devicePixelRatio) || canvas.width;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const colours = ["--series-1", "--series-2"].map(colourOf);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture(ogive.fieldOf(training, fine), fine, colours, colourOf("--ground")), 0, 0, size, size);
    if (points) drawPoints(context, training.train, size, colours);
  };

  /** A colour of the style sheet as [red, green, blue]. */
  const colourOf = (name) => {
    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  };

  const picture = (field, fine, colours, ground) => {
    const drawn = Object.assign(document.createElement("canvas"), { width: fine, height: fine });
    const context = drawn.getContext("2d");
    const image = context.createImageData(fine, fine);
    field.forEach((probability, place) => {
      const sure = Math.abs(2 * probability - 1); // NaN, of a network that diverged, stays ground
      const share = sure >= 0 ? 0.1 + 0.5 * sure : 0;
      const colour = colours[probability > 0.5 ? 1 : 0];
      colour.forEach((c, i) => (image.data[4 * place + i] = ground[i] + share * (c - ground[i])));
      image.data[4 * place + 3] = 255;
    });
    context.putImageData(image, 0, 0);
    return drawn;
  };

  /** Discs of the first class, squares of the second, so that no colour is needed. */
  const drawPoints = (context, { x, y, count }, size, colours) => {
    const radius = size / 130;
    context.strokeStyle = `rgb(${colourOf("--ground")})`;
    context.lineWidth = radius / 3;
    for (let row = 0; row < count; row++) {
      const across = (size / 2) * (1 + x[2 * row] / REACH);
      const down = (size / 2) * (1 - x[2 * row + 1] / REACH);
      context.fillStyle = `rgb(${colours[y[row]]})`;
      context.beginPath();
      if (y[row]) context.rect(across - radius, down - radius, 2 * radius, 2 * radius);
      else context.arc(across, down, 1.15 * radius, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  };
}

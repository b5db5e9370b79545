// Paints what is visible of the picture on its canvas.

/** @typedef {[from: number, to: number]} Span */

const NAME_HEIGHT = 13; // pixels from one name to the next

// Only what is registered as a colour is read as one colour, and not as a pair for light and dark.
for (const name of ["--card", "--cell", "--cross", "--read", "--write", "--admin", "--ink", "--quiet"]) {
  CSS.registerProperty({ name, syntax: "<color>", inherits: true, initialValue: "transparent" });
}

class Painter {
  /** @param {Picture} picture */
  constructor(picture) {
    this.picture = picture;
    this.canvas = /** @type {HTMLCanvasElement} */ (byId("picture-canvas"));
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.ratio = 1;
    this.style = getComputedStyle(document.documentElement);
    /** @type {Span} */
    this.rows = [0, 0];
    /** @type {Span} */
    this.columns = [0, 0];
  }

  /** @param {string} name */
  colour(name) {
    return this.style.getPropertyValue(name);
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }

  paint() {
    const { pen, canvas, ratio, picture } = this;
    const { frame, cursor } = picture;
    const [w, h] = [canvas.width / ratio, canvas.height / ratio];
    this.look(w, h);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = this.colour("--card");
    pen.fillRect(0, 0, w, h);
    this.within([picture.left, picture.head, w, h], () => {
      pen.translate(-frame.scrollLeft, -frame.scrollTop);
      this.drawGround();
      if (cursor) this.drawCross(cursor);
      this.drawCells();
      if (cursor) this.drawFrame(cursor);
    });
    this.drawNames(w, h);
  }

  /**
   * Find the rows and columns in sight: each from, and up to before.
   * @param {number} w
   * @param {number} h
   */
  look(w, h) {
    const { frame, rows, columns, width, height, head, left, gap } = this.picture;
    const lastRow = Math.ceil((frame.scrollTop + h - head) / height);
    const lastColumn = Math.ceil((frame.scrollLeft + w - left) / width);
    this.rows = [Math.max(0, Math.floor((frame.scrollTop - gap) / height)), Math.min(rows.length, lastRow)];
    this.columns = [Math.max(0, Math.floor(frame.scrollLeft / width)), Math.min(columns.length, lastColumn)];
  }

  // The size of a square without the line between squares.
  get inner() {
    return [this.picture.width, this.picture.height].map((size) =>
      size >= 6 ? size - 1 : size >= 4 ? size - 0.5 : size,
    );
  }

  get isCoarse() {
    return Math.min(this.picture.width, this.picture.height) < 6;
  }

  drawGround() {
    const { pen, picture, rows, columns } = this;
    const [width, height] = this.inner;
    pen.fillStyle = this.colour("--cell");
    for (let row = rows[0]; row < rows[1]; row++) {
      if (this.isCoarse) {
        pen.fillRect(picture.x(columns[0]), picture.y(row), picture.x(columns[1]) - picture.x(columns[0]), height);
        continue;
      }
      for (let at = columns[0]; at < columns[1]; at++) pen.fillRect(picture.x(at), picture.y(row), width, height);
    }
  }

  /** @param {Cursor} cursor */
  drawCross(cursor) {
    const { pen, picture, rows, columns } = this;
    const { width, height } = picture;
    pen.fillStyle = this.colour("--cross");
    pen.fillRect(picture.x(columns[0]), picture.y(cursor.row), picture.x(columns[1]) - picture.x(columns[0]), height);
    pen.fillRect(picture.x(cursor.column), picture.y(rows[0]), width, picture.y(rows[1]) - picture.y(rows[0]));
  }

  drawCells() {
    const { picture, rows, columns } = this;
    const levels = ["", this.colour("--read"), this.colour("--write"), this.colour("--admin")];
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let at = columns[0]; at < columns[1]; at++) {
        this.drawCell(picture.levels(picture.rows[row], picture.columns[at]), picture.x(at), picture.y(row), levels);
      }
    }
    this.pen.globalAlpha = 1;
  }

  /**
   * The level on the whole project fills the square; a higher one on some resources in it is a smaller square.
   * @param {number[]} found
   * @param {number} x
   * @param {number} y
   * @param {string[]} levels colours
   */
  drawCell([whole, partly], x, y, levels) {
    const { pen } = this;
    const [width, height] = this.inner;
    if (this.isCoarse) {
      pen.globalAlpha = whole >= partly ? 1 : 0.6;
      pen.fillStyle = levels[Math.max(whole, partly)];
      if (whole || partly) pen.fillRect(x, y, Math.max(1, width), Math.max(1, height));
      return;
    }
    pen.fillStyle = levels[whole];
    if (whole) pen.fillRect(x, y, width, height);
    pen.fillStyle = levels[partly];
    if (partly > whole) pen.fillRect(x + width * 0.26, y + height * 0.26, width * 0.48, height * 0.48);
  }

  /** @param {Cursor} cursor */
  drawFrame(cursor) {
    const { pen, picture } = this;
    const [width, height] = this.inner;
    pen.strokeStyle = this.colour("--ink");
    pen.lineWidth = 2;
    pen.strokeRect(picture.x(cursor.column) - 1, picture.y(cursor.row) - 1, width + 2, height + 2);
  }

  /**
   * Names of rows and columns: each if there is room, otherwise some of them and the one under the cursor.
   * @param {number} w
   * @param {number} h
   */
  drawNames(w, h) {
    const { pen, picture } = this;
    const { frame, cursor, width, height, left, head } = picture;
    pen.textBaseline = "middle";
    const use = (/** @type {number} */ size, /** @type {boolean} */ bold) => {
      pen.font = `${bold ? "600 12" : Math.min(13, Math.max(11, size - 2))}px system-ui, sans-serif`;
      pen.fillStyle = this.colour(bold ? "--ink" : "--quiet");
    };
    this.within([0, head - 6, left, h], () => {
      pen.textAlign = "right";
      for (const [row, bold] of spaced(this.rows, height, cursor?.row)) {
        use(height, bold);
        const name = shortened(pen, picture.rows[row].name, left - 16);
        pen.fillText(name, left - 8, picture.y(row) + height / 2 - frame.scrollTop);
      }
    });
    this.within([left - 4, 0, w, head], () => {
      for (const [column, bold] of spaced(this.columns, width, cursor?.column)) {
        use(width, bold);
        const name = picture.matrix.access.label(picture.matrix.tops[picture.columns[column]]);
        this.columnName(name, picture.x(column) + width / 2 - frame.scrollLeft);
      }
    });
  }

  /**
   * @param {string} name
   * @param {number} x
   */
  columnName(name, x) {
    const { pen } = this;
    const { width, head } = this.picture;
    const isWide = width >= 72;
    pen.save();
    pen.translate(x, isWide ? head / 2 + 2 : head - 7);
    if (!isWide) pen.rotate(-Math.PI / 2.6);
    pen.textAlign = isWide ? "center" : "left";
    pen.fillText(shortened(pen, name, isWide ? width - 6 : head - 12), 0, 0);
    pen.restore();
  }

  /**
   * @param {[x: number, y: number, width: number, height: number]} box
   * @param {() => void} draw
   */
  within([x, y, width, height], draw) {
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(x, y, width, height);
    this.pen.clip();
    draw();
    this.pen.restore();
  }
}

/**
 * Which names to draw so that they do not overlap: the chosen one, bold, and others at a distance.
 * @param {Span} span
 * @param {number} size
 * @param {number} [chosen]
 * @returns {[at: number, bold: boolean][]}
 */
function spaced([first, last], size, chosen) {
  const step = Math.max(1, Math.ceil(NAME_HEIGHT / size));
  /** @type {[number, boolean][]} */
  const found = [];
  for (let at = Math.ceil(first / step) * step; at < last; at += step) {
    if (chosen === undefined || Math.abs(at - chosen) >= step) found.push([at, false]);
  }
  return chosen === undefined ? found : [...found, [chosen, true]];
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {string} name
 * @param {number} width
 */
function shortened(pen, name, width) {
  const text = visible(name);
  if (pen.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pen.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}

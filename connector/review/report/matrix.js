// The picture of access: groups against projects, coloured by level, ordered so that clusters show.

const WHOLE = 3; // the bits of a cell that hold the level on the whole project; those above: on some of what is in it
const PARTLY = 2;
// Rows that stand for all of a kind: by number, the kind and what the row is called.
const TOGETHER = { [-1]: ["u", "Single users, by name"], [-2]: ["c", "Keys and tokens"] };
const NAME_HEIGHT = 13; // pixels from one name to the next

// Rows and columns with their cells, in the order of the export.
class Matrix {
  constructor(access) {
    this.access = access;
    const { depth, kind } = access;
    this.tops = [...depth.keys()].filter((node) => depth[node] === 1);
    this.column = new Map(this.tops.map((node, at) => [node, at]));
    this.everybody = new Set([...access.data.identities.everyone, ...access.data.identities.licensed]);
    const all = (wanted) => [...kind].flatMap((letter, identity) => (letter === wanted ? [identity] : []));
    this.rows = [];
    for (const group of all("g")) this.add(group, access.sources(group));
    for (const number of [-1, -2]) this.add(number, all(TOGETHER[number][0]));
    this.orderAll();
  }

  add(group, sources) {
    const cells = new Uint8Array(this.tops.length);
    let everywhere = 0;
    for (const source of sources) {
      for (const { permission, targets } of this.access.grantsOf(source)) {
        if (permission.level === 0) continue;
        for (const node of targets) {
          if (this.access.depth[node] === 0)
            everywhere = Math.max(everywhere, permission.inherits ? permission.level : 0);
          else this.raise(cells, node, permission.level);
        }
      }
    }
    if (group < 0) everywhere = 0;
    if (everywhere || cells.some(Boolean)) this.rows.push({ group, cells, everywhere, name: this.rowName(group) });
  }

  raise(cells, node, level) {
    const at = this.column.get(this.access.top[node]);
    const shift = this.access.depth[node] === 1 ? 0 : PARTLY;
    const before = (cells[at] >> shift) & WHOLE;
    if (before < level) cells[at] += (level - before) << shift;
  }

  rowName(group) {
    return group < 0 ? TOGETHER[group][1] : this.access.name(group);
  }

  // What applies to everybody or everywhere stands above; the rest is ordered.
  orderAll() {
    const isApart = (row) => row.everywhere > 0 || row.group < 0 || this.everybody.has(row.group);
    const rank = (row) => (this.everybody.has(row.group) ? 0 : row.everywhere ? 1 : 2);
    this.apart = this.rows.filter(isApart).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    const rest = this.rows.filter((row) => !isApart(row));
    const { rows, columns } = seriate(
      rest.map((row) => row.cells),
      this.tops.length,
    );
    this.ordered = rows.map((at) => rest[at]);
    this.columns = columns;
  }

  reached(at) {
    return this.apart.some((row) => row.cells[at]) || this.ordered.some((row) => row.cells[at]);
  }
}

function weight(cell) {
  return Math.max(cell & WHOLE, 0.6 * (cell >> PARTLY));
}

// Order rows and columns by reciprocal averaging: a row stands at the mean of its columns, a column at that of its
// rows, until they settle, which brings those together that share access. What shares none is ordered by itself.
function seriate(rows, width) {
  const entries = [];
  rows.forEach((cells, row) => cells.forEach((cell, column) => cell && entries.push([row, column, weight(cell)])));
  const part = components(entries, rows.length, width);
  const rowSum = new Float64Array(rows.length);
  const columnSum = new Float64Array(width);
  for (const [row, column, value] of entries) {
    rowSum[row] += value;
    columnSum[column] += value;
  }
  let x = new Float64Array(rows.length);
  let y = Float64Array.from({ length: width }, (_, column) => (column * 0.618034) % 1);
  const rounds = Math.max(8, Math.min(100, Math.round(4e7 / (entries.length + 1))));
  for (let round = 0; round < rounds; round++) {
    centre(y, columnSum, part, rows.length);
    x = average(entries, 0, 1, y, rowSum);
    y = average(entries, 1, 0, x, columnSum);
  }
  const total = new Map();
  for (const [row, , value] of entries) total.set(part[row], (total.get(part[row]) || 0) + value);
  const order = (values, sums, offset) =>
    [...values.keys()].sort(
      (a, b) =>
        (total.get(part[offset + b]) || 0) - (total.get(part[offset + a]) || 0) ||
        part[offset + a] - part[offset + b] ||
        (Math.abs(values[a] - values[b]) > 1e-9 ? values[a] - values[b] : sums[b] - sums[a] || a - b),
    );
  return { rows: order(x, rowSum, 0), columns: order(y, columnSum, rows.length) };
}

function average(entries, to, from, values, sums) {
  const means = new Float64Array(sums.length);
  for (const entry of entries) means[entry[to]] += entry[2] * values[entry[from]];
  for (let at = 0; at < means.length; at++) if (sums[at]) means[at] /= sums[at];
  return means;
}

// Take the mean off and scale, within each part: the trivial answer, all in one place, is none.
function centre(values, weights, part, offset) {
  const sums = new Map();
  values.forEach((value, at) => {
    const sum = sums.get(part[offset + at]) || { weight: 0, value: 0, square: 0 };
    sum.weight += weights[at];
    sum.value += weights[at] * value;
    sums.set(part[offset + at], sum);
  });
  values.forEach((value, at) => {
    const sum = sums.get(part[offset + at]);
    values[at] = sum.weight ? value - sum.value / sum.weight : 0;
    sum.square += weights[at] * values[at] ** 2;
  });
  values.forEach((value, at) => {
    const { square } = sums.get(part[offset + at]);
    if (square > 1e-18) values[at] = value / Math.sqrt(square);
  });
}

// For rows, and then for columns, the part that they belong to: those that share access, by any number of steps.
function components(entries, height, width) {
  const leader = Int32Array.from({ length: height + width }, (_, at) => at);
  const find = (at) => {
    while (leader[at] !== at) at = leader[at] = leader[leader[at]];
    return at;
  };
  for (const [row, column] of entries) leader[find(row)] = find(height + column);
  return leader.map((_, at) => find(at));
}

// Draws what is visible of the matrix on a canvas that stays in place while its frame scrolls.
class Picture {
  constructor(matrix, { onopen, onsay }) {
    this.matrix = matrix;
    this.onopen = onopen;
    this.onsay = onsay;
    this.frame = byId("picture");
    this.spacer = byId("picture-size");
    this.canvas = byId("picture-canvas");
    this.pen = this.canvas.getContext("2d");
    this.filter = { rows: "", columns: "", least: 1, personal: false };
    this.cursor = null;
    this.select();
    this.fit();
    this.listen();
  }

  // Apply the filters.
  select() {
    const { matrix, filter } = this;
    const { access } = matrix;
    const has = (text, word) => text.toLowerCase().includes(word.trim().toLowerCase());
    const personal = access.data.nodes.properties.find(([name]) => name === "project_type");
    const isPersonal = (node) => personal && personal[1][personal[2][node]] === "PERSONAL";
    this.columns = matrix.columns.filter((at) => {
      const node = matrix.tops[at];
      if (!filter.personal && isPersonal(node)) return false;
      return has(`${access.label(node)} ${access.nodeName(node)}`, filter.columns) && matrix.reached(at);
    });
    const visible = (row) =>
      has(row.name, filter.rows) &&
      (row.everywhere >= filter.least || this.columns.some((at) => this.level(row, at)[0]));
    const apart = matrix.apart.filter(visible);
    this.rows = [...apart, ...matrix.ordered.filter(visible)];
    this.apart = apart.length;
    this.cursor = null;
  }

  // The levels to draw: that on the whole project, and the highest on some of what is in it; 0 where filtered away.
  levels(row, at) {
    const shown = (level) => (level < this.filter.least ? 0 : level);
    return [shown(Math.max(row.cells[at] & WHOLE, row.everywhere)), shown(row.cells[at] >> PARTLY)];
  }

  // The highest level to draw, and whether it is that on the whole project.
  level(row, at) {
    const [whole, partly] = this.levels(row, at);
    return [Math.max(whole, partly), whole >= partly];
  }

  fit() {
    const wide = this.frame.clientWidth >= 640;
    this.left = wide ? 190 : 110;
    const width = (this.frame.clientWidth - this.left - 20) / Math.max(1, this.columns.length);
    const height = (this.mostHeight() - 130) / Math.max(1, this.rows.length);
    this.setCell(Math.min(150, width), Math.min(24, height));
    this.frame.scrollTo(0, 0);
  }

  mostHeight() {
    return Math.max(260, Math.min(680, window.innerHeight * 0.75));
  }

  setCell(width, height) {
    // All of a thousand projects fit on a screen where less than a pixel is enough for one.
    const whole = (size) => (size < 4 ? size : Math.floor(size));
    this.width = whole(Math.max(0.75, Math.min(200, width)));
    this.height = whole(Math.max(1.5, Math.min(32, height)));
    this.head = this.width >= 72 ? 32 : 96;
    this.resize();
  }

  get overflows() {
    return this.spacer.offsetWidth > this.frame.clientWidth || this.spacer.offsetHeight > this.frame.clientHeight;
  }

  get gap() {
    return this.apart && this.apart < this.rows.length ? 8 : 0;
  }

  x(column) {
    return this.left + column * this.width;
  }

  y(row) {
    return this.head + row * this.height + (row >= this.apart ? this.gap : 0);
  }

  resize() {
    const width = this.x(this.columns.length) + 12;
    const height = this.y(this.rows.length) + 6;
    this.spacer.style.width = `${width}px`;
    this.spacer.style.height = `${height}px`;
    this.frame.style.height = `${Math.min(this.mostHeight(), height + 18)}px`;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [this.frame.clientWidth, Math.min(this.frame.clientHeight, height)];
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    this.ratio = ratio;
    this.draw();
  }

  draw() {
    const { pen, canvas, frame, cursor, ratio } = this;
    const [w, h] = [canvas.width / ratio, canvas.height / ratio];
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const [rows, columns] = this.seen(w, h);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = colour("--card");
    pen.fillRect(0, 0, w, h);
    this.within([this.left, this.head, w, h], () => {
      pen.translate(-frame.scrollLeft, -frame.scrollTop);
      this.drawGround(colour, rows, columns);
      if (cursor) this.drawCross(colour, rows, columns);
      this.drawCells(colour, rows, columns);
      if (cursor) this.drawFrame(colour);
    });
    this.drawNames(colour, w, h, rows, columns);
  }

  // The rows and columns that are to be seen: each from, and up to before.
  seen(w, h) {
    const { frame, width, height } = this;
    const firstRow = Math.max(0, Math.floor((frame.scrollTop - this.gap) / height));
    const lastRow = Math.min(this.rows.length, Math.ceil((frame.scrollTop + h - this.head) / height));
    const firstColumn = Math.max(0, Math.floor(frame.scrollLeft / width));
    const lastColumn = Math.min(this.columns.length, Math.ceil((frame.scrollLeft + w - this.left) / width));
    return [
      [firstRow, lastRow],
      [firstColumn, lastColumn],
    ];
  }

  // The size of a square less the line between squares.
  get inner() {
    return [this.width, this.height].map((size) => (size >= 6 ? size - 1 : size >= 4 ? size - 0.5 : size));
  }

  drawGround(colour, rows, columns) {
    const { pen } = this;
    const [width, height] = this.inner;
    pen.fillStyle = colour("--cell");
    for (let row = rows[0]; row < rows[1]; row++) {
      if (this.isCoarse) {
        pen.fillRect(this.x(columns[0]), this.y(row), this.x(columns[1]) - this.x(columns[0]), height);
        continue;
      }
      for (let at = columns[0]; at < columns[1]; at++) pen.fillRect(this.x(at), this.y(row), width, height);
    }
  }

  drawCross(colour, rows, columns) {
    const { pen, cursor, width, height } = this;
    pen.fillStyle = colour("--cross");
    pen.fillRect(this.x(columns[0]), this.y(cursor.row), this.x(columns[1]) - this.x(columns[0]), height);
    pen.fillRect(this.x(cursor.column), this.y(rows[0]), width, this.y(rows[1]) - this.y(rows[0]));
  }

  drawCells(colour, rows, columns) {
    const levels = [null, colour("--read"), colour("--write"), colour("--admin")];
    const size = this.inner;
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let at = columns[0]; at < columns[1]; at++) {
        this.drawCell(this.rows[row], this.columns[at], [this.x(at), this.y(row)], size, levels);
      }
    }
    this.pen.globalAlpha = 1;
  }

  drawFrame(colour) {
    const { pen, cursor } = this;
    const [width, height] = this.inner;
    pen.strokeStyle = colour("--ink");
    pen.lineWidth = 2;
    pen.strokeRect(this.x(cursor.column) - 1, this.y(cursor.row) - 1, width + 2, height + 2);
  }

  get isCoarse() {
    return Math.min(this.width, this.height) < 6;
  }

  // The level on the whole project fills the square; a higher one on some of what is in it is a smaller square.
  drawCell(row, at, [x, y], [width, height], levels) {
    const { pen } = this;
    const [whole, partly] = this.levels(row, at);
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

  // Names of rows and columns: each where there is room, every so many where there is not, and that under the cursor.
  drawNames(colour, w, h, rows, columns) {
    const { pen, frame, cursor, width, height } = this;
    pen.textBaseline = "middle";
    const use = (size, bold) => {
      pen.font = `${bold ? "600 12" : Math.min(13, Math.max(10, size - 2))}px system-ui, sans-serif`;
      pen.fillStyle = colour(bold ? "--ink" : "--quiet");
    };
    this.within([0, this.head - 6, this.left, h], () => {
      pen.textAlign = "right";
      for (const [row, bold] of spaced(rows, height, cursor?.row)) {
        use(height, bold);
        const name = shortened(pen, this.rows[row].name, this.left - 16);
        pen.fillText(name, this.left - 8, this.y(row) + height / 2 - frame.scrollTop);
      }
    });
    this.within([this.left - 4, 0, w, this.head], () => {
      for (const [column, bold] of spaced(columns, width, cursor?.column)) {
        use(width, bold);
        const name = this.matrix.access.label(this.matrix.tops[this.columns[column]]);
        this.columnName(name, this.x(column) + width / 2 - frame.scrollLeft);
      }
    });
  }

  columnName(name, x) {
    const { pen, width, head } = this;
    pen.save();
    pen.translate(x, width >= 72 ? head / 2 + 2 : head - 7);
    if (width < 72) pen.rotate(-Math.PI / 2.6);
    pen.textAlign = width >= 72 ? "center" : "left";
    pen.fillText(shortened(pen, name, width >= 72 ? width - 6 : head - 12), 0, 0);
    pen.restore();
  }

  within([x, y, width, height], draw) {
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(x, y, width, height);
    this.pen.clip();
    draw();
    this.pen.restore();
  }

  // What is at a place of the window.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const column = Math.floor((x - this.left + this.frame.scrollLeft) / this.width);
    let row = Math.floor((y - this.head + this.frame.scrollTop) / this.height);
    if (row >= this.apart)
      row = Math.max(this.apart, Math.floor((y - this.head - this.gap + this.frame.scrollTop) / this.height));
    const inside =
      x >= this.left &&
      y >= this.head &&
      this.rows[row] &&
      this.columns[column] !== undefined &&
      row >= 0 &&
      column >= 0;
    return inside ? { row, column } : null;
  }

  point(cursor, show = false) {
    this.cursor = cursor;
    if (cursor && show) this.scrollTo(cursor);
    this.draw();
    this.onsay(cursor ? this.describe(cursor) : "");
  }

  scrollTo({ row, column }) {
    const { frame, width, height } = this;
    const x = this.x(column) - this.left;
    const y = this.y(row) - this.head;
    if (x < frame.scrollLeft) frame.scrollLeft = x;
    if (x + width > frame.scrollLeft + frame.clientWidth - this.left)
      frame.scrollLeft = x + width - frame.clientWidth + this.left;
    if (y < frame.scrollTop) frame.scrollTop = y;
    if (y + height > frame.scrollTop + frame.clientHeight - this.head)
      frame.scrollTop = y + height - frame.clientHeight + this.head;
  }

  describe({ row, column }) {
    const { access, tops } = this.matrix;
    const node = tops[this.columns[column]];
    const where =
      access.nodeName(node) === access.label(node)
        ? access.label(node)
        : `${access.label(node)} (${access.nodeName(node)})`;
    return `${this.rows[row].name} on ${where}: ${this.extent(this.rows[row], this.columns[column])}`;
  }

  // In words: "write", "read, and admin on some repositories", "nothing".
  extent(row, at) {
    const whole = Math.max(row.cells[at] & WHOLE, row.everywhere);
    const partly = row.cells[at] >> PARTLY;
    const more = partly > whole ? `${LEVELS[partly]} on some of its repositories` : "";
    if (!whole) return more || "nothing";
    return (row.everywhere === whole ? `${LEVELS[whole]}, as everywhere` : LEVELS[whole]) + (more && `, and ${more}`);
  }

  listen() {
    const { frame } = this;
    frame.addEventListener("scroll", () => this.draw(), { passive: true });
    frame.addEventListener("mousemove", (event) => this.point(this.at(event)));
    frame.addEventListener("mouseleave", () => this.point(null));
    frame.addEventListener("click", (event) => this.open(this.at(event)));
    frame.addEventListener("keydown", (event) => this.key(event));
    frame.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? 1 : -1);
      },
      { passive: false },
    );
    new ResizeObserver(() => this.resize()).observe(frame.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  key(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !this.rows.length) return;
    if (step) this.point(this.moved(step), true);
    else if (event.key === "Enter") this.open(this.cursor);
    else if (event.key === "+" || event.key === "=") this.zoom(1);
    else if (event.key === "-") this.zoom(-1);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.point(null);
    else return;
    event.preventDefault();
  }

  moved([down, right]) {
    if (!this.cursor) return { row: 0, column: 0 };
    const within = (at, count) => Math.max(0, Math.min(count - 1, at));
    return {
      row: within(this.cursor.row + down, this.rows.length),
      column: within(this.cursor.column + right, this.columns.length),
    };
  }

  zoom(step) {
    const { width, height } = this;
    const { scrollLeft, scrollTop } = this.frame;
    const sized = (before) =>
      step > 0 ? Math.max(before + 0.5, before * 1.35) : Math.min(before - 0.5, before / 1.35);
    this.setCell(sized(width), sized(height));
    this.frame.scrollTo((scrollLeft * this.width) / width, (scrollTop * this.height) / height);
    if (this.cursor) this.scrollTo(this.cursor);
    this.draw();
  }

  open(cursor) {
    if (cursor) this.onopen(this.rows[cursor.row], this.columns[cursor.column]);
  }
}

// Which of these to name so that names do not overlap: the one chosen, bold, and others at a distance.
function spaced([first, last], size, chosen) {
  const step = Math.max(1, Math.ceil(NAME_HEIGHT / size));
  const found = [];
  for (let at = Math.ceil(first / step) * step; at < last; at += step) {
    if (chosen === undefined || Math.abs(at - chosen) >= step) found.push([at, false]);
  }
  return chosen === undefined ? found : [...found, [chosen, true]];
}

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

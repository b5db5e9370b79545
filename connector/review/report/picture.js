// The picture of access: which rows and columns it shows, how large, and what pointer and keyboard do in it.

const READABLE = 16; // pixels of a row or column with room for its name
const TOUCHABLE = 24; // pixels that a finger can hit

class Picture {
  /**
   * @param {Matrix} matrix
   * @param {{ onopen: (row: MatrixRow, column: number) => void, onsay: (text: string) => void }} listeners
   */
  constructor(matrix, { onopen, onsay }) {
    this.matrix = matrix;
    this.onopen = onopen;
    this.onsay = onsay;
    this.frame = byId("picture");
    this.spacer = byId("picture-size");
    this.painter = new Painter(this);
    this.filter = { rows: "", columns: "", least: 1, personal: false, fold: true };
    /** @type {Cursor | null} */
    this.cursor = null;
    /** @type {MatrixRow[]} */
    this.rows = [];
    /** @type {number[]} */
    this.columns = [];
    this.apart = 0;
    this.left = 0;
    this.head = 0;
    this.width = 0;
    this.height = 0;
    // How high the frame may be at most; 0 for what fits the window.
    this.highest = 0;
    this.select();
    this.readable();
    this.listen();
  }

  // Apply the filters.
  select() {
    const { matrix, filter } = this;
    this.columns = matrix.chosenColumns(filter.columns, filter.personal);
    const columns = new Set(this.columns);
    const isShown = (/** @type {MatrixRow} */ row) =>
      contains(row.name, filter.rows) &&
      (row.everywhere >= filter.least || row.used.some((at) => columns.has(at) && this.level(row, at)[0]));
    const apart = matrix.apart.filter(isShown);
    const ordered = matrix.ordered.filter(isShown);
    this.rows = [...apart, ...(filter.fold ? foldEqual(ordered, this.columns) : ordered)];
    this.apart = apart.length;
    this.cursor = null;
  }

  /**
   * The levels to draw: that on the whole project, and the highest on some resources in it; 0 where filtered away.
   * @param {MatrixRow} row
   * @param {number} at
   */
  levels(row, at) {
    const shown = (/** @type {number} */ level) => (level < this.filter.least ? 0 : level);
    return [shown(Math.max(row.cells[at] & WHOLE, row.everywhere)), shown(row.cells[at] >> PARTLY)];
  }

  /**
   * The highest level to draw, and whether it is that on the whole project.
   * @param {MatrixRow} row
   * @param {number} at
   * @returns {[number, boolean]}
   */
  level(row, at) {
    const [whole, partly] = this.levels(row, at);
    return [Math.max(whole, partly), whole >= partly];
  }

  // ---- sizes

  // The size at which everything fits into the frame.
  fitting() {
    this.left = this.frame.clientWidth >= 640 ? 190 : 110;
    const width = (this.frame.clientWidth - this.left - 56) / Math.max(1, this.columns.length);
    const height = (this.mostHeight() - 130) / Math.max(1, this.rows.length);
    return [Math.min(150, width), Math.min(24, height)];
  }

  // Everything at once; names only where there is room.
  fit() {
    const [width, height] = this.fitting();
    this.setCell(width, height);
    this.frame.scrollTo(0, 0);
  }

  // Every row and column with its name; the frame scrolls if they do not fit.
  readable() {
    const [width, height] = this.fitting();
    const least = matchMedia("(pointer: coarse)").matches ? TOUCHABLE : READABLE;
    this.setCell(Math.max(least, width), Math.max(least, height));
    this.frame.scrollTo(0, 0);
  }

  mostHeight() {
    return this.highest || Math.max(260, Math.min(680, window.innerHeight * 0.75));
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  setCell(width, height) {
    // All of a thousand projects fit on a screen if less than a pixel is enough for one.
    const whole = (/** @type {number} */ size) => (size < 4 ? size : Math.floor(size));
    this.width = whole(Math.max(0.75, Math.min(200, width)));
    this.height = whole(Math.max(1.5, Math.min(32, height)));
    this.head = this.width >= 72 ? 32 : 96;
    this.resize();
  }

  get overflows() {
    return this.spacer.offsetWidth > this.frame.clientWidth || this.spacer.offsetHeight > this.frame.clientHeight;
  }

  // Whether some rows or columns have no room for their names.
  get namesMissing() {
    return Math.min(this.width, this.height) < NAME_HEIGHT;
  }

  get gap() {
    return this.apart && this.apart < this.rows.length ? 8 : 0;
  }

  /** @param {number} column */
  x(column) {
    return this.left + column * this.width;
  }

  /** @param {number} row */
  y(row) {
    return this.head + row * this.height + (row >= this.apart ? this.gap : 0);
  }

  resize() {
    // The name of the last column leans to the right.
    const width = this.x(this.columns.length) + (this.width >= 72 ? 12 : 48);
    const height = this.y(this.rows.length) + 6;
    this.spacer.style.width = `${width}px`;
    this.spacer.style.height = `${height}px`;
    this.frame.style.height = `${Math.min(this.mostHeight(), height + 18)}px`;
    this.painter.resize(this.frame.clientWidth, Math.min(this.frame.clientHeight, height));
    this.painter.paint();
  }

  /** @param {number} step 1 to make it larger, -1 to make it smaller */
  zoom(step) {
    const { width, height } = this;
    const { scrollLeft, scrollTop } = this.frame;
    const sized = (/** @type {number} */ before) =>
      step > 0 ? Math.max(before + 0.5, before * 1.35) : Math.min(before - 0.5, before / 1.35);
    this.setCell(sized(width), sized(height));
    this.frame.scrollTo((scrollLeft * this.width) / width, (scrollTop * this.height) / height);
    if (this.cursor) this.reveal(this.cursor);
    this.painter.paint();
  }

  // ---- pointer and keyboard

  listen() {
    const { frame } = this;
    frame.addEventListener("scroll", () => this.painter.paint(), { passive: true });
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
    new ResizeObserver(() => this.resize()).observe(/** @type {Element} */ (frame.parentElement));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.painter.paint());
  }

  /**
   * What is at a place of the window.
   * @param {MouseEvent} event
   * @returns {Cursor | null}
   */
  at(event) {
    const box = this.painter.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    if (x < this.left || y < this.head) return null;
    const column = Math.floor((x - this.left + this.frame.scrollLeft) / this.width);
    const below = y - this.head + this.frame.scrollTop;
    let row = Math.floor(below / this.height);
    if (row >= this.apart) row = Math.max(this.apart, Math.floor((below - this.gap) / this.height));
    return row < this.rows.length && column < this.columns.length ? { row, column } : null;
  }

  /** @param {Cursor | null} cursor */
  point(cursor) {
    this.cursor = cursor;
    this.painter.paint();
    this.onsay(cursor ? this.describe(cursor) : "");
  }

  /** @param {Cursor} cursor */
  describe({ row, column }) {
    const at = this.columns[column];
    return `${this.rows[row].name} on ${this.matrix.columnName(at)}: ${extent(this.rows[row], at)}`;
  }

  /**
   * Scroll until a cell is in sight.
   * @param {Cursor} cursor
   */
  reveal({ row, column }) {
    const { frame, width, height } = this;
    const x = this.x(column) - this.left;
    const y = this.y(row) - this.head;
    const [w, h] = [frame.clientWidth - this.left, frame.clientHeight - this.head];
    frame.scrollLeft = Math.max(x + width - w, Math.min(x, frame.scrollLeft));
    frame.scrollTop = Math.max(y + height - h, Math.min(y, frame.scrollTop));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !this.rows.length) return;
    if (step) this.move(step);
    else if (event.key === "Enter") this.open(this.cursor);
    else if (event.key === "+" || event.key === "=") this.zoom(1);
    else if (event.key === "-") this.zoom(-1);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.point(null);
    else return;
    event.preventDefault();
  }

  /** @param {[down: number, right: number]} step */
  move([down, right]) {
    const within = (/** @type {number} */ at, /** @type {number} */ count) => Math.max(0, Math.min(count - 1, at));
    const before = this.cursor ?? { row: -down, column: -right };
    const cursor = {
      row: within(before.row + down, this.rows.length),
      column: within(before.column + right, this.columns.length),
    };
    this.reveal(cursor);
    this.point(cursor);
  }

  /** @param {Cursor | null} cursor */
  open(cursor) {
    if (cursor) this.onopen(this.rows[cursor.row], this.columns[cursor.column]);
  }
}

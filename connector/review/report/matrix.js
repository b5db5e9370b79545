// The picture of access as numbers: groups against projects, a level in each cell, ordered so that clusters show.

const WHOLE = 3; // the bits of a cell that hold the level on the whole project; those above: on some resources in it
const PARTLY = 2;
// Rows that stand for all of a kind: by number, the kind and what the row is called.
/** @type {Record<number, [string, string]>} */
const TOGETHER = { [-1]: ["u", "Single users, by name"], [-2]: ["c", "Keys and tokens"] };

class Matrix {
  /** @param {Access} access */
  constructor(access) {
    this.access = access;
    const { depth, kind } = access;
    this.tops = [...depth.keys()].filter((node) => depth[node] === 1);
    this.column = new Map(this.tops.map((node, at) => [node, at]));
    this.everybody = new Set([...access.data.identities.everyone, ...access.data.identities.licensed]);
    const all = (/** @type {string} */ wanted) =>
      [...kind].flatMap((letter, identity) => (letter === wanted ? [identity] : []));
    /** @type {MatrixRow[]} */
    this.rows = [];
    for (const group of all("g")) this.add(group, access.sources(group));
    for (const together of [-1, -2]) this.add(together, all(TOGETHER[together][0]));
    this.apart = this.rows
      .filter((row) => this.isApart(row))
      .sort((a, b) => this.rank(a) - this.rank(b) || a.name.localeCompare(b.name));
    const rest = this.rows.filter((row) => !this.isApart(row));
    const { rows, columns } = seriate(weights(rest), rest.length, this.tops.length);
    this.ordered = rows.map((at) => rest[at]);
    this.columns = columns;
    const personal = access.data.nodes.properties.find(([name]) => name === "project_type");
    this.personal = this.tops.map((node) => personal?.[1][personal[2][node]] === "PERSONAL");
  }

  /**
   * @param {number} group
   * @param {Iterable<number>} sources
   */
  add(group, sources) {
    const cells = new Uint8Array(this.tops.length);
    let everywhere = 0;
    for (const source of sources) {
      for (const { permission, targets } of this.access.grantsOf(source)) {
        if (permission.level === 0) continue;
        for (const node of targets) {
          if (this.access.depth[node] > 0) this.raise(cells, node, permission.level);
          else if (permission.inherits) everywhere = Math.max(everywhere, permission.level);
        }
      }
    }
    if (group < 0) everywhere = 0;
    const name = group < 0 ? TOGETHER[group][1] : this.access.name(group);
    /** @type {number[]} */
    const used = [];
    for (let at = 0; at < cells.length; at++) if (cells[at]) used.push(at);
    if (everywhere || used.length) this.rows.push({ group, cells, used, everywhere, name, same: [] });
  }

  /**
   * @param {Uint8Array} cells
   * @param {number} node
   * @param {number} level
   */
  raise(cells, node, level) {
    const at = this.column.get(this.access.top[node]);
    if (at === undefined) return;
    const shift = this.access.depth[node] === 1 ? 0 : PARTLY;
    const before = (cells[at] >> shift) & WHOLE;
    if (before < level) cells[at] += (level - before) << shift;
  }

  /**
   * Rows for everybody, for access everywhere, and for all of a kind stand above the others.
   * @param {MatrixRow} row
   */
  isApart(row) {
    return row.everywhere > 0 || row.group < 0 || this.everybody.has(row.group);
  }

  /** @param {MatrixRow} row */
  rank(row) {
    if (this.everybody.has(row.group)) return 0;
    return row.everywhere ? 1 : 2;
  }

  /**
   * The columns to show.
   * @param {string} word what their key or name contains
   * @param {boolean} withPersonal
   */
  chosenColumns(word, withPersonal) {
    const { access } = this;
    const reached = new Set(this.rows.flatMap((row) => row.used));
    return this.columns.filter((at) => {
      const name = `${access.label(this.tops[at])} ${access.nodeName(this.tops[at])}`;
      return (withPersonal || !this.personal[at]) && contains(name, word) && reached.has(at);
    });
  }

  /**
   * The name of a column and the one in brackets, if there is another.
   * @param {number} at
   */
  columnName(at) {
    const node = this.tops[at];
    const name = this.access.nodeName(node);
    return name === this.access.label(node) ? name : `${this.access.label(node)} (${name})`;
  }
}

/**
 * @param {MatrixRow[]} rows
 * @returns {Cell[]}
 */
function weights(rows) {
  /** @type {Cell[]} */
  const found = [];
  rows.forEach(({ cells, used }, row) => {
    for (const at of used) found.push([row, at, Math.max(cells[at] & WHOLE, 0.6 * (cells[at] >> PARTLY))]);
  });
  return found;
}

/**
 * Make one row of all that are equal in the columns shown; its name counts the others.
 * @param {MatrixRow[]} rows
 * @param {number[]} columns
 * @returns {MatrixRow[]}
 */
function foldEqual(rows, columns) {
  /** @type {Map<string, MatrixRow[]>} */
  const found = new Map();
  const shown = new Set(columns);
  for (const row of rows) {
    const cells = row.used.filter((at) => shown.has(at)).map((at) => `${at}:${row.cells[at]}`);
    addTo(found, cells.join(), row);
  }
  return [...found.values()].map((same) => {
    const [first] = same;
    if (same.length === 1) return first;
    return { ...first, name: `${first.name} and ${number(same.length - 1)} more`, same };
  });
}

/**
 * @param {string} text
 * @param {string} word
 */
function contains(text, word) {
  return text.toLowerCase().includes(word.trim().toLowerCase());
}

/**
 * In words: "write", "read, and admin on some of its repositories", "nothing".
 * @param {MatrixRow} row
 * @param {number} at
 */
function extent(row, at) {
  const whole = Math.max(row.cells[at] & WHOLE, row.everywhere);
  const partly = row.cells[at] >> PARTLY;
  const more = partly > whole ? `${LEVELS[partly]} on some of its repositories` : "";
  if (!whole) return more || "nothing";
  const where = row.everywhere === whole ? `${LEVELS[whole]}, as everywhere` : LEVELS[whole];
  return more ? `${where}, and ${more}` : where;
}

"use strict";
// The export: the tree, the grants and the names, as numbers. Knows nothing of the page.

/**
 * @param {string} text
 * @returns {Promise<PageData>}
 */
async function unpack(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// What connector/graph/export.py is to the connector.
class Graph {
  /** @param {PageData} data */
  constructor(data) {
    this.data = data;
    /** @type {Permission[]} */
    this.permissions = data.permissions.map(([name, level, inherits]) => ({ name, level, inherits: inherits === 1 }));
    this.depth = data.nodes.depth;
    const size = this.depth.length;
    this.parent = new Int32Array(size).fill(-1);
    this.end = new Int32Array(size);
    this.top = new Int32Array(size).fill(-1);
    this.readTree();
    /** @type {Map<number, number[]>} */
    this.rowsOf = new Map();
    /** @type {Row[]} */
    this.rows = data.assignments.map((row, number) => this.readGrant(row, number));
    this.kind = data.identities.kind;
    this.groups = data.identities.groups;
    this.count = this.groups.length;
    this.off = new Set(data.identities.off);
    /** @type {{ starts: Int32Array, rows: Int32Array } | null} */
    this.onNodes = null;
    this.members = invert(this.groups, this.count);
    this.owners = invert(
      data.identities.credentials.map((own) => own || []),
      this.count,
    );
  }

  // The tree: for each node its parent, and where the nodes in it end; nodes are in the order of the tree.
  readTree() {
    const { depth } = this;
    const size = depth.length;
    /** @type {number[]} */
    const open = [];
    for (let node = 0; node < size; node++) {
      while (open.length > depth[node]) this.end[/** @type {number} */ (open.pop())] = node;
      if (open.length) this.parent[node] = open[open.length - 1];
      open.push(node);
      if (depth[node] > 0) this.top[node] = open[1];
    }
    for (const node of open) this.end[node] = size;
  }

  /**
   * @param {AssignmentData} row
   * @param {number} number
   * @returns {Row}
   */
  readGrant([holder, permission, distances, roles = []], number) {
    const targets = new Int32Array(distances.length);
    let node = 0;
    distances.forEach((distance, at) => {
      node += distance;
      targets[at] = node;
    });
    addTo(this.rowsOf, holder, number);
    return { holder, permission: this.permissions[permission], targets, roles };
  }

  /** @param {number} identity */
  grantsOf(identity) {
    return (this.rowsOf.get(identity) || []).map((number) => this.rows[number]);
  }

  /**
   * The numbers of the rows on a node; indexed when first asked for.
   * @param {number} node
   */
  rowsOn(node) {
    this.onNodes ??= this.indexNodes();
    const { starts, rows } = this.onNodes;
    return rows.subarray(starts[node], starts[node + 1]);
  }

  indexNodes() {
    const size = this.depth.length;
    const starts = new Int32Array(size + 2);
    for (const row of this.rows) for (const node of row.targets) starts[node + 2]++;
    for (let node = 2; node < size + 2; node++) starts[node] += starts[node - 1];
    const rows = new Int32Array(starts[size + 1]);
    this.rows.forEach((row, number) => {
      for (const node of row.targets) rows[starts[node + 1]++] = number;
    });
    return { starts, rows };
  }

  /** @param {number} identity */
  credentialsOf(identity) {
    return this.data.identities.credentials[identity] || [];
  }

  // ---- names

  /**
   * @param {number} node
   * @returns {string}
   */
  label(node) {
    const own = this.data.nodes.label[node];
    return this.depth[node] > 1 ? `${this.label(this.parent[node])}/${own}` : own;
  }

  /** @param {number} node */
  nodeName(node) {
    return this.data.nodes.name[node] || this.data.nodes.label[node];
  }

  /** @param {number} identity */
  name(identity) {
    return this.data.identities.name[identity];
  }

  /** @param {number} identity */
  also(identity) {
    return this.data.identities.also[identity] || "";
  }

  /**
   * The name in links and acceptances: a user name, the name of a group, the id of a key.
   * @param {number} identity
   */
  handle(identity) {
    return this.also(identity) || this.name(identity);
  }

  /**
   * The other name of an identity, and whether the account is inactive.
   * @param {number} identity
   */
  remark(identity) {
    return [this.also(identity), this.off.has(identity) ? "inactive" : ""].filter(Boolean).join(" · ");
  }

  /**
   * The address of a node's page on the server.
   * @param {number} node
   * @returns {string}
   */
  link(node) {
    const own = this.data.nodes.link[node];
    return own === 1 ? `${this.link(this.parent[node])}/repos/${this.data.nodes.label[node]}/browse` : own || "";
  }

  /** @param {number} node */
  type(node) {
    const [values, of] = this.data.nodes.type;
    return values[of[node]];
  }
}

/**
 * @param {Property[]} properties
 * @param {string} wanted
 * @param {number} number
 */
function property(properties, wanted, number) {
  const column = properties.find(([name]) => name === wanted);
  return column ? column[1][column[2][number]] : "";
}

/**
 * @param {Property[]} properties
 * @param {number} number
 * @returns {Fact[]}
 */
function allProperties(properties, number) {
  return properties
    .map(([name, values, of]) => /** @type {Fact} */ ([name, values[of[number]]]))
    .filter(([, value]) => value);
}

/**
 * @template K, V
 * @param {Map<K, V[]>} lists
 * @param {K} key
 * @param {V} value
 */
function addTo(lists, key, value) {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/**
 * @param {number[][]} lists
 * @param {number} size
 * @returns {number[][]}
 */
function invert(lists, size) {
  /** @type {number[][]} */
  const inverse = Array.from({ length: size }, () => []);
  lists.forEach((list, number) => {
    for (const one of list) inverse[one].push(number);
  });
  return inverse;
}

"use strict";
// Who can reach what, and why: the rules of connector/graph/access.py. Knows numbers; nothing of the page.

const LEVELS = ["none", "read", "write", "admin"];
const MOST_PATHS = 1000;

async function unpack(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

class Access {
  constructor(data) {
    this.data = data;
    this.permissions = data.permissions.map(([name, level, inherits]) => ({ name, level, inherits: inherits === 1 }));
    this.readTree(data.nodes.depth);
    this.readGrants(data.assignments);
    this.kind = data.identities.kind;
    this.groups = data.identities.groups;
    this.count = this.groups.length;
    this.off = new Set(data.identities.off);
  }

  // The tree: for each node its parent, and where what lies in it ends; nodes are in the order of the tree.
  readTree(depth) {
    const size = depth.length;
    this.depth = depth;
    this.parent = new Int32Array(size).fill(-1);
    this.end = new Int32Array(size);
    this.top = new Int32Array(size).fill(-1);
    const open = [];
    for (let node = 0; node < size; node++) {
      while (open.length > depth[node]) this.end[open.pop()] = node;
      if (open.length) this.parent[node] = open[open.length - 1];
      open.push(node);
      if (depth[node] > 0) this.top[node] = open[1];
    }
    while (open.length) this.end[open.pop()] = size;
  }

  // Grants: each row is one permission of one holder on many nodes.
  readGrants(rows) {
    this.rowsOf = new Map();
    this.rows = rows.map(([holder, permission, distances, roles = []], number) => {
      const targets = new Int32Array(distances.length);
      let node = 0;
      for (let at = 0; at < distances.length; at++) targets[at] = node += distances[at];
      if (!this.rowsOf.has(holder)) this.rowsOf.set(holder, []);
      this.rowsOf.get(holder).push(number);
      return { holder, permission: this.permissions[permission], targets, roles };
    });
  }

  grantsOf(identity) {
    return (this.rowsOf.get(identity) || []).map((number) => this.rows[number]);
  }

  // Row numbers by node, made when first asked for.
  rowsOn(node) {
    if (!this.starts) this.indexNodes();
    return this.onNode.subarray(this.starts[node], this.starts[node + 1]);
  }

  indexNodes() {
    const size = this.depth.length;
    this.starts = new Int32Array(size + 2);
    for (const row of this.rows) for (const node of row.targets) this.starts[node + 2]++;
    for (let node = 2; node < size + 2; node++) this.starts[node] += this.starts[node - 1];
    this.onNode = new Int32Array(this.starts[size + 1]);
    this.rows.forEach((row, number) => {
      for (const node of row.targets) this.onNode[this.starts[node + 1]++] = number;
    });
  }

  get members() {
    return (this._members ??= invert(this.groups, this.count));
  }

  get owners() {
    return (this._owners ??= invert(
      this.data.identities.credentials.map((own) => own || []),
      this.count,
    ));
  }

  credentialsOf(identity) {
    return this.data.identities.credentials[identity] || [];
  }

  standsAlone(credential) {
    return this.rowsOf.has(credential);
  }

  drawsOn(identity) {
    switch (this.kind[identity]) {
      case "u":
        return this.groups[identity].concat(this.credentialsOf(identity).filter((own) => this.standsAlone(own)));
      case "g":
        return this.groups[identity];
      case "c":
        return this.standsAlone(identity) ? [] : this.owners[identity];
      default:
        return [];
    }
  }

  drawnOnBy(identity) {
    switch (this.kind[identity]) {
      case "u":
        return this.credentialsOf(identity).filter((own) => !this.standsAlone(own));
      case "g":
        return this.members[identity];
      case "c":
        return this.standsAlone(identity) ? this.owners[identity] : [];
      default:
        return [];
    }
  }

  // One credential never lends another what it may.
  closure(start, step) {
    const found = new Set([start]);
    for (const identity of found) {
      for (const next of step.call(this, identity)) {
        if (!(this.kind[start] === "c" && this.kind[next] === "c")) found.add(next);
      }
    }
    return found;
  }

  sources(identity) {
    return this.closure(identity, this.drawsOn);
  }

  beneficiaries(holder) {
    return this.closure(holder, this.drawnOnBy);
  }

  // The level of an identity on every node.
  reach(identity) {
    const levels = new Uint8Array(this.depth.length);
    for (const source of this.sources(identity)) {
      for (const { permission, targets } of this.grantsOf(source)) {
        for (const node of targets) {
          const end = permission.inherits ? this.end[node] : node + 1;
          for (let at = node; at < end; at++) if (levels[at] < permission.level) levels[at] = permission.level;
        }
      }
    }
    return levels;
  }

  // What is granted on a node, or on what it lies in and inherited: [row, node] pairs.
  reaching(node) {
    const found = [];
    for (let on = node; on >= 0; on = this.parent[on]) {
      for (const number of this.rowsOn(on)) {
        const row = this.rows[number];
        if (on === node || row.permission.inherits) found.push([row, on]);
      }
    }
    return found;
  }

  // Whoever reaches a node at any level: identity → level.
  holders(node) {
    const granted = new Map();
    for (const [row] of this.reaching(node)) {
      granted.set(row.holder, Math.max(granted.get(row.holder) || 0, row.permission.level));
    }
    const levels = new Map();
    for (const [holder, level] of granted) {
      if (level === 0) continue;
      for (const identity of this.beneficiaries(holder)) {
        if ((levels.get(identity) || 0) < level) levels.set(identity, level);
      }
    }
    return levels;
  }

  // Every reason why an identity reaches a node, shortest first: {chain, row, on, inherited}.
  paths(identity, node) {
    const sources = this.sources(identity);
    const rows = new Map();
    for (const [row, on] of this.reaching(node)) {
      if (!sources.has(row.holder)) continue;
      if (!rows.has(row.holder)) rows.set(row.holder, []);
      rows.get(row.holder).push([row, on]);
    }
    const found = [];
    for (const chain of this.chains(identity, rows, sources)) {
      for (const [row, on] of rows.get(chain[chain.length - 1])) {
        if (found.length === MOST_PATHS) break;
        found.push({ chain, row, on, inherited: this.descent(on, node) });
      }
      if (found.length === MOST_PATHS) break;
    }
    const length = (path) => path.chain.length + path.row.roles.length + path.inherited.length;
    return found.sort((a, b) => length(a) - length(b) || b.row.permission.level - a.row.permission.level);
  }

  *chains(start, holders, sources) {
    const useful = this.between(holders, sources);
    const queue = useful.has(start) ? [[start]] : [];
    for (let at = 0; at < queue.length; at++) {
      const chain = queue[at];
      if (holders.has(chain[chain.length - 1])) yield chain;
      for (const step of new Set(this.drawsOn(chain[chain.length - 1]))) {
        if (useful.has(step) && !chain.includes(step)) queue.push([...chain, step]);
      }
    }
  }

  // Who stands on a way to a holder, so that no other way is tried.
  between(holders, sources) {
    const borrowers = new Map();
    for (const borrower of sources) {
      for (const lender of this.drawsOn(borrower)) {
        if (!borrowers.has(lender)) borrowers.set(lender, []);
        borrowers.get(lender).push(borrower);
      }
    }
    const useful = new Set(holders.keys());
    for (const lender of useful) for (const borrower of borrowers.get(lender) || []) useful.add(borrower);
    return new Set([...useful].filter((one) => sources.has(one)));
  }

  descent(on, node) {
    const steps = [];
    for (let step = node; step !== on; step = this.parent[step]) steps.unshift(step);
    return steps;
  }

  // The shortest way from an identity to each of its sources that holds grants: [chain, ...].
  ways(identity) {
    const found = [];
    const queue = [[identity]];
    const seen = new Set([identity]);
    for (let at = 0; at < queue.length; at++) {
      const chain = queue[at];
      const last = chain[chain.length - 1];
      if (this.rowsOf.has(last)) found.push(chain);
      for (const step of this.drawsOn(last)) {
        if (seen.has(step) || (this.kind[identity] === "c" && this.kind[step] === "c")) continue;
        seen.add(step);
        queue.push([...chain, step]);
      }
    }
    return found;
  }

  // The names of things.
  label(node) {
    const own = this.data.nodes.label[node];
    return this.depth[node] > 1 ? `${this.label(this.parent[node])}/${own}` : own;
  }

  nodeName(node) {
    return this.data.nodes.name[node] || this.data.nodes.label[node];
  }

  name(identity) {
    return this.data.identities.name[identity];
  }

  also(identity) {
    return this.data.identities.also[identity] || "";
  }

  // The other name of somebody, and what keeps them from using what they have.
  remark(identity) {
    return [this.also(identity), this.off.has(identity) ? "switched off" : ""].filter(Boolean).join(" · ");
  }

  link(node) {
    const own = this.data.nodes.link[node];
    return own === 1 ? `${this.link(this.parent[node])}/repos/${this.data.nodes.label[node]}/browse` : own || "";
  }

  property(columns, wanted, number) {
    const column = columns.find(([name]) => name === wanted);
    return column ? column[1][column[2][number]] : "";
  }

  properties(columns, number) {
    return columns.map(([name, values, of]) => [name, values[of[number]]]).filter(([, value]) => value !== "");
  }
}

function invert(lists, size) {
  const inverse = Array.from({ length: size }, () => []);
  lists.forEach((list, number) => list.forEach((one) => inverse[one].push(number)));
  return inverse;
}

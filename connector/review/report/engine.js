// Who can reach what, and why: the rules of connector/graph/access.py. Knows nothing of the page.

/** @type {[string, string, string, string]} */
const LEVELS = ["none", "read", "write", "admin"];
const MOST_PATHS = 1000;

class Access extends Graph {
  /** @param {number} credential */
  standsAlone(credential) {
    return this.rowsOf.has(credential);
  }

  /** @param {number} identity */
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

  /** @param {number} identity */
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

  /**
   * @param {number} start
   * @param {(identity: number) => number[]} step
   */
  closure(start, step) {
    const found = new Set([start]);
    // A token acts for its owner, not for the owner's other keys.
    for (const identity of found) {
      for (const next of step.call(this, identity)) {
        if (!(this.kind[start] === "c" && this.kind[next] === "c")) found.add(next);
      }
    }
    return found;
  }

  /** @param {number} identity */
  sources(identity) {
    return this.closure(identity, this.drawsOn);
  }

  /** @param {number} holder */
  beneficiaries(holder) {
    return this.closure(holder, this.drawnOnBy);
  }

  /**
   * The level of an identity on every node.
   * @param {number} identity
   */
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

  /**
   * The grants that count on a node, each with the node that it is on: this one, or one above.
   * @param {number} node
   */
  reaching(node) {
    /** @type {[Row, number][]} */
    const found = [];
    for (let on = node; on >= 0; on = this.parent[on]) {
      for (const number of this.rowsOn(on)) {
        const row = this.rows[number];
        if (on === node || row.permission.inherits) found.push([row, on]);
      }
    }
    return found;
  }

  /**
   * All identities that reach a node, with their level.
   * @param {number} node
   */
  holders(node) {
    /** @type {Map<number, Level>} */
    const granted = new Map();
    for (const [row] of this.reaching(node)) {
      if ((granted.get(row.holder) ?? 0) <= row.permission.level) granted.set(row.holder, row.permission.level);
    }
    /** @type {Map<number, Level>} */
    const levels = new Map();
    for (const [holder, level] of granted) {
      if (level === 0) continue;
      for (const identity of this.beneficiaries(holder)) {
        if ((levels.get(identity) ?? 0) < level) levels.set(identity, level);
      }
    }
    return levels;
  }

  /**
   * Every reason why an identity reaches a node, shortest first.
   * @param {number} identity
   * @param {number} node
   * @returns {Path[]}
   */
  paths(identity, node) {
    const sources = this.sources(identity);
    const rows = new Map();
    for (const [row, on] of this.reaching(node)) if (sources.has(row.holder)) addTo(rows, row.holder, [row, on]);
    const found = [];
    for (const chain of this.chains(identity, rows, sources)) {
      for (const [row, on] of rows.get(chain[chain.length - 1])) {
        if (found.length < MOST_PATHS) found.push({ chain, row, on, inherited: this.descent(on, node) });
      }
      if (found.length === MOST_PATHS) break;
    }
    return found.sort((a, b) => pathLength(a) - pathLength(b) || b.row.permission.level - a.row.permission.level);
  }

  /**
   * @param {number} start
   * @param {Map<number, unknown>} holders
   * @param {Set<number>} sources
   * @returns {Generator<number[]>}
   */
  *chains(start, holders, sources) {
    const useful = this.between(holders, sources);
    const queue = useful.has(start) ? [[start]] : [];
    for (const chain of queue) {
      if (holders.has(chain[chain.length - 1])) yield chain;
      for (const step of new Set(this.drawsOn(chain[chain.length - 1]))) {
        if (useful.has(step) && !chain.includes(step)) queue.push([...chain, step]);
      }
    }
  }

  /**
   * The identities on any way to a holder, so that other ways are not tried.
   * @param {Map<number, unknown>} holders
   * @param {Set<number>} sources
   */
  between(holders, sources) {
    /** @type {Map<number, number[]>} */
    const users = new Map();
    for (const one of sources) for (const source of this.drawsOn(one)) addTo(users, source, one);
    const useful = new Set(holders.keys());
    for (const source of useful) for (const one of users.get(source) ?? []) useful.add(one);
    return new Set([...useful].filter((one) => sources.has(one)));
  }

  /**
   * The nodes from below one down to another.
   * @param {number} on
   * @param {number} node
   */
  descent(on, node) {
    const steps = [];
    for (let step = node; step !== on; step = this.parent[step]) steps.unshift(step);
    return steps;
  }

  /**
   * The shortest way from an identity to each of its sources that holds grants.
   * @param {number} identity
   */
  ways(identity) {
    const found = [];
    const queue = [[identity]];
    const seen = new Set([identity]);
    for (const chain of queue) {
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
}

/** @param {Path} path */
function pathLength(path) {
  return path.chain.length + path.row.roles.length + path.inherited.length;
}

// Why an identity reaches a node, in the words of Bitbucket's own pages: as pieces of a sentence, for the page or as text.

class Reasons {
  /**
   * @param {Access} access
   * @param {Addresses} addresses
   */
  constructor(access, addresses) {
    this.access = access;
    this.addresses = addresses;
    const { everyone, licensed } = access.data.identities;
    this.everyone = new Set(everyone);
    this.licensed = new Set(licensed);
  }

  /**
   * The two names of a thing: the one that it is called by, and another one.
   * @param {string} reference
   * @returns {[string, string]}
   */
  names(reference) {
    const { access } = this;
    const at = Number(reference.slice(1));
    if (reference[0] === "i") return [access.name(at), access.remark(at)];
    const name = access.nodeName(at);
    return [access.label(at), name === access.data.nodes.label[at] ? "" : name];
  }

  /** @param {string} reference */
  sign(reference) {
    const at = Number(reference.slice(1));
    if (reference[0] === "i") return this.access.kind[at];
    return ["a", "p"][this.access.depth[at]] ?? "r";
  }

  /** @param {string} reference */
  link(reference) {
    const [name, also] = this.names(reference);
    return element(
      "a",
      { href: this.addresses.of(reference), class: "thing", title: also ? visible(also) : undefined },
      element("span", { class: `sign ${this.sign(reference)}`, "aria-hidden": "true" }),
      name,
    );
  }

  /**
   * @param {Piece[]} pieces
   * @returns {Node[]}
   */
  shown(pieces) {
    const show = (/** @type {Piece} */ piece) => {
      if (typeof piece === "string") return piece;
      return "code" in piece ? element("code", {}, piece.code) : this.link(piece.reference);
    };
    return nodes(pieces.map(show));
  }

  /** @param {Piece[]} pieces */
  said(pieces) {
    const say = (/** @type {Piece} */ piece) => {
      if (typeof piece === "string") return piece;
      return "code" in piece ? piece.code : this.names(piece.reference)[0];
    };
    return pieces.map(say).join("");
  }

  /**
   * A reason up to the nodes that the grant is on: public, a default permission, a global permission, or a grant.
   * @param {number[]} chain
   * @param {Row} row
   * @param {Piece[]} places what the grant is on
   * @param {number} from the first step of the chain that is said
   * @returns {Piece[]}
   */
  pieces(chain, row, places, from) {
    const holder = chain[chain.length - 1];
    const permission = { code: row.permission.name };
    const others = steps(chain.slice(1).filter((one) => this.access.kind[one] !== "g"));
    if (this.everyone.has(holder)) return [...others, "public: ", ...places];
    if (this.licensed.has(holder)) return [...others, "default permission of ", ...places, " (", permission, ")"];
    if (row.targets.length === 1 && this.access.depth[row.targets[0]] === 0) {
      const groups = chain.filter((one) => this.access.kind[one] === "g");
      const via = groups.flatMap((one, at) => [at ? " → " : " via ", { reference: `i${one}` }]);
      const roles = row.roles.map((role) => ` by role ${this.access.data.roles[role]}`);
      const ofAll = this.access.data.isWorkspace ? [permission, " of the workspace"] : ["global ", permission];
      return [...others, ...ofAll, ...via, ...roles];
    }
    const roles = row.roles.map((role) => `role ${this.access.data.roles[role]} → `);
    const owned = this.isOwner(holder, row) ? [", as its owner"] : [];
    return [...steps(chain.slice(from)), ...roles, permission, " on ", ...places, ...owned];
  }

  /**
   * @param {Path} path
   * @param {number} from
   * @returns {Piece[]}
   */
  ofPath({ chain, row, on, inherited }, from) {
    const below = inherited.flatMap((node) => [" → ", { reference: `n${node}` }]);
    return [...this.pieces(chain, row, [{ reference: `n${on}` }], from), ...below];
  }

  /**
   * @param {number} holder
   * @param {Row} row
   */
  isOwner(holder, row) {
    if (row.targets.length !== 1 || row.permission.level !== 3) return false;
    const owner = property(this.access.data.nodes.properties, "owner", row.targets[0]);
    return owner !== "" && owner === this.access.handle(holder);
  }

  /**
   * A reason as a line; the identity in question is left out, unless it is a group.
   * @param {Path} path
   * @param {number} [from]
   */
  line(path, from = this.access.kind[path.chain[0]] === "g" ? 0 : 1) {
    return this.way(path.row.permission.level, this.ofPath(path, from));
  }

  /**
   * @param {Level} level
   * @param {Piece[]} pieces
   * @param {...Child} more
   */
  way(level, pieces, ...more) {
    return element("div", { class: "way" }, levelBadge(level), element("span", {}, ...this.shown(pieces), ...more));
  }

  /**
   * All reasons why an identity reaches a node.
   * @param {number} identity
   * @param {number} node
   */
  list(identity, node) {
    return longList(this.access.paths(identity, node), (path) => this.line(path), { first: 8, name: "reasons" });
  }

  /**
   * The reasons of an identity as text, for many nodes: its chains are looked for once.
   * @param {number} identity
   * @returns {(node: number) => string}
   */
  texts(identity) {
    const { access } = this;
    const sources = access.sources(identity);
    /** @type {Map<number, number[][]>} */
    const chains = new Map();
    const holders = new Map([...sources].filter((one) => access.rowsOf.has(one)).map((one) => [one, true]));
    let count = 0;
    for (const chain of access.chains(identity, holders, sources)) {
      addTo(chains, chain[chain.length - 1], chain);
      if (++count === MOST_PATHS) break;
    }
    return (node) => {
      const said = access
        .reaching(node)
        .filter(([row]) => row.permission.level)
        .flatMap(([row, on]) => (chains.get(row.holder) ?? []).map((chain) => ({ chain, row, on, inherited: [] })))
        .map((path) => this.said(this.ofPath(path, 0)));
      return [...new Set(said)].join("; ");
    };
  }
}

/**
 * @param {number[]} chain
 * @returns {Piece[]}
 */
function steps(chain) {
  return chain.flatMap((one) => [{ reference: `i${one}` }, " → "]);
}

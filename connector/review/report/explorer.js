// What is known of one user, group, key, project or repository, with every reason why.

/** @type {Record<string, string>} */
const ONE_OF = { u: "user", g: "group", c: "key or token", o: "identity" };

class Explorer {
  /**
   * @param {Access} access
   * @param {Reasons} reasons
   */
  constructor(access, reasons) {
    this.access = access;
    this.reasons = reasons;
    this.addresses = reasons.addresses;
    this.detail = byId("detail");
    this.hint = [...this.detail.childNodes];
    this.finder = new Finder(access, reasons, () => this.clear());
  }

  /**
   * Show a thing.
   * @param {string} reference
   */
  open(reference) {
    const at = Number(reference.slice(1));
    const parts = reference[0] === "i" ? this.identity(at) : this.node(at);
    this.detail.replaceChildren(...nodes(parts));
    this.detail.scrollTop = 0;
    this.finder.mark(reference);
  }

  // Show nothing: what was shown would seem to be the result of the search.
  clear() {
    this.finder.mark(null);
    this.detail.replaceChildren(...this.hint);
    if (this.addresses.find(location.hash.slice(1))) history.replaceState(null, "", location.href.split("#")[0]);
  }

  /** @param {string} name */
  missing(name) {
    this.finder.mark(null);
    const text = `This page has nothing that is called ${name}: it may have been renamed or removed.`;
    this.detail.replaceChildren(element("p", { id: "detail-title", tabindex: "-1" }, text));
  }

  /**
   * @param {string} reference
   * @param {string} kind
   * @param {Table} table
   * @param {{ badges?: string[], outside?: Child }} [more]
   */
  heading(reference, kind, table, { badges = [], outside } = {}) {
    const [title, also] = this.reasons.names(reference);
    return element(
      "header",
      {},
      element("p", { class: "kind" }, element("span", { class: `sign ${this.reasons.sign(reference)}` }), kind),
      element("h3", { id: "detail-title", tabindex: "-1" }, title),
      also && element("p", { class: "quiet" }, also),
      element("p", { class: "badges" }, ...badges.map((badge) => element("span", { class: "badge" }, badge)), outside),
      tableActions(table, this.addresses.of(reference)),
    );
  }

  /** @param {Fact[]} facts */
  facts(facts) {
    const said = (/** @type {string} */ name) => name.replaceAll("_", " ");
    const lines = facts.map(([name, text]) =>
      element("div", {}, element("dt", {}, said(name)), element("dd", {}, text)),
    );
    return lines.length ? element("dl", { class: "facts" }, ...lines) : null;
  }

  /**
   * @param {string} title
   * @param {...Child} children
   */
  section(title, ...children) {
    return element("section", {}, element("h4", {}, title), ...children);
  }

  // ---- an identity

  /**
   * @param {number} identity
   * @returns {Child[]}
   */
  identity(identity) {
    const { access } = this;
    const kind = access.kind[identity];
    const levels = access.reach(identity);
    return [
      this.heading(`i${identity}`, ONE_OF[kind], this.reachTable(identity, levels), { badges: this.badges(identity) }),
      this.facts(allProperties(access.data.identities.properties, identity)),
      this.why(identity),
      this.reached(identity, levels),
      kind === "c" && this.related("Belongs to", access.owners[identity]),
      this.related("Keys and tokens", access.credentialsOf(identity)),
      this.related("Member of", access.groups[identity]),
      kind === "g" && this.related("Members", access.members[identity]),
    ];
  }

  /**
   * What prevents an identity from using its access: an inactive account, or the permissions of a token.
   * @param {number} identity
   */
  badges(identity) {
    const { access } = this;
    const ceiling =
      access.kind[identity] === "c" ? property(access.data.identities.properties, "permissions", identity) : "";
    return [access.off.has(identity) ? "inactive" : "", ceiling && `limited to ${ceiling}`].filter(Boolean);
  }

  /**
   * What an identity reaches, one row for each project and repository.
   * @param {number} identity
   * @param {Uint8Array} levels
   * @returns {Table}
   */
  reachTable(identity, levels) {
    const { access } = this;
    const reasons = this.reasons;
    const cells = identityCells(access, identity);
    function* rows() {
      const why = reasons.texts(identity);
      for (let node = 1; node < levels.length; node++) {
        if (levels[node]) yield [...cells, LEVELS[levels[node]], ...nodeCells(access, node), why(node)];
      }
    }
    return { name: `${access.handle(identity)} reaches`, columns: ACCESS_COLUMNS, rows };
  }

  /**
   * @param {string} title
   * @param {number[]} identities
   */
  related(title, identities) {
    if (!identities.length) return null;
    const { access } = this;
    const text = (/** @type {number} */ one) => `${access.name(one)} ${access.also(one)}`;
    return this.section(
      `${title} (${number(identities.length)})`,
      longList(identities, (one) => this.reasons.link(`i${one}`), { text, name: title }),
    );
  }

  /**
   * Where access comes from, folded: a way, a permission, and all nodes that it is on.
   * @param {number} identity
   */
  why(identity) {
    const rows = this.access
      .ways(identity)
      .flatMap((chain) => this.access.grantsOf(chain[chain.length - 1]).map((row) => ({ chain, row })));
    if (!rows.length)
      return this.section("Why", element("p", { class: "quiet" }, "No grants, and no group with grants."));
    rows.sort((a, b) => b.row.permission.level - a.row.permission.level || a.chain.length - b.chain.length);
    return this.section(
      "Why",
      longList(rows, ({ chain, row }) => this.way(chain, row), {
        first: 8,
        name: "reasons",
        text: ({ chain, row }) => `${chain.map((one) => this.access.name(one)).join(" ")} ${row.permission.name}`,
      }),
    );
  }

  /**
   * @param {number[]} chain
   * @param {Row} row
   */
  way(chain, row) {
    const few = 6;
    const targets = [...row.targets];
    const places = targets.slice(0, few).flatMap((node, at) => [at ? ", " : "", { reference: `n${node}` }]);
    const pieces = this.reasons.pieces(chain, row, places, 1);
    if (targets.length <= few) return this.reasons.way(row.permission.level, pieces);
    const others = unfolding([`and ${number(targets.length - few)} more`], () => [
      longList(targets.slice(few), (node) => this.reasons.link(`n${node}`), {
        first: 50,
        text: (node) => this.access.label(node),
        name: "places",
      }),
    ]);
    return this.reasons.way(row.permission.level, pieces, " ", others);
  }

  /**
   * What is reached, by project: its own level, and repositories with a higher one.
   * @param {number} identity
   * @param {Uint8Array} levels
   */
  reached(identity, levels) {
    const { access } = this;
    const counts = [0, 0, 0, 0];
    const found = [];
    for (let node = 0; node < levels.length; node++) {
      if (access.depth[node] === 1) {
        const item = reachedTop(access, node, levels);
        if (item.most) found.push(item);
      }
      if (access.depth[node] > 1 && access.end[node] === node + 1) counts[levels[node]]++;
    }
    if (!found.length) return this.section("Reaches", element("p", { class: "quiet" }, "Nothing."));
    found.sort((a, b) => b.most - a.most || b.level - a.level);
    const summary = /** @type {Level[]} */ ([3, 2, 1])
      .filter((level) => counts[level])
      .flatMap((level) => [levelBadge(level), ` ${number(counts[level])} `]);
    return this.section(
      `Reaches ${counted(found.length, "project")}`,
      element("p", { class: "quiet" }, "Repositories: ", ...summary),
      longList(found, (item) => this.reachedProject(identity, item, levels), {
        first: 15,
        text: ({ node, more }) =>
          `${access.label(node)} ${access.nodeName(node)} ${more.map((below) => access.label(below)).join(" ")}`,
        name: "what is reached",
      }),
    );
  }

  /**
   * @param {number} identity
   * @param {ReachedTop} item
   * @param {Uint8Array} levels
   */
  reachedProject(identity, { node, level, most, more }, levels) {
    const { access } = this;
    const size = access.end[node] - node - 1;
    const higher = `${number(more.length)} of ${number(size)}`;
    const extent = level ? `all of it${more.length ? `; more on ${higher}` : ""}` : `${higher} in it`;
    const name = access.nodeName(node);
    const summary = [
      levelBadge(most),
      " ",
      element("strong", {}, access.label(node)),
      name === access.label(node) ? "" : ` ${name}`,
      element("span", { class: "quiet" }, ` · ${extent}`),
    ];
    return this.unfolding(summary, `n${node}`, () => [
      level > 0 && this.reasons.list(identity, node),
      more.length > 0 &&
        longList(more, (below) => this.reachedNode(identity, below, /** @type {Level} */ (levels[below])), {
          first: 30,
          text: (below) => access.label(below),
          name: "repositories",
        }),
    ]);
  }

  /**
   * A node that opens to the reasons why an identity reaches it.
   * @param {number} identity
   * @param {number} node
   * @param {Level} level
   */
  reachedNode(identity, node, level) {
    const summary = [levelBadge(level), ` ${this.access.label(node)}`];
    return this.unfolding(summary, `n${node}`, () => [this.reasons.list(identity, node)]);
  }

  /**
   * @param {Child[]} summary
   * @param {string} reference what it leads to
   * @param {() => Child[]} content
   */
  unfolding(summary, reference, content) {
    const link = element("a", { href: this.addresses.of(reference) }, "Go to it");
    return unfolding(summary, () => [element("p", { class: "goto" }, link), ...content()]);
  }

  // ---- a node

  /**
   * @param {number} node
   * @returns {Child[]}
   */
  node(node) {
    const { access } = this;
    const { nodes } = access.data;
    const type = access.type(node) || "application";
    const link = access.link(node);
    const outside = link && outsideLink(link, "open in Bitbucket ↗");
    const who = holdersOf(access, node);
    const below = [];
    for (let at = node + 1; at < access.end[node]; at = access.end[at]) below.push(at);
    const table = this.whoTable(node, who);
    return [
      this.heading(`n${node}`, type === "Repo" ? "repository" : type.toLowerCase(), table, { outside }),
      nodes.description[node] ? element("p", { class: "description" }, nodes.description[node]) : null,
      this.facts(allProperties(nodes.properties, node)),
      this.given(node),
      this.whoCan(node, who),
      below.length > 0 &&
        this.section(
          `In it (${number(below.length)})`,
          longList(below, (at) => this.reasons.link(`n${at}`), {
            text: (at) => `${access.label(at)} ${access.nodeName(at)}`,
            name: "what is in it",
          }),
        ),
    ];
  }

  /**
   * Who reaches a node, one row for each.
   * @param {number} node
   * @param {[number, Level][]} who
   * @returns {Table}
   */
  whoTable(node, who) {
    const { access, reasons } = this;
    const cells = nodeCells(access, node);
    function* rows() {
      for (const [identity, level] of who)
        yield [...identityCells(access, identity), LEVELS[level], ...cells, reasons.texts(identity)(node)];
    }
    return { name: `who reaches ${access.label(node)}`, columns: ACCESS_COLUMNS, rows };
  }

  /**
   * The grants that count on a node, its own first.
   * @param {number} node
   */
  given(node) {
    const { access } = this;
    const grants = access.reaching(node);
    if (!grants.length) return this.section("Granted", element("p", { class: "quiet" }, "Nothing is granted here."));
    grants.sort((a, b) => access.depth[b[1]] - access.depth[a[1]] || b[0].permission.level - a[0].permission.level);
    const render = (/** @type {[Row, number]} */ [row, on]) => {
      const roles = row.roles.map((role) => `role ${access.data.roles[role]} → `);
      const from = on === node ? "" : element("span", { class: "quiet" }, ` inherited from ${access.label(on)}`);
      const pieces = [{ reference: `i${row.holder}` }, " → ", ...roles, { code: row.permission.name }];
      return this.reasons.way(row.permission.level, pieces, from);
    };
    return this.section(
      `Granted (${number(grants.length)})`,
      longList(grants, render, {
        first: 10,
        text: ([row]) => `${access.name(row.holder)} ${row.permission.name}`,
        name: "grants",
      }),
    );
  }

  /**
   * @param {number} node
   * @param {[number, Level][]} who
   */
  whoCan(node, who) {
    const { access } = this;
    if (!who.length) return this.section("Who can", element("p", { class: "quiet" }, "Nobody."));
    const holder = element("div", {});
    const render = (/** @type {[number, Level]} */ [identity, level]) => {
      const remark = access.remark(identity);
      const also = remark && element("span", { class: "quiet" }, ` · ${remark}`);
      const summary = [levelBadge(level), " ", access.name(identity), also];
      return this.unfolding(summary, `i${identity}`, () => [this.reasons.list(identity, node)]);
    };
    const show = (/** @type {Level} */ least) => {
      const chosen = who.filter(([, level]) => level >= least);
      const text = (/** @type {[number, Level]} */ [one]) => `${access.name(one)} ${access.remark(one)}`;
      holder.replaceChildren(longList(chosen, render, { text, name: "people" }));
    };
    const count = (/** @type {Level} */ least) => number(who.filter(([, level]) => level >= least).length);
    /** @type {[Level, string][]} */
    const levels = [
      [1, `can read ${count(1)}`],
      [2, `can write ${count(2)}`],
      [3, `can administer ${count(3)}`],
    ];
    show(1);
    const buttons = element("div", { class: "choices", role: "group", "aria-label": "Least level" });
    buttons.append(...choice(levels, /** @type {Level} */ (1), show));
    return this.section("Who can, and why", buttons, holder);
  }
}

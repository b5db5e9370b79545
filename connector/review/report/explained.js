// What one cell of the picture means, and where it comes from.

class Explained {
  /**
   * @param {Access} access
   * @param {Reasons} reasons
   * @param {Explorer} explorer
   */
  constructor(access, reasons, explorer) {
    this.access = access;
    this.reasons = reasons;
    this.explorer = explorer;
    this.box = byId("explained");
  }

  /**
   * @param {MatrixRow} row
   * @param {number} column
   * @param {Picture} picture
   */
  show(row, column, picture) {
    const node = picture.matrix.tops[column];
    const close = element("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => {
      this.box.hidden = true;
      picture.frame.focus();
    });
    const who = row.group < 0 || row.same.length ? row.name : this.reasons.link(`i${row.group}`);
    const where = this.reasons.link(`n${node}`);
    const title = element("h3", { tabindex: "-1" }, who, " on ", where, `: ${extent(row, column)}`);
    this.box.replaceChildren(close, title, this.content(row, node));
    this.box.hidden = false;
    title.focus({ preventScroll: true });
    this.box.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {MatrixRow} row
   * @param {number} node
   */
  content(row, node) {
    if (row.group < 0) return this.single(node, TOGETHER[row.group][0]);
    if (!row.same.length) return this.paths(row.group, node);
    // Groups with the same access may have it for different reasons.
    return longList(row.same, ({ group }) => unfolding([this.access.name(group)], () => [this.paths(group, node)]), {
      first: 8,
      text: ({ name }) => name,
      name: "groups",
    });
  }

  /**
   * @param {number} group
   * @param {number} node
   */
  paths(group, node) {
    const { access } = this;
    const levels = access.reach(group);
    const own = levels[node] ? access.paths(group, node) : [];
    const { more } = reachedTop(access, node, levels);
    const parts = longList(
      more,
      (below) => this.explorer.reachedNode(group, below, /** @type {Level} */ (levels[below])),
      { first: 8, text: (below) => access.label(below), name: "repositories" },
    );
    const extra = `${own.length ? "More" : "Only"} on ${counted(more.length, "repository", "repositories")}:`;
    return element(
      "div",
      {},
      own.length > 0 && longList(own, (path) => this.reasons.line(path), { first: 5, name: "reasons" }),
      more.length > 0 && element("p", { class: "quiet" }, extra),
      more.length > 0 && parts,
    );
  }

  /**
   * The grants to single identities of a kind on a project and on the repositories in it.
   * @param {number} node
   * @param {string} kind
   */
  single(node, kind) {
    const { access } = this;
    /** @type {Path[]} */
    const found = [];
    for (const row of access.rows) {
      if (access.kind[row.holder] !== kind || !row.permission.level) continue;
      for (const on of row.targets)
        if (on >= node && on < access.end[node]) found.push({ chain: [row.holder], row, on, inherited: [] });
    }
    found.sort((a, b) => b.row.permission.level - a.row.permission.level || a.on - b.on);
    return longList(found, (path) => this.reasons.line(path, 0), {
      first: 8,
      text: ({ chain, on }) => `${access.name(chain[0])} ${access.label(on)}`,
      name: "grants",
    });
  }
}

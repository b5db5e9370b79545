// The search, and what is known of one user, group, key, project or repository, with every reason why.

const KINDS = {
  u: "users",
  g: "groups",
  c: "keys and tokens",
  o: "others",
  p: "projects",
  r: "repositories",
};
const ONE_OF = { u: "user", g: "group", c: "key or token", o: "identity" };
const MOST_RESULTS = 60;

class Explorer {
  constructor(access) {
    this.access = access;
    this.wanted = "all";
    this.field = byId("search");
    this.results = byId("results");
    this.detail = byId("detail");
    this.showKinds();
    let waiting;
    this.field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.search(), 60);
    });
    this.field.addEventListener("keydown", (event) => this.fieldKey(event));
    this.results.addEventListener("keydown", (event) => this.resultKey(event));
    this.search();
  }

  // What can be found: its reference, kind, and the text to look in; made when first needed.
  get index() {
    if (this._index) return this._index;
    const { access } = this;
    const found = [];
    for (let identity = 0; identity < access.count; identity++) {
      const text = `${access.name(identity)}\n${access.also(identity)}`.toLowerCase();
      found.push({ reference: `i${identity}`, kind: access.kind[identity], text });
    }
    for (let node = 0; node < access.depth.length; node++) {
      if (access.depth[node] === 0) continue;
      const text = `${access.label(node)}\n${access.nodeName(node)}`.toLowerCase();
      found.push({ reference: `n${node}`, kind: access.depth[node] === 1 ? "p" : "r", text });
    }
    return (this._index = found);
  }

  showKinds() {
    const present = new Set(this.index.map((one) => one.kind));
    const choice = (kind, name) =>
      element(
        "button",
        {
          type: "button",
          "data-kind": kind,
          "aria-pressed": String(kind === this.wanted),
          onclick: () => {
            this.wanted = kind;
            for (const each of byId("kinds").children)
              each.setAttribute("aria-pressed", String(each.dataset.kind === kind));
            this.search();
          },
        },
        name,
      );
    const kinds = Object.entries(KINDS).filter(([kind]) => present.has(kind));
    byId("kinds").replaceChildren(choice("all", "everything"), ...kinds.map(([kind, name]) => choice(kind, name)));
  }

  search() {
    const words = this.field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    let count = 0;
    for (const one of this.index) {
      if (this.wanted !== "all" && one.kind !== this.wanted) continue;
      if (!words.every((word) => one.text.includes(word))) continue;
      count++;
      if (found.length < 5000) found.push([rank(one.text, words), one]);
    }
    found.sort((a, b) => a[0] - b[0]);
    const shown = found.slice(0, MOST_RESULTS).map(([, one]) => one);
    this.results.replaceChildren(...shown.map((one) => element("li", {}, this.resultLink(one))));
    const rest = count > shown.length ? `, the first ${shown.length} are shown` : "";
    byId("found").textContent = words.length ? `${number(count)} found${rest}` : `${number(count)} in all${rest}`;
    this.markCurrent();
  }

  resultLink({ reference, kind }) {
    const [name, also] = this.names(reference);
    return element(
      "a",
      { href: `#${reference}`, "data-reference": reference },
      element("span", { class: `sign ${kind}`, "aria-hidden": "true" }),
      element("span", { class: "name" }, name),
      element("span", { class: "also" }, also),
    );
  }

  names(reference) {
    const at = Number(reference.slice(1));
    const { access } = this;
    if (reference[0] === "i") return [access.name(at), access.remark(at)];
    const name = access.nodeName(at);
    return [access.label(at), name === access.data.nodes.label[at] ? "" : name];
  }

  fieldKey(event) {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.results.querySelector("a")?.focus();
    } else if (event.key === "Enter") {
      this.results.querySelector("a")?.click();
    } else if (event.key === "Escape") {
      this.field.value = "";
      this.search();
    }
  }

  resultKey(event) {
    const item = event.target.closest("li");
    if (!item || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const next = event.key === "ArrowDown" ? item.nextElementSibling : item.previousElementSibling;
    (next?.querySelector("a") || this.field).focus();
  }

  markCurrent() {
    for (const link of this.results.querySelectorAll("a")) {
      if (link.dataset.reference === this.current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  // Show what a reference (i12, n34) is about; false where there is no such thing.
  open(reference) {
    const at = Number(reference.slice(1));
    const count = reference[0] === "i" ? this.access.count : this.access.depth.length;
    if (!/^[in]\d+$/.test(reference) || at >= count) return false;
    this.current = reference;
    this.detail.replaceChildren(...(reference[0] === "i" ? this.identity(at) : this.node(at)));
    this.detail.scrollTop = 0;
    this.markCurrent();
    return true;
  }

  heading(kind, sign, title, also, badges, outside) {
    return element(
      "header",
      {},
      element("p", { class: "kind" }, element("span", { class: `sign ${sign}`, "aria-hidden": "true" }), kind),
      element("h3", { id: "detail-title", tabindex: "-1" }, title),
      also && element("p", { class: "quiet" }, also),
      element("p", { class: "badges" }, ...badges.map((badge) => element("span", { class: "badge" }, badge)), outside),
    );
  }

  facts(pairs) {
    if (!pairs.length) return null;
    const said = (name) => name.replaceAll("_", " ");
    return element(
      "dl",
      { class: "facts" },
      ...pairs.map(([name, value]) => element("div", {}, element("dt", {}, said(name)), element("dd", {}, value))),
    );
  }

  section(title, ...children) {
    return element("section", {}, element("h4", {}, title), ...children);
  }

  // ---- somebody

  identity(identity) {
    const { access } = this;
    const kind = access.kind[identity];
    const off = access.off.has(identity);
    const levels = access.reach(identity);
    return [
      this.heading(ONE_OF[kind], kind, access.name(identity), access.also(identity), [
        ...(off ? ["switched off"] : []),
        ...this.ceiling(identity),
      ]),
      this.facts(access.properties(access.data.identities.properties, identity)),
      this.why(identity),
      this.reached(identity, levels),
      this.related(kind === "c" ? "Belongs to" : "", kind === "c" ? access.owners[identity] : []),
      this.related("Keys and tokens", access.credentialsOf(identity)),
      this.related("Member of", access.groups[identity]),
      this.related("Members", kind === "g" ? access.members[identity] : []),
    ].filter(Boolean);
  }

  // What a token may do at most, whatever its owner can.
  ceiling(identity) {
    const { access } = this;
    const permissions =
      access.kind[identity] === "c" && access.property(access.data.identities.properties, "permissions", identity);
    return permissions ? [`limited to ${permissions}`] : [];
  }

  related(title, identities) {
    if (!identities.length) return null;
    const { access } = this;
    const text = (one) => `${access.name(one)} ${access.also(one)}`;
    return this.section(
      `${title} (${number(identities.length)})`,
      longList(identities, (one) => this.link(`i${one}`), { text, name: title }),
    );
  }

  link(reference) {
    const [name, also] = this.names(reference);
    const sign = this.sign(reference);
    return element(
      "a",
      { href: `#${reference}`, class: "thing", title: also ? visible(also) : undefined },
      element("span", { class: `sign ${sign}`, "aria-hidden": "true" }),
      name,
    );
  }

  sign(reference) {
    const at = Number(reference.slice(1));
    if (reference[0] === "i") return this.access.kind[at];
    return ["a", "p"][this.access.depth[at]] || "r";
  }

  // Where access comes from, folded: a way, a permission, and all that it is on.
  why(identity) {
    const rows = this.access
      .ways(identity)
      .flatMap((chain) => this.access.grantsOf(chain[chain.length - 1]).map((row) => ({ chain, row })));
    if (!rows.length)
      return this.section("Why", element("p", { class: "quiet" }, "Holds nothing, and is in no group that does."));
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

  way(chain, row) {
    const targets = [...row.targets];
    const few = targets.slice(0, 6).flatMap((node, at) => [at ? ", " : "", this.link(`n${node}`)]);
    const rest =
      targets.length > 6
        ? element("details", { class: "rest" }, element("summary", {}, `and ${number(targets.length - 6)} more`))
        : null;
    rest?.addEventListener("toggle", () => {
      if (rest.open && rest.children.length === 1)
        rest.append(
          longList(targets.slice(6), (node) => this.link(`n${node}`), {
            first: 50,
            text: (node) => this.access.label(node),
            name: "places",
          }),
        );
    });
    return element(
      "div",
      { class: "way" },
      levelBadge(row.permission.level),
      element("span", {}, ...this.saying(chain, row, [...few, rest && " ", rest], 1), this.owned(chain, row)),
    );
  }

  // Why, in the words of Bitbucket's own pages: public, a default permission, a global permission, or a grant.
  saying(chain, row, places, from) {
    const { identities } = this.access.data;
    const holder = chain[chain.length - 1];
    const permission = element("code", {}, row.permission.name);
    const groups = chain.filter((one) => this.access.kind[one] === "g");
    const others = this.steps(chain.slice(1).filter((one) => this.access.kind[one] !== "g"));
    if (identities.everyone.includes(holder)) return [...others, "public: ", ...places];
    if (identities.licensed.includes(holder))
      return [...others, "default permission of ", ...places, " (", permission, ")"];
    if (row.targets.length === 1 && this.access.depth[row.targets[0]] === 0) {
      const via = groups.flatMap((one, at) => [at ? " → " : " via ", this.link(`i${one}`)]);
      return [
        ...others,
        "global ",
        permission,
        ...via,
        ...row.roles.map((role) => ` by role ${this.access.data.roles[role]}`),
      ];
    }
    return [...this.steps(chain.slice(from)), ...this.roles(row), permission, " on ", ...places];
  }

  owned(chain, row) {
    const { access } = this;
    const holder = chain[chain.length - 1];
    const owner = row.targets.length === 1 && access.property(access.data.nodes.properties, "owner", row.targets[0]);
    return owner && row.permission.level === 3 && owner === (access.also(holder) || access.name(holder))
      ? element("span", { class: "quiet" }, ", as its owner")
      : "";
  }

  steps(chain) {
    return chain.flatMap((one) => [this.link(`i${one}`), element("span", { class: "to" }, " → ")]);
  }

  roles(row) {
    return row.roles.flatMap((role) => [
      element("span", {}, `role ${this.access.data.roles[role]}`),
      element("span", { class: "to" }, " → "),
    ]);
  }

  // What is reached, by project: its own level, and repositories where it is more.
  reached(identity, levels) {
    const { access } = this;
    const found = [];
    const counts = [0, 0, 0, 0];
    for (let node = 0; node < levels.length; node++) {
      if (access.depth[node] === 0) continue;
      if (access.depth[node] === 1) {
        const item = { node, level: levels[node], most: levels[node], more: [] };
        for (let below = node + 1; below < access.end[node]; below++) {
          if (levels[below] > item.level) item.more.push(below);
          item.most = Math.max(item.most, levels[below]);
        }
        if (item.most) found.push(item);
      }
      const isLeaf = access.end[node] === node + 1 && access.depth[node] > 1;
      if (isLeaf) counts[levels[node]]++;
    }
    found.sort((a, b) => b.most - a.most || b.level - a.level);
    if (!found.length) return this.section("Reaches", element("p", { class: "quiet" }, "Nothing."));
    const summary = [3, 2, 1]
      .filter((level) => counts[level])
      .flatMap((level) => [levelBadge(level), ` ${number(counts[level])} `]);
    const text = ({ node, more }) =>
      `${access.label(node)} ${access.nodeName(node)} ${more.map((below) => access.label(below)).join(" ")}`;
    return this.section(
      `Reaches ${plural(found.length, "project", "projects")}`,
      element("p", { class: "quiet" }, "Repositories: ", ...summary),
      longList(found, (item) => this.reachedProject(identity, item, levels), {
        first: 15,
        text,
        name: "what is reached",
      }),
    );
  }

  reachedProject(identity, { node, level, more }, levels) {
    const { access } = this;
    const size = access.end[node] - node - 1;
    const extent = level
      ? more.length
        ? `all of it; more on ${number(more.length)} of ${number(size)}`
        : `all of it`
      : `${number(more.length)} of ${number(size)} in it`;
    const opened = () => [
      ...(level ? [this.reasons(identity, node)] : []),
      ...(more.length
        ? [
            longList(more, (below) => this.asking(below, levels[below], () => [this.reasons(identity, below)]), {
              first: 30,
              text: (below) => access.label(below),
              name: "repositories",
            }),
          ]
        : []),
    ];
    const name = access.nodeName(node);
    return this.unfolding(
      [
        levelBadge(Math.max(level, ...more.slice(0, 1000).map((below) => levels[below]))),
        " ",
        element("strong", {}, access.label(node)),
        name === access.label(node) ? "" : ` ${name}`,
        element("span", { class: "quiet" }, ` · ${extent}`),
      ],
      opened,
      `n${node}`,
    );
  }

  asking(node, level, opened) {
    return this.unfolding([levelBadge(level), ` ${this.access.label(node)}`], opened, `n${node}`);
  }

  // Something to open: its content is made when it is opened.
  unfolding(summary, content, reference) {
    const made = element("details", { class: "unfold" }, element("summary", {}, ...summary));
    made.addEventListener("toggle", () => {
      if (made.open && made.children.length === 1)
        made.append(
          element(
            "div",
            { class: "unfolded" },
            element("p", { class: "goto" }, element("a", { href: `#${reference}` }, "Go to it")),
            ...content(),
          ),
        );
    });
    return made;
  }

  reasons(identity, node) {
    const paths = this.access.paths(identity, node);
    return longList(paths, (path) => this.path(path), { first: 8, name: "reasons" });
  }

  // `from` leaves out steps at the start that are known where the path is shown.
  path({ chain, row, on, inherited }, from = this.access.kind[chain[0]] === "g" ? 0 : 1) {
    const below = inherited.flatMap((node) => [element("span", { class: "to" }, " → "), this.link(`n${node}`)]);
    return element(
      "div",
      { class: "way" },
      levelBadge(row.permission.level),
      element("span", {}, ...this.saying(chain, row, [this.link(`n${on}`)], from), this.owned(chain, row), ...below),
    );
  }

  // ---- something

  node(node) {
    const { access } = this;
    const { nodes } = access.data;
    const name = access.nodeName(node);
    const type = nodes.type[0][nodes.type[1][node]] || "application";
    const link = access.link(node) && outsideLink(access.link(node), "open on the server ↗");
    const below = [];
    for (let at = node + 1; at < access.end[node]; at = access.end[at]) below.push(at);
    return [
      this.heading(
        type === "Repo" ? "repository" : type.toLowerCase(),
        this.sign(`n${node}`),
        access.label(node),
        name === nodes.label[node] ? "" : name,
        [],
        link,
      ),
      nodes.description[node] ? element("p", { class: "description" }, nodes.description[node]) : null,
      this.facts(access.properties(nodes.properties, node)),
      this.given(node),
      this.whoCan(node),
      below.length
        ? this.section(
            `In it (${number(below.length)})`,
            longList(below, (at) => this.link(`n${at}`), {
              text: (at) => `${access.label(at)} ${access.nodeName(at)}`,
              name: "what is in it",
            }),
          )
        : null,
    ].filter(Boolean);
  }

  // The grants that count here, own ones first.
  given(node) {
    const { access } = this;
    const grants = access.reaching(node);
    if (!grants.length)
      return this.section("Granted", element("p", { class: "quiet" }, "Nothing: nobody was granted anything here."));
    grants.sort((a, b) => access.depth[b[1]] - access.depth[a[1]] || b[0].permission.level - a[0].permission.level);
    const render = ([row, on]) =>
      element(
        "div",
        { class: "way" },
        levelBadge(row.permission.level),
        element(
          "span",
          {},
          this.link(`i${row.holder}`),
          element("span", { class: "to" }, " → "),
          ...this.roles(row),
          element("code", {}, row.permission.name),
          on === node ? "" : element("span", { class: "quiet" }, ` inherited from ${access.label(on)}`),
        ),
      );
    return this.section(
      `Granted (${number(grants.length)})`,
      longList(grants, render, {
        first: 10,
        text: ([row]) => `${access.name(row.holder)} ${row.permission.name}`,
        name: "grants",
      }),
    );
  }

  whoCan(node) {
    const { access } = this;
    const who = [...access.holders(node)].filter(([identity]) => access.kind[identity] !== "g");
    if (!who.length) return this.section("Who can", element("p", { class: "quiet" }, "Nobody."));
    who.sort((a, b) => b[1] - a[1] || access.name(a[0]).localeCompare(access.name(b[0])));
    const holder = element("div", {});
    const show = (least) => {
      const chosen = who.filter(([, level]) => level >= least);
      const render = ([identity, level]) =>
        this.unfolding(
          [
            levelBadge(level),
            " ",
            access.name(identity),
            element("span", { class: "quiet" }, access.remark(identity) && ` · ${access.remark(identity)}`),
          ],
          () => [this.reasons(identity, node)],
          `i${identity}`,
        );
      holder.replaceChildren(
        longList(chosen, render, {
          text: ([identity]) => `${access.name(identity)} ${access.remark(identity)}`,
          name: "people",
        }),
      );
    };
    const buttons = [1, 2, 3].map((level) => {
      const count = who.filter(([, one]) => one >= level).length;
      return element(
        "button",
        {
          type: "button",
          "aria-pressed": String(level === 1),
          onclick: (event) => {
            for (const each of event.currentTarget.parentElement.children)
              each.setAttribute("aria-pressed", String(each === event.currentTarget));
            show(level);
          },
        },
        `${["", "can read", "can write", "can administer"][level]} ${number(count)}`,
      );
    });
    show(1);
    return this.section(
      "Who can, and why",
      element("div", { class: "choices", role: "group", "aria-label": "Least level" }, ...buttons),
      holder,
    );
  }
}

// Whole names first, then beginnings of them, then beginnings of words.
function rank(text, words) {
  if (!words.length) return 0;
  const [word] = words;
  if (text.split("\n").includes(word)) return 0;
  if (text.startsWith(word) || text.includes(`\n${word}`)) return 1;
  return startsWord(text, word) ? 2 : 3;
}

function startsWord(text, word) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1])) return true;
  }
  return false;
}

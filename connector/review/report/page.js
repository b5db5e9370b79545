// Puts the page together from the data in it.

const URGENCIES = ["Look at these first", "Then at these", "Good to know"];
const MOST_PRINTED = 200;
const SHEET = 660; // pixels, as wide as a page of A4 between its margins

function showServer(data) {
  const [server] = data.applications;
  const where = server?.base_url && outsideLink(server.base_url, server.base_url);
  const parts = [
    server?.base_url ? where || server.base_url : data.applications.map((one) => one.name).join(", "),
    server?.version && `Bitbucket ${server.version}`,
    data.asOf && `newest activity in this export: ${day(data.asOf)}`,
  ];
  byId("server").replaceChildren(...parts.filter(Boolean).flatMap((part, at) => [at ? " · " : "", part]));
}

function day(date) {
  return new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}

function showMissing(data) {
  const box = byId("missing");
  box.hidden = !data.notCollected.length;
  byId("missing-list").replaceChildren(
    longList(data.notCollected, (line) => line, { first: 8, text: (line) => line, name: "what is missing" }),
  );
  byId("quiet-notes").textContent = data.notAsked.length
    ? `This export holds no ${data.notAsked.join(", no ")}: not asked for, or there are none.`
    : "";
}

function showFigures(data) {
  byId("figures").replaceChildren(
    ...data.figures.map(([count, what, detail]) =>
      element("li", {}, element("strong", {}, number(count)), element("span", {}, what), element("small", {}, detail)),
    ),
  );
  const total = data.ways.reduce((sum, [count]) => sum + count, 0);
  if (!total) return;
  const ways = data.ways.filter(([count]) => count);
  const bar = element("div", { class: "bar", "aria-hidden": "true" });
  for (const [count, what] of ways) {
    const part = element("span", { class: what.replaceAll(" ", "-") });
    part.style.flexGrow = count;
    bar.append(part);
  }
  const legend = ways.map(([count, what]) =>
    element(
      "li",
      {},
      element("span", { class: `dot ${what.replaceAll(" ", "-")}`, "aria-hidden": "true" }),
      `${number(count)} ${what}`,
      element("span", { class: "quiet" }, ` ${share(count, total)}`),
    ),
  );
  byId("ways").replaceChildren(
    element("p", {}, `${plural(total, "grant", "grants")} of access, given`),
    bar,
    element("ul", {}, ...legend),
  );
}

function share(count, total) {
  const percent = (100 * count) / total;
  return percent < 1 ? "under 1 %" : `${Math.round(percent)} %`;
}

function showFindings(data) {
  const holder = byId("findings");
  holder.replaceChildren();
  URGENCIES.forEach((title, urgency) => {
    const found = data.findings.filter((finding) => finding.urgency === urgency);
    if (found.length) holder.append(element("h3", { class: `urgency u${urgency}` }, title), ...found.map(showFinding));
  });
  if (!data.findings.length)
    holder.append(element("p", { class: "quiet" }, "Nothing of what this page looks for was found."));
}

function showFinding(finding) {
  const { title, reason, advice, urgency, count, places } = finding;
  const render = ([what, detail, reference]) =>
    element(
      "span",
      { class: "place" },
      reference ? element("a", { href: `#${reference}` }, what) : element("strong", {}, what),
      detail && element("span", { class: "quiet" }, ` ${detail}`),
    );
  const list = longList(places, render, { first: 5, text: ([what, detail]) => `${what} ${detail}`, name: title });
  const rest =
    count > places.length
      ? element("p", { class: "quiet" }, `The first ${number(places.length)} are on this page.`)
      : "";
  return element(
    "article",
    { class: `finding u${urgency}` },
    element(
      "div",
      {},
      element("h4", {}, element("span", { class: "count" }, number(count)), title),
      element("p", {}, reason),
      element("p", { class: "advice" }, advice),
    ),
    element("div", {}, list, rest),
  );
}

function showChanges(data) {
  byId("changed").hidden = !data.changes;
  byId("changed-link").hidden = !data.changes;
  if (!data.changes) return;
  const section = ({ title, count, lines }) =>
    element(
      "article",
      {},
      element("h3", {}, element("span", { class: "count" }, number(count)), title),
      longList(lines, (line) => line, { first: 8, text: (line) => line, name: title }),
      count > lines.length
        ? element("p", { class: "quiet" }, `The first ${number(lines.length)} are on this page.`)
        : "",
    );
  byId("changes-summary").textContent = data.changes.summary;
  byId("changes").replaceChildren(...data.changes.sections.map(section));
}

function showPicture(access) {
  const matrix = new Matrix(access);
  const status = byId("picture-status");
  const hint = status.textContent;
  const explainer = new Explained(access, matrix);
  const picture = new Picture(matrix, {
    onopen: (row, column) => explainer.show(row, column, picture),
    onsay: (text) => (status.textContent = visible(text) || hint),
  });
  const personal = byId("filter-personal");
  personal.parentElement.hidden = !access.data.nodes.properties.some(
    ([name, values]) => name === "project_type" && values.includes("PERSONAL"),
  );
  const again = () => {
    picture.filter = {
      rows: byId("filter-rows").value,
      columns: byId("filter-columns").value,
      least: Number(document.querySelector("#least [aria-pressed=true]").dataset.level),
      personal: personal.checked,
    };
    picture.select();
    picture.fit();
    describe(picture);
    if (byId("as-table").open) showTable(picture);
  };
  for (const id of ["filter-rows", "filter-columns"]) byId(id).addEventListener("input", again);
  personal.addEventListener("change", again);
  for (const button of byId("least").children) {
    button.addEventListener("click", () => {
      for (const each of byId("least").children) each.setAttribute("aria-pressed", String(each === button));
      again();
    });
  }
  byId("zoom-in").addEventListener("click", () => picture.zoom(1));
  byId("zoom-out").addEventListener("click", () => picture.zoom(-1));
  byId("zoom-fit").addEventListener("click", () => picture.fit());
  byId("as-table").addEventListener("toggle", () => byId("as-table").open && showTable(picture));
  describe(picture);
  return picture;
}

function describe(picture) {
  const { matrix, rows, columns, overflows } = picture;
  const all = columns.length < matrix.tops.length ? ` of ${number(matrix.tops.length)}` : "";
  const size = `${plural(rows.length, "row", "rows")} and ${plural(columns.length, "project", "projects")}${all}`;
  const more = overflows ? " Scroll to see all of it." : "";
  byId("picture-caption").textContent = `${size}; projects that no grant of their own reaches are left out.${more}`;
}

// The same as the picture, as a table: for each group the projects of each level.
function showTable(picture) {
  const { access, tops } = picture.matrix;
  const cell = (row, wanted) => {
    const found = picture.columns.filter((at) => picture.level(row, at)[0] === wanted);
    const render = (at) =>
      element(
        "span",
        {},
        element("a", { href: `#n${tops[at]}` }, access.label(tops[at])),
        picture.level(row, at)[1] ? "" : element("span", { class: "quiet" }, " (some repositories)"),
      );
    return element(
      "td",
      {},
      row.everywhere === wanted
        ? "everywhere"
        : found.length
          ? longList(found, render, { first: 6, step: 200, name: "projects" })
          : "–",
    );
  };
  const line = (row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, row.group < 0 ? row.name : element("a", { href: `#i${row.group}` }, row.name)),
      cell(row, 3),
      cell(row, 2),
      cell(row, 1),
    );
  const head = element(
    "tr",
    {},
    ...["group", "admin", "write", "read"].map((name) => element("th", { scope: "col" }, name)),
  );
  const body = element("tbody", {}, ...picture.rows.slice(0, 300).map(line));
  const rest =
    picture.rows.length > 300
      ? element(
          "p",
          { class: "quiet" },
          `The first 300 of ${number(picture.rows.length)} groups; filter to see others.`,
        )
      : "";
  byId("table").replaceChildren(element("table", {}, element("thead", {}, head), body), rest);
}

// What one cell of the picture means, and where it comes from.
class Explained {
  constructor(access, matrix) {
    this.access = access;
    this.matrix = matrix;
    this.box = byId("explained");
  }

  show(row, column, picture) {
    const node = this.matrix.tops[column];
    const close = element(
      "button",
      { type: "button", class: "close", "aria-label": "Close", onclick: () => this.close(picture) },
      "×",
    );
    const who = row.group < 0 ? row.name : explorer.link(`i${row.group}`);
    const title = element(
      "h3",
      { tabindex: "-1" },
      who,
      " on ",
      explorer.link(`n${node}`),
      `: ${picture.extent(row, column)}`,
    );
    this.box.replaceChildren(
      close,
      title,
      row.group < 0 ? this.single(node, TOGETHER[row.group][0]) : this.paths(row.group, node),
    );
    this.box.hidden = false;
    title.focus({ preventScroll: true });
    this.box.scrollIntoView({ block: "nearest" });
  }

  close(picture) {
    this.box.hidden = true;
    picture.frame.focus();
  }

  paths(group, node) {
    const { access } = this;
    const levels = access.reach(group);
    const own = levels[node] ? access.paths(group, node) : [];
    const more = [];
    for (let below = node + 1; below < access.end[node]; below++) if (levels[below] > levels[node]) more.push(below);
    const list = longList(own, (path) => explorer.path(path), { first: 5, name: "reasons" });
    const parts = longList(
      more,
      (below) => explorer.asking(below, levels[below], () => [explorer.reasons(group, below)]),
      { first: 8, text: (below) => access.label(below), name: "repositories" },
    );
    return element(
      "div",
      {},
      own.length ? list : "",
      more.length
        ? element(
            "p",
            { class: "quiet" },
            `${own.length ? "More" : "Only"} on ${plural(more.length, "repository", "repositories")}:`,
          )
        : "",
      more.length ? parts : "",
    );
  }

  single(node, kind) {
    const { access } = this;
    const found = [];
    for (const row of access.rows) {
      if (access.kind[row.holder] !== kind || !row.permission.level) continue;
      for (const on of row.targets)
        if (on >= node && on < access.end[node]) found.push({ chain: [row.holder], row, on, inherited: [] });
    }
    found.sort((a, b) => b.row.permission.level - a.row.permission.level || a.on - b.on);
    return longList(found, (path) => explorer.path(path, 0), {
      first: 8,
      text: ({ chain, on }) => `${access.name(chain[0])} ${access.label(on)}`,
      name: "grants",
    });
  }
}

function setUpTheme(picture) {
  const root = document.documentElement;
  const button = byId("theme");
  const isDark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
    picture.draw();
  });
  label();
}

// On paper: light, long lists as far as anybody reads, and the picture as wide as the sheet.
function preparePrinting(picture) {
  const root = document.documentElement;
  let theme;
  window.addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    for (const list of document.querySelectorAll(".long-list")) list.showAll(MOST_PRINTED);
    picture.frame.style.maxWidth = `${SHEET}px`;
    picture.fit();
  });
  window.addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    picture.frame.style.maxWidth = "";
    picture.fit();
  });
}

function followAddress() {
  const reference = decodeURIComponent(location.hash.slice(1));
  if (!/^[in]\d+$/.test(reference) || !explorer.open(reference)) return;
  const stacked = byId("detail").offsetTop > byId("results").offsetTop + byId("results").offsetHeight;
  byId(stacked ? "detail" : "explore").scrollIntoView({ block: "start" });
  byId("detail-title").focus({ preventScroll: true });
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("search").focus();
    byId("explore").scrollIntoView({ block: "start" });
  });
}

let explorer;

async function start() {
  const data = await unpack(byId("data").textContent.trim());
  const access = new Access(data);
  showServer(data);
  showMissing(data);
  showFigures(data);
  showFindings(data);
  showChanges(data);
  explorer = new Explorer(access);
  const picture = showPicture(access);
  setUpTheme(picture);
  preparePrinting(picture);
  listenToKeys();
  window.addEventListener("hashchange", followAddress);
  followAddress();
  document.documentElement.dataset.state = "ready";
}

start().catch((error) => {
  document.documentElement.dataset.state = "failed";
  byId("trouble").hidden = false;
  byId("trouble").append(` (${error.message})`);
});

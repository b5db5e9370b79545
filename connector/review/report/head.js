// The beginning of the page: where the export is from, what is missing in it, what changed, and the state in figures.

/** @param {PageData} data */
function showEvidence(data) {
  const lists = data.evidence.map((facts) => {
    const lines = facts.map(([name, text]) => {
      const link = (name === "server" || name === "workspace") && outsideLink(text.split(" ")[0], text);
      return element("div", {}, element("dt", {}, name), element("dd", {}, link || text));
    });
    return element("dl", { class: "evidence" }, ...lines);
  });
  byId("evidence").replaceChildren(...lists);
}

// Holes in access in red, other gaps and limits in yellow and folded.
/** @param {PageData} data */
function showGaps(data) {
  byId("missing").hidden = !data.missing.length;
  byId("missing-list").replaceChildren(
    longList(data.missing, (line) => line, { first: 8, text: (line) => line, name: "what is missing" }),
  );
  byId("notes").hidden = !data.notes.length;
  byId("notes-title").textContent =
    `${counted(data.notes.length, "thing that is", "things that are")} not known, without access missing here`;
  byId("notes-list").replaceChildren(
    longList(data.notes, (line) => line, { text: (line) => line, name: "what is not known" }),
  );
  byId("quiet-notes").textContent = data.notAsked.length
    ? `Not collected, because nobody asked for it with --include: ${data.notAsked.join(", ")}.`
    : "";
}

/** @param {PageData} data */
function showChanges(data) {
  const { changes } = data;
  byId("changed").hidden = !changes;
  byId("changed-link").hidden = !changes;
  if (!changes) return;
  const section = (/** @type {{ title: string, count: number, lines: string[] }} */ { title, count, lines }) => {
    const left = `The first ${number(lines.length)} are on this page; the command diff tells all.`;
    const table = { name: title, columns: [title], rows: () => lines.map((line) => [line]) };
    return element(
      "article",
      {},
      element("h3", {}, element("span", { class: "count" }, number(count)), title),
      longList(lines, (line) => line, { first: 8, text: (line) => line, name: title }),
      count > lines.length && element("p", { class: "quiet" }, left),
      tableActions(table, "#changed"),
    );
  };
  byId("changes-summary").textContent = visible(changes.summary);
  byId("changes-since").textContent = `Compared with an earlier export: ${visible(changes.since)}.`;
  byId("changes").replaceChildren(...changes.sections.map(section));
}

/** @param {PageData} data */
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
    part.style.flexGrow = String(count);
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
    element("p", {}, `${counted(total, "grant")} of access`),
    bar,
    element("ul", {}, ...legend),
  );
}

/**
 * @param {number} count
 * @param {number} total
 */
function share(count, total) {
  const percent = (100 * count) / total;
  return percent < 1 ? "under 1 %" : `${Math.round(percent)} %`;
}

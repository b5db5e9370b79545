// Tables that leave the page: copied for a document or a spreadsheet, or saved as CSV. Everything happens in the page.

const FORMULA = /^\s*[=+\-@\t\r＝＋－＠]/u;
const SAID_FOR = 2000; // milliseconds for which a button says what it did

/**
 * A cell that no spreadsheet takes for a formula.
 * @param {string | number} value
 */
function safeCell(value) {
  const text = String(value);
  return FORMULA.test(text) ? `'${visible(text)}` : visible(text);
}

/** @param {Table} table */
function asCsv(table) {
  const quoted = (/** @type {string} */ cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const lines = [table.columns, ...table.rows()].map((row) => row.map(safeCell).map(quoted).join(","));
  // With a byte order mark, by which Excel knows UTF-8.
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

/** @param {Table} table */
function asTabs(table) {
  return [table.columns, ...table.rows()].map((row) => row.map(safeCell).join("\t")).join("\n");
}

/** @param {Table} table */
function asMarkup(table) {
  const line = (/** @type {(string | number)[]} */ row, /** @type {"td" | "th"} */ cell) =>
    element("tr", {}, ...row.map((value) => element(cell, {}, safeCell(value))));
  const body = [...table.rows()].map((row) => line(row, "td"));
  return element("table", {}, line(table.columns, "th"), ...body).outerHTML;
}

/**
 * Copy by the browser's own command, which works for a page from disk and from any server.
 * @param {Record<string, string>} texts by media type
 */
function copy(texts) {
  const put = (/** @type {ClipboardEvent} */ event) => {
    for (const [type, text] of Object.entries(texts)) event.clipboardData?.setData(type, text);
    event.preventDefault();
  };
  document.addEventListener("copy", put);
  const done = document.execCommand("copy");
  document.removeEventListener("copy", put);
  return done;
}

/**
 * @param {string} text
 * @param {string} name
 */
function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  element("a", { href: address, download: `${fileName(name)}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @param {string} name */
function fileName(name) {
  const plain = name.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-");
  return plain.replace(/^-+|-+$/g, "").slice(0, 80) || "table";
}

/**
 * Buttons that copy a table, save it, and copy the link to where it stands.
 * @param {Table} table
 * @param {string} hash
 */
function tableActions(table, hash) {
  const button = (/** @type {string} */ name, /** @type {() => boolean} */ act) => {
    const made = element("button", { type: "button", class: "action" }, name);
    made.addEventListener("click", () => {
      made.textContent = act() ? "Done" : "Not possible here";
      setTimeout(() => {
        made.textContent = name;
      }, SAID_FOR);
    });
    return made;
  };
  return element(
    "span",
    { class: "actions", role: "group", "aria-label": `Take ${table.name} along` },
    button("Copy table", () => copy({ "text/html": asMarkup(table), "text/plain": asTabs(table) })),
    button("Save CSV", () => {
      save(asCsv(table), table.name);
      return true;
    }),
    button("Copy link", () => copy({ "text/plain": `${location.href.split("#")[0]}${hash}` })),
  );
}

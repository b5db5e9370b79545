// The part of the page with the picture: its filters, its size, its caption, and the same as a table.

const MOST_TABLE_ROWS = 300;

/**
 * @param {Access} access
 * @param {Reasons} reasons
 * @param {Explorer} explorer
 */
function showPicture(access, reasons, explorer) {
  const matrix = new Matrix(access);
  const status = byId("picture-status");
  const hint = status.textContent;
  const explained = new Explained(access, reasons, explorer);
  const picture = new Picture(matrix, {
    onopen: (row, column) => explained.show(row, column, picture),
    onsay: (text) => {
      status.textContent = visible(text) || hint;
    },
  });
  listenToFilters(picture, reasons);
  listenToSizes(picture);
  describePicture(picture);
  return picture;
}

/**
 * @param {Picture} picture
 * @param {Reasons} reasons
 */
function listenToFilters(picture, reasons) {
  const table = /** @type {HTMLDetailsElement} */ (byId("as-table"));
  const showTable = () => {
    if (table.open) byId("table").replaceChildren(...nodes(pictureTable(picture, reasons)));
  };
  const again = () => {
    picture.filter.rows = inputById("filter-rows").value;
    picture.filter.columns = inputById("filter-columns").value;
    picture.filter.personal = inputById("filter-personal").checked;
    picture.filter.fold = inputById("filter-fold").checked;
    picture.select();
    picture.readable();
    describePicture(picture);
    showTable();
  };
  for (const id of ["filter-rows", "filter-columns"]) byId(id).addEventListener("input", again);
  for (const id of ["filter-personal", "filter-fold"]) byId(id).addEventListener("change", again);
  byId("personal").hidden = !picture.matrix.personal.some(Boolean);
  const swatch = (/** @type {number} */ level) => element("span", { class: `swatch ${LEVELS[level]}` });
  /** @type {[number, ...Child[]][]} */
  const levels = [
    [1, swatch(1), "read and more"],
    [2, swatch(2), "write and more"],
    [3, swatch(3), "admin only"],
  ];
  const buttons = choice(levels, 1, (level) => {
    picture.filter.least = level;
    again();
  });
  byId("least").append(...buttons);
  table.addEventListener("toggle", showTable);
}

/** @param {Picture} picture */
function listenToSizes(picture) {
  /** @type {[string, () => void][]} */
  const sizes = [
    ["zoom-in", () => picture.zoom(1)],
    ["zoom-out", () => picture.zoom(-1)],
    ["zoom-fit", () => picture.fit()],
    ["zoom-names", () => picture.readable()],
  ];
  for (const [id, resize] of sizes) {
    byId(id).addEventListener("click", () => {
      resize();
      describePicture(picture);
    });
  }
}

/**
 * How many rows and columns the picture has, and what is left out.
 * @param {Picture} picture
 */
function inFigures(picture) {
  const { matrix, rows, columns } = picture;
  const isGroup = (/** @type {MatrixRow} */ row) => row.group >= 0 && !matrix.everybody.has(row.group);
  const groups = rows.reduce((sum, row) => sum + (row.same.length || Number(isGroup(row))), 0);
  const all = columns.length < matrix.tops.length ? ` of ${number(matrix.tops.length)}` : "";
  const size = `${counted(rows.length, "row")} with ${counted(groups, "group")}, and ${counted(columns.length, "project")}${all}`;
  const left = all ? "; projects without grants of their own, or filtered away, are left out" : "";
  return `${size}${left}`;
}

/** @param {Picture} picture */
function describePicture(picture) {
  const scroll = picture.overflows ? " Scroll to see all of it." : "";
  const names = picture.namesMissing ? " There is no room for every name: choose “names”." : "";
  byId("picture-caption").textContent = `${inFigures(picture)}.${scroll}${names}`;
}

/**
 * The same as the picture, as a table: for each row the projects of each level.
 * @param {Picture} picture
 * @param {Reasons} reasons
 * @returns {Child[]}
 */
function pictureTable(picture, reasons) {
  const heading = ["group", "admin", "write", "read"].map((name) => element("th", { scope: "col" }, name));
  const lines = picture.rows.slice(0, MOST_TABLE_ROWS).map((row) => tableRow(picture, reasons, row));
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...heading)),
    element("tbody", {}, ...lines),
  );
  const rest = `The first ${number(MOST_TABLE_ROWS)} of ${number(picture.rows.length)} rows; filter to see others.`;
  return [table, picture.rows.length > MOST_TABLE_ROWS && element("p", { class: "quiet" }, rest)];
}

/**
 * @param {Picture} picture
 * @param {Reasons} reasons
 * @param {MatrixRow} row
 */
function tableRow(picture, reasons, row) {
  const { access, tops } = picture.matrix;
  const cell = (/** @type {Level} */ wanted) => {
    const found = picture.columns.filter((at) => picture.level(row, at)[0] === wanted);
    const render = (/** @type {number} */ at) => {
      const some = picture.level(row, at)[1] ? "" : element("span", { class: "quiet" }, " (some repositories)");
      const link = element("a", { href: reasons.addresses.of(`n${tops[at]}`) }, access.label(tops[at]));
      return element("span", {}, link, some);
    };
    const list = found.length ? longList(found, render, { first: 6, step: 200, name: "projects" }) : "–";
    return element("td", {}, row.everywhere === wanted ? "everywhere" : list);
  };
  const groups = row.same.length ? row.same : [row];
  const link = (/** @type {MatrixRow} */ { group, name }) => (group < 0 ? name : reasons.link(`i${group}`));
  const who = row.same.length ? longList(groups, link, { first: 3, step: 200, name: "groups" }) : link(row);
  return element("tr", {}, element("th", { scope: "row" }, who), cell(3), cell(2), cell(1));
}

// Puts the page together from the data in it.

/**
 * Show what the part of the address behind # names.
 * @param {Explorer} explorer
 */
function followAddress(explorer) {
  const hash = location.hash.slice(1);
  if (hash.startsWith("finding/")) {
    document.getElementById(decoded(hash))?.scrollIntoView({ block: "start" });
    return;
  }
  const reference = explorer.addresses.find(hash);
  if (reference) explorer.open(reference);
  else if (hash.includes("/")) explorer.missing(decoded(hash.slice(hash.indexOf("/") + 1)));
  else return;
  const results = byId("results");
  const stacked = explorer.detail.offsetTop > results.offsetTop + results.offsetHeight;
  byId(stacked ? "detail" : "explore").scrollIntoView({ block: "start" });
  byId("detail-title").focus({ preventScroll: true });
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = /** @type {Element} */ (event.target).closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("search").focus();
    byId("explore").scrollIntoView({ block: "start" });
  });
}

async function start() {
  const data = await unpack((byId("data").textContent ?? "").trim());
  const access = new Access(data);
  const reasons = new Reasons(access, new Addresses(access));
  showEvidence(data);
  showGaps(data);
  showChanges(data);
  showFigures(data);
  new Findings(access, reasons).show();
  const explorer = new Explorer(access, reasons);
  const picture = showPicture(access, reasons, explorer);
  setUpTheme(picture);
  preparePrinting(picture);
  listenToKeys();
  window.addEventListener("hashchange", () => followAddress(explorer));
  followAddress(explorer);
  document.documentElement.dataset.state = "ready";
}

start().catch((error) => {
  document.documentElement.dataset.state = "failed";
  byId("trouble").hidden = false;
  byId("trouble").append(` (${error.message})`);
});

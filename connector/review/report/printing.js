// Light and dark, and what is different on paper: light, shorter lists that say where the rest is, the picture on a sheet.

const SHEET = [660, 820]; // pixels, as wide as a page of A4 between its margins, and less high than it

/** @param {Picture} picture */
function setUpTheme(picture) {
  const root = document.documentElement;
  const button = byId("theme");
  const isDark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
    picture.painter.paint();
  });
  label();
}

/** @param {Picture} picture */
function preparePrinting(picture) {
  const root = document.documentElement;
  const notes = /** @type {HTMLDetailsElement} */ (byId("notes"));
  const caption = byId("picture-caption");
  let wasOpen = false;
  /** @type {string | undefined} */
  let theme;
  const lists = () => [...document.querySelectorAll(".long-list")].map((holder) => LongList.all.get(holder));
  window.addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    for (const list of lists()) list?.forPaper();
    wasOpen = notes.open;
    notes.open = true;
    picture.frame.style.maxWidth = `${SHEET[0]}px`;
    picture.highest = SHEET[1];
    picture.fit();
    caption.textContent = `${inFigures(picture)}.${picture.namesMissing ? " The page itself names every row." : ""}`;
  });
  window.addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const list of lists()) list?.forScreen();
    notes.open = wasOpen;
    picture.frame.style.maxWidth = "";
    picture.highest = 0;
    picture.readable();
    describePicture(picture);
  });
}

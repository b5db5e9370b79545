// The search: finds by any name, and suggests where nothing has such a name.

/** @type {Record<string, string>} */
const KINDS = {
  u: "users",
  g: "groups",
  c: "keys and tokens",
  o: "others",
  p: "projects",
  r: "repositories",
};
const MOST_RESULTS = 60;
const MOST_SUGGESTIONS = 5;

/** @typedef {{ reference: string, kind: string, text: string }} Entry */

class Finder {
  /**
   * @param {Access} access
   * @param {Reasons} reasons
   * @param {() => void} onnothing called when a search has no result
   */
  constructor(access, reasons, onnothing) {
    this.access = access;
    this.reasons = reasons;
    this.onnothing = onnothing;
    this.wanted = "all";
    /** @type {string | null} */
    this.current = null;
    this.index = indexed(access);
    this.field = inputById("search");
    this.results = byId("results");
    this.showKinds();
    /** @type {number | undefined} */
    let waiting;
    this.field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => this.search(), 60);
    });
    this.field.addEventListener("keydown", (event) => this.fieldKey(event));
    this.results.addEventListener("keydown", (event) => this.resultKey(event));
    this.search();
  }

  showKinds() {
    const present = new Set(this.index.map((one) => one.kind));
    const kinds = Object.entries(KINDS).filter(([kind]) => present.has(kind));
    const buttons = choice([["all", "everything"], ...kinds], this.wanted, (kind) => {
      this.wanted = kind;
      this.search();
    });
    byId("kinds").replaceChildren(...buttons);
  }

  search() {
    const wanted = this.field.value.trim().toLowerCase();
    const words = wanted.split(/\s+/).filter(Boolean);
    const { found, count, elsewhere } = this.matches(words);
    found.sort((a, b) => a[0] - b[0]);
    const shown = found.slice(0, MOST_RESULTS).map(([, one]) => one);
    if (count || !words.length) this.show(shown, count, words.length > 0);
    else this.suggest(wanted, elsewhere);
    this.mark(this.current);
  }

  /** @param {string[]} words */
  matches(words) {
    /** @type {[number, Entry][]} */
    const found = [];
    let count = 0;
    let elsewhere = 0;
    for (const one of this.index) {
      if (!words.every((word) => one.text.includes(word))) continue;
      if (this.wanted !== "all" && one.kind !== this.wanted) {
        elsewhere++;
        continue;
      }
      count++;
      if (found.length < 5000) found.push([rank(one.text, words), one]);
    }
    return { found, count, elsewhere };
  }

  /**
   * @param {Entry[]} entries
   * @param {number} count
   * @param {boolean} searched
   */
  show(entries, count, searched) {
    this.results.replaceChildren(...entries.map((one) => element("li", {}, this.link(one))));
    const rest = count > entries.length ? `, the first ${entries.length} are shown` : "";
    byId("found").textContent = `${number(count)} ${searched ? "found" : "in all"}${rest}`;
  }

  /**
   * Say that nothing was found, and what is called similarly.
   * @param {string} wanted
   * @param {number} elsewhere how much was found of other kinds
   */
  suggest(wanted, elsewhere) {
    const near = nearest(this.index, wanted);
    const where = elsewhere ? `; ${number(elsewhere)} of other kinds` : "";
    const similar = near.length ? ". Did you mean one of these?" : ".";
    byId("found").textContent = `Nothing found${where}${elsewhere ? "." : similar}`;
    const kinds = element("button", { type: "button", class: "more" }, "Search everything");
    kinds.addEventListener("click", () => {
      /** @type {HTMLElement | null} */ (byId("kinds").querySelector("[data-value=all]"))?.click();
    });
    const lines = elsewhere ? [kinds] : near.map((one) => this.link(one));
    this.results.replaceChildren(...lines.map((line) => element("li", {}, line)));
    this.onnothing();
  }

  /** @param {Entry} entry */
  link({ reference, kind }) {
    const [name, also] = this.reasons.names(reference);
    return element(
      "a",
      { href: this.reasons.addresses.of(reference), "data-reference": reference },
      element("span", { class: `sign ${kind}`, "aria-hidden": "true" }),
      element("span", { class: "name" }, name),
      element("span", { class: "also" }, also),
    );
  }

  /** @param {KeyboardEvent} event */
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

  /** @param {KeyboardEvent} event */
  resultKey(event) {
    const item = /** @type {Element} */ (event.target).closest("li");
    if (!item || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const next = event.key === "ArrowDown" ? item.nextElementSibling : item.previousElementSibling;
    (next?.querySelector("a") ?? this.field).focus();
  }

  /**
   * Mark what is shown in detail.
   * @param {string | null} reference
   */
  mark(reference) {
    this.current = reference;
    for (const link of this.results.querySelectorAll("a")) {
      if (link.dataset.reference === reference) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}

/**
 * Everything that can be found, with the text to look in.
 * @param {Access} access
 */
function indexed(access) {
  /** @type {Entry[]} */
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
  return found;
}

/**
 * Whole names first, then beginnings of them, then beginnings of words.
 * @param {string} text
 * @param {string[]} words
 */
function rank(text, words) {
  if (!words.length) return 0;
  const [word] = words;
  if (text.split("\n").includes(word)) return 0;
  if (text.startsWith(word) || text.includes(`\n${word}`)) return 1;
  return startsWord(text, word) ? 2 : 3;
}

/**
 * @param {string} text
 * @param {string} word
 */
function startsWord(text, word) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1])) return true;
  }
  return false;
}

/**
 * The entries with a name, or a part of one, that shares most pairs of letters with what was typed.
 * @param {Entry[]} entries
 * @param {string} wanted
 */
function nearest(entries, wanted) {
  const pairs = new Set(Array.from({ length: wanted.length + 1 }, (_, at) => pairAt(wanted, at)));
  /** @type {[number, Entry][]} */
  const found = [];
  for (const entry of entries) {
    let score = 0;
    for (const name of entry.text.split("\n")) {
      score = Math.max(score, likeness(pairs, name));
      for (const part of name.split(/[\s@._/-]+/)) if (part !== name) score = Math.max(score, likeness(pairs, part));
    }
    if (score >= 0.5) found.push([score, entry]);
  }
  found.sort((a, b) => b[0] - a[0]);
  return found.slice(0, MOST_SUGGESTIONS).map(([, entry]) => entry);
}

/**
 * Two letters as one number: the one before a place, and the one at it; a text has one more pair than letters.
 * @param {string} text
 * @param {number} at
 */
function pairAt(text, at) {
  return (at ? text.charCodeAt(at - 1) : 0) * 65536 + (at < text.length ? text.charCodeAt(at) : 0);
}

/**
 * From 0 to 1: twice the common pairs of letters over all pairs.
 * @param {Set<number>} pairs
 * @param {string} text
 */
function likeness(pairs, text) {
  const all = pairs.size + text.length + 1;
  // Texts of very different lengths cannot be alike.
  if (!text || Math.min(pairs.size, text.length + 1) * 4 < all) return 0;
  let common = 0;
  for (let at = 0; at <= text.length; at++) if (pairs.has(pairAt(text, at))) common++;
  return Math.min(1, (2 * common) / all);
}

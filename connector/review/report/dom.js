// Small helpers to build the page. All text of the export gets into it as text, never as markup.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown>} [attributes] `onclick` and the like are listeners
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, String(value));
  }
  made.append(...nodes(children));
  return made;
}

/**
 * @param {Child[]} children
 * @returns {Node[]}
 */
function nodes(children) {
  const shown = children.filter((child) => child !== null && child !== undefined && child !== "" && child !== false);
  return shown.map((child) => (child instanceof Node ? child : document.createTextNode(visible(child))));
}

// What connector/text.py shows as escapes: control characters, changes of direction, and what has no width.
const UNSEEN = new RegExp(
  [
    "[\\p{Cc}\\p{Cs}\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\u2028\\u2029\\ufff0-\\ufffb",
    "\\xad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200d\\u2060-\\u2065\\u206a-\\u206f\\u3164\\ufeff\\uffa0",
    "\\ufe00-\\ufe0f\\u{e0000}-\\u{e0fff}]",
  ].join(""),
  "gu",
);

const SHORT = new Map([
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]);

/** @param {unknown} text */
function visible(text) {
  return String(text).replace(UNSEEN, (letter) => {
    const code = /** @type {number} */ (letter.codePointAt(0));
    const [sign, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return SHORT.get(letter) ?? `\\${sign}${code.toString(16).padStart(width, "0")}`;
  });
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

/**
 * @param {string} id
 * @returns {HTMLInputElement}
 */
function inputById(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString("en");
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/**
 * A link to a page of the server; null for any other kind of address.
 * @param {string} address
 * @param {string} text
 */
function outsideLink(address, text) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (!["https:", "http:"].includes(url.protocol) || url.username || url.password) return null;
  return element(
    "a",
    { href: url.href, rel: "noopener noreferrer nofollow", target: "_blank", class: "outside" },
    text,
  );
}

/** @param {Level} level */
function levelBadge(level) {
  return element("span", { class: `level ${LEVELS[level]}` }, level ? LEVELS[level] : "other");
}

/**
 * Buttons of which one is pressed.
 * @template T
 * @param {[T, ...Child[]][]} choices values, and what their buttons show
 * @param {T} pressed
 * @param {(value: T) => void} onchoose
 */
function choice(choices, pressed, onchoose) {
  const buttons = choices.map(([value, ...content]) => {
    const isPressed = String(value === pressed);
    const button = element("button", { type: "button", "data-value": value, "aria-pressed": isPressed }, ...content);
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      onchoose(value);
    });
    return button;
  });
  return buttons;
}

/**
 * Something to open; its content is made when it is opened for the first time.
 * @param {Child[]} summary
 * @param {() => Child[]} content
 */
function unfolding(summary, content) {
  const holder = element("div", { class: "unfolded" });
  const made = element("details", { class: "unfold" }, element("summary", {}, ...summary), holder);
  made.addEventListener("toggle", () => {
    if (made.open && !holder.hasChildNodes()) holder.append(...nodes(content()));
  });
  return made;
}

const WHOLE_ON_PAPER = 60; // lines of a list up to which it is printed whole
const BEGINNING_ON_PAPER = 20; // lines that are printed of a longer list

/**
 * A list that shows its beginning, and more on demand; with a field to filter it if it is long.
 * @template T
 */
class LongList {
  /** @type {WeakMap<Element, LongList<any>>} */
  static all = new WeakMap();

  /**
   * @param {T[]} items
   * @param {(item: T) => Child} render
   * @param {{ first?: number, step?: number, text?: (item: T) => string, name?: string }} [options]
   *   `text` makes the list one that can be filtered
   */
  constructor(items, render, { first = 12, step = 100, text, name = "list" } = {}) {
    this.items = items;
    this.render = render;
    this.step = step;
    this.first = first;
    this.shown = items;
    this.count = 0;
    this.list = element("ul", { class: "long" });
    this.more = element("button", { type: "button", class: "more", onclick: () => this.showMore() });
    this.rest = element("p", { class: "on-paper" });
    this.holder = element("div", { class: "long-list" });
    if (text && items.length > Math.max(first, 12)) this.holder.append(this.filter(text, name));
    this.holder.append(this.list, this.more, this.rest);
    LongList.all.set(this.holder, this);
    this.extend(first);
  }

  /**
   * @param {(item: T) => string} text
   * @param {string} name
   */
  filter(text, name) {
    const field = element("input", {
      type: "search",
      placeholder: `Filter ${number(this.items.length)} …`,
      "aria-label": `Filter ${name}`,
    });
    field.addEventListener("input", () => {
      const word = field.value.trim().toLowerCase();
      this.shown = word ? this.items.filter((item) => text(item).toLowerCase().includes(word)) : this.items;
      this.show(this.first);
      if (!this.shown.length) this.list.append(element("li", { class: "quiet" }, "Nothing of that name."));
    });
    return field;
  }

  /** @param {number} count */
  show(count) {
    this.list.replaceChildren();
    this.count = 0;
    this.extend(count);
  }

  /** @param {number} by */
  extend(by) {
    const added = this.shown.slice(this.count, this.count + by);
    this.list.append(...added.map((item) => element("li", {}, this.render(item))));
    this.count += added.length;
    const rest = this.shown.length - this.count;
    this.more.hidden = rest === 0;
    this.more.textContent =
      rest > this.step ? `Show ${number(this.step)} more of ${number(rest)}` : `Show ${number(rest)} more`;
  }

  showMore() {
    const at = this.count;
    this.extend(this.step);
    /** @type {HTMLElement | null | undefined} */ (
      this.list.children[at]?.querySelector("a, button, summary")
    )?.focus();
  }

  // A short list is printed whole; of a long one the beginning, and where the rest is.
  forPaper() {
    const most = this.shown.length <= WHOLE_ON_PAPER ? this.shown.length : BEGINNING_ON_PAPER;
    this.countOnScreen = this.count;
    this.show(most);
    const rest = this.shown.length - this.count;
    this.rest.textContent = rest
      ? `These are the first ${number(this.count)} of ${number(this.shown.length)}. The page itself has all of them.`
      : "";
  }

  forScreen() {
    this.rest.textContent = "";
    this.show(this.countOnScreen ?? this.first);
  }
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Child} render
 * @param {{ first?: number, step?: number, text?: (item: T) => string, name?: string }} [options]
 */
function longList(items, render, options) {
  return new LongList(items, render, options).holder;
}

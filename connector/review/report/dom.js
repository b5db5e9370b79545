// Small helpers to build the page. Whatever comes from the export gets into it as text, never as markup.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== "").map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(visible(child));
}

// What could turn the direction of writing, or cannot be seen, is shown as an escape, as the command line does.
const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

function visible(text) {
  const escaped = (letter) => {
    const code = letter.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  };
  return String(text).replace(UNSEEN, escaped);
}

function byId(id) {
  return document.getElementById(id);
}

function number(value) {
  return value.toLocaleString("en");
}

function plural(count, one, many) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

// A link to a page of the server; an address of any other kind is not made one.
function outsideLink(address, text) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (!["https:", "http:"].includes(url.protocol) || url.username || url.password) return null;
  return element(
    "a",
    { href: url.href, rel: "noopener noreferrer nofollow", target: "_blank", class: "outside" },
    text,
  );
}

function levelBadge(level) {
  return element("span", { class: `level ${LEVELS[level]}` }, level ? LEVELS[level] : "other");
}

// A list that shows its beginning, and more on demand; with a field to filter it where it is long.
function longList(items, render, { first = 12, step = 100, text = null, name = "list" } = {}) {
  const list = element("ul", { class: "long" });
  const more = element("button", { type: "button", class: "more" });
  const holder = element("div", { class: "long-list" });
  let shown = items;
  let count = 0;
  const extend = (by) => {
    list.append(...shown.slice(count, count + by).map((item) => element("li", {}, render(item))));
    count = Math.min(shown.length, count + by);
    const rest = shown.length - count;
    more.hidden = rest === 0;
    more.textContent = rest > step ? `Show ${number(step)} more of ${number(rest)}` : `Show ${number(rest)} more`;
  };
  const restart = (wanted) => {
    const word = wanted.trim().toLowerCase();
    shown = word ? items.filter((item) => text(item).toLowerCase().includes(word)) : items;
    list.replaceChildren();
    count = 0;
    extend(first);
    if (!shown.length) list.append(element("li", { class: "quiet" }, "Nothing of that name."));
  };
  more.addEventListener("click", () => {
    const at = count;
    extend(step);
    list.children[at]?.querySelector("a, button, summary")?.focus();
  });
  if (text && items.length > Math.max(first, 12)) {
    const field = element("input", {
      type: "search",
      placeholder: `Filter ${number(items.length)} …`,
      "aria-label": `Filter ${name}`,
      oninput: () => restart(field.value),
    });
    holder.append(field);
  }
  holder.append(list, more);
  holder.showAll = (most) => extend(Math.max(0, most - count));
  extend(first);
  return holder;
}

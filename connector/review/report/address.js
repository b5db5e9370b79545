// Links that can be shared: #user/jdoe, #repository/PAY/api, #finding/public. They name things as people do, so that
// they lead to the same thing in tomorrow's page. Inside, things are i12 (an identity) and n34 (a node).

/** @type {Record<string, string>} */
const WORDS = { u: "user", g: "group", c: "key", o: "identity" };

class Addresses {
  /** @param {Access} access */
  constructor(access) {
    this.access = access;
    /** @type {Map<string, string | null> | null} */
    this.known = null;
  }

  /**
   * The name of a thing in links; several things may have the same.
   * @param {string} reference
   */
  named(reference) {
    const { access } = this;
    const at = Number(reference.slice(1));
    if (reference[0] === "i") return this.joined(WORDS[access.kind[at]], access.handle(at));
    const word = ["application", "project", "repository"][Math.min(2, access.depth[at])];
    return this.joined(word, access.label(at));
  }

  /**
   * @param {string} word
   * @param {string} name
   */
  joined(word, name) {
    // Half a character cannot be part of an address.
    return `${word}/${name.toWellFormed().split("/").map(encodeURIComponent).join("/")}`;
  }

  /**
   * The link to a thing: by name, or by number if the name is not unique.
   * @param {string} reference
   */
  of(reference) {
    const name = this.named(reference);
    return this.index().get(name) === reference ? `#${name}` : `#${reference}`;
  }

  /**
   * The reference that the part of an address behind # means, or null.
   * @param {string} hash
   */
  find(hash) {
    if (/^[in]\d+$/.test(hash)) {
      const count = hash[0] === "i" ? this.access.count : this.access.depth.length;
      return Number(hash.slice(1)) < count ? hash : null;
    }
    const parts = hash.split("/").map((part) => encodeURIComponent(decoded(part)));
    return this.index().get(parts.join("/")) ?? null;
  }

  // All names, with what they mean; null if that is several things.
  index() {
    if (this.known) return this.known;
    /** @type {Map<string, string | null>} */
    const known = new Map();
    /** @param {string} reference */
    const add = (reference) => {
      const name = this.named(reference);
      known.set(name, known.has(name) ? null : reference);
    };
    for (let at = 0; at < this.access.count; at++) add(`i${at}`);
    for (let at = 0; at < this.access.depth.length; at++) add(`n${at}`);
    this.known = known;
    return known;
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

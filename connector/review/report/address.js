// Links that can be shared: #user/jdoe, #repository/PAY/api, #finding/public. They have user names, keys and slugs, so that
// they lead to the same thing in a later page. Inside the page, things are i12 (an identity) and n34 (a node).

/** @type {Record<string, string>} */
const WORDS = { u: "user", g: "group", c: "key", o: "identity" };
const NODE_WORDS = ["application", "project", "repository"];

class Addresses {
  /** @param {Access} access */
  constructor(access) {
    this.access = access;
    this.namesakes = new Set(access.data.namesakes);
  }

  /**
   * What a thing is, and its name among those.
   * @param {string} reference
   * @returns {[word: string, name: string]}
   */
  named(reference) {
    const { access } = this;
    const at = Number(reference.slice(1));
    if (reference[0] === "i") return [WORDS[access.kind[at]], access.handle(at)];
    return [NODE_WORDS[Math.min(2, access.depth[at])], access.label(at)];
  }

  /**
   * The link to a thing: by name, or by number if others have the same name.
   * @param {string} reference
   */
  of(reference) {
    if (this.namesakes.has(reference)) return `#${reference}`;
    const [word, name] = this.named(reference);
    // Half a character cannot be part of an address.
    return `#${word}/${name.toWellFormed().split("/").map(encodeURIComponent).join("/")}`;
  }

  /**
   * The reference that the part of an address behind # means, or null.
   * @param {string} hash
   */
  find(hash) {
    const { access } = this;
    if (/^[in]\d+$/.test(hash)) {
      const count = hash[0] === "i" ? access.count : access.depth.length;
      return Number(hash.slice(1)) < count ? hash : null;
    }
    const [word, ...rest] = hash.split("/").map(decoded);
    const name = rest.join("/");
    const isIt = (/** @type {string} */ reference) => {
      const [ownWord, ownName] = this.named(reference);
      return ownWord === word && ownName.toWellFormed() === name && !this.namesakes.has(reference);
    };
    const isNode = NODE_WORDS.includes(word);
    for (let at = 0; at < (isNode ? access.depth.length : access.count); at++) {
      const reference = `${isNode ? "n" : "i"}${at}`;
      if (isIt(reference)) return reference;
    }
    return null;
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

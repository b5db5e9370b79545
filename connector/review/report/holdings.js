// What an identity reaches, and who reaches a node, prepared for lists and tables.

/** @typedef {{ node: number, level: Level, most: Level, more: number[] }} ReachedTop */

/**
 * One project with the level on it, the highest level in it, and the nodes with a higher level than its own.
 * @param {Access} access
 * @param {number} node
 * @param {Uint8Array} levels
 * @returns {ReachedTop}
 */
function reachedTop(access, node, levels) {
  const level = /** @type {Level} */ (levels[node]);
  const item = { node, level, most: level, more: /** @type {number[]} */ ([]) };
  for (let below = node + 1; below < access.end[node]; below++) {
    if (levels[below] > level) item.more.push(below);
    if (levels[below] > item.most) item.most = /** @type {Level} */ (levels[below]);
  }
  return item;
}

/**
 * Who reaches a node, groups aside: the highest level first, then by name.
 * @param {Access} access
 * @param {number} node
 */
function holdersOf(access, node) {
  const who = [...access.holders(node)].filter(([identity]) => access.kind[identity] !== "g");
  return who.sort((a, b) => b[1] - a[1] || access.name(a[0]).localeCompare(access.name(b[0])));
}

const IDENTITY_COLUMNS = ["kind", "name", "user name or id", "e-mail", "active", "last signed in"];
const ACCESS_COLUMNS = [...IDENTITY_COLUMNS, "level", "type", "resource", "name of resource", "why"];

/**
 * @param {Access} access
 * @param {number} identity
 */
function identityCells(access, identity) {
  const { properties } = access.data.identities;
  const facts = ["email", "active", "last signed in"].map((name) => property(properties, name, identity));
  return [ONE_OF[access.kind[identity]], access.name(identity), access.handle(identity), ...facts];
}

/**
 * @param {Access} access
 * @param {number} node
 */
function nodeCells(access, node) {
  return [access.type(node) || "application", access.label(node), access.nodeName(node)];
}

// The order of rows and columns in which those with the same access stand together. Knows numbers only.

/** @typedef {[row: number, column: number, weight: number]} Cell */

/**
 * Order rows and columns by reciprocal averaging: a row stands at the mean of its columns, a column at that of its
 * rows, until they settle. Parts without common access are ordered one after the other.
 * @param {Cell[]} cells
 * @param {number} height
 * @param {number} width
 */
function seriate(cells, height, width) {
  const part = components(cells, height, width);
  const rowSum = new Float64Array(height);
  const columnSum = new Float64Array(width);
  for (const [row, column, value] of cells) {
    rowSum[row] += value;
    columnSum[column] += value;
  }
  let x = new Float64Array(height);
  let y = Float64Array.from({ length: width }, (_, column) => (column * 0.618034) % 1);
  const rounds = Math.max(8, Math.min(100, Math.round(4e7 / (cells.length + 1))));
  for (let round = 0; round < rounds; round++) {
    centre(y, columnSum, part, height);
    x = average(cells, 0, 1, y, rowSum);
    y = average(cells, 1, 0, x, columnSum);
  }
  /** @type {Map<number, number>} */
  const total = new Map();
  for (const [row, , value] of cells) total.set(part[row], (total.get(part[row]) ?? 0) + value);
  const order = (/** @type {Float64Array} */ values, /** @type {Float64Array} */ sums, /** @type {number} */ offset) =>
    [...values.keys()].sort(
      (a, b) =>
        (total.get(part[offset + b]) ?? 0) - (total.get(part[offset + a]) ?? 0) ||
        part[offset + a] - part[offset + b] ||
        (Math.abs(values[a] - values[b]) > 1e-9 ? values[a] - values[b] : sums[b] - sums[a] || a - b),
    );
  return { rows: order(x, rowSum, 0), columns: order(y, columnSum, height) };
}

/**
 * @param {Cell[]} cells
 * @param {0 | 1} to
 * @param {0 | 1} from
 * @param {Float64Array} values
 * @param {Float64Array} sums
 */
function average(cells, to, from, values, sums) {
  const means = new Float64Array(sums.length);
  for (const cell of cells) means[cell[to]] += cell[2] * values[cell[from]];
  return means.map((mean, at) => (sums[at] ? mean / sums[at] : mean));
}

/**
 * Take the mean off and scale, within each part: otherwise all would end up in one place.
 * @param {Float64Array} values
 * @param {Float64Array} weights
 * @param {Int32Array} part
 * @param {number} offset
 */
function centre(values, weights, part, offset) {
  /** @type {Map<number, { weight: number, value: number, square: number }>} */
  const sums = new Map();
  const sumOf = (/** @type {number} */ at) => {
    const sum = sums.get(part[offset + at]) ?? { weight: 0, value: 0, square: 0 };
    sums.set(part[offset + at], sum);
    return sum;
  };
  values.forEach((value, at) => {
    const sum = sumOf(at);
    sum.weight += weights[at];
    sum.value += weights[at] * value;
  });
  values.forEach((value, at) => {
    const sum = sumOf(at);
    values[at] = sum.weight ? value - sum.value / sum.weight : 0;
    sum.square += weights[at] * values[at] ** 2;
  });
  values.forEach((value, at) => {
    const { square } = sumOf(at);
    if (square > 1e-18) values[at] = value / Math.sqrt(square);
  });
}

/**
 * For rows, and then for columns, the part that they belong to: those that share access, by any number of steps.
 * @param {Cell[]} cells
 * @param {number} height
 * @param {number} width
 */
function components(cells, height, width) {
  const leader = Int32Array.from({ length: height + width }, (_, at) => at);
  const find = (/** @type {number} */ start) => {
    let at = start;
    while (leader[at] !== at) {
      leader[at] = leader[leader[at]];
      at = leader[at];
    }
    return at;
  };
  for (const [row, column] of cells) leader[find(row)] = find(height + column);
  return leader.map((_, at) => find(at));
}

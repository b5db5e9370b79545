// What the page holds, as `data.py` writes it, and what the scripts make of it. Read by the type checker only.

type Level = 0 | 1 | 2 | 3;

/** Each value once, and for each record the position of its value. */
type Column = [values: string[], of: number[]];

/** A property: its name and its column; an absent value is an empty text. */
type Property = [name: string, values: string[], of: number[]];

type Fact = [name: string, text: string];
type FigureData = [count: number, what: string, detail: string];
type AssignmentData = [holder: number, permission: number, distances: number[], roles?: number[]];

/**
 * Places of a finding. `about` has the distances from one to the next, from 0 on: a node by its number, an identity by
 * -1 less its number. A detail that is left out is `…`.
 */
interface Places {
  about: number[];
  detail: Column;
  group: Column;
}

/** With the position of the acceptance of each place. */
interface AcceptedPlaces extends Places {
  by: number[];
}

interface Finding {
  id: string;
  title: string;
  reason: string;
  advice: string;
  urgency: 0 | 1 | 2;
  note: string;
  /** In the order of `open`: 0 for a single place, or how many places are one line, and what it says of them. */
  folds: (0 | [count: number, detail: string])[];
  open: Places;
  accepted: AcceptedPlaces;
  returned: AcceptedPlaces;
}

interface Changes {
  summary: string;
  since: string;
  sections: { title: string; count: number; lines: string[] }[];
}

interface PageData {
  isWorkspace: boolean;
  evidence: Fact[][];
  figures: FigureData[];
  ways: FigureData[];
  missing: string[];
  notes: string[];
  notAsked: string[];
  findings: Finding[];
  acceptances: [until: string, why: string, by: string][];
  unusedAcceptances: string[];
  changes: Changes | null;
  permissions: [name: string, level: Level, inherits: 0 | 1][];
  roles: string[];
  nodes: {
    depth: number[];
    label: string[];
    name: (string | 0)[];
    type: Column;
    description: (string | 0)[];
    link: (string | 0 | 1)[];
    properties: Property[];
  };
  identities: {
    kind: string;
    name: string[];
    also: (string | 0)[];
    off: number[];
    everyone: number[];
    licensed: number[];
    properties: Property[];
    groups: number[][];
    credentials: (number[] | 0)[];
  };
  assignments: AssignmentData[];
  /** Things that links cannot name, since others of their kind have the same name: i12, n34. */
  namesakes: string[];
}

interface Permission {
  name: string;
  level: Level;
  inherits: boolean;
}

/** One permission of one holder on many nodes. */
interface Row {
  holder: number;
  permission: Permission;
  targets: Int32Array;
  roles: number[];
}

/** One reason why somebody reaches a node: from them to the holder of the grant, and down to the node. */
interface Path {
  chain: number[];
  row: Row;
  on: number;
  inherited: number[];
}

/** A piece of a sentence: a text, the name of a permission, or a reference to an identity or a node. */
type Piece = string | { code: string } | { reference: string };

/** A row of the picture: a group, all users (-1), all keys (-2), or several groups with the same cells. */
interface MatrixRow {
  group: number;
  cells: Uint8Array;
  /** The columns whose cells are not 0: few of many. */
  used: number[];
  everywhere: number;
  name: string;
  same: MatrixRow[];
}

interface Cursor {
  row: number;
  column: number;
}

/** A table to copy or to save; its rows are worked out when somebody wants them. */
interface Table {
  name: string;
  columns: string[];
  rows: () => Iterable<(string | number)[]>;
}

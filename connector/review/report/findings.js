// The findings: the open ones, folded by project, the accepted ones, and those whose acceptance has expired.

const URGENCIES = ["Look at these first", "Then at these", "Good to know"];

/** @typedef {{ reference: string, detail: string, group: string, acceptance: number }} PlaceLine */
/** @typedef {{ places: () => PlaceLine[], count: number, detail: string }} FoldLine */

class Findings {
  /**
   * @param {Access} access
   * @param {Reasons} reasons
   */
  constructor(access, reasons) {
    this.access = access;
    this.reasons = reasons;
    this.data = access.data;
  }

  show() {
    const { findings, unusedAcceptances: unused } = this.data;
    const holder = byId("findings");
    /** @type {(title: string, look: string, found: Finding[]) => void} */
    const section = (title, look, found) => {
      const articles = found.map((finding) => this.article(finding));
      if (found.length) holder.append(element("h3", { class: look }, title), ...articles);
    };
    URGENCIES.forEach((title, urgency) => {
      const found = findings.filter((finding) => finding.urgency === urgency && finding.open.about.length);
      section(title, `urgency u${urgency}`, found);
    });
    if (!holder.hasChildNodes())
      holder.append(element("p", { class: "quiet" }, "The checks of this page found nothing."));
    const closed = findings.filter((finding) => finding.accepted.about.length && !finding.open.about.length);
    section("Accepted as a whole", "urgency", closed);
    if (unused.length)
      holder.append(
        unfolding(
          [`${counted(unused.length, "acceptance is", "acceptances are")} about nothing in this export`],
          () => [longList(unused, (line) => line, { name: "unused acceptances" })],
        ),
      );
  }

  /** @param {Finding} finding */
  article(finding) {
    const { id, title, reason, advice, urgency, note, open } = finding;
    const name = `finding/${id}`;
    const list = longList(this.folds(finding), (fold) => this.fold(fold), {
      first: 5,
      text: (fold) =>
        fold
          .places()
          .map((place) => this.text(place))
          .join(" "),
      name: title,
    });
    return element(
      "article",
      { class: `finding u${urgency}`, id: name },
      element(
        "div",
        {},
        element("h4", {}, element("span", { class: "count" }, number(open.about.length)), title),
        note && element("p", {}, element("strong", {}, sentence(note))),
        element("p", {}, reason),
        element("p", { class: "advice" }, advice),
        tableActions(this.table(finding), `#${name}`),
      ),
      element("div", {}, open.about.length ? list : "", this.returned(finding), this.accepted(finding)),
    );
  }

  /**
   * @param {Places | AcceptedPlaces} places
   * @param {number[]} [about] what they are about, if that is known
   * @param {number} [from]
   * @param {number} [to]
   * @returns {PlaceLine[]}
   */
  places(places, about = summedUp(places.about), from = 0, to = about.length) {
    const [details, detailOf] = places.detail;
    const [groups, groupOf] = places.group;
    return about.slice(from, to).map((one, step) => ({
      reference: one < 0 ? `i${-1 - one}` : `n${one}`,
      detail: details[detailOf[from + step]],
      group: groups[groupOf[from + step]],
      acceptance: "by" in places ? places.by[from + step] : -1,
    }));
  }

  /**
   * The lines of a finding; there may be a hundred thousand places, so that each is made when it is shown.
   * @param {Finding} finding
   * @returns {FoldLine[]}
   */
  folds(finding) {
    const about = summedUp(finding.open.about);
    let at = 0;
    return finding.folds.map((fold) => {
      const [count, detail] = fold || [1, ""];
      const from = at;
      at += count;
      return { places: () => this.places(finding.open, about, from, from + count), count, detail };
    });
  }

  /** @param {FoldLine} fold */
  fold({ places, count, detail }) {
    const [first] = places();
    if (count === 1) return this.place(first);
    const at = Number(first.reference.slice(1));
    const what = first.group || this.access.label(this.access.parent[at]);
    const summary = [element("strong", {}, what), element("span", { class: "quiet" }, ` ${detail}`)];
    return unfolding(summary, () => [
      longList(places(), (place) => this.place(place, true), {
        first: 20,
        text: (place) => this.text(place),
        name: what,
      }),
    ]);
  }

  /**
   * @param {PlaceLine} place
   * @param {boolean} [inGroup]
   * @param {...Child} more
   */
  place(place, inGroup = false, ...more) {
    const { detail, group } = place;
    return element(
      "span",
      { class: "place" },
      group && !inGroup && element("strong", {}, `${group} `),
      element("a", { href: this.reasons.addresses.of(place.reference) }, this.called(place)),
      detail && element("span", { class: "quiet" }, ` ${detail}`),
      ...more,
    );
  }

  /** @param {PlaceLine} place */
  called({ reference }) {
    const [name, also] = [this.reasons.names(reference)[0], this.subject(reference)];
    const isUser = reference[0] === "i" && this.access.kind[Number(reference.slice(1))] === "u";
    return isUser && also !== name ? `${name} (${also})` : name;
  }

  /** @param {PlaceLine} place */
  text(place) {
    return `${place.group} ${this.called(place)} ${place.detail}`;
  }

  /**
   * The name by which a finding is accepted for a thing.
   * @param {string} reference
   */
  subject(reference) {
    const at = Number(reference.slice(1));
    return reference[0] === "i" ? this.access.handle(at) : this.access.label(at);
  }

  /** @param {Finding} finding */
  returned(finding) {
    const places = this.places(finding.returned);
    if (!places.length) return null;
    const count = counted(places.length, "acceptance has expired", "acceptances have expired");
    return unfolding([element("strong", {}, `${count}: look again`)], () => [this.decided(places)]);
  }

  /** @param {Finding} finding */
  accepted(finding) {
    const places = this.places(finding.accepted);
    if (!places.length) return null;
    return unfolding([`${number(places.length)} accepted`], () => [this.decided(places)]);
  }

  /** @param {PlaceLine[]} places */
  decided(places) {
    const render = (/** @type {PlaceLine} */ place) => {
      const [until, why, by] = this.data.acceptances[place.acceptance];
      return this.place(place, false, element("span", { class: "quiet" }, ` · until ${until}, by ${by}: ${why}`));
    };
    return longList(places, render, { first: 20, text: (place) => this.text(place), name: "accepted places" });
  }

  /**
   * @param {Finding} finding
   * @returns {Table}
   */
  table(finding) {
    const row = (/** @type {string} */ state, /** @type {PlaceLine} */ place) => {
      const decision = this.data.acceptances[place.acceptance] ?? ["", "", ""];
      const [name] = this.reasons.names(place.reference);
      return [finding.id, this.subject(place.reference), name, place.group, place.detail, state, ...decision];
    };
    const expired = new Map(this.places(finding.returned).map((place) => [place.reference + place.group, place]));
    const rows = () => [
      ...this.places(finding.open).map((place) => {
        const before = expired.get(place.reference + place.group);
        return before ? row("acceptance expired", before) : row("open", place);
      }),
      ...this.places(finding.accepted).map((place) => row("accepted", place)),
    ];
    const columns = ["finding", "subject", "name", "group", "detail", "state", "until", "why", "by"];
    return { name: finding.title, columns, rows };
  }
}

/** @param {number[]} distances */
function summedUp(distances) {
  let sum = 0;
  return distances.map((distance) => {
    sum += distance;
    return sum;
  });
}

/** @param {string} text */
function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

"""Decisions against later exports: what was carried out, what was not, and what came back.

A decision is carried out when the grant is gone and nothing took its place. The last export tells how things are;
earlier ones tell that a grant which is there had been taken away in between.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from connector.errors import UsageError
from connector.graph.payload import load
from connector.graph.values import Group, Identity, Level, Node, Resource
from connector.review.certification.decisions import GrantDecision, Header, read_decisions
from connector.review.certification.grants import HeldGrant
from connector.review.certification.later import Later, Sight, same_right
from connector.review.certification.rows import level_in_words, place, project_of, shown
from connector.review.provenance import moment, provenance
from connector.review.text.names import kind, person, where, who


class Status(StrEnum):
    """What became of a decision."""

    DONE = "carried out"
    OPEN = "not carried out"
    BACK = "came back"
    UNKNOWN = "cannot be told"
    UNDECIDED = "not decided"
    CHANGED = "kept, and gone"


@dataclass(frozen=True, slots=True)
class Proven:
    """What became of one decision; `now` says how things are, `still` how the holder reaches it by other ways."""

    decided: GrantDecision
    status: Status
    now: str = ""
    still: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read. Of an export, when it was collected, where it says so, and all that it says of itself."""

    name: str
    sha256: str
    collected_at: str = ""
    says: str = ""


@dataclass(slots=True)
class Proof:
    """What became of all decisions. `kept` counts what stays as it was, by project and by who decided so."""

    header: Header
    decisions: Source
    exports: list[Source]
    decided: list[Proven] = field(default_factory=list)
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    given_since: list[HeldGrant] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def of(self, *statuses: Status) -> list[Proven]:
        """Give the decisions of these statuses."""
        return [one for one in self.decided if one.status in statuses]

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do, or to decide."""
        return bool(self.of(Status.OPEN, Status.BACK, Status.UNKNOWN, Status.UNDECIDED))


def prove(decisions: Path, exports: Sequence[Path]) -> Proof:
    """Hold decisions against later exports, the oldest first.

    Raises `ReviewError` for a file that cannot be read, and `UsageError` for an export of something else, or of
    before the review.
    """
    header, _ = read_decisions(decisions)
    proof = Proof(header, Source(decisions.name, _sha256(decisions)), [])
    gone_in: dict[str, str] = {}
    for path in exports[:-1]:
        later = _later(path, proof)
        asked = (one.reference for one in read_decisions(decisions)[1] if one.is_to_do)
        gone_in.update((one.digest, path.name) for one in asked if later.sight(one).is_gone)
    _Proving(_later(exports[-1], proof), proof, gone_in).look_at(read_decisions(decisions)[1])
    return proof


def _later(path: Path, proof: Proof) -> Later:
    """Load an export that must not be earlier than the review, or than the export before it."""
    later = Later(load(path))
    times = (one.properties.get("collected_at") for one in later.export.applications)
    says = "; ".join(one.sentence for one in provenance(later.export))
    source = Source(path.name, _sha256(path), next((time for time in times if isinstance(time, str)), ""), says)
    before = [proof.header.collected_at, *(one.collected_at for one in proof.exports)]
    latest = max(filter(None, map(moment, before)), default=None)
    own = moment(source.collected_at)
    if latest and own and own < latest:
        raise UsageError(
            f"{path} is of {source.collected_at}, which is before what it is to prove: name later exports, oldest first"
        )
    proof.exports.append(source)
    return later


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_Right = tuple[Identity, str, bool, Node]
"""Who, what right, whether it is a role, and on what."""


class _Proving:
    """Looks at all decisions in the last export. What was reviewed is known when all of them were looked at."""

    def __init__(self, later: Later, proof: Proof, gone_in: Mapping[str, str]) -> None:
        self._later, self._proof, self._gone_in = later, proof, gone_in
        self._reviewed: set[_Right] = set()
        self._left: dict[tuple[Identity, Node], Level] = {}
        self._to_do: list[tuple[GrantDecision, Sight]] = []
        self._names: Counter[bool | None] = Counter()
        """How many things are there under the name that they had, under another one, or not at all."""

    def look_at(self, decisions: Iterable[GrantDecision]) -> None:
        """Fill in the proof. Raises `UsageError` where the export is one of something else."""
        for decided in decisions:
            self._note(decided, self._later.sight(decided.reference))
        self._check_that_it_is_the_same()
        self._proof.decided.extend(self._proven(decided, sight) for decided, sight in self._to_do)
        since = (held for node in self._scope() for held in self._given_since(node))
        self._proof.given_since.extend(sorted(since, key=lambda held: (-held.level, where(held.on), held.holder.name)))

    def _note(self, decided: GrantDecision, sight: Sight) -> None:
        reference, found = decided.reference, self._proof.decided
        if reference.node:
            self._names[None if sight.node is None else place(sight.node) == decided.on] += 1
        if sight.holder is not None and sight.node is not None:
            self._reviewed.add((sight.holder, reference.right.lower(), reference.is_role, sight.node))
        if decided.is_to_do:
            self._to_do.append((decided, sight))
        elif decided.decision is None:
            found.append(Proven(decided, Status.UNDECIDED, "gone by now" if sight.is_gone else "is there"))
        elif sight.is_gone:
            found.append(Proven(decided, Status.CHANGED, _what_is_gone(decided, sight)))
        else:
            self._proof.kept[decided.project, decided.reviewer] += 1

    def _check_that_it_is_the_same(self) -> None:
        """Ids are small numbers: another server has the same ones, and none of the grants."""
        names = ", ".join(application.name for application in self._later.export.applications)
        export, review = self._proof.exports[-1].name, self._proof.header.application
        if self._names[None] and self._names[None] == self._names.total():
            raise UsageError(f"{export} has nothing of what was reviewed: it is no later export of {review}")
        if shown(names) != review:
            if self._names[False] > self._names[True]:
                raise UsageError(f"{export} is an export of {names}, and the review was one of {review}")
            self._proof.warnings.append(f"the export calls itself {shown(names)}, and the review was one of {review}")

    def _proven(self, decided: GrantDecision, sight: Sight) -> Proven:
        status, now = self._status(decided, sight)
        still = ""
        if decided.decision and sight.holder is not None and sight.node is not None and not sight.is_there:
            self._left[sight.holder, sight.node] = decided.decision.leave
            still = self._later.other_ways(sight.holder, sight.node, decided.decision.leave)
        return Proven(decided, status, "; ".join([now, *_renamed(decided, sight)]), shown(still))

    def _status(self, decided: GrantDecision, sight: Sight) -> tuple[Status, str]:
        if sight.is_there:
            earlier = self._gone_in.get(decided.reference.digest)
            return (Status.BACK, f"was gone in {earlier}, and is there again") if earlier else (Status.OPEN, "is there")
        if sight.doubt:
            return Status.UNKNOWN, sight.doubt
        if heir := self._heir(decided, sight):
            return (
                Status.BACK,
                f"is gone, but {who(heir)} was given the same since: the same one, renamed or made anew?",
            )
        leave = decided.decision.leave if decided.decision else Level.NONE
        instead = [held for held in sight.rights if held.level > leave and self._is_new(held)]
        if instead and leave:
            return Status.OPEN, f"has {_rights(instead)} there"
        if instead:
            return Status.BACK, f"is gone, but {_rights(instead)} was given there since"
        return Status.DONE, _what_is_gone(decided, sight)

    def _heir(self, decided: GrantDecision, sight: Sight) -> Identity | None:
        """Give who has the grant of a holder that is gone: another group, or somebody of the same name."""
        if sight.node is None or sight.holder is not None:
            return None
        for held in self._later.grants.to_decide(sight.node):
            one = held.holder
            is_alike = isinstance(one, Group) or shown(person(one)) == decided.holder
            same_kind = kind(one) == decided.reference.holder_kind
            if same_kind and is_alike and same_right(held.reference, decided.reference) and self._is_new(held):
                return one
        return None

    def _is_new(self, held: HeldGrant) -> bool:
        """Whether a grant of the last export was not asked about, although it would have been."""
        right = (held.holder, held.reference.right.lower(), held.reference.is_role, held.on)
        return held.level >= self._proof.header.at_least and right not in self._reviewed

    def _scope(self) -> Iterator[Node]:
        """Yield the projects that were reviewed, and everything in them."""
        for top in dict.fromkeys(project_of(node) for _, _, _, node in self._reviewed):
            yield top
            if isinstance(top, Resource):
                yield from self._later.export.descendants_of(top)

    def _given_since(self, node: Node) -> Iterator[HeldGrant]:
        for held in self._later.grants.to_decide(node):
            left = self._left.get((held.holder, held.on), Level.NONE)
            if self._is_new(held) and not Level.NONE < held.level <= left:
                yield held


def _what_is_gone(decided: GrantDecision, sight: Sight) -> str:
    if sight.node is None:
        return f"{decided.on} is not in the export any more"
    if sight.holder is None:
        return f"{decided.reference.holder_kind} {decided.holder} is not in the export any more"
    return f"is gone; has {_rights(sight.rights)} there" if sight.rights else "is gone"


def _renamed(decided: GrantDecision, sight: Sight) -> Iterator[str]:
    """Say what things are called by now, where that is something else."""
    if sight.holder is not None and (name := shown(person(sight.holder))) != decided.holder:
        yield f"the holder is called {name} by now"
    if sight.node is not None and (name := place(sight.node)) != decided.on:
        yield f"{decided.on} is {name} by now"


def _rights(rights: Iterable[HeldGrant]) -> str:
    return ", ".join(f"{shown(held.right)} ({level_in_words(held.level)})" for held in rights)

"""Export → what the page holds: numbers instead of names wherever something is named twice.

This keeps a million grants small. Things are known by their position. The tree is one list of depths, in the
order of the export. Grants stay folded: one row for a permission of a holder on many nodes, written as the
distances between the nodes. A property is one column, with each value listed once. Repetitions then cost next
to nothing when it is compressed. `types.d.ts` has the shape as the scripts see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from connector.graph.export import Assignment, Export
from connector.graph.values import (
    Application,
    Credential,
    Group,
    Identity,
    Node,
    Permission,
    Resource,
    Role,
    User,
    lineage,
)
from connector.review.caveats import caveats
from connector.review.diff import paragraphs
from connector.review.diff.difference import Difference
from connector.review.findings.accepted import Reviewed
from connector.review.findings.finding import Acceptance, Finding, Place
from connector.review.findings.folding import folded, in_short
from connector.review.provenance import provenance
from connector.review.report import summary
from connector.review.text.names import handle
from connector.review.vocabulary import CLOUD, EVERYONE, LICENSED_USERS
from connector.text import clean

Json = dict[str, object]

_LONGEST_DESCRIPTION = 160
"""Characters of a description that are kept: there may be a hundred thousand descriptions."""

_MOST_LINES = 1000
"""Lines about changes of one kind that are kept; all are counted, and `diff` tells the others."""

_MOST_DETAILS = 2000
"""Different details of one finding that are kept: each may be a line of names."""

_LEFT_OUT = "…"

_SHOWN_OTHERWISE = frozenset({"slug", "project_key", "key", "url", "username"})


def data(export: Export, reviewed: Reviewed, difference: Difference | None = None) -> Json:
    """Give everything that the page shows."""
    return _Data(export).everything(reviewed) | {"changes": None if difference is None else _changes(difference)}


def _changes(difference: Difference) -> Json:
    return {
        "summary": paragraphs.summary(difference),
        "since": "; ".join(one.sentence for one in provenance(difference.matching.old)),
        "sections": [
            {"title": one.heading, "count": len(one.lines), "lines": one.lines[:_MOST_LINES]}
            for one in paragraphs.paragraphs(difference)
        ],
    }


class _Data:
    def __init__(self, export: Export) -> None:
        self._export = export
        self._node = {node: number for number, node in enumerate(export.nodes)}
        self._identity = {identity: number for number, identity in enumerate(export.identities)}
        self._permission = {permission: number for number, permission in enumerate(export.permissions)}
        self._roles: dict[Role, int] = {}
        self._acceptances: dict[Acceptance, int] = {}

    def everything(self, reviewed: Reviewed) -> Json:
        assignments = [self._assignment(row) for row in self._export.assignments]
        unknown = caveats(self._export)
        findings = [self._finding(finding) for finding in reviewed.findings]
        return {
            "isWorkspace": any(application.type == CLOUD for application in self._export.applications),
            "evidence": [one.facts for one in provenance(self._export)],
            "figures": summary.figures(self._export),
            "ways": summary.ways(self._export),
            "missing": [caveat.text for caveat in unknown if caveat.hides_access],
            "notes": [caveat.text for caveat in unknown if not caveat.hides_access],
            "notAsked": summary.not_asked(self._export),
            "findings": findings,
            "acceptances": [[f"{one.until}", one.why, one.by] for one in self._acceptances],
            "unusedAcceptances": [f"{one.finding}: {clean(one.subject)} (line {one.line})" for one in reviewed.unused],
            "permissions": [_permission(permission) for permission in self._export.permissions],
            "nodes": self._nodes(),
            "identities": self._identities(),
            "assignments": assignments,
            "roles": [role.name for role in self._roles],
            "namesakes": self._namesakes(),
        }

    def _namesakes(self) -> list[str]:
        """Give the things that links cannot name, since others of their kind have the same name."""
        names: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for number, identity in enumerate(self._export.identities):
            names[_kind(identity), handle(identity)].append(f"i{number}")
        labels: dict[Node, str] = {}
        for number, node in enumerate(self._export.nodes):
            depth = min(2, _depth(node))
            above = f"{labels[node.parent]}/" if isinstance(node, Resource) and depth > 1 else ""
            labels[node] = f"{above}{_label(node)}"
            names[str(depth), labels[node]].append(f"n{number}")
        return [one for same in names.values() if len(same) > 1 for one in same]

    def _finding(self, finding: Finding) -> Json:
        folds = folded(self._export, finding.places)
        short = in_short(folds)
        return {
            "id": finding.id,
            "title": finding.title,
            "reason": finding.reason,
            "advice": finding.advice,
            "urgency": int(finding.urgency),
            "note": "; ".join(filter(None, (finding.note, short))),
            "folds": [[len(fold.places), fold.detail] if len(fold.places) > 1 else 0 for fold in folds],
            "open": self._places([place for fold in folds for place in fold.places]),
            "accepted": self._accepted(finding.accepted),
            "returned": self._accepted(finding.returned),
        }

    def _accepted(self, accepted: Sequence[tuple[Place, Acceptance]]) -> Json:
        numbers = [self._acceptances.setdefault(one, len(self._acceptances)) for _, one in accepted]
        return self._places([place for place, _ in accepted]) | {"by": numbers}

    def _places(self, places: Sequence[Place]) -> Json:
        """Give places as columns: distances from one thing that they are about to the next, details, and groups."""
        about = [self._reference(place) for place in places]
        details = list(dict.fromkeys(place.detail for place in places))[:_MOST_DETAILS]
        known = frozenset(details)
        return {
            "about": [after - before for before, after in pairwise([0, *about])],
            "detail": _column([place.detail if place.detail in known else _LEFT_OUT for place in places]),
            "group": _column([place.group for place in places]),
        }

    def _reference(self, place: Place) -> int:
        """Give the number of a node; for an identity, -1 less its number."""
        if isinstance(place.about, Identity):
            return -1 - self._identity[place.about]
        return self._node[place.about]

    def _nodes(self) -> Json:
        nodes = self._export.nodes
        return {
            "depth": [_depth(node) for node in nodes],
            "label": [_label(node) for node in nodes],
            "name": [node.name if node.name != _label(node) else 0 for node in nodes],
            "type": _column([node.type or "" for node in nodes]),
            "description": [_description(node) for node in nodes],
            "link": [_link(node) for node in nodes],
            "properties": _columns([node.properties if isinstance(node, Resource) else {} for node in nodes]),
        }

    def _identities(self) -> Json:
        identities = self._export.identities
        return {
            "kind": "".join(_kind(identity) for identity in identities),
            "name": [identity.name for identity in identities],
            "also": [_other_name(identity) for identity in identities],
            "off": self._where(lambda identity: getattr(identity, "is_active", None) is False),
            "everyone": self._where(lambda identity: isinstance(identity, Group) and identity.id == EVERYONE),
            "licensed": self._where(lambda identity: isinstance(identity, Group) and identity.id == LICENSED_USERS),
            "properties": _columns([_facts(identity) for identity in identities]),
            "groups": [[self._identity[group] for group in self._export.groups_of(one)] for one in identities],
            "credentials": [
                [self._identity[own] for own in self._export.credentials_of(one)] if isinstance(one, User) else 0
                for one in identities
            ],
        }

    def _where(self, condition: Callable[[Identity], bool]) -> list[int]:
        return [number for number, identity in enumerate(self._export.identities) if condition(identity)]

    def _assignment(self, row: Assignment) -> list[object]:
        """Give holder, permission, distances between targets, and roles if there are any."""
        targets = sorted({self._node[node] for node in row.targets})
        distances = [targets[0], *(after - before for before, after in pairwise(targets))]
        roles = [self._roles.setdefault(role, len(self._roles)) for role in row.roles]
        return [self._identity[row.holder], self._permission[row.permission], distances, *([roles] if roles else [])]


def _permission(permission: Permission) -> list[object]:
    return [permission.name, int(permission.categories.level), int(permission.inherits)]


def _depth(node: Node) -> int:
    return sum(1 for _ in lineage(node)) - 1


def _label(node: Node) -> str:
    """Name a node within its parent: a repository by its slug, a project by its key."""
    return str(node.properties.get("slug") or node.properties.get("key") or node.name)


def _description(node: Node) -> str | int:
    text = node.description
    if not text or isinstance(node, Application):
        return 0
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[:_LONGEST_DESCRIPTION]}…"


def _link(node: Node) -> str | int:
    """Give the address of a node's page; 1 if it follows from that of its parent."""
    url = node.properties.get("url" if isinstance(node, Resource) else "base_url")
    if not isinstance(url, str):
        return 0
    by_rule = isinstance(node, Resource) and url == f"{node.parent.properties.get('url')}/repos/{_label(node)}/browse"
    return 1 if by_rule else url


def _kind(identity: Identity) -> str:
    match identity:
        case User():
            return "u"
        case Group():
            return "g"
        case Credential():
            return "c"
        case _:
            return "o"


def _other_name(identity: Identity) -> str | int:
    """Give the other name of an identity, if there is one."""
    other = handle(identity)
    return other if other != identity.name else 0


def _facts(identity: Identity) -> Mapping[str, object]:
    facts = dict(identity.properties)
    match identity:
        case User():
            facts |= {
                "email": identity.email,
                "active": identity.is_active,
                "type": identity.user_type,
                "created": _day(identity.created_at),
                "last signed in": _day(identity.last_login_at),
            }
        case Credential():
            facts |= {
                "active": identity.is_active,
                "can expire": identity.can_expire,
                "created": _day(identity.created_at),
                "expires": _day(identity.expires_at),
                "last used": _day(identity.last_used_at),
            }
    return facts


def _day(time: str | None) -> str | None:
    return time[:10] if time else None


def _columns(records: Iterable[Mapping[str, object]]) -> list[list[object]]:
    """Turn properties into columns: the name, and what `_column` gives. An absent value is an empty text."""
    known: defaultdict[str, dict[int, str]] = defaultdict(dict)
    count = 0
    for number, record in enumerate(records):
        count = number + 1
        for name, value in record.items():
            if name not in _SHOWN_OTHERWISE and value is not None:
                known[name][number] = _display(value)
    return [[name, *_column([cells.get(number, "") for number in range(count)])] for name, cells in known.items()]


def _column(values: Sequence[str]) -> list[object]:
    """Give each value once, and for each record the position of its value."""
    codes = {"": 0}
    of = [codes.setdefault(value, len(codes)) for value in values]
    return [list(codes), of]


def _display(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)

"""Export → what the page holds: numbers instead of names wherever something is named twice.

Small in this way, for a million grants: things are known by their position; the tree is one list of depths, in
the order of the export; grants stay folded, one row for a permission of a holder on many nodes, written as the
distances between these; a property is one column, its values listed once. Repeats then cost next to nothing
when it is deflated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from connector.review.diff import forms as difference_forms
from connector.review.diff.difference import Difference
from connector.review.findings.finding import EVERYONE, LICENSED_USERS, Finding, Place, newest, place
from connector.review.report import summary

Json = dict[str, object]

_LONGEST_DESCRIPTION = 160
"""Characters of a description that are kept: there may be a hundred thousand."""

_MOST_PLACES = 1000
"""Places of one finding, or lines about changes, that are kept; nobody reads more, and all are counted."""

_SHOWN_OTHERWISE = frozenset({"slug", "project_key", "key", "url", "username"})


def data(export: Export, findings: Sequence[Finding], difference: Difference | None = None) -> Json:
    """Give everything that the page shows."""
    return _Data(export).everything(findings) | {"changes": None if difference is None else _changes(difference)}


def _changes(difference: Difference) -> Json:
    return {
        "summary": difference_forms.summary(difference),
        "sections": [
            {"title": one.heading, "count": len(one.lines), "lines": one.lines[:_MOST_PLACES]}
            for one in difference_forms.paragraphs(difference)
        ],
    }


class _Data:
    def __init__(self, export: Export) -> None:
        self._export = export
        self._node = {node: number for number, node in enumerate(export.nodes)}
        self._identity = {identity: number for number, identity in enumerate(export.identities)}
        self._permission = {permission: number for number, permission in enumerate(export.permissions)}
        self._roles: dict[Role, int] = {}

    def everything(self, findings: Sequence[Finding]) -> Json:
        assignments = [self._assignment(row) for row in self._export.assignments]
        as_of = newest(self._export)
        return {
            "applications": [dict(_server(application)) for application in self._export.applications],
            "asOf": as_of.date().isoformat() if as_of else None,
            "figures": [_figure(figure) for figure in summary.figures(self._export)],
            "ways": [_figure(figure) for figure in summary.ways(self._export)],
            "notCollected": summary.not_collected(self._export),
            "notAsked": summary.not_asked(self._export),
            "findings": [self._finding(finding) for finding in findings],
            "permissions": [_permission(permission) for permission in self._export.permissions],
            "nodes": self._nodes(),
            "identities": self._identities(),
            "assignments": assignments,
            "roles": [role.name for role in self._roles],
        }

    def _finding(self, finding: Finding) -> Json:
        return {
            "title": finding.title,
            "reason": finding.reason,
            "advice": finding.advice,
            "urgency": int(finding.urgency),
            "count": len(finding.places),
            "places": [[one.what, one.detail, self._reference(one)] for one in finding.places[:_MOST_PLACES]],
        }

    def _reference(self, one: Place) -> str:
        match one.about:
            case None:
                return ""
            case Identity():
                return f"i{self._identity[one.about]}"
            case _:
                return f"n{self._node[one.about]}"

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
            "also": [_also(identity) for identity in identities],
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
        """Give holder, permission, distances between targets, and roles where there are any."""
        targets = sorted({self._node[node] for node in row.targets})
        distances = [targets[0], *(after - before for before, after in pairwise(targets))]
        roles = [self._roles.setdefault(role, len(self._roles)) for role in row.roles]
        return [self._identity[row.holder], self._permission[row.permission], distances, *([roles] if roles else [])]


def _server(application: Application) -> Iterator[tuple[str, object]]:
    yield "name", application.name
    yield "type", application.type
    for name in ("base_url", "version", "public_access"):
        if name in application.properties:
            yield name, application.properties[name]


def _figure(figure: summary.Figure) -> list[object]:
    return [figure.number, figure.what, figure.detail]


def _permission(permission: Permission) -> list[object]:
    return [permission.name, int(permission.categories.level), int(permission.inherits)]


def _depth(node: Node) -> int:
    return sum(1 for _ in lineage(node)) - 1


def _label(node: Node) -> str:
    """Name a node within its parent: a repository by its slug, a project by its key."""
    return str(node.properties.get("slug") or place(node))


def _description(node: Node) -> str | int:
    text = node.description
    if not text or isinstance(node, Application):
        return 0
    return text if len(text) <= _LONGEST_DESCRIPTION else f"{text[:_LONGEST_DESCRIPTION]}…"


def _link(node: Node) -> str | int:
    """Give the address of a node's page; 1 where it follows from that of its parent."""
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


def _also(identity: Identity) -> str | int:
    """Give the other name by which somebody is known, where it is another."""
    also = identity.properties.get("username") or (identity.id if _is_said(identity) else "")
    return str(also) if also and also != identity.name else 0


def _is_said(identity: Identity) -> bool:
    """Whether an id means anything to people; the number of a user does not."""
    return not identity.id.isdigit() and not identity.id.startswith("bitbucket:")


def _facts(identity: Identity) -> Mapping[str, object]:
    facts = dict(identity.properties)
    match identity:
        case User():
            facts |= {
                "email": identity.email,
                "active": identity.is_active,
                "type": identity.user_type,
                "made": _day(identity.created_at),
                "last signed in": _day(identity.last_login_at),
            }
        case Credential():
            facts |= {
                "active": identity.is_active,
                "can expire": identity.can_expire,
                "made": _day(identity.created_at),
                "expires": _day(identity.expires_at),
                "last used": _day(identity.last_used_at),
            }
    return facts


def _day(time: str | None) -> str | None:
    return time[:10] if time else None


def _columns(records: Iterable[Mapping[str, object]]) -> list[list[object]]:
    """Turn properties into columns: name, and what `_column` gives; absent is the empty text."""
    known: defaultdict[str, dict[int, str]] = defaultdict(dict)
    count = 0
    for number, record in enumerate(records):
        count = number + 1
        for name, value in record.items():
            if name not in _SHOWN_OTHERWISE and value is not None:
                known[name][number] = _said(value)
    return [[name, *_column([cells.get(number, "") for number in range(count)])] for name, cells in known.items()]


def _column(values: Sequence[str]) -> list[object]:
    """List each value once, and for each record which one it has."""
    codes = {"": 0}
    of = [codes.setdefault(value, len(codes)) for value in values]
    return [list(codes), of]


def _said(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)

"""One export → BloodHound's OpenGraph: a graph whose paths lead from people to repositories.

The form: https://bloodhound.specterops.io/opengraph/developer/graph-data. BloodHound follows an edge from A to B where
who has A has what B has; these are the edges that its search for paths takes. Ids are UUIDs made of what
they stand for, since BloodHound wants them unique among all systems, and without colons.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from connector import __version__
from connector.graph.export import Assignment, Export
from connector.graph.values import Application, Credential, Group, Identity, Level, Node, Resource, User, lineage
from connector.outputs.tables.rows import kind
from connector.review.text.names import where

SOURCE_KIND = NAMESPACE = "Bitbucket"

NODE_KINDS = {
    "Instance": ("A Bitbucket server, or a workspace of Bitbucket Cloud", "server", "#2684FF"),
    "User": ("A user", "user", "#17E625"),
    "Group": ("A group of users and groups", "users", "#DBE617"),
    "Credential": ("An SSH key or an access token", "key", "#F5A623"),
    "Identity": ("Somebody that only an identity provider knows, or an agent", "id-badge", "#9B9B9B"),
    "Project": ("A project", "folder", "#4A90E2"),
    "Repository": ("A repository", "code-branch", "#FF5630"),
    "Resource": ("Anything else that an application lists", "cube", "#9013FE"),
}
"""Each with its meaning, an icon of Font Awesome, and a colour."""

EDGE_KINDS = {
    "MemberOf": ("A member of the group has what the group has", True),
    "Read": ("Can read it, and what lies in it", True),
    "Write": ("Can push to it, and to what lies in it", True),
    "Admin": ("Administers it, and what lies in it", True),
    "Contains": ("What is granted on it counts for what lies in it, too", True),
    "HasCredential": ("Owns a key or token that was granted something itself", True),
    "ActsFor": ("A key or token that can do what its owner can", True),
    "Holds": ("A permission that is no way to a repository: it gives no level, or ends at what others lie in", False),
}
"""Each with its meaning, and whether paths lead along it."""

_LEVELS = {Level.READ: "Read", Level.WRITE: "Write", Level.ADMIN: "Admin"}
_RESERVED = frozenset({"objectid", "lastseen", "reconcile", "environmentid", "collected", "name", "displayname"})

Json = dict[str, object]


def graph(export: Export) -> Iterator[str]:
    """Yield the pieces of the file: a node or an edge on a line, since there may be a million."""
    yield f'{{"metadata":{{"source_kind":"{SOURCE_KIND}"}},"graph":{{"nodes":['
    yield from _lines(_nodes(export))
    yield '],\n"edges":['
    yield from _lines(_edges(export))
    yield "]}}\n"


def _lines(entries: Iterable[Json]) -> Iterator[str]:
    separator = "\n"
    for entry in entries:
        yield separator + json.dumps(entry, separators=(",", ":"))
        separator = ",\n"


def definition_beside(path: Path) -> Path:
    """Give where the definition of the kinds stands, beside a graph."""
    return path.with_name(f"{path.stem}.definition.json")


def definition() -> Iterator[str]:
    """Yield the definition of the kinds, which BloodHound has to know before it searches for paths along them.

    https://bloodhound.specterops.io/opengraph/developer/graph-definition
    """
    nodes = [
        {
            "name": _kind(name),
            "display_name": f"{NAMESPACE} {name}",
            "description": meaning,
            "is_display_kind": True,
            "icon": icon,
            "color": color,
        }
        for name, (meaning, icon, color) in NODE_KINDS.items()
    ]
    edges = [
        {"name": _kind(name), "description": meaning, "is_traversable": traversable}
        for name, (meaning, traversable) in EDGE_KINDS.items()
    ]
    environment = {
        "environment_kind": _kind("Instance"),
        "source_kind": SOURCE_KIND,
        "principal_kinds": [_kind("User"), _kind("Credential")],
    }
    schema = {
        "name": "OAABitbucket",
        "display_name": "Bitbucket (oaa-bitbucket)",
        "version": f"v{__version__}",
        "namespace": NAMESPACE,
    }
    whole = {
        "schema": schema,
        "node_kinds": nodes,
        "relationship_kinds": edges,
        "environments": [environment],
        "relationship_findings": [],
    }
    yield json.dumps(whole, indent=2) + "\n"


def _kind(name: str) -> str:
    return f"{NAMESPACE}_{name}"


def _nodes(export: Export) -> Iterator[Json]:
    for node in export.nodes:
        is_root = isinstance(node, Application)
        extra: Json = {"collected": True} if is_root else {"key": node.key} if isinstance(node, Resource) else {}
        yield _node(_id(node), _node_kind(node), where(node), node.name, _root(node), node.properties, extra)
    for identity in export.identities:
        username = str(identity.properties.get("username") or identity.name)
        yield _node(
            _id(identity), _identity_kind(identity), username, identity.name, identity.application,
            identity.properties, {"id": identity.id, **_attributes(identity)},
        )  # fmt: skip


def _node(
    own: str, name: str, called: str, displayed: str, root: Node, properties: Mapping[str, object], extra: Json
) -> Json:
    others = {key.lower(): value for key, value in {**properties, **extra}.items() if _is_plain(value)}
    kept = {key: value for key, value in others.items() if key not in _RESERVED or key == "collected"}
    about = {"name": called, "displayname": displayed, "environmentid": _id(root), **kept}
    return {"id": own, "kinds": [_kind(name)], "properties": about}


def _is_plain(value: object) -> bool:
    """Whether BloodHound takes a value: a text, a number, yes or no, or a list of values of one of these types."""
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str | bool | int | float)


def _attributes(identity: Identity) -> Json:
    names = (
        "email",
        "is_active",
        "user_type",
        "can_expire",
        "created_at",
        "expires_at",
        "last_login_at",
        "last_used_at",
    )
    return {name: getattr(identity, name, None) for name in names}


def _root(node: Node) -> Node:
    *_, root = lineage(node)
    return root


def _node_kind(node: Node) -> str:
    if isinstance(node, Application):
        return "Instance"
    return {"Project": "Project", "Repo": "Repository"}.get(node.type or "", "Resource")


def _identity_kind(identity: Identity) -> str:
    match identity:
        case User():
            return "User"
        case Group():
            return "Group"
        case Credential():
            return "Credential"
        case _:
            return "Identity"


def _id(thing: Node | Identity) -> str:
    """Give the id of a node: the same for the same thing of every export of this server."""
    match thing:
        case Application():
            path = thing.name
        case Resource():
            path = f"{_root(thing).name}\nresource\n{thing.key}"
        case _:
            path = f"{thing.application.name}\n{kind(thing)}\n{thing.id}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, path)).upper()


def _edges(export: Export) -> Iterator[Json]:
    ids = {thing: _id(thing) for things in (export.nodes, export.identities) for thing in things}
    containers = {node.parent for node in export.resources}
    for resource in export.resources:
        yield _edge("Contains", ids[resource.parent], ids[resource])
    for identity in export.identities:
        own = ids[identity]
        yield from (_edge("MemberOf", own, ids[group]) for group in dict.fromkeys(export.groups_of(identity)))
        if isinstance(identity, Credential) and not export.assignments_of(identity):
            yield from (_edge("ActsFor", own, ids[owner]) for owner in dict.fromkeys(export.owners_of(identity)))
        if isinstance(identity, User):
            keys = dict.fromkeys(export.credentials_of(identity))
            yield from (_edge("HasCredential", own, ids[key]) for key in keys if export.assignments_of(key))
        for (name, node), permissions in _granted(export.assignments_of(identity), containers).items():
            yield _edge(name, own, ids[node], permissions=permissions)


def _granted(rows: Iterable[Assignment], containers: set[Node]) -> dict[tuple[str, Node], list[str]]:
    """Give the permissions of one holder by the edge that they make, of which there is one of a kind to a node."""
    granted: defaultdict[tuple[str, Node], dict[str, None]] = defaultdict(dict)
    for row in rows:
        level = row.permission.categories.level
        for node in row.targets:
            # An edge to what contains others leads on to these: without inheritance it must not be followed.
            is_way = level and (row.permission.inherits or node not in containers)
            granted[_LEVELS[level] if is_way else "Holds", node][row.permission.name] = None
    return {edge: list(names) for edge, names in granted.items()}


def _edge(name: str, start: str, end: str, **properties: object) -> Json:
    return {
        "kind": _kind(name),
        "start": {"match_by": "id", "value": start},
        "end": {"match_by": "id", "value": end},
        "properties": properties,
    }

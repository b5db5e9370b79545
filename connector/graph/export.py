"""One export in memory: everything that a payload says, and the indexes to ask it quickly.

Knows OAA's things and how they hang together, not what access follows from them (`access`) and not how
they are written down (`payload`). Grants stay folded, one `Assignment` for one permission of one holder
on many nodes, since there may be a million of them; an index is built when it is first needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from connector.graph.values import (
    Application,
    Credential,
    Grant,
    Group,
    Identity,
    Node,
    Permission,
    Resource,
    Role,
    User,
)

_Identity = TypeVar("_Identity", bound=Identity)


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """One permission that one identity holds on any number of nodes, through roles or directly."""

    holder: Identity
    permission: Permission
    roles: tuple[Role, ...]
    targets: Sequence[Node]

    def grant(self, node: Node) -> Grant:
        """Unfold what it says about one of its nodes."""
        return Grant(self.holder, self.permission, node, self.roles)


class Export:
    """Everything that one payload says. Made by `payload.load`; not to be changed.

    `nodes` hold each application followed by all of its resources, parents before what lies in them.
    """

    def __init__(
        self,
        *,
        nodes: Sequence[Node],
        identities: Sequence[Identity],
        permissions: Sequence[Permission],
        memberships: Mapping[Identity, Sequence[Group]],
        credentials_of: Mapping[User, Sequence[Credential]],
        assignments: Sequence[Assignment],
    ) -> None:
        self.nodes = nodes
        self.identities = identities
        self.permissions = permissions
        self.assignments = assignments
        self._memberships = memberships
        self._credentials_of = credentials_of

    @cached_property
    def applications(self) -> tuple[Application, ...]:
        """The applications; nearly always one."""
        return tuple(node for node in self.nodes if isinstance(node, Application))

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Resources at every depth, parents before what lies in them."""
        return tuple(node for node in self.nodes if isinstance(node, Resource))

    @cached_property
    def users(self) -> tuple[User, ...]:
        """The local users, active or not."""
        return self._of_kind(User)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The local groups."""
        return self._of_kind(Group)

    @cached_property
    def credentials(self) -> tuple[Credential, ...]:
        """The access credentials."""
        return self._of_kind(Credential)

    def _of_kind(self, kind: type[_Identity]) -> tuple[_Identity, ...]:
        return tuple(identity for identity in self.identities if isinstance(identity, kind))

    def groups_of(self, identity: Identity) -> Sequence[Group]:
        """Give the groups that a user or a group is a direct member of."""
        return self._memberships.get(identity, ())

    def members_of(self, group: Group) -> Sequence[Identity]:
        """Give the direct members of a group: users and groups."""
        return self._members.get(group, ())

    def credentials_of(self, user: User) -> Sequence[Credential]:
        """Give the credentials that belong to a user."""
        return self._credentials_of.get(user, ())

    def owners_of(self, credential: Credential) -> Sequence[User]:
        """Give the users that a credential belongs to."""
        return self._owners.get(credential, ())

    def children_of(self, node: Node) -> list[Resource]:
        """Give what lies directly in a node."""
        return [below for below in self.descendants_of(node) if below.parent is node]

    def descendants_of(self, node: Node) -> list[Resource]:
        """Give what lies in a node, at any depth."""
        start, end = self._spans[node]
        return [below for below in self.nodes[start + 1 : end] if isinstance(below, Resource)]

    def grants(self) -> Iterator[Grant]:
        """Yield every grant, one for each node that it is on."""
        return (assignment.grant(node) for assignment in self.assignments for node in assignment.targets)

    def grants_of(self, identity: Identity) -> list[Grant]:
        """Give the grants that an identity holds itself."""
        return [row.grant(node) for row in self.assignments_of(identity) for node in row.targets]

    def grants_on(self, node: Node) -> list[Grant]:
        """Give the grants on just this node, not what it inherits."""
        return [row.grant(node) for row in self.assignments_on(node)]

    def assignments_of(self, identity: Identity) -> Sequence[Assignment]:
        """Give what an identity holds itself, folded."""
        return self._assignments_of.get(identity, ())

    def assignments_on(self, node: Node) -> Sequence[Assignment]:
        """Give what is granted on just this node."""
        return self._assignments_on.get(node, ())

    def assignments_inherited_from(self, node: Node) -> Sequence[Assignment]:
        """Give what is granted on this node and reaches all that lies in it."""
        return self._inherited_from.get(node, ())

    def find_users(self, name: str) -> list[User]:
        """Find users by id, name, e-mail, identity or property `username`, in any letter case."""
        wanted = name.lower()
        return [user for user in self.users if wanted in _names_of_user(user)]

    def find_groups(self, name: str) -> list[Group]:
        """Find groups by id or name, in any letter case."""
        return [group for group in self.groups if name.lower() in (group.id.lower(), group.name.lower())]

    def find_credentials(self, name: str) -> list[Credential]:
        """Find credentials by id or name, in any letter case."""
        return [item for item in self.credentials if name.lower() in (item.id.lower(), item.name.lower())]

    def find_resources(self, name: str) -> list[Resource]:
        """Find resources in any letter case by key, name, property `key`, or `project_key`/`slug`."""
        wanted = name.lower()
        return [resource for resource in self.resources if wanted in _names_of_resource(resource)]

    @cached_property
    def _members(self) -> dict[Group, list[Identity]]:
        return _inverse(self._memberships)

    @cached_property
    def _owners(self) -> dict[Credential, list[User]]:
        return _inverse(self._credentials_of)

    @cached_property
    def _assignments_of(self) -> dict[Identity, list[Assignment]]:
        index: defaultdict[Identity, list[Assignment]] = defaultdict(list)
        for row in self.assignments:
            index[row.holder].append(row)
        return dict(index)

    @cached_property
    def _assignments_on(self) -> dict[Node, list[Assignment]]:
        return _by_target(self.assignments)

    @cached_property
    def _inherited_from(self) -> dict[Node, list[Assignment]]:
        return _by_target(row for row in self.assignments if row.permission.inherits)

    @cached_property
    def _spans(self) -> dict[Node, tuple[int, int]]:
        """Where each node and all that lies in it stand in `nodes`."""
        spans: dict[Node, tuple[int, int]] = {}
        ends = dict[Node, int]()
        for place in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[place]
            end = ends.pop(node, place + 1)
            spans[node] = place, end
            if isinstance(node, Resource):
                ends.setdefault(node.parent, end)
        return spans


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _inverse(edges: Mapping[_Key, Sequence[_Value]]) -> dict[_Value, list[_Key]]:
    inverse: defaultdict[_Value, list[_Key]] = defaultdict(list)
    for key, values in edges.items():
        for value in values:
            inverse[value].append(key)
    return dict(inverse)


def _by_target(assignments: Iterable[Assignment]) -> dict[Node, list[Assignment]]:
    index: defaultdict[Node, list[Assignment]] = defaultdict(list)
    for row in assignments:
        for node in row.targets:
            index[node].append(row)
    return dict(index)


def _names_of_user(user: User) -> set[str]:
    username = user.properties.get("username")
    names = (user.id, user.name, user.email, username, *user.identities)
    return {name.lower() for name in names if isinstance(name, str)}


def _names_of_resource(resource: Resource) -> set[str]:
    properties = resource.properties
    names = {resource.key.lower(), resource.name.lower(), str(properties.get("key", resource.key)).lower()}
    if "project_key" in properties and "slug" in properties:
        names.add(f"{properties['project_key']}/{properties['slug']}".lower())
    return names

"""One export in memory: the contents of a payload, with indexes.

`access` computes access from it, `payload` reads it. Grants are grouped, one `Assignment` for one permission of one
holder on many nodes, because there may be a million of them. An index is built when it is first needed.
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
        """Give the grant on one of the nodes."""
        return Grant(self.holder, self.permission, node, self.roles)


@dataclass(frozen=True, eq=False, kw_only=True)
class Export:
    """The contents of one payload. Made by `payload.load`.

    `nodes` holds each application followed by all of its resources, parents before their children.
    `defined` holds the names of the custom properties that the payload defines, used or not: a property is defined
    where the connector was told to collect it.
    """

    nodes: Sequence[Node]
    identities: Sequence[Identity]
    permissions: Sequence[Permission]
    memberships: Mapping[Identity, Sequence[Group]]
    credentials_by_user: Mapping[User, Sequence[Credential]]
    assignments: Sequence[Assignment]
    defined: frozenset[str]

    @cached_property
    def applications(self) -> tuple[Application, ...]:
        """The applications; nearly always one."""
        return tuple(node for node in self.nodes if isinstance(node, Application))

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Resources at every depth, parents before their children."""
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

    @cached_property
    def top_resources(self) -> tuple[Resource, ...]:
        """The resources directly in an application: projects, in Bitbucket's words."""
        return tuple(resource for resource in self.resources if isinstance(resource.parent, Application))

    @cached_property
    def nested_resources(self) -> tuple[Resource, ...]:
        """The resources in other resources: repositories, in Bitbucket's words."""
        return tuple(resource for resource in self.resources if isinstance(resource.parent, Resource))

    def groups_of(self, identity: Identity) -> Sequence[Group]:
        """Give the groups that a user or a group is a direct member of."""
        return self.memberships.get(identity, ())

    def members_of(self, group: Group) -> Sequence[Identity]:
        """Give the direct members of a group: users and groups."""
        return self._members.get(group, ())

    def credentials_of(self, user: User) -> Sequence[Credential]:
        """Give the credentials that belong to a user."""
        return self.credentials_by_user.get(user, ())

    def owners_of(self, credential: Credential) -> Sequence[User]:
        """Give the users that a credential belongs to."""
        return self._owners.get(credential, ())

    def descendants_of(self, node: Node) -> list[Resource]:
        """Give the resources in a node, at any depth."""
        start, end = self._spans[node]
        return [below for below in self.nodes[start + 1 : end] if isinstance(below, Resource)]

    def grants(self) -> Iterator[Grant]:
        """Yield every grant, one for each node that it is on."""
        return (assignment.grant(node) for assignment in self.assignments for node in assignment.targets)

    def grants_of(self, identity: Identity) -> list[Grant]:
        """Give the grants that an identity holds itself."""
        return [row.grant(node) for row in self.assignments_of(identity) for node in row.targets]

    def assignments_of(self, identity: Identity) -> Sequence[Assignment]:
        """Give the assignments that an identity holds itself."""
        return self._assignments_of.get(identity, ())

    def assignments_on(self, node: Node) -> Sequence[Assignment]:
        """Give the assignments on this node itself, without inherited ones."""
        return self._assignments_on.get(node, ())

    def assignments_inherited_from(self, node: Node) -> Sequence[Assignment]:
        """Give the assignments on this node that all resources in it inherit."""
        return self._inherited_from.get(node, ())

    @cached_property
    def _members(self) -> dict[Group, list[Identity]]:
        return _inverse(self.memberships)

    @cached_property
    def _owners(self) -> dict[Credential, list[User]]:
        return _inverse(self.credentials_by_user)

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
        """For each node, the range of indexes (end exclusive) in `nodes` of itself and all resources in it."""
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

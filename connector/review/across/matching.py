"""Two servers, and which people, groups, projects and repositories are the same on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.graph.export import Export
from connector.graph.values import Application, Group, Node, Resource, User
from connector.review.across.matches import Matches, Settled
from connector.review.across.people import match_groups, match_people
from connector.review.across.resources import match_projects, match_repositories
from connector.review.vocabulary import ANONYMOUS, BITBUCKET, CLOUD, EVERYBODY


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody who is on both servers. Anonymous visitors may be known to one of them only."""

    old: User | None
    new: User | None

    @property
    def is_anonymous(self) -> bool:
        """Whether this stands for everybody who is not signed in."""
        return self.known.id == ANONYMOUS

    @property
    def known(self) -> User:
        """The account to call them by: that with a user name, the old one first."""
        accounts = [one for one in (self.old, self.new) if one is not None]
        return next((one for one in accounts if "username" in one.properties), accounts[0])


@dataclass(frozen=True, slots=True)
class Matching:
    """Two exports of one application each, and the matched things of both."""

    old: Export
    new: Export
    people: Matches[User]
    groups: Matches[Group]
    projects: Matches[Resource]
    repositories: Matches[Resource]

    @property
    def kinds(self) -> dict[str, Matches[Any]]:
        """What is matched, by what it is."""
        return {
            "people": self.people,
            "groups": self.groups,
            "projects": self.projects,
            "repositories": self.repositories,
        }

    @property
    def is_one_server(self) -> bool:
        """Whether both exports say that they are of the same server."""
        old, new = self.old.applications[0], self.new.applications[0]
        return (old.name, old.properties.get("base_url")) == (new.name, new.properties.get("base_url"))

    def counterpart(self, old: Node) -> Node:
        """Give a matched repository or project, or all of the server, as the new server has it."""
        if isinstance(old, Application):
            return self.new.applications[0]
        return self.repositories.counterparts.get(old) or self.projects.counterparts[old]

    def matched_people(self) -> list[Person]:
        """Give the matched people, and the anonymous visitors where an export has them."""
        found = [Person(one, self.people.counterparts[one]) for one in self.people.hints]
        anonymous = [next((u for u in export.users if u.id == ANONYMOUS), None) for export in (self.old, self.new)]
        return [*found, Person(*anonymous)] if any(anonymous) else found

    def group_counterparts(self) -> dict[Group, Group]:
        """Give the counterpart of each group, those that stand for everybody included, in both directions."""
        everybody = [
            {group.id: group for group in export.groups if group.id in EVERYBODY} for export in (self.old, self.new)
        ]
        found = dict(self.groups.counterparts)
        for these, others in (everybody, reversed(everybody)):
            found |= {group: others[name] for name, group in these.items() if name in others}
        return found


def match(
    old: Export, new: Export, people: Settled[User] | None = None, repositories: Settled[Resource] | None = None
) -> Matching:
    """Match two exports. What the mapping files say comes first."""
    return Matching(
        old,
        new,
        match_people(old, new, people or Settled()),
        match_groups(old, new),
        match_projects(old, new),
        match_repositories(old, new, repositories or Settled()),
    )


def why_incomparable(export: Export) -> str:
    """Say why an export cannot be compared; nothing where it can."""
    if len(export.applications) != 1:
        return f"it holds {len(export.applications)} applications: --across compares one Bitbucket with another"
    kind = export.applications[0].type
    if kind not in (BITBUCKET, CLOUD):
        return (
            f"it is no export of a Bitbucket, but of an application of type {kind!r}: "
            "--across compares Bitbucket Data Center and Bitbucket Cloud"
        )
    return ""

"""Organisations in no server's words, written as the payload of a server or of a workspace, and access by brute force.

Shares no code with what it tests: levels are found by trying everybody on everything, and who is who by trying all
pairs.
"""

from __future__ import annotations

import copy
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.graph.payloads import granted, payload, permission, resource

SERVER, CLOUD = "BitbucketServer", "BitbucketCloud"
PERSON, GROUP = "local_user", "local_group"
EVERYTHING = ""
"""The place of a grant on all of the server."""

LEVELS = ("none", "read", "write", "admin")
_LEVEL_OF = {"read": 1, "write": 2, "create": 2, "admin": 3}

_READ = ["DataRead", "MetadataRead"]
_WRITE = ["DataRead", "DataWrite", "MetadataRead"]
_CREATE = ["DataRead", "DataWrite", "DataCreate", "MetadataRead"]
_ADMIN = [*_CREATE, "DataDelete", "MetadataWrite", "MetadataCreate", "MetadataDelete"]
_CATEGORIES = {"read": _READ, "write": _WRITE, "create": _CREATE, "admin": _ADMIN}

_SERVER_WORDS = {
    "everything": {"admin": "ADMIN"},
    "project": {"read": "PROJECT_READ", "write": "PROJECT_WRITE", "create": "REPO_CREATE", "admin": "PROJECT_ADMIN"},
    "repository": {"read": "REPO_READ", "write": "REPO_WRITE", "admin": "REPO_ADMIN"},
}
_CLOUD_WORDS = {
    "everything": {"admin": "owner"},
    "project": {"read": "read", "write": "write", "create": "create-repo", "admin": "admin"},
    "repository": {"read": "read", "write": "write", "admin": "admin"},
}


@dataclass
class Person:
    """Somebody; without a user name in the cloud, whatever it is here."""

    username: str
    email: str | None = None
    name: str = "Somebody"
    groups: set[str] = field(default_factory=set)
    is_active: bool | None = True
    is_licensed: bool | None = True


@dataclass
class Repository:
    """A repository of a project."""

    project: str
    slug: str
    is_public: bool = False
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Organisation:
    """Who there is, and what was granted: kind and name of the holder, a word of `_LEVEL_OF`, and the place."""

    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    """The groups, each with those that it is a member of, which only a server has."""
    projects: dict[str, str] = field(default_factory=dict)
    """The projects by their keys, with the default permission, which only a server has."""
    repositories: dict[str, Repository] = field(default_factory=dict)
    grants: set[tuple[str, str, str, str]] = field(default_factory=set)
    properties: dict[str, Any] = field(default_factory=lambda: {"is_complete": True, "not_collected": []})
    credentials: list[dict[str, Any]] = field(default_factory=list)

    def person(self, username: str, email: str | None = None, *groups: str, **more: Any) -> Organisation:
        self.people[username] = Person(username, email, groups=set(groups), **more)
        return self

    def group(self, name: str, *parents: str) -> Organisation:
        self.groups[name] = set(parents)
        return self

    def project(self, key: str, *slugs: str, default: str = "") -> Organisation:
        self.projects[key] = default
        for slug in slugs:
            self.repositories[f"{key}/{slug}"] = Repository(key, slug)
        return self

    def grant(self, kind: str, holder: str, word: str, place: str = EVERYTHING) -> Organisation:
        self.grants.add((kind, holder, word, place))
        return self

    def revoke(self, kind: str, holder: str, word: str, place: str = EVERYTHING) -> Organisation:
        self.grants.remove((kind, holder, word, place))
        return self

    def copy(self) -> Organisation:
        return copy.deepcopy(self)

    # ---- access by brute force

    def level(self, username: str, repository: str, kind: str) -> int:
        """Give the level of somebody on a repository, or on all of the server."""
        person = self.people[username]
        places = {EVERYTHING}
        if repository:
            places |= {repository, self.repositories[repository].project}
        holders = {(PERSON, username), *((GROUP, name) for name in self.all_groups(username, kind))}
        found = [
            _LEVEL_OF[word] for what, who, word, place in self.grants if (what, who) in holders and place in places
        ]
        if repository and self.repositories[repository].is_public:
            found.append(1)
        default = self.projects[self.repositories[repository].project] if repository else ""
        if kind == SERVER and default and person.is_licensed:
            found.append(_LEVEL_OF[default])
        return max(found, default=0)

    def given_to(self, group: str, place: str, kind: str) -> int:
        """Give the level that the members of a group have on a place because of it."""
        everybody = {group, *self.above({group}, kind)}
        places = {EVERYTHING, place, *([self.repositories[place].project] if place in self.repositories else [])}
        found = [
            _LEVEL_OF[word]
            for what, who, word, on in self.grants
            if (what, on in places) == (GROUP, True) and who in everybody
        ]
        return max(found, default=0)

    def all_groups(self, username: str, kind: str) -> set[str]:
        return self.above(self.people[username].groups, kind)

    def above(self, names: set[str], kind: str) -> set[str]:
        """Give groups, and those that they are members of: a workspace has no groups in groups."""
        found, left = set[str](), list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self.groups[name] if kind == SERVER else ()
        return found

    # ---- payloads

    def server(self, host: str = "old.example", first: int = 100) -> dict[str, Any]:
        """Give the payload of a server; ids count from `first`."""
        return _Payload(self, SERVER, f"Bitbucket Server - {host}", first).whole()

    def cloud(self, workspace: str = "acme") -> dict[str, Any]:
        """Give the payload of a workspace."""
        return _Payload(self, CLOUD, f"Bitbucket Cloud - {workspace}", 0).whole()

    def payload(self, kind: str) -> dict[str, Any]:
        """Give the payload of the second of two."""
        return self.cloud() if kind == CLOUD else self.server("new.example", 7000)


class _Payload:
    """Writes an organisation down in the words of one product."""

    def __init__(self, organisation: Organisation, kind: str, name: str, first: int) -> None:
        self._organisation, self._kind, self._name = organisation, kind, name
        self._words = _CLOUD_WORDS if kind == CLOUD else _SERVER_WORDS
        self._numbers = iter(range(first, first + 10**6))
        self._people = {name: self._id("user", name) for name in organisation.people}
        self._projects = {key: self._id("project", key) for key in self._own_projects()}
        self._repositories = {
            name: self._id("repository", name)
            for name, one in organisation.repositories.items()
            if one.project in self._projects
        }
        self._public = any(self._organisation.repositories[name].is_public for name in self._repositories)

    def _own_projects(self) -> list[str]:
        return [key for key in self._organisation.projects if self._kind == SERVER or not key.startswith("~")]

    def _id(self, what: str, name: str) -> str:
        if self._kind == CLOUD:
            return f"{{{uuid.uuid5(uuid.NAMESPACE_URL, f'{what} {name}')}}}"
        return str(next(self._numbers))

    def whole(self) -> dict[str, Any]:
        return payload(
            *(granted(*row, self._name) for row in sorted(self._rows())),
            users=self._users(),
            groups=self._groups(),
            credentials=self._organisation.credentials,
            resources=map(self._project, self._projects),
            permissions=self._permissions(),
            name=self._name,
            application_type=self._kind,
            custom_properties=self._properties(),
        )

    def _properties(self) -> dict[str, Any]:
        own = {"workspace": self._name.split()[-1]} if self._kind == CLOUD else {"base_url": f"https://{self._name}"}
        return {**own, **self._organisation.properties}

    def _users(self) -> Iterator[dict[str, Any]]:
        for name, person in self._organisation.people.items():
            groups = sorted(map(self._group_id, person.groups))
            user: dict[str, Any] = {"id": self._people[name], "name": person.name, "groups": groups}
            user |= {"is_active": person.is_active} if person.is_active is not None else {}
            user |= {"email": person.email} if person.email else {}
            yield user | (self._on_server(person, user) if self._kind == SERVER else self._in_cloud(person, user))
        if self._public:
            yield {"id": "bitbucket:anonymous", "name": "Anonymous", "groups": ["bitbucket:everyone"]}

    def _on_server(self, person: Person, user: dict[str, Any]) -> dict[str, Any]:
        licensed = ["bitbucket:licensed-users"] if person.is_licensed and self._has_everybody else []
        return {
            "identities": [*filter(None, [person.email]), person.username],
            "groups": [*user["groups"], *licensed],
            "custom_properties": {"username": person.username, "is_licensed": person.is_licensed},
        }

    def _in_cloud(self, person: Person, user: dict[str, Any]) -> dict[str, Any]:
        account = f"557058:{uuid.uuid5(uuid.NAMESPACE_URL, person.username)}"
        return {
            "identities": [account, *filter(None, [person.email])],
            "groups": [*user["groups"], *(["bitbucket:everyone"] if self._public else [])],
            "custom_properties": {"account_id": account, "nickname": person.name, "is_member": True},
        }

    @property
    def _has_everybody(self) -> bool:
        return self._public or any(self._organisation.projects[key] for key in self._projects)

    def _group_id(self, name: str) -> str:
        return name.lower().replace(" ", "-") if self._kind == CLOUD else name

    def _groups(self) -> Iterator[dict[str, Any]]:
        for name, parents in self._organisation.groups.items():
            above = sorted(parents) if self._kind == SERVER else []
            yield {"id": self._group_id(name), "name": name, "groups": above}
        if self._kind == SERVER and self._has_everybody:
            above = ["bitbucket:everyone"] if self._public else []
            yield {"id": "bitbucket:licensed-users", "name": "All licensed users", "groups": above}
        if self._public:
            yield {"id": "bitbucket:everyone", "name": "Everyone, signed in or not"}

    def _project(self, key: str) -> dict[str, Any]:
        personal = {"project_type": "PERSONAL" if key.startswith("~") else "NORMAL"} if self._kind == SERVER else {}
        below = (
            self._repository(name, self._organisation.repositories[name])
            for name in self._repositories
            if self._organisation.repositories[name].project == key
        )
        properties = {"key": key, **personal}
        return resource(f"Project {key}", *below, kind="Project", id=self._projects[key], custom_properties=properties)

    def _repository(self, name: str, one: Repository) -> dict[str, Any]:
        properties = {"slug": one.slug, "project_key": one.project, "is_public": one.is_public, **one.properties}
        own = self._repositories[name]
        return resource(one.slug.title(), kind="Repo", id=own, custom_properties=properties)

    def _permissions(self) -> Iterator[dict[str, Any]]:
        found: dict[str, tuple[list[str], bool]] = {}
        for place, words in self._words.items():
            for word, name in words.items():
                _, inherits = found.get(name, ([], False))
                found[name] = _CATEGORIES[word], inherits or place != "repository"
        found["public-read" if self._kind == CLOUD else "PUBLIC_READ"] = _READ, self._kind == SERVER
        found["member" if self._kind == CLOUD else "LICENSED_USER"] = ["NonData"], False
        for name, (categories, inherits) in found.items():
            yield permission(name, categories, inherits=inherits)

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        yield from self._granted()
        public = "public-read" if self._kind == CLOUD else "PUBLIC_READ"
        for name in self._repositories:
            if self._organisation.repositories[name].is_public:
                yield GROUP, "bitbucket:everyone", public, self._key(name)
        for key, default in self._organisation.projects.items():
            if default and self._kind == SERVER:
                yield GROUP, "bitbucket:licensed-users", self._words["project"][default], self._projects[key]
        for one in self._organisation.credentials:
            for name in list(self._repositories)[:1]:
                yield "local_access_creds", one["id"], self._words["repository"]["read"], self._key(name)

    def _granted(self) -> Iterator[tuple[str, str, str, str]]:
        for kind, holder, word, place in self._organisation.grants:
            name = self._people[holder] if kind == PERSON else self._group_id(holder)
            if place == EVERYTHING:
                yield kind, name, self._words["everything"][word], ""
            elif place in self._projects:
                yield kind, name, self._words["project"][word], self._projects[place]
            elif place in self._repositories:
                yield kind, name, self._words["repository"][word], self._key(place)

    def _key(self, name: str) -> str:
        return f"{self._projects[self._organisation.repositories[name].project]}.{self._repositories[name]}"


# ---- who is who, by trying all pairs


def same_person(old: Organisation, new: Organisation, kind: str) -> dict[str, str]:
    """Give the user names of those who are the same one, as far as that can be known."""

    def email(one: str, other: str) -> bool:
        mine, theirs = old.people[one].email, new.people[other].email
        return mine is not None and theirs is not None and _plain(mine) == _plain(theirs)

    def username(one: str, other: str) -> bool:
        return kind == SERVER and _plain(old.people[one].username) == _plain(new.people[other].username)

    def allowed(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        hints = [hint for hint in (email, username) if any(hint(*pair) for pair in pairs)]
        return [pair for pair in pairs if hints and all(hint(*pair) for hint in hints)]

    forwards = [allowed([(one, other) for other in new.people]) for one in old.people]
    backwards = [allowed([(one, other) for one in old.people]) for other in new.people]
    return dict(pairs[0] for pairs in forwards if len(pairs) == 1 and pairs in backwards)


def same_repository(old: Organisation, new: Organisation, kind: str) -> dict[str, str]:
    """Give the names of repositories that are the same one: by project and slug, else by a slug nobody else has."""
    theirs = [name for name, one in new.repositories.items() if kind == SERVER or not one.project.startswith("~")]
    found = {name: name for name in old.repositories if name in theirs}
    for name, one in old.repositories.items():
        others = [other for other in theirs if new.repositories[other].slug == one.slug]
        namesakes = [each for each in old.repositories.values() if each.slug == one.slug]
        personal = one.project.startswith("~") or any(other.startswith("~") for other in others)
        if (
            name not in found
            and len(others) == len(namesakes) == 1
            and others[0] not in found.values()
            and not personal
        ):
            found[name] = others[0]
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFD", text.strip().lower())

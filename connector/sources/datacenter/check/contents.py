"""The second half of a check: which contents of Bitbucket can this account see?

Listings are measured, not read; permissions are asked of a few projects and repositories, spread over the listing.
What cannot be seen is named with the right that is missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from connector.errors import Unreadable, Why
from connector.model import Inclusion, PublicAccess
from connector.rest.throttle import Limit
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.check.sizes import PROJECTS_ASKED, REPOSITORIES_ASKED, Size, spread
from connector.sources.common.check.steps import failed, limited, of_sample
from connector.sources.datacenter import endpoints
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.check import included
from connector.sources.datacenter.check.asking import Listing, ask, survey
from connector.sources.datacenter.endpoints import Address, Endpoint, Right
from connector.sources.datacenter.paging import LIMIT, LIMIT_WITH_PERMISSION
from connector.sources.datacenter.permissions import GlobalPermission, ProjectPermission
from connector.sources.datacenter.problems import Problem
from connector.sources.datacenter.public_access import public_access
from connector.sources.datacenter.rate_limit import rate_limit

_FALL_BACK = frozenset({Problem.NOT_PERMITTED, Problem.NO_SUCH_ADDRESS})
"""Where these are answered, an export asks for something else instead; anything else ends it."""
_ADMINISTRATOR = f"grant the account '{Right.GLOBAL_ADMIN.label}' in Administration > Global permissions"
_WITHOUT_A_GRANT = (
    "grant the account '{right}' in {where}; an account that may not look sees the same as an empty server"
)


class Contents:
    """Asks with one account; the sizes are kept for the estimate of the cost. `name` is the account's."""

    def __init__(
        self,
        bitbucket: Bitbucket,
        anonymous: Bitbucket,
        name: str | None,
        *,
        include: frozenset[Inclusion] = frozenset(),
    ) -> None:
        self.sizes: dict[str, Size] = {}
        self.page_size = 1
        self.reads_global_permissions = False
        self.limit: Limit | None = None
        """What the server allows this account, where it limits it."""
        self._bitbucket = bitbucket
        self._anonymous = anonymous
        self._name = name
        self._repositories: list[dict[str, Any]] = []
        self._sample: dict[str, list[dict[str, Any]]] = {}
        self._group: str | None = None
        self._include = include

    def steps(self) -> Iterator[Step]:
        """Ask everything, one step after the other; a failed one is the last."""
        looks: tuple[Callable[[], Step], ...] = (
            self._licence,
            self._users,
            self._groups,
            self._members,
            self._project_listing,
            self._repository_listing,
            self._global_permissions,
            self._project_permissions,
            self._repository_permissions,
            self._rate_limit,
            self._public_access,
        )
        for look in looks:
            step = look()
            yield step
            if step.mark is Mark.FAILED:
                return
        yield from included.steps(self._bitbucket, self._include, self._examples())

    def _examples(self) -> included.Examples:
        repository = next((row for row in self._repositories if _key_of(row) and _text(row, "slug")), None)
        return included.Examples(
            repository=(_key_of(repository), _text(repository, "slug")) if repository else None,
            project=next((_text(row, "key") for row in self._normal_projects()), None),
            reads_global_permissions=self.reads_global_permissions,
        )

    def _normal_projects(self) -> list[dict[str, Any]]:
        return [
            row for row in self._sample.get("projects", []) if _text(row, "type") != "PERSONAL" and _text(row, "key")
        ]

    # ---- the account

    def _licence(self) -> Step:
        """Look for the account among those who hold LICENSED_USER, which anybody may ask."""
        if self._name is None:
            return Step("licence", Mark.SKIPPED, "the name of the account is not known, so it cannot be looked up")
        asked = ask(
            self._bitbucket,
            endpoints.USERS.at(),
            permission=GlobalPermission.LICENSED_USER,
            filter=self._name,
            limit=LIMIT_WITH_PERMISSION,
        )
        if asked.diagnosis is not None:
            meaning = "it could not be asked who is licensed; the listings below show it"
            return Step("licence", Mark.SKIPPED, meaning, asked.question, asked.answered)
        mine = next((row for row in asked.rows if _text(row, "name").lower() == self._name.lower()), None)
        if mine is not None:
            return Step("licence", Mark.OK, f"{self._name} is licensed", asked.question, asked.answered)
        right = endpoints.Right.LICENSED
        return Step(
            "licence",
            Mark.LIMITED,
            f"{self._name} is not among those who are licensed to use Bitbucket",
            asked.question,
            f"{asked.answered}, {len(asked.rows)} others",
            f"give the account '{right.label}' in {right.where}",
            "whatever only licensed users may see",
        )

    # ---- listings of the whole instance

    def _users(self) -> Step:
        return self._listing("users", endpoints.ADMIN_USERS, endpoints.USERS)[0]

    def _groups(self) -> Step:
        step, rows = self._listing("groups", endpoints.ADMIN_GROUPS, endpoints.GROUPS)
        names = (row if isinstance(row, str) else _text(row, "name") for row in rows)
        self._group = next(filter(None, names), None)
        # The other listing of groups holds the same: nothing is lacking.
        return dataclasses.replace(step, mark=Mark.OK, lacks="") if step.mark is Mark.LIMITED and rows else step

    def _members(self) -> Step:
        name = "group members"
        if self._group is None:
            return Step(name, Mark.SKIPPED, "there is no group to ask for")
        asked = ask(self._bitbucket, endpoints.GROUP_MEMBERS.at(), context=self._group, limit=1)
        if asked.diagnosis is not None:
            return dataclasses.replace(limited(name, asked, "the members of groups"), blocks=True)
        return Step(name, Mark.OK, "members of groups can be read", asked.question, asked.answered)

    def _project_listing(self) -> Step:
        return self._listing("projects", endpoints.PROJECTS)[0]

    def _repository_listing(self) -> Step:
        step, rows = self._listing("repositories", endpoints.REPOSITORIES, archived="ALL")
        self._repositories = _objects(rows)
        return step

    def _listing(
        self, name: str, endpoint: Endpoint, otherwise: Endpoint | None = None, **question: str
    ) -> tuple[Step, list[Any]]:
        found = self._survey(endpoint, **question)
        refused = found.first
        if refused.problem in _FALL_BACK and otherwise:
            found = self._survey(otherwise, **question)
            if found.first.diagnosis is None:
                self._keep(name, found)
                step = limited(name, refused, endpoint.lacks)
                meaning = f"{otherwise.template} is asked instead, with {found.size.text} {name}; {step.meaning}"
                return dataclasses.replace(step, meaning=meaning), found.rows
        if found.first.diagnosis is not None or "values" not in found.first.body:
            return failed(name, found.first), []
        self._keep(name, found)
        return _counted(name, found, endpoint), found.rows

    def _survey(self, endpoint: Endpoint, **question: str) -> Listing:
        def page(start: int, limit: int) -> Reply:
            return ask(self._bitbucket, endpoint.at(), start=start, limit=limit, **question)

        return survey(page, LIMIT)

    def _keep(self, name: str, found: Listing) -> None:
        self.sizes[name] = found.size
        self._sample[name] = _objects(found.sample)
        self.page_size = max(self.page_size, found.page_size)

    # ---- permissions

    def _global_permissions(self) -> Step:
        name = "global permissions"
        asked = [ask(self._bitbucket, each.at(), limit=1) for each in (endpoints.GLOBAL_USERS, endpoints.GLOBAL_GROUPS)]
        refused = next((each for each in asked if each.diagnosis is not None), None)
        if refused is None:
            self.reads_global_permissions = True
            self._bitbucket.note_administrator(is_administrator=True)
            question = f"{asked[0].question} and /groups"
            return Step(name, Mark.OK, "every global permission can be read", question, asked[0].answered)
        if refused.diagnosis is not None and refused.diagnosis.why is Why.FOREIGN:
            lacks = "who administers everything: all access of global administrators"
            return dataclasses.replace(limited(name, refused, lacks), blocks=True)
        if refused.problem not in _FALL_BACK:
            return failed(name, refused)
        return self._effective_permissions(name, refused)

    def _effective_permissions(self, name: str, refused: Reply) -> Step:
        """Ask whether the account is an administrator by any way, which any account may ask."""
        held = [
            ask(self._bitbucket, endpoints.USERS.at(), permission=permission, limit=LIMIT_WITH_PERMISSION)
            for permission in (GlobalPermission.ADMIN, GlobalPermission.SYS_ADMIN)
        ]
        unread = next((each for each in held if each.diagnosis is not None), None)
        if unread is not None:
            lacks = "who administers everything: all access of global administrators"
            return dataclasses.replace(limited(name, unread, lacks), blocks=True)
        administrators = {_text(row, "name").lower() for each in held for row in each.rows}
        is_administrator = (self._name or "").lower() in administrators
        self._bitbucket.note_administrator(is_administrator=is_administrator)
        if not is_administrator:
            who = self._name or "the account, whose name no answer tells,"
            meaning = f"{who} does not hold 'Global: Admin', so it does not see every project and repository"
            step = limited(name, refused, "what only administrators see")
            return dataclasses.replace(step, meaning=meaning, advice=_ADMINISTRATOR, blocks=True)
        return limited(name, refused, "through which groups global permissions are held (who holds them is known)")

    def _project_permissions(self) -> Step:
        normal = self._normal_projects()
        return self._permissions(
            "project permissions", "projects", ((_text(row, "key"), row) for row in spread(normal, PROJECTS_ASKED))
        )

    def _repository_permissions(self) -> Step:
        whole = [row for row in self._sample.get("repositories", []) if _key_of(row) and _text(row, "slug")]
        return self._permissions(
            "repository permissions",
            "repositories",
            ((f"{_key_of(row)}/{_text(row, 'slug')}", row) for row in spread(whole, REPOSITORIES_ASKED)),
        )

    def _permissions(self, name: str, what: str, sample: Iterable[tuple[str, dict[str, Any]]]) -> Step:
        asked = ((place, self._permissions_of(row)) for place, row in sample)
        there = {place: each for place, each in asked if each.problem is not Problem.NOT_FOUND}
        is_right = self._bitbucket.session.is_administrator is False
        return of_sample(name, what, there, _ADMINISTRATOR if is_right else "")

    def _permissions_of(self, row: dict[str, Any]) -> Reply:
        """Ask for the permissions of the project or repository that a row of a listing shows."""
        if "slug" in row:
            return ask(self._bitbucket, endpoints.REPOSITORY_USERS.at(_key_of(row), _text(row, "slug")), limit=1)
        key = _text(row, "key")
        users = ask(self._bitbucket, endpoints.PROJECT_USERS.at(key), limit=1)
        return users if users.diagnosis else ask(self._bitbucket, _default_of(key))

    # ---- circumstances

    def _rate_limit(self) -> Step:
        name, question = "rate limit", f"GET …/{endpoints.RATE_LIMIT.template}"
        try:
            limit = rate_limit(self._bitbucket)
        except Unreadable:
            return Step(name, Mark.SKIPPED, "not known; an export slows down after a 429", question)
        if limit is None:
            return Step(name, Mark.OK, "requests are not limited, or this account is exempt", question, "200")
        self.limit = limit
        meaning = f"{limit.rate:g} requests per second, {limit.burst:g} at once; an export keeps to what it is told"
        advice = "an administrator can exempt the account: Administration > Rate limiting > Exemptions"
        return Step(name, Mark.OK, meaning, question, "200", advice)

    def _public_access(self) -> Step:
        name = "public access"
        things = [
            (endpoints.REPOSITORY.at(_key_of(row), _text(row, "slug")), str(row.get("id")))
            for row in self._repositories
            if _is_public(row) and _key_of(row) and _text(row, "slug")
        ]
        if not things:
            return Step(name, Mark.SKIPPED, "no repository among those that were looked at is marked public")
        meaning = _PUBLIC_ACCESS[public_access(self._anonymous, self._bitbucket, things)]
        return Step(name, Mark.OK, meaning, f"GET …/{things[0][0].path}, without credentials")


_PUBLIC_ACCESS = {
    PublicAccess.ON: "on: anybody who reaches the server can read what is marked public, without signing in",
    PublicAccess.OFF: "off: what is marked public is not readable without signing in",
    PublicAccess.UNKNOWN: "unknown: an export counts what is marked public as public",
}


def _counted(name: str, found: Listing, endpoint: Endpoint) -> Step:
    if found.size.most == 0:
        right = endpoint.right
        advice = _WITHOUT_A_GRANT.format(right=right.label, where=right.where)
        if endpoint in {endpoints.PROJECTS, endpoints.REPOSITORIES}:
            right = endpoints.Right.GLOBAL_ADMIN
            advice = _WITHOUT_A_GRANT.format(right=right.label, where="Administration > Global permissions")
        meaning = f"the account sees no {name}"
        asked, answered = found.first.question, found.first.answered
        return Step(name, Mark.LIMITED, meaning, asked, answered, advice, name, blocks=True)
    return Step(name, Mark.OK, f"{found.size.text} {name}", found.first.question, found.first.answered)


def _default_of(key: str) -> Address:
    return endpoints.PROJECT_DEFAULT.at(key, ProjectPermission.PROJECT_ADMIN)


def _objects(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row for row in rows if isinstance(row, dict)]


def _text(row: object, name: str) -> str:
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def _key_of(repository: dict[str, Any]) -> str:
    return _text(repository.get("project"), "key")


def _is_public(repository: dict[str, Any]) -> bool:
    project = repository.get("project")
    return repository.get("public") is True or (isinstance(project, dict) and project.get("public") is True)

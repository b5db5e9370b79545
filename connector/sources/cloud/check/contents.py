"""The second half of a check: what of the workspace's contents can be read, and what will an export cost?

Listings are looked at, not read; of projects and repositories a few, spread over the listing, are asked for their
permissions. It continues after a refusal, so that every scope and right that is missing is named in one run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from connector.rest.progress import Cost
from connector.rest.throttle import Throttle
from connector.sources.cloud import emails, endpoints, extras
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.check.asking import Listing, ask, survey
from connector.sources.cloud.check.contact import ADMINISTRATOR
from connector.sources.cloud.endpoints import Address, Endpoint
from connector.sources.cloud.extras.inclusions import ROWS, Row
from connector.sources.cloud.fetch import PRIVILEGES_ALONE
from connector.sources.cloud.group_privileges import WORTHWHILE
from connector.sources.cloud.problems import Problem
from connector.sources.cloud.settings import Settings
from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.check.sizes import PROJECTS_ASKED, READINGS, REPOSITORIES_ASKED, Size, in_words, spread
from connector.sources.common.check.steps import failed, limited, not_offered, of_sample
from connector.sources.common.extras.inclusions import NotOffered

_ALWAYS = 4
"""Requests of the sign-in, of the API 1.0, and of the proof at the end."""


class Contents:
    """Looks around with one account; what it sees is kept for the estimate of the cost."""

    def __init__(self, settings: Settings, bitbucket: Bitbucket, throttle: Throttle, facts: dict[str, Any]) -> None:
        self._settings = settings
        self._bitbucket = bitbucket
        self._workspace = bitbucket.workspace.slug
        self._throttle = throttle
        self._facts = facts
        self._sizes: dict[str, Size] = {}
        self._rows: dict[str, list[Any]] = {}
        self._page_size = 1
        self._members_break_off = False
        self._has_shortcut = False

    def steps(self) -> Iterator[Step]:
        """Ask everything, one step after the other."""
        looks: tuple[Callable[[], Step], ...] = (
            self._members,
            self._groups,
            self._projects,
            self._repositories,
            self._project_permissions,
            self._repository_permissions,
            self._shortcut,
        )
        for look in looks:
            yield look()
        for name, row in ROWS.rows(self._settings.include).items():
            yield not_offered(name, row) if isinstance(row, NotOffered) else self._included(name, row)
        if self._settings.emails:
            yield self._emails()
        if self._sizes.keys() >= {"projects", "repositories"}:
            yield self._cost()

    # ---- listings of the workspace

    def _members(self) -> Step:
        return self._listing("members", endpoints.ROLES)

    def _projects(self) -> Step:
        return self._listing("projects", endpoints.PROJECTS)

    def _repositories(self) -> Step:
        return self._listing("repositories", endpoints.REPOSITORIES)

    def _listing(self, name: str, endpoint: Endpoint) -> Step:
        found = survey(self._bitbucket, endpoint.at(self._workspace))
        if found.first.diagnosis is not None or "values" not in found.first.body:
            return failed(name, found.first)
        self._keep(name, found)
        if found.size.most == 0:
            meaning = f"it shows no {name}; a workspace without any looks the same as one that hides them"
            lacks = f"all {name}, if there are any"
            return dataclasses.replace(
                limited(name, found.first, lacks), meaning=meaning, advice=ADMINISTRATOR, blocks=True
            )
        return Step(name, Mark.OK, f"{found.size.text} {name}", found.first.question, found.first.answered)

    def _keep(self, name: str, found: Listing) -> None:
        self._sizes[name] = found.size
        self._rows[name] = [row for row in found.rows if isinstance(row, dict)]
        self._page_size = max(self._page_size, found.page_size)

    def _groups(self) -> Step:
        at = self._workspace
        asked = ask(self._bitbucket, endpoints.GROUPS.at(at))
        if asked.asked.answer is None or asked.problem is Problem.SERVER_ERROR or asked.problem is Problem.UNAVAILABLE:
            self._members_break_off = True
            asked = ask(self._bitbucket, endpoints.GROUP_NAMES.at(at), **endpoints.WITHOUT_MEMBERS)
        rows = asked.asked.answer.json if asked.asked.answer and asked.diagnosis is None else None
        if not isinstance(rows, list):
            return dataclasses.replace(limited("groups", asked, endpoints.GROUPS.lacks), blocks=True)
        self._sizes["groups"] = Size(len(rows), len(rows))
        one_by_one = "; their members are asked for group by group" if self._members_break_off else ""
        return Step("groups", Mark.OK, f"{len(rows):,} groups{one_by_one}", asked.question, asked.answered)

    # ---- permissions

    def _project_permissions(self) -> Step:
        both = endpoints.PROJECT_USERS, endpoints.PROJECT_GROUPS
        return self._permissions("project permissions", "projects", "key", PROJECTS_ASKED, both)

    def _repository_permissions(self) -> Step:
        both = endpoints.REPOSITORY_USERS, endpoints.REPOSITORY_GROUPS
        return self._permissions("repository permissions", "repositories", "slug", REPOSITORIES_ASKED, both)

    def _permissions(self, name: str, what: str, called: str, count: int, both: tuple[Endpoint, Endpoint]) -> Step:
        places = [row[called] for row in self._rows.get(what, []) if isinstance(row.get(called), str) and row[called]]
        asked = {place: self._both(place, *both) for place in spread(places, count)}
        there = {place: each for place, each in asked.items() if not _is_gone(each)}
        return of_sample(name, what, there, "" if self._bitbucket.session.is_administrator else ADMINISTRATOR)

    def _both(self, place: str, users: Endpoint, groups: Endpoint) -> Reply:
        first = ask(self._bitbucket, users.at(self._workspace, place), pagelen=10)
        return first if first.diagnosis else ask(self._bitbucket, groups.at(self._workspace, place), pagelen=10)

    def _shortcut(self) -> Step:
        """See whether one answer may save a request for each repository; an export proves it before it is used."""
        name, repositories = "group privileges", self._sizes.get("repositories")
        if repositories is not None and repositories.most is not None and repositories.most < WORTHWHILE:
            return Step(name, Mark.SKIPPED, "there are too few repositories for a shortcut")
        asked = ask(self._bitbucket, endpoints.GROUP_PRIVILEGES.at(self._workspace), **PRIVILEGES_ALONE)
        self._has_shortcut = asked.diagnosis is None
        meaning = "1.0/group-privileges answers; an export that finds it true asks each repository once, not twice"
        if not self._has_shortcut:
            meaning = "1.0/group-privileges does not answer: an export asks each repository twice"
        mark = Mark.OK if self._has_shortcut else Mark.SKIPPED
        return Step(name, mark, meaning, asked.question, asked.answered)

    # ---- what is asked besides

    def _included(self, name: str, row: Row) -> Step:
        """Ask one repository and one project, or the workspace."""
        asked = [ask(self._bitbucket, address) for address in filter(None, map(self._example, row.endpoints))]
        if not asked:
            return Step(name, Mark.SKIPPED, "there is no repository to ask for")
        refused = next((each for each in asked if each.diagnosis is not None), None)
        if refused is not None:
            return dataclasses.replace(limited(name, refused, name), blocks=True)
        return Step(name, Mark.OK, "they can be read", " and ".join(each.question for each in asked), asked[0].answered)

    def _example(self, endpoint: Endpoint) -> Address | None:
        """Give an address of an endpoint; None where the workspace has nothing to ask about."""
        what, called = ("repositories", "slug") if endpoint.counts else ("projects", "key")
        if endpoint.template.count("{}") == 1:
            return endpoint.at(self._workspace)
        found = next((row[called] for row in self._rows.get(what, []) if isinstance(row.get(called), str)), None)
        return endpoint.at(self._workspace, found) if found else None

    def _emails(self) -> Step:
        name, question = "e-mail addresses", emails.question(self._settings.emails[:1])
        asked = ask(self._bitbucket, endpoints.MEMBERS.at(self._workspace), **question)
        shown = f"GET /2.0/{endpoints.MEMBERS.template.format(self._workspace)}?q=user.email IN (…)"
        if asked.diagnosis is not None:
            step = limited(name, asked, "e-mail addresses of members")
            return dataclasses.replace(step, asked=shown, blocks=True)
        return Step(name, Mark.OK, f"{len(self._settings.emails):,} candidates can be asked about", shown, "200")

    # ---- the cost

    def _cost(self) -> Step:
        sizes = self._sizes
        self._facts |= {what: {"at_least": size.least, "at_most": size.most} for what, size in sizes.items()}
        count = {what: size.estimate for what, size in sizes.items()}
        pages = {what: READINGS * -(-number // self._page_size) for what, number in count.items() if what != "groups"}
        members = count.get("groups", 0) if self._members_break_off else 0
        of_repositories = 2 * count["repositories"] + pages["repositories"]
        counted = of_repositories - count["repositories"] * self._has_shortcut
        others = _ALWAYS + READINGS + pages.get("members", 0) + pages["projects"] + members + 2 * count["projects"]
        cost = Cost(counted + others, counted) + emails.cost_of(self._settings.emails)
        cost += extras.cost_of(
            self._settings.include,
            projects=count["projects"],
            repositories=count["repositories"],
            branches=count["repositories"],
        )
        seconds = self._throttle.seconds_for(cost.requests, cost.counted) or 0.0
        self._facts |= {
            "estimated_requests": cost.requests,
            "estimated_requests_of_the_hour": cost.counted,
            "estimated_seconds": round(seconds),
        }
        limit = self._settings.hourly_limit
        is_held_up = seconds > (self._throttle.seconds_for(cost.requests) or 0.0)
        why = f", because Bitbucket Cloud allows {limit:,} an hour" if is_held_up else ""
        asked = f"{cost.counted:,} of them below /2.0/repositories, of which {limit:,} are allowed in an hour"
        return Step("cost", Mark.OK, f"an export takes {in_words(cost.requests, seconds)}{why}", asked)


def _is_gone(reply: Reply) -> bool:
    return reply.problem is Problem.NOT_FOUND

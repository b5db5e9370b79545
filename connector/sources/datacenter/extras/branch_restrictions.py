"""Default branches, and the branch restrictions that apply to them, those of the project included."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from connector.model import Repository
from connector.sources.common.extras.asking import ScopeRequest
from connector.sources.common.extras.builder import ExtrasBuilder, certain_only
from connector.sources.common.extras.rounds import Requests
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.branches import Branch, BranchModel, Restriction, effect_on, needs_model
from connector.sources.datacenter.extras.scopes import ExtraCollector, Scopes


class BranchRestrictions(ExtraCollector):
    """A repository's listing mostly has its project's restrictions too.

    A server that shows one there is trusted to do so everywhere; until then projects are asked as well.
    """

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder
        self._seen_inherited = False
        self._branches: dict[str, Branch] = {}
        self._own: dict[str, list[Restriction]] = {}
        self._of_projects: dict[str, list[Restriction]] = {}
        self._models: dict[str, BranchModel] = {}
        self._unread_projects: set[str] = set()
        """Ids of projects that have restrictions which cannot be read."""

    def contents(self) -> Requests:
        """Ask every repository for its restrictions and its default branch."""
        for repository in self._scopes.repositories:
            read = parse.each(parse.restriction, f"branch restrictions of repository {repository.slug}")
            store = partial(self._store_own, repository)
            yield self._scopes.repository(endpoints.REPOSITORY_RESTRICTIONS, repository, read, store)
            yield self._of_default_branch(repository)

    def inherited(self) -> Requests:
        """Ask the projects, where their restrictions have not been seen on a repository."""
        if self._seen_inherited:
            return
        wanted = {repository.project_id for repository in self._scopes.repositories if repository.id in self._own}
        for project in self._scopes.projects:
            if project.id in wanted:
                read = parse.each(parse.restriction, f"branch restrictions of project {project.key}")
                store = partial(self._of_projects.__setitem__, project.id)
                request = self._scopes.project(endpoints.PROJECT_RESTRICTIONS, project, read, store)
                yield dataclasses.replace(request, on_failure=partial(self._unread_projects.add, project.id))

    def models(self) -> Requests:
        """Ask for the branching model where a restriction is about one of its branches."""
        for repository in self._scopes.repositories:
            if repository.id in self._branches and needs_model(self._restrictions(repository)):
                read = partial(parse.branch_model, f"branching model of repository {repository.slug}")
                store = partial(self._models.__setitem__, repository.id)
                request = self._scopes.repository(endpoints.BRANCH_MODEL, repository, read, store)
                on_none = partial(store, BranchModel())
                yield dataclasses.replace(request, is_listing=False, on_none=on_none)

    def finish(self) -> None:
        """Store what is known of the default branch of each repository that has one."""
        for repository in self._scopes.repositories:
            branch = self._branches.get(repository.id)
            if branch is not None:
                found = effect_on(branch, self._restrictions(repository), self._models.get(repository.id))
                is_known = repository.id in self._own and repository.project_id not in self._unread_projects
                self._builder.default_branches[repository.id] = found if is_known else certain_only(found)

    def _of_default_branch(self, repository: Repository) -> ScopeRequest[Any]:
        read = partial(parse.branch, f"default branch of repository {repository.slug}")
        store = partial(self._branches.__setitem__, repository.id)
        request = self._scopes.repository(endpoints.DEFAULT_BRANCH, repository, read, store)
        return dataclasses.replace(request, is_listing=False)

    def _restrictions(self, repository: Repository) -> list[Restriction]:
        """Give a repository's restrictions and its project's, each once."""
        inherited = self._of_projects.get(repository.project_id, [])
        known = {restriction.id: restriction for restriction in [*inherited, *self._own.get(repository.id, [])]}
        return list(known.values())

    def _store_own(self, repository: Repository, restrictions: list[Restriction]) -> None:
        self._own[repository.id] = restrictions
        self._seen_inherited = self._seen_inherited or any(each.inherited for each in restrictions)

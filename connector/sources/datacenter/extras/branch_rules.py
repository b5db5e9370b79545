"""Default branches, and the branch restrictions that apply to them, those of the project included."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import Any

from connector.model import DefaultBranch, Project, Repository
from connector.rest.workers import Keep
from connector.sources.datacenter.extras import endpoints, parse
from connector.sources.datacenter.extras.branches import Branch, BranchModel, Restriction, doubtful, judge, needs_model
from connector.sources.datacenter.extras.errands import Errand
from connector.sources.datacenter.extras.scopes import Scopes, Topic


class BranchRules(Topic):
    """A repository's listing mostly has its project's restrictions too.

    A server that shows one there is trusted to do so everywhere; until then projects are asked as well.
    """

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._seen_inherited = False
        self._branches: dict[str, Branch] = {}
        self._own: dict[str, list[Restriction]] = {}
        self._of_projects: dict[str, list[Restriction]] = {}
        self._models: dict[str, BranchModel] = {}
        self._unread_projects: set[str] = set()
        """Ids of projects that have restrictions which cannot be read."""

    def first(self) -> Iterator[Errand]:
        """Ask every repository for its restrictions and its default branch."""
        for repository in self._scopes.repositories:
            read = partial(self._read_own, repository)
            yield self._scopes.repository(endpoints.REPOSITORY_RESTRICTIONS, repository, read)
            yield self._of_default_branch(repository)

    def second(self) -> Iterator[Errand]:
        """Ask the projects, where their restrictions have not been seen on a repository."""
        if self._seen_inherited:
            return
        wanted = {repository.project_id for repository in self._scopes.repositories if repository.id in self._own}
        for project in self._scopes.projects:
            if project.id in wanted:
                read = partial(self._read_projects, project)
                errand = self._scopes.project(endpoints.PROJECT_RESTRICTIONS, project, read)
                yield dataclasses.replace(errand, unread=partial(self._unread_projects.add, project.id))

    def third(self) -> Iterator[Errand]:
        """Ask for the branching model where a restriction is about one of its branches."""
        for repository in self._scopes.repositories:
            if repository.id in self._branches and needs_model(self._restrictions(repository)):
                read = partial(self._read_model, repository)
                errand = self._scopes.repository(endpoints.BRANCH_MODEL, repository, read)
                otherwise = partial(self._models.__setitem__, repository.id, BranchModel())
                yield dataclasses.replace(errand, listing=False, otherwise=otherwise)

    def judged(self) -> dict[str, DefaultBranch]:
        """Give what is known of the default branch of each repository that has one, by its id."""
        return {
            repository.id: self._judge(repository, self._branches[repository.id])
            for repository in self._scopes.repositories
            if repository.id in self._branches
        }

    def _judge(self, repository: Repository, branch: Branch) -> DefaultBranch:
        found = judge(branch, self._restrictions(repository), self._models.get(repository.id))
        is_known = repository.id in self._own and repository.project_id not in self._unread_projects
        return found if is_known else doubtful(found)

    def _of_default_branch(self, repository: Repository) -> Errand:
        errand = self._scopes.repository(endpoints.DEFAULT_BRANCH, repository, partial(self._read_branch, repository))
        return dataclasses.replace(errand, listing=False, formerly=endpoints.FORMER_DEFAULT_BRANCH)

    def _restrictions(self, repository: Repository) -> list[Restriction]:
        """Give a repository's restrictions and its project's, each once."""
        inherited = self._of_projects.get(repository.project_id, [])
        known = {restriction.id: restriction for restriction in [*inherited, *self._own.get(repository.id, [])]}
        return list(known.values())

    def _read_own(self, repository: Repository, rows: list[Any]) -> Keep:
        where = f"branch restrictions of repository {repository.slug}"
        return partial(self._keep_own, repository, [parse.restriction(row, where) for row in rows])

    def _keep_own(self, repository: Repository, restrictions: list[Restriction]) -> None:
        self._own[repository.id] = restrictions
        self._seen_inherited = self._seen_inherited or any(each.inherited for each in restrictions)

    def _read_projects(self, project: Project, rows: list[Any]) -> Keep:
        where = f"branch restrictions of project {project.key}"
        restrictions = [parse.restriction(row, where) for row in rows]
        return partial(self._of_projects.__setitem__, project.id, restrictions)

    def _read_branch(self, repository: Repository, answer: Any) -> Keep:  # noqa: ANN401 - JSON
        branch = parse.branch(answer, f"default branch of repository {repository.slug}")
        return partial(self._branches.__setitem__, repository.id, branch)

    def _read_model(self, repository: Repository, answer: Any) -> Keep:  # noqa: ANN401 - JSON
        model = parse.branch_model(answer, f"branching model of repository {repository.slug}")
        return partial(self._models.__setitem__, repository.id, model)

"""The main branches, which the listing of repositories tells, and the branch restrictions that apply to them."""

from __future__ import annotations

import dataclasses
from functools import partial

from connector.sources.cloud.extras import endpoints, parse
from connector.sources.cloud.extras.branches import BranchingModel, Restriction, effect_on, needs_model
from connector.sources.cloud.extras.scopes import Scopes
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.rounds import ExtraCollector, Requests


class BranchRestrictions(ExtraCollector):
    """Asks every repository that has a main branch; for the branching model only where a restriction speaks of it."""

    def __init__(self, scopes: Scopes, builder: ExtrasBuilder) -> None:
        self._scopes = scopes
        self._builder = builder
        self._repositories = [each for each in scopes.repositories if each.id in scopes.main_branches]
        self._branches = scopes.main_branches
        self._restrictions: dict[str, list[Restriction]] = {}
        self._models: dict[str, BranchingModel] = {}

    def contents(self) -> Requests:
        """Ask for the restrictions."""
        for repository in self._repositories:
            read = partial(parse.restrictions, f"branch restrictions of repository {repository.slug}")
            store = partial(self._restrictions.__setitem__, repository.id)
            yield self._scopes.repository(endpoints.RESTRICTIONS, repository, read, store)

    def models(self) -> Requests:
        """Ask for the branching models."""
        for repository in self._repositories:
            if needs_model(self._restrictions.get(repository.id, [])):
                read = partial(parse.branching_model, f"branching model of repository {repository.slug}")
                store = partial(self._models.__setitem__, repository.id)
                request = self._scopes.repository(endpoints.BRANCHING_MODEL, repository, read, store)
                yield dataclasses.replace(request, is_listing=False)

    def finish(self) -> None:
        """Store what is known of each main branch whose restrictions were read."""
        for identifier, restrictions in self._restrictions.items():
            found = effect_on(self._branches[identifier], restrictions, self._models.get(identifier))
            self._builder.default_branches[identifier] = found

"""Requests about the projects and repositories of a workspace."""

from __future__ import annotations

from collections.abc import Mapping

from connector.model import Repository, Snapshot
from connector.sources.cloud.listings import MainBranch
from connector.sources.common.extras import scopes


class Scopes(scopes.Scopes):
    """Everything of a workspace that can be asked about; `main_branches` are by the ids of repositories."""

    def __init__(self, snapshot: Snapshot, main_branches: Mapping[str, MainBranch]) -> None:
        super().__init__(snapshot, "workspace")
        self.main_branches = main_branches

    def segments_of(self, repository: Repository) -> tuple[str, ...]:
        """Give what stands for a repository in an address: its slug is the only one in the workspace."""
        return (repository.slug,)

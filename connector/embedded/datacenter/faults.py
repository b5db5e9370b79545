"""What can go wrong with a Data Center beside what can with any server; `embedded.common.faults` has the rest."""

from __future__ import annotations

from dataclasses import dataclass

from connector.embedded.common.faults import Effect


@dataclass(frozen=True, slots=True)
class DeleteRepository(Effect):
    """Somebody deletes a repository just before this answer."""

    id: int


@dataclass(frozen=True, slots=True)
class DeleteProject(Effect):
    """Somebody deletes a project and its repositories just before this answer."""

    id: int

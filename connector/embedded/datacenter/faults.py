"""What can go wrong with a Data Center: all that can with any server, and somebody who deletes or logs out."""

from __future__ import annotations

from dataclasses import dataclass

from connector.embedded.common.faults import (
    CutBody,
    CutJson,
    Effect,
    Fault,
    Faults,
    LoginPage,
    Maintenance,
    Redirect,
    Reset,
    ResetInBody,
    Slow,
    Status,
)

__all__ = [
    "CutBody",
    "CutJson",
    "DeleteProject",
    "DeleteRepository",
    "Effect",
    "Fault",
    "Faults",
    "LoggedOut",
    "LoginPage",
    "Maintenance",
    "Redirect",
    "Reset",
    "ResetInBody",
    "Slow",
    "Status",
]


@dataclass(frozen=True, slots=True)
class LoggedOut(Effect):
    """The login is not known any more: the caller is anonymous."""


@dataclass(frozen=True, slots=True)
class DeleteRepository(Effect):
    """Somebody deletes a repository just before this answer."""

    id: int


@dataclass(frozen=True, slots=True)
class DeleteProject(Effect):
    """Somebody deletes a project and its repositories just before this answer."""

    id: int

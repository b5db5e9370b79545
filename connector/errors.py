"""The exceptions of the connector: each class says what happens next, and has an exit code.

Imports nothing of ours. A message is one line for a person: what happened, where, and what to do.
No message holds a credential.
"""

from __future__ import annotations

from enum import Enum, auto


class ConnectorError(Exception):
    """The run ends with this error's message and exit code."""

    exit_code = 1


class UsageError(ConnectorError):
    """The request cannot be carried out as it was made; nothing was contacted."""

    exit_code = 2


class SourceError(ConnectorError):
    """The source cannot be reached, refuses the credentials, or makes no sense. The run ends."""

    exit_code = 3


class Why(Enum):
    """Why one thing cannot be read, while the server as a whole is well."""

    REFUSED = auto()
    """The product says that the account lacks a right."""
    ABSENT = auto()
    """The product says that the project, repository, group or user does not exist."""
    NONE = auto()
    """The product says that the thing has none of what was asked for."""
    MOVED = auto()
    """A redirect to another address of the same kind: it was renamed or moved."""
    NO_SUCH_ADDRESS = auto()
    """The product does not know the address: an old version, or another licence."""
    UNKNOWN_VALUE = auto()
    """The product does not know a value in the question: an old version."""
    CONFLICT = auto()
    """The product says that the state of the thing does not allow to read it."""
    FOREIGN = auto()
    """A proxy or another program answered instead of the product."""
    BROKEN = auto()
    """The request fails repeatedly."""
    CONTRADICTION = auto()
    """Answers contradict themselves or each other."""
    MALFORMED = auto()
    """The answer lacks a required value, or has one that this connector does not know."""


class Unreadable(ConnectorError):
    """One thing cannot be read, while the server as a whole is well.

    The caller decides: read another listing, record a gap, or let the run end.
    """

    exit_code = 3

    def __init__(self, message: str, why: Why) -> None:
        super().__init__(message)
        self.why = why


class IncompleteError(ConnectorError):
    """Something could not be read, and publishing the rest was not allowed."""

    exit_code = 4


class GuardError(ConnectorError):
    """A guard refused to publish."""

    exit_code = 4


class VezaError(ConnectorError):
    """Veza cannot be reached, or refused."""

    exit_code = 5


class PushUnsettled(VezaError):
    """A push failed, and whether Veza accepted it is not known."""


class SaveError(ConnectorError):
    """A file could not be written."""

    exit_code = 5


class Interrupted(BaseException):
    """A signal ended the run; not an `Exception`, so that no error handler catches it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number

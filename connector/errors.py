"""Every exception of the connector, grouped by what happens next; each knows its exit code.

Imports nothing of ours. A message is one line for a person: what happened, where, and what to do.
No message holds a credential.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """The run ends with this error's message and exit code."""

    exit_code = 1


class UsageError(ConnectorError):
    """What was asked for cannot be done as it was asked; nothing was contacted."""

    exit_code = 2


class BitbucketError(ConnectorError):
    """Bitbucket cannot be reached, refuses the credentials, or makes no sense; the run ends."""

    exit_code = 3


class Unreadable(BitbucketError):
    """One listing was refused or is broken, while the server as a whole is well.

    Whoever asked decides: fall back to another listing, record a gap, or let it end the run.
    """


class Refused(Unreadable):
    """The account is signed in, but is not permitted to read this (401 or 403)."""


class RefusedElsewhere(Refused):
    """Something before Bitbucket refused: it says nothing about the account."""


class Missing(Unreadable):
    """Bitbucket has no such address (404): an old version, or something that is not there."""


class MissingElsewhere(Missing):
    """The answer is not in Bitbucket's form: it says nothing about what is there."""


class Gone(Missing):
    """The project, repository, user or group that the address names does not exist."""


class ProjectGone(Gone):
    """The whole project that the address names does not exist."""


class Conflict(Unreadable):
    """The state of what the address names forbids to read it (409)."""


class Unknown(Unreadable):
    """Bitbucket does not know a value in the question (400): an old version."""


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
    """A signal asked the run to end; not an `Exception`, so that no handler of errors holds it up."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number

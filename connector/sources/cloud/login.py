"""Reads the answers of the sign-in: the workspace, the account, and whether it administers the workspace."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from connector.errors import SourceError
from connector.rest import fields
from connector.rest.answer import Answer
from connector.sources.cloud.credentials import ApiToken, Consumer
from connector.sources.cloud.diagnosis import SCOPES, Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """A workspace, as it says itself: `slug` in Bitbucket's spelling, `uuid` with its braces."""

    slug: str
    uuid: str
    name: str
    is_private: bool | None


def identity(answer: object, where: str) -> Identity:
    """Read a workspace."""
    is_private = fields.get(answer, "is_private", where)
    return Identity(
        fields.text(answer, "slug", where),
        fields.text(answer, "uuid", where),
        fields.text(answer, "name", where),
        is_private if isinstance(is_private, bool) else None,
    )


def scopes_of(answer: Answer) -> frozenset[str] | None:
    """Read the scopes that the credentials have; None where the answer does not tell them."""
    told = answer.headers.get(SCOPES)
    return None if told is None else frozenset(filter(None, (scope.strip() for scope in told.split(","))))


def account_of(session: Session) -> str:
    """Name the account where Bitbucket does not name it."""
    match session.credentials:
        case ApiToken(email):
            return email
        case Consumer(key):
            return f"OAuth consumer {key}"
    return f"an access token ({session.credential_type})"


def check_workspace(found: Identity, own_uuid: str | None) -> None:
    """Refuse a personal workspace, which is its owner's. Raises `SourceError`."""
    if found.uuid == own_uuid:
        raise SourceError(
            f"{found.slug} is the personal workspace of the account that asks: one person owns all of it, and it "
            "has no members or groups to review. Set --workspace to the workspace of a team: it is what follows "
            "https://bitbucket.org/ in the addresses of its pages"
        )


def caller(answer: object, where: str) -> tuple[str, str]:
    """Read who asks: the name of an account, and its uuid."""
    user = fields.field(answer, "user", where)
    uuid = fields.text(user, "uuid", where)
    name = fields.get(user, "display_name", where) or fields.get(user, "nickname", where)
    return (name if isinstance(name, str) and fields.is_text(name) else uuid), uuid

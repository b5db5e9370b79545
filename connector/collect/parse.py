"""From Bitbucket's JSON to values: pure functions. The only place that knows the names of its fields.

A field that must be there and is not is an error that names it and where it was missed: guessing would
publish an invention. Shapes: recorded answers of servers 4.6 to 10.4, Atlassian's OpenAPI file of 9.4.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from connector.collect.answer import one_line
from connector.errors import BitbucketError
from connector.model import Group, Permission, Project, ProjectType, Repository, User, UserType

P = TypeVar("P", bound=Permission)
C = TypeVar("C", bound=StrEnum)
T = TypeVar("T")

_LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999, where RFC 3339 ends."""


class Malformed(BitbucketError):
    """An answer lacks what it must have."""


def version(properties: dict[str, Any], where: str) -> str:
    """Read the answer of `application-properties`."""
    return _text(properties, "version", where)


def user(row: object, where: str, *, in_directory: bool) -> User:
    """Read a user, as a person's page, a listing, a membership or a grant shows it."""
    return User(
        id=_number(row, "id", where),
        name=_text(row, "name", where),
        slug=_maybe(row, "slug", str, where),
        display_name=_maybe(row, "displayName", str, where) or None,
        email_address=_maybe(row, "emailAddress", str, where) or None,
        type=_user_type(row, where),
        active=_maybe(row, "active", bool, where),
        in_directory=in_directory,
        directory_name=_maybe(row, "directoryName", str, where),
        last_authentication_timestamp=_moment(row, "lastAuthenticationTimestamp", where),
        created_timestamp=_moment(row, "createdTimestamp", where),
    )


def group(row: object, where: str) -> Group:
    """Read a row of a listing of groups: an object with a name, or the name alone."""
    name = row if isinstance(row, str) else _text(row, "name", where)
    return Group(name=name, in_directory=True)


def project(row: object, where: str) -> Project:
    """Read a project; personal ones come with their owner and without `public`."""
    kind = _choice(ProjectType, _text(row, "type", where), "type", where)
    personal = kind is ProjectType.PERSONAL
    return Project(
        id=_number(row, "id", where),
        key=_text(row, "key", where),
        name=_text(row, "name", where),
        description=_maybe(row, "description", str, where),
        type=kind,
        public=_maybe(row, "public", bool, where) if personal else _flag(row, "public", where),
        owner_id=_number(_field(row, "owner", where), "id", f"{where} owner") if personal else None,
        url=_page(row),
    )


def owner(row: object, where: str) -> User:
    """Read the owner of a personal project."""
    return user(_field(row, "owner", where), f"{where} owner", in_directory=False)


def repository(row: object, where: str) -> Repository:
    """Read a repository; its project is read by `project` from its field of that name."""
    return Repository(
        id=_number(row, "id", where),
        slug=_text(row, "slug", where),
        name=_text(row, "name", where),
        description=_maybe(row, "description", str, where),
        project_id=_number(_field(row, "project", where), "id", f"{where} project"),
        public=_flag(row, "public", where),
        archived=_maybe(row, "archived", bool, where),
        state=_maybe(row, "state", str, where),
        forked_from=_origin(row, where),
        url=_page(row),
    )


def project_of(row: object, where: str) -> object:
    """Give the project that a row of a listing of repositories holds."""
    return _field(row, "project", where)


def user_grant(row: object, scale: type[P], where: str) -> tuple[User, P]:
    """Read a row of a listing of users' permissions."""
    return user(_field(row, "user", where), where, in_directory=False), _permission(row, scale, where)


def group_grant(row: object, scale: type[P], where: str) -> tuple[str, P]:
    """Read a row of a listing of groups' permissions: the group's name as spelled there."""
    holder = _field(row, "group", where)
    return holder if isinstance(holder, str) else _text(holder, "name", where), _permission(row, scale, where)


def permitted(answer: dict[str, Any], where: str) -> bool:
    """Read the answer to whether a permission is a project's default."""
    return _flag(answer, "permitted", where)


def _permission(row: object, scale: type[P], where: str) -> P:
    return _choice(scale, _text(row, "permission", where), "permission", where)


def _origin(row: object, where: str) -> str | None:
    origin = _maybe(row, "origin", dict, where)
    if origin is None:
        return None
    here = f"{where} origin"
    return f"{_text(_field(origin, 'project', here), 'key', here)}/{_text(origin, 'slug', here)}"


def _page(row: object) -> str | None:
    """Give the address of something's page: `links.self[0].href`, which some versions leave empty."""
    try:
        href = row["links"]["self"][0]["href"]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None
    return href if isinstance(href, str) and href.startswith(("http://", "https://")) else None


def _user_type(row: object, where: str) -> UserType | None:
    kind = _maybe(row, "type", str, where)
    return UserType(kind) if kind in set(UserType) else None


def _moment(row: object, name: str, where: str) -> int | None:
    """Epoch milliseconds, sent as a number or as digits; zero and less have been seen for "never"."""
    value = _get(row, name, where)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if value is None or isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= _LATEST else None


def _choice(kind: type[C], value: str, name: str, where: str) -> C:
    try:
        return kind(value)
    except ValueError:
        raise Malformed(f"{where}: {name} is {one_line(value)!r}, which this connector does not know") from None


def _get(row: object, name: str, where: str) -> Any:  # noqa: ANN401 - whatever stands there; who reads it checks
    if not isinstance(row, dict):
        raise Malformed(f"{where}: a row is no object, so it has no {name}")
    return row.get(name)


def _field(row: object, name: str, where: str) -> Any:  # noqa: ANN401
    value = _get(row, name, where)
    if value is None:
        raise Malformed(f"{where}: the answer lacks {name}")
    return value


def _text(row: object, name: str, where: str) -> str:
    value = _field(row, name, where)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{where}: {name} is no text")
    return value


def _flag(row: object, name: str, where: str) -> bool:
    value = _field(row, name, where)
    if not isinstance(value, bool):
        raise Malformed(f"{where}: {name} is neither true nor false")
    return value


def _number(row: object, name: str, where: str) -> int:
    """Read an id; audit events and some proxies send numbers as strings."""
    value = _field(row, name, where)
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{where}: {name} is no number")
    return value


def _maybe(row: object, name: str, kind: type[T], where: str) -> T | None:
    value = _get(row, name, where)
    if value is not None and not isinstance(value, kind):
        raise Malformed(f"{where}: {name} is of an unexpected kind")
    return value

"""From Bitbucket's JSON to values: pure functions. The only place that knows the names of its fields.

A field that must be there and is not is an error that names it and where it was missed: guessing would
publish an invention. Shapes: recorded answers of servers 4.6 to 10.4, Atlassian's OpenAPI file of 9.4.
"""

from __future__ import annotations

from typing import Any, TypeVar

from connector.model import Group, Project, ProjectType, Repository, User, UserType
from connector.rest import fields
from connector.sources.datacenter.permissions import Permission

P = TypeVar("P", bound=Permission)

_LEAST_RATE, _HIGHEST_RATE = 1, 1_000_000
"""What Bitbucket's page of settings takes: whole numbers, of requests at once and a second."""


def version(properties: dict[str, Any], where: str) -> str:
    """Read the answer of `application-properties`."""
    return fields.text(properties, "version", where)


def user(row: object, where: str, *, in_directory: bool) -> User:
    """Read a user, as a person's page, a listing, a membership or a grant shows it."""
    return User(
        id=fields.number_id(row, "id", where),
        name=fields.text(row, "name", where),
        slug=fields.maybe_text(row, "slug", where),
        display_name=(fields.maybe_text(row, "displayName", where) or "").strip() or None,
        email_address=fields.maybe_text(row, "emailAddress", where) or None,
        type=_user_type(row, where),
        active=fields.maybe(row, "active", bool, where),
        in_directory=in_directory,
        directory_name=fields.maybe_text(row, "directoryName", where),
        last_authentication_timestamp=fields.moment(row, "lastAuthenticationTimestamp", where),
        created_timestamp=fields.moment(row, "createdTimestamp", where),
    )


def group(row: object, where: str) -> Group:
    """Read a row of a listing of groups: an object with a name, or the name alone."""
    name = fields.text({"name": row} if isinstance(row, str) else row, "name", where)
    return Group(name=name, in_directory=True)


def project(row: object, where: str) -> Project:
    """Read a project; personal ones come with their owner and without `public`."""
    kind = fields.choice(ProjectType, fields.text(row, "type", where), "type", where)
    personal = kind is ProjectType.PERSONAL
    return Project(
        id=fields.number_id(row, "id", where),
        key=fields.text(row, "key", where),
        name=fields.text(row, "name", where),
        description=fields.maybe_text(row, "description", where),
        type=kind,
        public=fields.maybe(row, "public", bool, where) if personal else fields.flag(row, "public", where),
        owner_id=fields.number_id(fields.field(row, "owner", where), "id", f"{where} owner") if personal else None,
        url=_page(row),
    )


def owner(row: object, where: str) -> User:
    """Read the owner of a personal project."""
    return user(fields.field(row, "owner", where), f"{where} owner", in_directory=False)


def repository(row: object, where: str) -> Repository:
    """Read a repository; its project is read by `project` from its field of that name."""
    return Repository(
        id=fields.number_id(row, "id", where),
        slug=fields.text(row, "slug", where),
        name=fields.text(row, "name", where),
        description=fields.maybe_text(row, "description", where),
        project_id=fields.number_id(fields.field(row, "project", where), "id", f"{where} project"),
        public=fields.flag(row, "public", where),
        archived=fields.maybe(row, "archived", bool, where),
        state=fields.maybe_text(row, "state", where),
        forked_from=_origin(row, where),
        url=_page(row),
    )


def project_of(row: object, where: str) -> object:
    """Give the project that a row of a listing of repositories holds."""
    return fields.field(row, "project", where)


def user_grant(row: object, scale: type[P], where: str) -> tuple[User, P]:
    """Read a row of a listing of users' permissions."""
    return user(fields.field(row, "user", where), where, in_directory=False), _permission(row, scale, where)


def group_grant(row: object, scale: type[P], where: str) -> tuple[str, P]:
    """Read a row of a listing of groups' permissions: the group's name as spelled there."""
    holder = fields.field(row, "group", where)
    return group(holder, where).name, _permission(row, scale, where)


def permitted(answer: dict[str, Any], where: str) -> bool:
    """Read the answer to whether a permission is a project's default."""
    return fields.flag(answer, "permitted", where)


def rate_limit(answer: dict[str, Any], where: str) -> tuple[float, float] | None:
    """Read the server's rate limit: requests at once, and a second; None where there is none."""
    return _bucket(answer, "defaultSettings", where) if fields.flag(answer, "enabled", where) else None


def own_rate_limit(answer: dict[str, Any], where: str) -> tuple[float, float] | None:
    """Read the rate limit of one user; None for one who is exempt."""
    return None if fields.maybe(answer, "whitelisted", bool, where) else _bucket(answer, "settings", where)


def _bucket(answer: dict[str, Any], name: str, where: str) -> tuple[float, float]:
    settings = fields.field(answer, name, where)
    capacity, rate = (fields.get(settings, field, where) for field in ("capacity", "fillRate"))
    if not all(type(value) in {int, float} and _LEAST_RATE <= value <= _HIGHEST_RATE for value in (capacity, rate)):
        raise fields.Malformed(f"{where}: {name} holds no numbers that a rate could be limited to")
    return float(capacity), float(rate)


def _permission(row: object, scale: type[P], where: str) -> P:
    return fields.choice(scale, fields.text(row, "permission", where), "permission", where)


def _origin(row: object, where: str) -> str | None:
    origin = fields.maybe(row, "origin", dict, where)
    if origin is None:
        return None
    here = f"{where} origin"
    return f"{fields.text(fields.field(origin, 'project', here), 'key', here)}/{fields.text(origin, 'slug', here)}"


def _page(row: object) -> str | None:
    """Give the address of something's page: `links.self[0].href`, which some versions leave empty."""
    try:
        href = row["links"]["self"][0]["href"]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None
    return href if isinstance(href, str) and href.startswith(("http://", "https://")) else None


def _user_type(row: object, where: str) -> UserType | None:
    kind = fields.maybe_text(row, "type", where)
    return UserType(kind) if kind in set(UserType) else None

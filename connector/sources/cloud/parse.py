"""From Bitbucket Cloud's JSON to values: pure functions. The only place that knows the names of its fields.

A field that must be there and is not is an error that names it and where it was missed. Shapes: recorded answers of
2018 to 2025, the official OpenAPI file of 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from connector.model import Group, Project, ProjectType, Repository, User
from connector.rest import fields
from connector.sources.cloud.listings import MainBranch
from connector.sources.cloud.permissions import NONE, RepositoryPermission
from connector.sources.common.scale import Scale

S = TypeVar("S", bound=Scale)


def user(row: object, where: str, *, is_member: bool) -> User:
    """Read a person. Only the API 1.0 says whether somebody is active."""
    return User(
        id=fields.text(row, "uuid", where),
        name=(fields.maybe_text(row, "nickname", where) or "").strip(),
        display_name=(fields.maybe_text(row, "display_name", where) or "").strip() or None,
        active=fields.maybe(row, "is_active", bool, where),
        in_directory=is_member,
        account_id=fields.maybe_text(row, "account_id", where) or None,
    )


def membership(row: object, where: str) -> tuple[User, str | None]:
    """Read a member of the workspace, and its role where the listing tells it."""
    return user(fields.field(row, "user", where), where, is_member=True), fields.maybe_text(row, "permission", where)


def group(row: object, where: str, *, in_directory: bool = True) -> Group:
    """Read a group, as the API 1.0 or a grant shows it."""
    slug = fields.text(row, "slug", where)
    return Group(
        name=fields.maybe_text(row, "name", where) or slug,
        in_directory=in_directory,
        slug=slug,
        auto_add=fields.maybe(row, "auto_add", bool, where),
    )


def members(rows: object, where: str) -> tuple[User, ...]:
    """Read the members of a group."""
    return tuple(user(row, where, is_member=False) for row in _list(rows, where))


def group_with_members(row: object, where: str) -> tuple[Group, tuple[User, ...] | None]:
    """Read a group of the API 1.0, and its members where the answer has them."""
    found = group(row, where)
    inside = fields.maybe(row, "members", list, where)
    return found, None if inside is None else members(inside, f"{where}, members of {found.name}")


def project(row: object, where: str) -> Project:
    """Read a project, as its listing or a repository shows it."""
    return Project(
        id=fields.text(row, "uuid", where),
        key=fields.text(row, "key", where),
        name=fields.text(row, "name", where),
        description=fields.maybe_text(row, "description", where) or None,
        type=ProjectType.NORMAL,
        private=fields.maybe(row, "is_private", bool, where),
        url=_page(row),
    )


def repository(row: object, where: str) -> tuple[Repository, Project]:
    """Read a repository, and its project as far as it tells it."""
    of = project(fields.field(row, "project", where), f"{where}, project")
    parent = fields.maybe(row, "parent", dict, where)
    found = Repository(
        id=fields.text(row, "uuid", where),
        slug=_slug(row, where),
        name=fields.text(row, "name", where),
        description=fields.maybe_text(row, "description", where) or None,
        project_id=of.id,
        public=not fields.flag(row, "is_private", where),
        forked_from=None if parent is None else fields.maybe_text(parent, "full_name", where),
        url=_page(row),
        fork_policy=fields.maybe_text(row, "fork_policy", where),
    )
    return found, of


def main_branch(row: object, where: str) -> MainBranch | None:
    """Read the main branch of a repository, None for one without any branch."""
    branch = fields.maybe(row, "mainbranch", dict, where)
    name = None if branch is None else fields.maybe_text(branch, "name", where)
    overrides = fields.maybe(row, "override_settings", dict, where) or {}
    return MainBranch(name, inherits=overrides.get("branch_restrictions") is False) if name else None


def user_grant(row: object, scale: type[S], where: str) -> tuple[User, S | None]:
    """Read a row of a listing of users' permissions; without a permission, it grants nothing."""
    return user(fields.field(row, "user", where), where, is_member=False), _permission(row, scale, where)


@dataclass(frozen=True, slots=True)
class GroupGrant:
    """A row of a listing of groups' permissions. `privilege` is what the group may do in the workspace, where told."""

    group: Group
    permission: Scale | None
    privilege: str | None = None


def group_grant(row: object, scale: type[S], where: str) -> GroupGrant:
    """Read a row of a listing of groups' permissions."""
    holder = fields.field(row, "group", where)
    privilege = fields.maybe_text(holder, "account_privilege", where)
    return GroupGrant(group(holder, where, in_directory=False), _permission(row, scale, where), privilege)


def group_privileges(rows: object, where: str) -> list[tuple[str, GroupGrant]]:
    """Read what groups hold on repositories by the API 1.0: `workspace/slug`, and what is held there."""
    return [
        (
            fields.text(row, "repo", where),
            GroupGrant(
                group(fields.field(row, "group", where), where, in_directory=False),
                _permission(row, RepositoryPermission, where, "privilege"),
            ),
        )
        for row in _list(rows, where)
    ]


def effective(row: object, where: str) -> tuple[User, RepositoryPermission]:
    """Read a row of the effective listing of a repository."""
    permission = fields.choice(RepositoryPermission, fields.text(row, "permission", where), "permission", where)
    return user(fields.field(row, "user", where), where, is_member=False), permission


def _permission(row: object, scale: type[S], where: str, name: str = "permission") -> S | None:
    word = fields.text(row, name, where)
    return None if word == NONE else fields.choice(scale, word, name, where)


def _slug(row: object, where: str) -> str:
    """Give what addresses call a repository: `slug`, which `full_name` ends with."""
    slug = fields.maybe_text(row, "slug", where)
    return slug or fields.text(row, "full_name", where).rpartition("/")[2]


def _page(row: object) -> str | None:
    """Give the address of something's page: `links.html.href`."""
    try:
        href = row["links"]["html"]["href"]  # type: ignore[index]
    except (KeyError, TypeError):
        return None
    return href if isinstance(href, str) and href.startswith(("http://", "https://")) else None


def _list(rows: object, where: str) -> list[Any]:
    if not isinstance(rows, list):
        raise fields.Malformed(f"{where}: the answer is no list")
    return rows

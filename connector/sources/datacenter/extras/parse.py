"""From Bitbucket's JSON to keys, tokens, hosts of webhooks and branch restrictions: pure functions.

They have been through `redact`. Shapes: recorded answers of servers 4.6 to 9.4, Atlassian's OpenAPI file of 9.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from connector.model import Credential, CredentialKind
from connector.rest import fields
from connector.sources.datacenter.extras.branches import Branch, BranchModel, Matcher, Restriction
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission

P = TypeVar("P", ProjectPermission, RepositoryPermission)
R = TypeVar("R")

_DAY = 86_400_000
_HEADS = "refs/heads/"

_FROM_PROJECT = {
    ProjectPermission.PROJECT_READ: RepositoryPermission.REPO_READ,
    ProjectPermission.PROJECT_WRITE: RepositoryPermission.REPO_WRITE,
    ProjectPermission.REPO_CREATE: RepositoryPermission.REPO_WRITE,
    ProjectPermission.PROJECT_ADMIN: RepositoryPermission.REPO_ADMIN,
}
"""What a permission on a project means on its repositories."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key and what it may do; on the whole project where `of_project` says so."""

    credential: Credential
    of_project: bool
    project_permission: ProjectPermission
    repository_permission: RepositoryPermission


def ssh_enabled(settings: dict[str, Any]) -> tuple[bool, bool]:
    """Read whether SSH works at all, and whether its access keys do; what is not said counts as on."""
    ssh = settings.get("enabled") is not False
    return ssh, ssh and settings.get("accessKeysEnabled") is not False


def each(read_row: Callable[..., R], where: str, *arguments: str) -> Callable[[list[Any]], list[R]]:
    """Give what reads every row of a listing; `where` is what errors call it."""
    return lambda rows: [read_row(row, where, *arguments) for row in rows]


def access_key(row: object, where: str) -> AccessKey:
    """Read a row of a listing of access keys.

    The effective listing of a repository has its project's keys too: they name a project, and no repository.
    """
    permission = fields.text(row, "permission", where)
    level = permission.rpartition("_")[2]
    of_project = fields.get(row, "repository", where) is None and fields.get(row, "project", where) is not None
    return AccessKey(
        _ssh_key(fields.field(row, "key", where), CredentialKind.SSH_ACCESS_KEY, where, None),
        of_project or permission.startswith("PROJECT_"),
        fields.choice(ProjectPermission, f"PROJECT_{level}", "permission", where),
        fields.choice(RepositoryPermission, f"REPO_{level}", "permission", where),
    )


def user_key(row: object, where: str, owner_id: str) -> Credential:
    """Read a row of the listing of a user's SSH keys."""
    return _ssh_key(row, CredentialKind.SSH_USER_KEY, where, owner_id)


def _ssh_key(row: object, kind: CredentialKind, where: str, owner_id: str | None) -> Credential:
    key_id = fields.number_id(row, "id", where)
    public = fields.maybe(row, "public", dict, where) or {}
    created = fields.moment(row, "createdDate", where)
    expires, can_expire = _expiry(row, created, where)
    return Credential(
        kind=kind,
        id=str(key_id),
        name=fields.maybe(row, "label", str, where) or f"SSH key {key_id}",
        owner_id=owner_id,
        created_at=created,
        expires_at=expires,
        last_used_at=fields.moment(row, "lastAuthenticated", where),
        can_expire=can_expire,
        algorithm=fields.maybe(row, "algorithmType", str, where) or public.get("algorithm"),
        bit_length=fields.maybe(row, "bitLength", int, where) or public.get("bit_length"),
        fingerprint=public.get("fingerprint"),
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A token without the grants that its place gives it."""

    credential: Credential
    on_project: ProjectPermission | None
    on_repository: RepositoryPermission | None

    @property
    def on_its_repository(self) -> RepositoryPermission | None:
        """What a repository's token may do there: mostly what it says, else what the word for projects means."""
        return self.on_repository or (_FROM_PROJECT[self.on_project] if self.on_project else None)

    @property
    def beyond_project(self) -> RepositoryPermission | None:
        """What a project's token may do on every repository, where its permission on the project does not say so."""
        implied = _FROM_PROJECT[self.on_project].rank if self.on_project else -1
        return self.on_repository if self.on_repository and self.on_repository.rank > implied else None


def token(row: object, where: str, owner_id: str | None = None) -> Token:
    """Read a row of a listing of HTTP access tokens; its user is told by the listing."""
    names = [_permission_name(name, where) for name in fields.field(row, "permissions", where)]
    on_project = _highest(ProjectPermission, names)
    on_repository = _highest(RepositoryPermission, names)
    created = fields.moment(row, "createdDate", where)
    expires, can_expire = _expiry(row, created, where)
    token_id = _identifier(row, where)
    credential = Credential(
        kind=CredentialKind.HTTP_TOKEN,
        id=token_id,
        name=fields.maybe(row, "name", str, where) or f"token {token_id}",
        owner_id=owner_id,
        permissions=tuple(sorted({*_of(ProjectPermission, names), *_of(RepositoryPermission, names)})),
        created_at=created,
        expires_at=expires,
        last_used_at=fields.moment(row, "lastAuthenticated", where),
        can_expire=can_expire,
    )
    return Token(credential, on_project, on_repository)


def _identifier(row: object, where: str) -> str:
    value = fields.field(row, "id", where)
    return str(value) if isinstance(value, int) else fields.text(row, "id", where)


def _permission_name(name: object, where: str) -> str:
    if isinstance(name, str) and (name in set(ProjectPermission) or name in set(RepositoryPermission)):
        return name
    raise fields.Malformed(f"{where}: permissions hold one that this connector does not know")


def _of(scale: type[P], names: list[str]) -> list[P]:
    return [permission for permission in scale if permission in names]


def _highest(scale: type[P], names: list[str]) -> P | None:
    return max(_of(scale, names), key=lambda permission: permission.rank, default=None)


def _expiry(row: object, created: int | None, where: str) -> tuple[int | None, bool | None]:
    """Read when something expires, and whether it does: as a moment, or as days from its creation."""
    moment = fields.moment(row, "expiryDate", where)
    days = fields.get(row, "expiryDays", where)
    if moment is not None:
        return moment, True
    if isinstance(days, bool) or not isinstance(days, int) or days <= 0:
        return None, None
    expires = {"expiryDate": None if created is None else created + days * _DAY}
    return fields.moment(expires, "expiryDate", where), True


def branch(where: str, answer: dict[str, Any]) -> Branch:
    """Read the default branch: `refs/heads/main` is shown as `main`."""
    ref = fields.text(answer, "id", where)
    ref = ref if ref.startswith("refs/") else _HEADS + ref
    return Branch(ref, ref.removeprefix(_HEADS))


def restriction(row: object, where: str) -> Restriction:
    """Read a branch restriction; `type` has been seen as a text and as an object, `scope` not at all in 4.x."""
    scope = fields.maybe(row, "scope", dict, where) or {}
    matcher = fields.field(row, "matcher", where)
    return Restriction(
        id=fields.number_id(row, "id", where),
        type=_text_or_id(row, "type", where).lower(),
        matcher=Matcher(
            kind=_text_or_id(matcher, "type", where).upper(),
            id=fields.maybe(matcher, "id", str, where) or "",
            active=fields.get(matcher, "active", where) is not False,
        ),
        inherited=scope.get("type") not in {None, "REPOSITORY"},
        exempt=frozenset(_exempt(row, where)),
    )


def _exempt(row: object, where: str) -> list[tuple[str, str]]:
    users = [("user", _name_of(user, "id", where)) for user in _listed(row, "users", where)]
    groups = [("group", _name_of(group, "name", where).lower()) for group in _listed(row, "groups", where)]
    keys = [fields.get(key, "key", where) or key for key in _listed(row, "accessKeys", where)]
    return [*users, *groups, *(("key", _name_of(key, "id", where)) for key in keys)]


def _listed(row: object, name: str, where: str) -> list[Any]:
    return fields.maybe(row, name, list, where) or []


def _name_of(value: object, name: str, where: str) -> str:
    return str(fields.field(value, name, where)) if isinstance(value, dict) else str(value)


def _text_or_id(row: object, name: str, where: str) -> str:
    value = fields.field(row, name, where)
    return fields.text(value if isinstance(value, dict) else {"id": value}, "id", where)


def branch_model(where: str, answer: dict[str, Any]) -> BranchModel:
    """Read the configuration of a branching model."""
    branches = {}
    for name in ("development", "production"):
        configured = fields.maybe(answer, name, dict, where)
        if configured is not None:
            use_default = configured.get("useDefault") is True
            ref = fields.maybe(configured, "refId", str, where)
            if use_default or ref:
                branches[name] = None if use_default else ref
    categories = [row for row in _listed(answer, "types", where) if fields.get(row, "enabled", where) is not False]
    prefixes = {fields.text(row, "id", where).lower(): fields.maybe(row, "prefix", str, where) for row in categories}
    return BranchModel(branches, {name: prefix for name, prefix in prefixes.items() if prefix})

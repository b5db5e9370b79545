"""The mapping of Bitbucket Server and Data Center, as data. The documentation's tables are these."""

from __future__ import annotations

from collections.abc import Iterator

from connector.model import Project, PublicAccess, Server, Snapshot, User, in_order
from connector.oaa import vocabulary as oaa
from connector.oaa.names import name_of_server
from connector.oaa.properties import COLLECTION
from connector.oaa.vocabulary import ADMIN, CREATE, READ, WRITE, Implied, Kind, Meaning, Oaa, Property, Vocabulary

PUBLIC_READ = "PUBLIC_READ"
_PROJECT, _REPOSITORY = (oaa.PROJECT,), (oaa.REPOSITORY,)

PERMISSIONS = {
    "LICENSED_USER": Meaning((Oaa.NonData,), sub_resources=False),
    "PROJECT_CREATE": Meaning((Oaa.NonData, Oaa.MetadataCreate), sub_resources=False),
    "ADMIN": Meaning((*ADMIN, Oaa.NonData), sub_resources=True),
    "SYS_ADMIN": Meaning((*ADMIN, Oaa.NonData), sub_resources=True),
    "PROJECT_READ": Meaning(READ, sub_resources=True, resource_types=_PROJECT),
    "PROJECT_WRITE": Meaning(WRITE, sub_resources=True, resource_types=_PROJECT),
    "REPO_CREATE": Meaning(CREATE, sub_resources=True, resource_types=_PROJECT),
    "PROJECT_ADMIN": Meaning(ADMIN, sub_resources=True, resource_types=_PROJECT),
    "REPO_READ": Meaning(READ, sub_resources=False, resource_types=_REPOSITORY),
    "REPO_WRITE": Meaning(WRITE, sub_resources=False, resource_types=_REPOSITORY),
    "REPO_ADMIN": Meaning(ADMIN, sub_resources=False, resource_types=_REPOSITORY),
    PUBLIC_READ: Meaning(READ, sub_resources=True, resource_types=(oaa.PROJECT, oaa.REPOSITORY)),
}


def _server(snapshot: Snapshot) -> Server:
    if not isinstance(snapshot.source, Server):
        raise TypeError("this is a snapshot of Bitbucket Cloud")
    return snapshot.source


def _owner(of: tuple[Snapshot, Project]) -> str | None:
    snapshot, project = of
    return None if project.owner_id is None else snapshot.users[project.owner_id].name


def _default(of: tuple[Snapshot, Project]) -> str | None:
    snapshot, project = of
    return snapshot.default_permissions.get(project.id)


def _implied(snapshot: Snapshot) -> Implied:
    """Give default permissions, owners of personal projects, and public access.

    Unknown public access counts as on. Where licences are unknown, all active users count as licensed.
    """
    public = [] if _server(snapshot).public_access is PublicAccess.OFF else list(_public(snapshot))
    licensed = bool(public or snapshot.default_permissions)
    groups: list[tuple[str, str, str | None]] = []
    if licensed:
        groups.append((oaa.LICENSED_USERS, oaa.LICENSED_USERS_NAME, oaa.EVERYONE if public else None))
    if public:
        groups.append((oaa.EVERYONE, oaa.EVERYONE_NAME, None))

    def groups_of(user: User) -> Iterator[str]:
        if licensed and (user.active is not False if user.licensed is None else user.licensed):
            yield oaa.LICENSED_USERS

    def grants() -> Iterator[tuple[str, str, str, str]]:
        for project_id, default in snapshot.default_permissions.items():
            yield "local_group", oaa.LICENSED_USERS, str(default), project_id
        for project_id, project in snapshot.projects.items():
            if project.owner_id is not None:
                yield "local_user", project.owner_id, "PROJECT_ADMIN", project_id
        for place in public:
            yield "local_group", oaa.EVERYONE, PUBLIC_READ, place

    users = ((oaa.ANONYMOUS, oaa.ANONYMOUS_NAME, (oaa.EVERYONE,)),) if public else ()
    return Implied(tuple(groups), users, groups_of, grants)


def _public(snapshot: Snapshot) -> Iterator[str]:
    for project_id, project in in_order(snapshot.projects):
        if project.public:
            yield project_id
    for repository_id, repository in in_order(snapshot.repositories):
        if repository.public:
            yield f"{repository.project_id}/{repository_id}"


SERVER = Vocabulary(
    application_type="BitbucketServer",
    provider_name="Bitbucket Server",
    application_name=lambda snapshot: name_of_server(_server(snapshot).base_url),
    permissions=PERMISSIONS,
    application=(
        Property("version", Kind.STRING, lambda snapshot: _server(snapshot).version),
        Property("base_url", Kind.STRING, lambda snapshot: snapshot.source.base_url),
        Property("public_access", Kind.STRING, lambda snapshot: _server(snapshot).public_access.value),
        Property("global_permissions", Kind.STRING, lambda snapshot: snapshot.source.global_permissions.value),
        *COLLECTION,
    ),
    user=(
        Property("username", Kind.STRING, lambda user: user.name),
        Property("directory_name", Kind.STRING, lambda user: user.directory_name),
        Property("is_licensed", Kind.BOOLEAN, lambda user: user.licensed),
        Property("in_directory", Kind.BOOLEAN, lambda user: user.in_directory),
    ),
    group=(Property("in_directory", Kind.BOOLEAN, lambda group: group.in_directory),),
    project=(
        Property("key", Kind.STRING, lambda of: of[1].key),
        Property("project_type", Kind.STRING, lambda of: of[1].type.value),
        Property("owner", Kind.STRING, _owner),
        Property("is_public", Kind.BOOLEAN, lambda of: of[1].public),
        Property("default_permission", Kind.STRING, _default),
        Property("url", Kind.STRING, lambda of: of[1].url),
    ),
    repository=(
        Property("slug", Kind.STRING, lambda of: of[1].slug),
        Property("project_key", Kind.STRING, lambda of: of[0].projects[of[1].project_id].key),
        Property("is_public", Kind.BOOLEAN, lambda of: of[1].public),
        Property("is_archived", Kind.BOOLEAN, lambda of: of[1].archived),
        Property("forked_from", Kind.STRING, lambda of: of[1].forked_from),
        Property("state", Kind.STRING, lambda of: of[1].state),
        Property("url", Kind.STRING, lambda of: of[1].url),
    ),
    identities=lambda user: (user.email_address, user.name),
    implied=_implied,
    reserved=frozenset({oaa.LICENSED_USERS, oaa.EVERYONE}),
)

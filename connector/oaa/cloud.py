"""The mapping of Bitbucket Cloud, as data. The documentation's tables are these."""

from __future__ import annotations

from collections.abc import Iterator

from connector.model import Snapshot, User, Workspace, in_order
from connector.oaa import vocabulary as oaa
from connector.oaa.names import name_of_workspace
from connector.oaa.properties import COLLECTION
from connector.oaa.vocabulary import ADMIN, CREATE, READ, WRITE, Implied, Kind, Meaning, Oaa, Property, Vocabulary

PUBLIC_READ = "public-read"
_PROJECT, _REPOSITORY = (oaa.PROJECT,), (oaa.REPOSITORY,)
_BOTH = (oaa.PROJECT, oaa.REPOSITORY)

PERMISSIONS = {
    "owner": Meaning((*ADMIN, Oaa.NonData), sub_resources=True),
    "create-project": Meaning((Oaa.NonData, Oaa.MetadataCreate), sub_resources=False),
    "member": Meaning((Oaa.NonData,), sub_resources=False),
    "read": Meaning(READ, sub_resources=True, resource_types=_BOTH),
    "write": Meaning(WRITE, sub_resources=True, resource_types=_BOTH),
    "create-repo": Meaning(CREATE, sub_resources=True, resource_types=_PROJECT),
    "admin": Meaning(ADMIN, sub_resources=True, resource_types=_BOTH),
    PUBLIC_READ: Meaning(READ, sub_resources=False, resource_types=_REPOSITORY),
}
"""Roles of a workspace that are not documented are exported like `member`."""

UNKNOWN_ROLE = PERMISSIONS["member"]


def _workspace(snapshot: Snapshot) -> Workspace:
    if not isinstance(snapshot.source, Workspace):
        raise TypeError("this is a snapshot of a server")
    return snapshot.source


def _implied(snapshot: Snapshot) -> Implied:
    """Give public access: everybody reads public repositories."""
    public = [
        f"{repository.project_id}/{repository_id}"
        for repository_id, repository in in_order(snapshot.repositories)
        if repository.public
    ]
    if not public:
        return Implied()

    def groups_of(_user: User) -> Iterator[str]:
        yield oaa.EVERYONE

    def grants() -> Iterator[tuple[str, str, str, str]]:
        for place in public:
            yield "local_group", oaa.EVERYONE, PUBLIC_READ, place

    return Implied(
        groups=((oaa.EVERYONE, oaa.EVERYONE_NAME, None),),
        users=((oaa.ANONYMOUS, oaa.ANONYMOUS_NAME, (oaa.EVERYONE,)),),
        groups_of=groups_of,
        grants=grants,
    )


CLOUD = Vocabulary(
    application_type="BitbucketCloud",
    provider_name="Bitbucket Cloud",
    application_name=lambda snapshot: name_of_workspace(_workspace(snapshot).slug),
    permissions=PERMISSIONS,
    application=(
        Property("workspace", Kind.STRING, lambda snapshot: _workspace(snapshot).slug),
        Property("workspace_uuid", Kind.STRING, lambda snapshot: _workspace(snapshot).uuid),
        Property("base_url", Kind.STRING, lambda snapshot: snapshot.source.base_url),
        Property("is_private", Kind.BOOLEAN, lambda snapshot: _workspace(snapshot).is_private),
        Property("workspace_permissions", Kind.STRING, lambda snapshot: snapshot.source.global_permissions.value),
        *COLLECTION,
    ),
    user=(
        Property("account_id", Kind.STRING, lambda user: user.account_id),
        Property("nickname", Kind.STRING, lambda user: user.name or None),
        Property("is_member", Kind.BOOLEAN, lambda user: user.in_directory),
    ),
    group=(
        Property("auto_add", Kind.BOOLEAN, lambda group: group.auto_add),
        Property("in_directory", Kind.BOOLEAN, lambda group: group.in_directory),
    ),
    project=(
        Property("key", Kind.STRING, lambda of: of[1].key),
        Property("is_private", Kind.BOOLEAN, lambda of: of[1].private),
        Property("url", Kind.STRING, lambda of: of[1].url),
    ),
    repository=(
        Property("slug", Kind.STRING, lambda of: of[1].slug),
        Property("project_key", Kind.STRING, lambda of: of[0].projects[of[1].project_id].key),
        Property("is_public", Kind.BOOLEAN, lambda of: of[1].public),
        Property("fork_policy", Kind.STRING, lambda of: of[1].fork_policy),
        Property("forked_from", Kind.STRING, lambda of: of[1].forked_from),
        Property("url", Kind.STRING, lambda of: of[1].url),
    ),
    identities=lambda user: (user.account_id, user.email_address),
    implied=_implied,
    reserved=frozenset({oaa.EVERYONE}),
)

"""Snapshot → OAA Custom Application. Knows oaaclient; nothing of HTTP, files, the clock or this machine.

The same snapshot gives the same application, byte for byte: everything is added in the order of its id.
Grants are gathered by identity and permission first, because oaaclient's `add_permission` searches a list
on every call: one call a grant is quadratic where one group has a grant on every repository.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from oaaclient.templates import CustomApplication, CustomResource, LocalUserType
from oaaclient.templates.application import ApplicationPropertyDefinitions, Identity
from oaaclient.utils import truncate_string

from connector.errors import SourceError
from connector.model import (
    Grant,
    Project,
    ProjectPermission,
    PublicAccess,
    Repository,
    Snapshot,
    User,
    UserGrant,
    UserType,
    in_order,
)
from connector.oaa import vocabulary as oaa
from connector.oaa.extras_mapping import add_machines
from connector.oaa.properties import rfc3339, set_properties

_NOT_ALLOWED_IN_NAMES = re.compile(r"""[^ @#$%&*:()!,a-zA-Z0-9_'=.-]""")
"""Veza's own pattern for names, less the double quote, which oaaclient does not escape in a filter."""

_LONGEST_PROPERTY = 4096
"""Characters that Veza takes in one string property."""


def application_name(base_url: str) -> str:
    """Name application and data source after the server, as far as Veza allows its characters."""
    parts = urlsplit(base_url)
    port = f":{parts.port}" if parts.port else ""
    context = parts.path.strip("/")
    name = f"{oaa.PROVIDER_NAME} - {parts.hostname}{port}{' ' + context if context else ''}"
    return _NOT_ALLOWED_IN_NAMES.sub("-", name)


def application(snapshot: Snapshot) -> CustomApplication:
    """Map a snapshot. Raises `SourceError` where a group has a name that the export needs for itself."""
    return _Mapping(snapshot).build()


class _Mapping:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._app = CustomApplication(application_name(snapshot.server.base_url), oaa.APPLICATION_TYPE)
        self._app.property_definitions = _Definitions(oaa.APPLICATION_TYPE)
        self._known: dict[int, _HolderAndPermission] = {}
        self._projects: dict[str, CustomResource] = {}
        self._repositories: dict[str, CustomResource] = {}
        self._public = _public(snapshot)

    def build(self) -> CustomApplication:
        _define_vocabulary(self._app)
        self._describe_server()
        self._add_groups()
        self._add_users()
        self._add_projects()
        self._add_repositories()
        self._grant_globally()
        self._grant_on_resources()
        add_machines(self._app, self._snapshot, self._projects, self._repositories)
        return self._app

    def _describe_server(self) -> None:
        server, gaps = self._snapshot.server, self._snapshot.gaps
        set_properties(
            self._app,
            version=server.version,
            base_url=server.base_url,
            public_access=server.public_access.value,
            global_permissions=server.global_permissions.value,
            is_complete=self._snapshot.is_complete,
            not_collected=[gap.name[:_LONGEST_PROPERTY] for gap in gaps],
        )

    def _add_groups(self) -> None:
        for key, group in sorted(self._snapshot.groups.items()):
            if key in {oaa.LICENSED_USERS, oaa.EVERYONE}:
                raise SourceError(
                    f"The group {group.name!r} has a name that the export keeps for {oaa.LICENSED_USERS_NAME!r} and "
                    f"{oaa.EVERYONE_NAME!r}: its members could not be told from theirs. Rename it in Bitbucket."
                )
            set_properties(self._app.add_local_group(group.name, unique_id=group.name), in_directory=group.in_directory)
        if self._public or self._snapshot.default_permissions:
            self._app.add_local_group(oaa.LICENSED_USERS_NAME, unique_id=oaa.LICENSED_USERS)
        if self._public:
            self._app.add_local_group(oaa.EVERYONE_NAME, unique_id=oaa.EVERYONE)
            self._app.local_groups[oaa.LICENSED_USERS].add_group(oaa.EVERYONE)

    def _add_users(self) -> None:
        memberships = self._memberships()
        for user_id, user in in_order(self._snapshot.users):
            self._add_user(user, memberships[user_id])
        if self._public:
            self._app.add_local_user(oaa.ANONYMOUS_NAME, groups=[oaa.EVERYONE], unique_id=oaa.ANONYMOUS)

    def _memberships(self) -> defaultdict[str, list[str]]:
        """Give the ids of each user's groups, sorted."""
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for key, members in sorted(self._snapshot.members.items()):
            for user_id in members:
                groups[user_id].append(self._snapshot.groups[key].name)
        if oaa.LICENSED_USERS in self._app.local_groups:
            for user_id, user in self._snapshot.users.items():
                if _counts_as_licensed(user):
                    groups[user_id].append(oaa.LICENSED_USERS)
        return groups

    def _add_user(self, user: User, groups: list[str]) -> None:
        identities = dict.fromkeys(filter(None, (user.email_address, user.name)))
        local = self._app.add_local_user(
            user.display_name or user.name, identities=list(identities), groups=groups, unique_id=user.id
        )
        local.email = user.email_address
        local.is_active = user.active
        local.created_at = rfc3339(user.created_timestamp)
        local.last_login_at = rfc3339(user.last_authentication_timestamp)
        if user.type is UserType.SERVICE:
            local.user_type = LocalUserType.ServiceAccount.value
        set_properties(
            local,
            username=user.name,
            directory_name=user.directory_name,
            is_licensed=user.licensed,
            in_directory=user.in_directory,
        )

    def _add_projects(self) -> None:
        for project_id, project in in_order(self._snapshot.projects):
            resource = self._app.add_resource(
                project.name, oaa.PROJECT, _description(project.description), unique_id=project_id
            )
            owner = None if project.owner_id is None else self._snapshot.users[project.owner_id].name
            default = self._snapshot.default_permissions.get(project_id)
            set_properties(
                resource,
                key=project.key,
                project_type=project.type.value,
                owner=owner,
                is_public=project.public,
                default_permission=default.value if default else None,
                url=project.url,
            )
            self._projects[project_id] = resource

    def _add_repositories(self) -> None:
        for repository_id, repository in in_order(self._snapshot.repositories):
            project = self._snapshot.projects[repository.project_id]
            resource = self._projects[project.id].add_sub_resource(
                repository.name, oaa.REPOSITORY, _description(repository.description), unique_id=repository_id
            )
            set_properties(
                resource,
                slug=repository.slug,
                project_key=project.key,
                is_public=repository.public,
                is_archived=repository.archived,
                forked_from=repository.forked_from,
                state=repository.state,
                url=repository.url,
            )
            self._repositories[repository_id] = resource

    def _grant_globally(self) -> None:
        for holder, permission in sorted(map(self._holder_and_permission, self._snapshot.global_grants)):
            self._identity(holder).add_permission(permission, apply_to_application=True)

    def _grant_on_resources(self) -> None:
        """Hand oaaclient every identity's resources at once, one call for each permission."""
        resources: defaultdict[_HolderAndPermission, dict[str, CustomResource]] = defaultdict(dict)
        for holder_and_permission, resource in self._resource_grants():
            resources[holder_and_permission][resource.resource_key] = resource
        for (holder, permission), granted in sorted(resources.items()):
            self._identity(holder).add_permission(permission, resources=list(granted.values()))

    def _resource_grants(self) -> Iterator[tuple[_HolderAndPermission, CustomResource]]:
        """Give every grant on a project or repository, ordered by resource; some may come twice."""
        snapshot = self._snapshot
        for project_id, resource in self._projects.items():
            for grant in snapshot.project_grants.get(project_id, ()):
                yield self._holder_and_permission(grant), resource
            default = snapshot.default_permissions.get(project_id)
            if default is not None:
                yield ((_GROUP, oaa.LICENSED_USERS), default.value), resource
            owner = snapshot.projects[project_id].owner_id
            if owner is not None:
                yield ((_USER, owner), ProjectPermission.PROJECT_ADMIN.value), resource
        for repository_id, resource in self._repositories.items():
            for grant in snapshot.repository_grants.get(repository_id, ()):
                yield self._holder_and_permission(grant), resource
        for public in self._public:
            resources = self._projects if isinstance(public, Project) else self._repositories
            yield ((_GROUP, oaa.EVERYONE), oaa.PUBLIC_READ), resources[public.id]

    def _holder_and_permission(self, grant: Grant) -> _HolderAndPermission:
        """Name holder and permission. Equal grants on many resources are one object, so it is done once for each."""
        known = self._known.get(id(grant))
        if known is None:
            known = self._known[id(grant)] = self._named(grant)
        return known

    def _named(self, grant: Grant) -> _HolderAndPermission:
        if isinstance(grant, UserGrant):
            return (_USER, grant.user_id), grant.permission.value
        return (_GROUP, self._snapshot.groups[grant.group_key].name), grant.permission.value

    def _identity(self, holder: _Holder) -> Identity:
        kind, identifier = holder
        identities = self._app.local_users if kind == _USER else self._app.local_groups
        identity: Identity = identities[identifier]
        return identity


_USER, _GROUP = "local_user", "local_group"

_Holder = tuple[str, str]
"""Kind and id of an OAA identity."""

_HolderAndPermission = tuple[_Holder, str]


class _Definitions(ApplicationPropertyDefinitions):  # type: ignore[misc]  # oaaclient has no types
    """Looks each property's name up once; oaaclient lists all names anew for every value that is set."""

    def __init__(self, application_type: str) -> None:
        super().__init__(application_type)
        self._valid: set[tuple[str, str, str | None]] = set()

    def validate_property_name(self, property_name: str, entity_type: str, resource_type: str | None = None) -> bool:
        """See oaaclient. Raises where the name is not defined."""
        asked = (property_name, entity_type, resource_type)
        if asked not in self._valid:
            super().validate_property_name(*asked)
            self._valid.add(asked)
        return True


def _define_vocabulary(app: CustomApplication) -> None:
    for name, meaning in oaa.PERMISSIONS.items():
        app.add_custom_permission(
            name,
            list(meaning.categories),
            apply_to_sub_resources=meaning.sub_resources,
            resource_types=list(meaning.resource_types),
        )
    definitions = app.property_definitions
    for name, kind in oaa.APPLICATION_PROPERTIES.items():
        definitions.define_application_property(name, kind)
    for name, kind in oaa.USER_PROPERTIES.items():
        definitions.define_local_user_property(name, kind)
    for name, kind in oaa.GROUP_PROPERTIES.items():
        definitions.define_local_group_property(name, kind)
    for name, kind in oaa.PROJECT_PROPERTIES.items():
        definitions.define_resource_property(oaa.PROJECT, name, kind)
    for name, kind in oaa.REPOSITORY_PROPERTIES.items():
        definitions.define_resource_property(oaa.REPOSITORY, name, kind)


def _public(snapshot: Snapshot) -> list[Project | Repository]:
    """Give what anybody may read, in the order of ids; unknown public access counts as on."""
    if snapshot.server.public_access is PublicAccess.OFF:
        return []
    projects = [project for _, project in in_order(snapshot.projects) if project.public]
    repositories = [repository for _, repository in in_order(snapshot.repositories) if repository.public]
    return [*projects, *repositories]


def _counts_as_licensed(user: User) -> bool:
    return user.active is not False if user.licensed is None else user.licensed


def _description(text: str | None) -> str | None:
    return truncate_string(text) if text else None

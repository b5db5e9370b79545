"""Snapshot → OAA Custom Application. Knows oaaclient; nothing of HTTP, files, the clock or this machine.

What differs between products stands in their vocabularies. The same snapshot gives the same application, byte for
byte: everything is added in the order of its id. Grants are gathered by identity and permission first, because
oaaclient's `add_permission` searches a list on every call: one call a grant is quadratic where one group has a grant
on every repository.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from oaaclient.templates import CustomApplication, CustomResource, LocalUserType
from oaaclient.templates.application import ApplicationPropertyDefinitions, Identity
from oaaclient.utils import truncate_string

from connector.errors import SourceError
from connector.model import Grant, Server, Snapshot, User, UserGrant, UserType, Workspace, in_order
from connector.oaa import vocabulary as oaa
from connector.oaa.cloud import CLOUD, UNKNOWN_ROLE
from connector.oaa.extras import add_extras
from connector.oaa.properties import define, rfc3339, set_properties
from connector.oaa.server import SERVER
from connector.oaa.vocabulary import Vocabulary


def application(snapshot: Snapshot) -> CustomApplication:
    """Map a snapshot. Raises `SourceError` where a group has a name that the export needs for itself."""
    match snapshot.source:
        case Server():
            return _Mapping(snapshot, SERVER).build()
        case Workspace():
            return _Mapping(snapshot, CLOUD).build()


_USER, _GROUP = "local_user", "local_group"

_HolderAndPermission = tuple[str, str, str]
"""Kind and id of an OAA identity, and a permission."""


class _Mapping:
    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot = snapshot
        self._vocabulary = vocabulary
        self._implied = vocabulary.implied(snapshot)
        self._app = CustomApplication(vocabulary.application_name(snapshot), vocabulary.application_type)
        self._app.property_definitions = _Definitions(vocabulary.application_type)
        self._known: dict[int, _HolderAndPermission] = {}
        self._projects: dict[str, CustomResource] = {}
        self._repositories: dict[str, CustomResource] = {}

    def build(self) -> CustomApplication:
        self._define()
        set_properties(self._app, self._vocabulary.application, self._snapshot)
        self._add_groups()
        self._add_users()
        self._add_projects()
        self._add_repositories()
        self._grant_globally()
        self._grant_on_resources()
        add_extras(self._app, self._snapshot, self._projects, self._repositories)
        return self._app

    def _define(self) -> None:
        vocabulary, definitions = self._vocabulary, self._app.property_definitions
        roles = {str(grant.permission) for grant in self._snapshot.global_grants}
        for name, meaning in {**vocabulary.permissions, **dict.fromkeys(sorted(roles), UNKNOWN_ROLE)}.items():
            known = vocabulary.permissions.get(name, meaning)
            self._app.add_custom_permission(
                name,
                list(known.categories),
                apply_to_sub_resources=known.sub_resources,
                resource_types=list(known.resource_types),
            )
        define(definitions.define_application_property, vocabulary.application)
        define(definitions.define_local_user_property, vocabulary.user)
        define(definitions.define_local_group_property, vocabulary.group)
        define(definitions.define_resource_property, vocabulary.project, oaa.PROJECT)
        define(definitions.define_resource_property, vocabulary.repository, oaa.REPOSITORY)

    def _add_groups(self) -> None:
        for key, group in sorted(self._snapshot.groups.items()):
            if key in self._vocabulary.reserved:
                raise SourceError(
                    f"The group {group.name!r} has a name that the export keeps for {oaa.LICENSED_USERS_NAME!r} and "
                    f"{oaa.EVERYONE_NAME!r}: its members could not be told from theirs. Rename it in Bitbucket."
                )
            set_properties(self._app.add_local_group(group.name, unique_id=group.id), self._vocabulary.group, group)
        for identifier, name, _ in self._implied.groups:
            self._app.add_local_group(name, unique_id=identifier)
        for identifier, _, parent in self._implied.groups:
            if parent is not None:
                self._app.local_groups[identifier].add_group(parent)

    def _add_users(self) -> None:
        memberships = self._memberships()
        for user_id, user in in_order(self._snapshot.users):
            self._add_user(user, [*memberships[user_id], *self._implied.groups_of(user)])
        for identifier, name, groups in self._implied.users:
            self._app.add_local_user(name, groups=list(groups), unique_id=identifier)

    def _memberships(self) -> defaultdict[str, list[str]]:
        """Give the ids of each user's groups, sorted."""
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for key, members in sorted(self._snapshot.members.items()):
            for user_id in members:
                groups[user_id].append(self._snapshot.groups[key].id)
        return groups

    def _add_user(self, user: User, groups: list[str]) -> None:
        identities = dict.fromkeys(filter(None, self._vocabulary.identities(user)))
        local = self._app.add_local_user(
            user.display_name or user.name or user.id, identities=list(identities), groups=groups, unique_id=user.id
        )
        local.email = user.email_address
        local.is_active = user.active
        local.created_at = rfc3339(user.created_timestamp)
        local.last_login_at = rfc3339(user.last_authentication_timestamp)
        if user.type is UserType.SERVICE:
            local.user_type = LocalUserType.ServiceAccount.value
        set_properties(local, self._vocabulary.user, user)

    def _add_projects(self) -> None:
        for project_id, project in in_order(self._snapshot.projects):
            resource = self._app.add_resource(
                project.name, oaa.PROJECT, _description(project.description), unique_id=project_id
            )
            set_properties(resource, self._vocabulary.project, (self._snapshot, project))
            self._projects[project_id] = resource

    def _add_repositories(self) -> None:
        for repository_id, repository in in_order(self._snapshot.repositories):
            resource = self._projects[repository.project_id].add_sub_resource(
                repository.name, oaa.REPOSITORY, _description(repository.description), unique_id=repository_id
            )
            set_properties(resource, self._vocabulary.repository, (self._snapshot, repository))
            self._repositories[repository_id] = resource

    def _grant_globally(self) -> None:
        for kind, identifier, permission in sorted(map(self._named, self._snapshot.global_grants)):
            self._identity(kind, identifier).add_permission(permission, apply_to_application=True)

    def _grant_on_resources(self) -> None:
        """Hand oaaclient every identity's resources at once, one call for each permission, in the order of ids."""
        resources = [*self._projects.values(), *self._repositories.values()]
        granted: defaultdict[_HolderAndPermission, set[int]] = defaultdict(set)
        for holder_and_permission, position in self._resource_grants():
            granted[holder_and_permission].add(position)
        for (kind, identifier, permission), positions in sorted(granted.items()):
            on = [resources[position] for position in sorted(positions)]
            self._identity(kind, identifier).add_permission(permission, resources=on)

    def _resource_grants(self) -> Iterator[tuple[_HolderAndPermission, int]]:
        """Give every grant with the position of its project or repository; some may come twice."""
        snapshot = self._snapshot
        projects = {project_id: position for position, project_id in enumerate(self._projects)}
        repositories = {i: position for position, i in enumerate(self._repositories, len(projects))}
        for project_id, grants in snapshot.project_grants.items():
            for grant in grants:
                yield self._named(grant), projects[project_id]
        for repository_id, grants in snapshot.repository_grants.items():
            for grant in grants:
                yield self._named(grant), repositories[repository_id]
        for kind, identifier, permission, place in self._implied.grants():
            _, _, repository_id = place.partition("/")
            yield (kind, identifier, permission), repositories[repository_id] if repository_id else projects[place]

    def _named(self, grant: Grant) -> _HolderAndPermission:
        """Name holder and permission. Equal grants on many resources are one object, so it is done once for each."""
        known = self._known.get(id(grant))
        if known is None:
            if isinstance(grant, UserGrant):
                known = _USER, grant.user_id, str(grant.permission)
            else:
                known = _GROUP, self._snapshot.groups[grant.group_key].id, str(grant.permission)
            self._known[id(grant)] = known
        return known

    def _identity(self, kind: str, identifier: str) -> Identity:
        identities = self._app.local_users if kind == _USER else self._app.local_groups
        identity: Identity = identities[identifier]
        return identity


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


def _description(text: str | None) -> str | None:
    return truncate_string(text) if text else None

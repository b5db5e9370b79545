"""Builders of payloads: a test names what matters to it, and the rest of the document is here.

`worlds` and `tests.review.across.organisations` write theirs with these, in the words of Bitbucket's two products.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.payload import load
from connector.graph.values import Identity, Node

Json = dict[str, Any]
APPLICATION = "App"

READ = ["DataRead", "MetadataRead"]
WRITE = [*READ, "DataWrite"]
ADMIN = [*WRITE, "MetadataWrite"]


def permission(name: str, categories: Iterable[str], *, inherits: bool = False, types: tuple[str, ...] = ()) -> Json:
    """Define a permission."""
    return {
        "name": name,
        "permission_type": list(categories),
        "apply_to_sub_resources": inherits,
        "resource_types": list(types),
    }


PERMISSIONS = [
    permission("reader", READ),
    permission("writer", WRITE),
    permission("owner", ADMIN),
    permission("tree-reader", READ, inherits=True),
    permission("tree-writer", WRITE, inherits=True),
    permission("tree-owner", ADMIN, inherits=True),
    permission("licence", ["NonData"]),
]


def resource(name: str, *below: Json, kind: str = "Folder", **more: object) -> Json:
    """Define a resource and those below it."""
    return {"name": name, "resource_type": kind, **({"sub_resources": list(below)} if below else {}), **more}


def on(permission_name: str, *keys: str, application: bool = False) -> Json:
    """Write a grant's permission and where it is granted."""
    grant: Json = {"application": APPLICATION, "permission": permission_name}
    return grant | ({"resources": list(keys)} if keys else {}) | ({"apply_to_application": True} if application else {})


def role_on(role: str, *keys: str, application: bool = False) -> Json:
    """Write the assignment of a role."""
    return {"application": APPLICATION, "role": role, "resources": list(keys), "apply_to_application": application}


def holds(who: str, *grants: Json, kind: str = "local_user", roles: tuple[Json, ...] = ()) -> Json:
    """Write what one identity holds."""
    return {
        "identity": who,
        "identity_type": kind,
        "application_permissions": list(grants),
        "role_assignments": list(roles),
    }


def granted(kind: str, holder: str, permission_name: str, key: str, of: str = APPLICATION) -> Json:
    """Write one grant of an application; without a key it is on the application itself."""
    return holds(
        holder, on(permission_name, *filter(None, [key]), application=not key) | {"application": of}, kind=kind
    )


def payload(
    *grants: Json,
    users: Iterable[Json] = (),
    groups: Iterable[Json] = (),
    resources: Iterable[Json] = (),
    roles: Iterable[Json] = (),
    credentials: Iterable[Json] = (),
    permissions: Iterable[Json] = PERMISSIONS,
    **more: object,
) -> Json:
    """Write a whole payload with one application; `more` are other fields of it, such as its name."""
    application = {
        "name": APPLICATION,
        "application_type": "Test",
        "local_users": list(users),
        "local_groups": list(groups),
        "local_roles": list(roles),
        "local_access_creds": list(credentials),
        "resources": list(resources),
    }
    return {
        "applications": [application | more],
        "permissions": list(permissions),
        "identity_to_permissions": list(grants),
    }


def named(export: Export, name: str) -> Identity:
    """Find an identity by id."""
    return next(identity for identity in export.identities if identity.id == name)


def node(export: Export, key: str) -> Node:
    """Find a resource by key; the application by its name."""
    keys = {resource.key: resource for resource in export.resources}
    return export.applications[0] if key == APPLICATION else keys[key]


def graph(document: Json, *, without: tuple[str, ...] = ()) -> set[str]:
    """Give the effective access of every user, each as "user resource level"."""
    export = load(document)
    access = Access(export, [named(export, name) for name in without])
    return {
        f"{user.id} {reached.key} {level}" for user in export.users for reached, level in access.reach(user).items()
    }


def why(document: Json, who: str, key: str) -> list[str]:
    """Give the reasons why an identity reaches a resource, as text."""
    export = load(document)
    return [str(path) for path in Access(export).paths(named(export, who), node(export, key))]

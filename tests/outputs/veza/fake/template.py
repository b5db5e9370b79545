"""What Veza's application template accepts: each violation of a payload, by field.

Knows the payload only, and refuses what this connector never sends: roles, agents, models. Stricter than what is
documented where the documents are silent: an undefined property, an ambiguous resource, a mixture of entities with
and without ids are violations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

Json = object
Rule = Callable[[Json], bool]

MAX_DESCRIPTION_BYTES = 256
MAX_STRING_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that Veza does not accept."""

    field: str
    description: str


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_flag(value: Json) -> bool:
    return isinstance(value, bool)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _is_empty(value: Json) -> bool:
    return value == []


def _is_description(value: Json) -> bool:
    return value is None or (isinstance(value, str) and len(value.encode()) <= MAX_DESCRIPTION_BYTES)


def _is_property_text(value: Json) -> bool:
    return isinstance(value, str) and len(value) <= MAX_STRING_CHARACTERS


def _is_time(value: Json) -> bool:
    """RFC 3339; `fromisoformat` alone would also take a date, or a time without a zone."""
    if not isinstance(value, str):
        return False
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_user_type(value: Json) -> bool:
    return value in {"human", "service_account"}


def _is_flag_or_none(value: Json) -> bool:
    return value is None or isinstance(value, bool)


PROPERTY_TYPES: dict[str, Rule] = {
    "BOOLEAN": _is_flag,
    "NUMBER": _is_number,
    "STRING": _is_property_text,
    "STRING_LIST": lambda value: isinstance(value, list) and all(map(_is_property_text, value)),
    "TIMESTAMP": _is_time,
}
PERMISSION_TYPES = frozenset({
    "DataRead", "DataWrite", "DataCreate", "DataDelete",
    "MetadataRead", "MetadataWrite", "MetadataCreate", "MetadataDelete", "NonData", "Uncategorized",
})  # fmt: skip

_COMMON: dict[str, Rule] = {
    "id": _is_text, "name": _is_text, "tags": _is_list, "owners": _is_list, "custom_properties": _is_object,
}  # fmt: skip
_PAYLOAD: dict[str, Rule] = {
    "custom_property_definition": _is_object, "applications": _is_list, "permissions": _is_list,
    "identity_to_permissions": _is_list,
}  # fmt: skip
_APPLICATION: dict[str, Rule] = {
    "name": _is_text, "application_type": _is_text, "description": _is_description, "local_users": _is_list,
    "local_groups": _is_list, "local_roles": _is_empty, "local_access_creds": _is_list, "local_agents": _is_empty,
    "local_models": _is_empty, "tags": _is_list, "owners": _is_list, "custom_properties": _is_object,
    "resources": _is_list,
}  # fmt: skip
_USER: dict[str, Rule] = _COMMON | {
    "email": _is_text, "identities": _are_texts, "groups": _are_texts, "access_creds": _are_texts,
    "is_active": _is_flag, "created_at": _is_time, "last_login_at": _is_time, "deactivated_at": _is_time,
    "password_last_changed_at": _is_time, "user_type": _is_user_type,
}  # fmt: skip
_GROUP: dict[str, Rule] = _COMMON | {"identities": _are_texts, "created_at": _is_time, "groups": _are_texts}
_CREDENTIAL: dict[str, Rule] = _COMMON | {
    "is_active": _is_flag, "created_at": _is_time, "expires_at": _is_time, "last_used_at": _is_time,
    "can_expire": _is_flag_or_none,
}  # fmt: skip
_RESOURCE: dict[str, Rule] = _COMMON | {
    "resource_type": _is_text, "description": _is_description, "connections": _is_list, "sub_resources": _is_list,
}  # fmt: skip
_PERMISSION: dict[str, Rule] = {
    "name": _is_text, "permission_type": _are_texts, "apply_to_sub_resources": _is_flag, "resource_types": _are_texts,
}  # fmt: skip
_IDENTITY: dict[str, Rule] = {"identity": _is_text, "identity_type": _is_text, "application_permissions": _is_list}
_GRANT: dict[str, Rule] = {
    "application": _is_text, "permission": _is_text, "apply_to_application": _is_flag, "resources": _are_texts,
}  # fmt: skip
_DEFINITION: dict[str, Rule] = {
    "application_type": _is_text, "application_properties": _is_object, "local_user_properties": _is_object,
    "local_group_properties": _is_object, "local_access_creds_properties": _is_object, "resources": _is_list,
}  # fmt: skip
_RESOURCE_DEFINITION: dict[str, Rule] = {"resource_type": _is_text, "properties": _is_object}

_IDENTITY_TYPES = {
    "local_user": "local_users",
    "local_group": "local_groups",
    "local_access_creds": "local_access_creds",
}


def violations(payload: Json) -> list[Violation]:
    """Give everything that is wrong with a payload; nothing where Veza accepts it."""
    if not isinstance(payload, dict):
        return [Violation("", "the payload is not an object")]
    return list(_payload(payload))


def _payload(payload: Mapping[str, Json]) -> Iterator[Violation]:
    yield from _entity("", payload, _PAYLOAD, ("applications",))
    definitions = _list(_dict(payload.get("custom_property_definition")).get("applications"))
    for index, definition in enumerate(definitions):
        yield from _definition(f"custom_property_definition.applications[{index}]", definition)
    yield from _unique("permissions", _list(payload.get("permissions")), ("name",))
    for index, permission in enumerate(_list(payload.get("permissions"))):
        path = f"permissions[{index}]"
        yield from _entity(path, permission, _PERMISSION, ("name", "permission_type"))
        yield from _known(f"{path}.permission_type", permission.get("permission_type"), PERMISSION_TYPES)
    applications = _list(payload.get("applications"))
    if len(applications) != 1 or len(definitions) > 1:
        yield Violation("applications", "one application and at most one definition are expected")
        return
    defined = definitions[0] if definitions else {}
    yield from _application("applications[0]", applications[0], defined)
    yield from _identities(payload, applications[0])


def _definition(path: str, definition: Mapping[str, Json]) -> Iterator[Violation]:
    yield from _entity(path, definition, _DEFINITION, ("application_type",))
    for key, types in definition.items():
        if key.endswith("_properties"):
            yield from _types(f"{path}.{key}", types)
    yield from _unique(f"{path}.resources", _list(definition.get("resources")), ("resource_type",))
    for index, resource in enumerate(_list(definition.get("resources"))):
        yield from _entity(f"{path}.resources[{index}]", resource, _RESOURCE_DEFINITION, ("resource_type",))
        yield from _types(f"{path}.resources[{index}].properties", resource.get("properties"))


def _types(path: str, types: Json) -> Iterator[Violation]:
    for name, kind in _dict(types).items():
        if not re.fullmatch(r"[a-z][a-z_]*", name):
            yield Violation(f"{path}.{name}", "not a valid property name")
        if kind not in PROPERTY_TYPES:
            yield Violation(f"{path}.{name}", f"unknown property type {kind}")


def _application(path: str, application: Mapping[str, Json], defined: Mapping[str, Json]) -> Iterator[Violation]:
    yield from _entity(path, application, _APPLICATION, ("name", "application_type"))
    if defined and application.get("application_type") != defined.get("application_type"):
        yield Violation(f"{path}.application_type", "differs from that of the property definitions")
    yield from _properties(path, application, defined.get("application_properties"))
    kinds = {
        "local_users": (_USER, "local_user_properties"),
        "local_groups": (_GROUP, "local_group_properties"),
        "local_access_creds": (_CREDENTIAL, "local_access_creds_properties"),
    }
    for key, (rules, properties) in kinds.items():
        yield from _unique(f"{path}.{key}", _list(application.get(key)), ("id", "name"))
        for index, entity in enumerate(_list(application.get(key))):
            yield from _entity(f"{path}.{key}[{index}]", entity, rules, ("name",))
            yield from _properties(f"{path}.{key}[{index}]", entity, defined.get(properties))
    yield from _ids(path, application)
    yield from _references(path, application)
    yield from _resources(f"{path}.resources", _list(application.get("resources")), defined)


def _ids(path: str, application: Mapping[str, Json]) -> Iterator[Violation]:
    """All users and groups have an id or none has; likewise all resources."""
    local = [entity for key in ("local_users", "local_groups") for entity in _list(application.get(key))]
    for what, entities in (("local identities", local), ("resources", [r for _, r in _walk(application)])):
        if 0 < sum("id" in entity for entity in entities) < len(entities):
            yield Violation(path, f"either all {what} have an id or none has")


def _references(path: str, application: Mapping[str, Json]) -> Iterator[Violation]:
    groups = _names(application.get("local_groups"))
    credentials = _names(application.get("local_access_creds"))
    for index, user in enumerate(_list(application.get("local_users"))):
        yield from _known(f"{path}.local_users[{index}].groups", user.get("groups"), groups)
        yield from _known(f"{path}.local_users[{index}].access_creds", user.get("access_creds"), credentials)
    for index, group in enumerate(_list(application.get("local_groups"))):
        yield from _known(f"{path}.local_groups[{index}].groups", group.get("groups"), groups - {_name(group)})


def _resources(path: str, resources: list[dict[str, Json]], defined: Mapping[str, Json]) -> Iterator[Violation]:
    types = {str(d.get("resource_type")): d.get("properties") for d in _list(defined.get("resources"))}
    yield from _unique(path, resources, ("id", "name"))
    for index, resource in enumerate(resources):
        here = f"{path}[{index}]"
        yield from _entity(here, resource, _RESOURCE, ("name", "resource_type"))
        yield from _properties(here, resource, types.get(str(resource.get("resource_type"))))
        yield from _resources(f"{here}.sub_resources", _list(resource.get("sub_resources")), defined)


def _identities(payload: Mapping[str, Json], application: Mapping[str, Json]) -> Iterator[Violation]:
    known = {kind: _names(application.get(key)) for kind, key in _IDENTITY_TYPES.items()}
    keys = Counter(key for key, _ in _walk(application))
    for key, times in keys.items():
        if times > 1:
            yield Violation("applications[0].resources", f"{times} resources have the key {key}")
    permissions = {str(p.get("name")) for p in _list(payload.get("permissions"))}
    entries = _list(payload.get("identity_to_permissions"))
    yield from _unique("identity_to_permissions", entries, ("identity", "identity_type"), together=True)
    for index, entry in enumerate(entries):
        path = f"identity_to_permissions[{index}]"
        yield from _entity(path, entry, _IDENTITY, ("identity", "identity_type"))
        kind, identity = entry.get("identity_type"), entry.get("identity")
        if kind not in known and kind != "idp":
            yield Violation(f"{path}.identity_type", f"unknown identity type {kind}")
        elif kind != "idp" and identity not in known[str(kind)]:
            yield Violation(f"{path}.identity", f"{kind} {identity} not found for application")
        for place, grant in enumerate(_list(entry.get("application_permissions"))):
            here = f"{path}.application_permissions[{place}]"
            yield from _entity(here, grant, _GRANT, ("application", "permission"))
            yield from _known(f"{here}.permission", [grant.get("permission")], permissions)
            yield from _target(here, grant, application, set(keys))


def _target(
    path: str, grant: Mapping[str, Json], application: Mapping[str, Json], resources: set[str]
) -> Iterator[Violation]:
    yield from _known(f"{path}.application", [grant.get("application")], {str(application.get("name"))})
    yield from _known(f"{path}.resources", grant.get("resources"), resources)
    if not grant.get("resources") and not grant.get("apply_to_application"):
        yield Violation(path, "neither resources nor apply_to_application")


def _entity(
    path: str, entity: Mapping[str, Json], rules: Mapping[str, Rule], required: tuple[str, ...]
) -> Iterator[Violation]:
    dot = f"{path}." if path else ""
    for key, value in entity.items():
        if key not in rules:
            yield Violation(f"{dot}{key}", "unknown field")
        elif not rules[key](value):
            yield Violation(f"{dot}{key}", f"invalid value {str(value)[:80]!r}")
    for key in required:
        if not entity.get(key):
            yield Violation(f"{dot}{key}", "is required")


def _properties(path: str, entity: Mapping[str, Json], types: Json) -> Iterator[Violation]:
    defined = _dict(types)
    for name, value in _dict(entity.get("custom_properties")).items():
        field = f"{path}.custom_properties.{name}"
        if name not in defined:
            yield Violation(field, "property is not defined")
        elif not PROPERTY_TYPES.get(str(defined[name]), _is_text)(value):
            yield Violation(field, f"not a valid {defined[name]}: {str(value)[:80]!r}")


def _known(path: str, references: Json, known: set[str] | frozenset[str]) -> Iterator[Violation]:
    named = references if isinstance(references, list) else []
    for reference, times in Counter(map(str, named)).items():
        if reference not in known:
            yield Violation(path, f"{reference} not found for application")
        if times > 1:
            yield Violation(path, f"{reference} is named {times} times")


def _unique(
    path: str, entities: list[dict[str, Json]], keys: tuple[str, ...], *, together: bool = False
) -> Iterator[Violation]:
    """Refuse entities with the same key, in any letter case: the first of `keys` that they have, or all `together`."""
    if together:
        names = ["/".join(str(entity.get(key)) for key in keys) for entity in entities]
    else:
        names = [str(next((entity[key] for key in keys if key in entity), "")) for entity in entities]
    for name, times in Counter(name.lower() for name in names).items():
        if times > 1:
            yield Violation(path, f"{times} entities are named {name}")


def _walk(application: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Give each resource with the key that grants name it by."""
    waiting = [("", resource) for resource in _list(application.get("resources"))]
    while waiting:
        prefix, resource = waiting.pop()
        key = prefix + _name(resource)
        yield key, resource
        waiting += [(f"{key}.", sub) for sub in _list(resource.get("sub_resources"))]


def _names(entities: Json) -> set[str]:
    return {_name(entity) for entity in _list(entities)}


def _name(entity: Mapping[str, Json]) -> str:
    """Give what others refer to an entity by: its id, or its name where it has none."""
    return str(entity.get("id", entity.get("name")))


def _list(value: Json) -> list[dict[str, Json]]:
    return (
        [item if isinstance(item, dict) else {"not an object": item} for item in value]
        if isinstance(value, list)
        else []
    )


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}

"""The tables as data: their columns, types and keys. docs/tables.md holds the same, and a test compares the two.

Every table has two more columns, `data_source` and `date`, which come from the folder that its file is in and are
the first part of every key. Knows OAA's things and Bitbucket's properties, and no file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

PARTITIONS = ("data_source", "date")


class Type(StrEnum):
    """What a column holds, by the name that both DuckDB and Spark have for it."""

    TEXT = "STRING"
    BOOLEAN = "BOOLEAN"
    NUMBER = "INTEGER"
    TIME = "TIMESTAMP"
    """UTC, without a time zone of its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `is_property`: it is the custom property of the same name, where that has the type."""

    name: str
    meaning: str
    type: Type = Type.TEXT
    is_property: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `key` names the columns that make a row unique among those of its data source and date."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_text = Column
_flag = partial(Column, type=Type.BOOLEAN)
_number = partial(Column, type=Type.NUMBER)
_time = partial(Column, type=Type.TIME)
_property = partial(Column, is_property=True)

_OTHERS = _text("other_properties", "custom properties without a column of their own, as a JSON object")
_LEVELS = "`none`, `read`, `write` or `admin`"
_ROOT = "the empty text is the application itself"

TABLES = (
    Table(
        "exports",
        "one row about the export itself",
        (),
        (
            _text("application_type", "`BitbucketServer`, `BitbucketCloud` or another application's"),
            _property("version", "of Bitbucket"),
            _property("base_url", "address of the server or workspace"),
            _property("collected_at", "when collecting began", Type.TIME),
            _property("is_complete", "false where something that decides about access is missing", Type.BOOLEAN),
            _text("not_known", "what is missing, one line each, as a JSON list"),
            _property("connector_version", "of the connector that made the export"),
            _OTHERS,
        ),
    ),
    Table(
        "users",
        "local users, active or not",
        ("user_id",),
        (
            _text("user_id", "id, as grants name it"),
            _text("name", "display name; not unique"),
            _property("username", "user name of a server"),
            _text("email", "e-mail address"),
            _text("identities", "what else the user is known by, as a JSON list"),
            _flag("is_active", "false where the account is switched off"),
            _text("user_type", "`service_account` for programs"),
            _time("created_at", "when the account was made"),
            _time("last_login_at", "last sign-in"),
            _property("is_licensed", "whether the account uses a licence", Type.BOOLEAN),
            _property("in_directory", "false where only a grant names it", Type.BOOLEAN),
            _property("directory_name", "user directory of a server"),
            _property("account_id", "Atlassian account of a Cloud user"),
            _property("nickname", "of a Cloud user; not unique"),
            _property("is_member", "false where no member listing of the workspace names it", Type.BOOLEAN),
            _OTHERS,
        ),
    ),
    Table(
        "groups",
        "local groups",
        ("group_id",),
        (
            _text("group_id", "id, as grants name it"),
            _text("name", "name"),
            _property("in_directory", "false where only a grant names it", Type.BOOLEAN),
            _OTHERS,
        ),
    ),
    Table(
        "memberships",
        "who is a direct member of which group",
        ("member_type", "member_id", "group_id"),
        (
            _text("member_type", "`user` or `group`"),
            _text("member_id", "the user or the group"),
            _text("group_id", "the group that it is a member of"),
        ),
    ),
    Table(
        "closure",
        "whose grants count for whom: every user of every group through any nesting (`user` and `group`), "
        "each identity for itself, and keys and tokens with their owners",
        ("identity_type", "identity_id", "holder_type", "holder_id"),
        (
            _text("identity_type", "`user`, `group`, `credential`, `agent` or `idp`"),
            _text("identity_id", "who has the access"),
            _text("holder_type", "likewise"),
            _text("holder_id", "who holds the grants"),
        ),
    ),
    Table(
        "nesting",
        "how groups are nested: every way from a group to itself and to each group that it is in",
        ("group_id", "holder_id", "groups"),
        (
            _text("group_id", "where the way begins"),
            _text("holder_id", "the group where it ends"),
            _text("groups", "the ids of all groups on the way, as a JSON list"),
            _text("way", "the groups above the first, by name, for people"),
            _number("steps", "how many groups there are on the way; 1 for the group itself"),
        ),
    ),
    Table(
        "projects",
        "what lies directly in the application: Bitbucket's projects",
        ("resource_key",),
        (
            _text("resource_key", "what grants call it"),
            _text("resource_id", "id"),
            _text("name", "name"),
            _text("path", "what people call it: `KEY`"),
            _text("type", "`Project`"),
            _text("description", "description"),
            _property("key", "key of the project"),
            _property("project_type", "`NORMAL` or `PERSONAL`"),
            _property("owner", "user name of a personal project's owner"),
            _property("is_public", "whether a server marks it public", Type.BOOLEAN),
            _property("is_private", "whether Cloud marks it private", Type.BOOLEAN),
            _property("default_permission", "what every licensed user has"),
            _property("url", "its page"),
            _OTHERS,
        ),
    ),
    Table(
        "repositories",
        "what lies in something else: Bitbucket's repositories",
        ("resource_key",),
        (
            _text("resource_key", "what grants call it"),
            _text("parent_key", "`resource_key` of what it lies in"),
            _text("resource_id", "id"),
            _text("name", "name"),
            _text("path", "what people call it: `KEY/slug`"),
            _text("type", "`Repo`"),
            _text("description", "description"),
            _property("project_key", "key of its project"),
            _property("slug", "its name in addresses"),
            _property("is_public", "whether it is marked public", Type.BOOLEAN),
            _property("is_archived", "whether it is archived", Type.BOOLEAN),
            _property("state", "of a server's repository"),
            _property("fork_policy", "of a Cloud repository"),
            _property("forked_from", "the repository that it is a fork of"),
            _property("default_branch", "its main branch"),
            _property("url", "its page"),
            _OTHERS,
        ),
    ),
    Table(
        "containment",
        "what lies in what: each project and repository in itself, in all that is above it, and in the application",
        ("resource_key", "within_key"),
        (
            _text("resource_key", "the project or repository"),
            _text("within_key", f"what it lies in; {_ROOT}"),
            _number("distance", "how many steps up; 0 for itself"),
        ),
    ),
    Table(
        "permissions",
        "the application's permissions, and what they amount to",
        ("permission",),
        (
            _text("permission", "name"),
            _text("level", _LEVELS),
            _number("level_number", "0 to 3, in that order"),
            _flag("inherits", "whether it also counts for all that lies in what it is granted on"),
            _text("oaa_permissions", "the OAA permissions that it means, as a JSON list"),
        ),
    ),
    Table(
        "grants",
        "who was granted what on what; what follows from it is not repeated here",
        ("holder_type", "holder_id", "permission", "resource_key", "role"),
        (
            _text("holder_type", "`user`, `group`, `credential`, `agent` or `idp`"),
            _text("holder_id", "who holds it"),
            _text("permission", "what"),
            _text("resource_key", f"on what; {_ROOT}"),
            _text("role", "the roles that lead to it, where an application has roles; else empty"),
            _text("level", "what the permission amounts to, as in `permissions`"),
            _number("level_number", "likewise"),
            _flag("inherits", "likewise"),
        ),
    ),
    Table(
        "credentials",
        "keys and tokens",
        ("credential_id",),
        (
            _text("credential_id", "id, as grants name it"),
            _text("name", "label"),
            _property("kind", "`ssh-access-key`, `ssh-user-key`, `http-token`, …"),
            _flag("is_active", "false once it has expired"),
            _flag("has_grants", "true where it has grants of its own; else it acts for its owners"),
            _flag("can_expire", "whether it can"),
            _time("created_at", "when it was made"),
            _time("expires_at", "when it expires"),
            _time("last_used_at", "when it was last used"),
            _OTHERS,
        ),
    ),
    Table(
        "credential_owners",
        "whose keys and tokens they are",
        ("credential_id", "user_id"),
        (_text("credential_id", "the key or token"), _text("user_id", "its owner")),
    ),
    Table(
        "other_identities",
        "who else holds grants: agents, and identities that only an identity provider knows; Bitbucket has none",
        ("identity_type", "identity_id"),
        (_text("identity_type", "`agent` or `idp`"), _text("identity_id", "id"), _text("name", "name")),
    ),
    Table(
        "findings",
        "the findings of `report`, a row for each place",
        ("number",),
        (
            _number("number", "the most urgent first"),
            _text("finding", "its id, as in a file of accepted findings: `public`, `default-write`, …"),
            _text("urgency", "`first`, `soon` or `know`"),
            _text("title", "what it is"),
            _text("reason", "why it matters"),
            _text("advice", "what to do about it"),
            _text("subject", "by what name it is accepted"),
            _text("place_group", "places of one group belong together; may be empty"),
            _text("place", "where it was found"),
            _text("detail", "more about the place"),
            _text("about_type", "`user`, `group`, `credential`, `agent`, `idp`, `resource` or `application`"),
            _text("about_id", "its id or `resource_key`"),
        ),
    ),
)
"""In the order in which they are written and documented."""

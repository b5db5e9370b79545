"""From Bitbucket Cloud's JSON about keys, restrictions and branching models to values. Pure functions."""

from __future__ import annotations

from typing import Any

from connector.model import Credential, CredentialKind
from connector.rest import fields
from connector.sources.cloud.extras.branches import BranchingModel, Restriction


def deploy_keys(where: str, rows: list[Any]) -> list[Credential]:
    """Read a listing of deploy keys, which has been through `redact`."""
    return [_deploy_key(row, where) for row in rows]


def _deploy_key(row: object, where: str) -> Credential:
    key_id = fields.number_id(row, "id", where)
    public = fields.maybe(row, "public", dict, where) or {}
    created = fields.moment(row, "created_on", where)
    return Credential(
        kind=CredentialKind.DEPLOY_KEY,
        id=key_id,
        name=fields.maybe_text(row, "label", where) or f"deploy key {key_id}",
        created_at=fields.moment(row, "added_on", where) if created is None else created,
        last_used_at=fields.moment(row, "last_used", where),
        can_expire=False,
        algorithm=public.get("algorithm"),
        bit_length=public.get("bit_length"),
        fingerprint=public.get("fingerprint"),
    )


def restrictions(where: str, rows: list[Any]) -> list[Restriction]:
    """Read a listing of branch restrictions."""
    return [_restriction(row, where) for row in rows]


def _restriction(row: object, where: str) -> Restriction:
    users = [("user", fields.text(user, "uuid", where)) for user in _listed(row, "users", where)]
    groups = [("group", fields.text(group, "slug", where)) for group in _listed(row, "groups", where)]
    return Restriction(
        kind=fields.text(row, "kind", where),
        match=fields.maybe_text(row, "branch_match_kind", where) or "glob",
        pattern=fields.maybe_text(row, "pattern", where) or "",
        branch_type=fields.maybe_text(row, "branch_type", where) or "",
        exempt=frozenset([*users, *groups]),
    )


def branching_model(where: str, answer: dict[str, Any]) -> BranchingModel:
    """Read a branching model."""
    branches = {}
    for name in ("development", "production"):
        branch = fields.maybe(answer, name, dict, where)
        branches[name] = None if branch is None else fields.maybe_text(branch, "name", where)
    prefixes = {
        fields.text(row, "kind", where): fields.maybe_text(row, "prefix", where)
        for row in _listed(answer, "branch_types", where)
    }
    return BranchingModel(branches, {kind: prefix for kind, prefix in prefixes.items() if prefix})


def _listed(row: object, name: str, where: str) -> list[Any]:
    return fields.maybe(row, name, list, where) or []

"""Why somebody reaches something, as one line in the words of Bitbucket's own pages. Knows OAA's paths."""

from __future__ import annotations

from connector.graph.values import Application, Grant, Group, Identity, Level, Path
from connector.review.text.names import briefly, where
from connector.review.vocabulary import CLOUD, EVERYONE, LICENSED_USERS


def reason(path: Path) -> str:
    """Say why: `jdoe → group payments-dev → PROJECT_WRITE on PAY`, `default permission of OPS`, `public`, …"""
    grant, holder = path.grant, path.chain[-1]
    on, permission = where(grant.on), grant.permission.name
    if holder.id == EVERYONE:
        return _after(_on_behalf(path), f"public: {on}")
    if isinstance(grant.on, Application):
        of_all = f"{permission} of the workspace" if grant.on.type == CLOUD else f"global {permission}"
        return _after(_on_behalf(path), of_all + _via(path))
    if holder.id == LICENSED_USERS:
        return _after(_on_behalf(path), f"default permission of {on} ({permission})")
    if is_owner(grant):
        return _after(_on_behalf(path), f"owner of {on}")
    roles = [f"role {role.name}" for role in grant.roles]
    return _after([*map(briefly, path.chain), *roles], f"{permission} on {on}")


def is_owner(grant: Grant) -> bool:
    """Whether a grant is the one that the owner of a personal project has by owning it."""
    properties = grant.on.properties
    return (
        properties.get("project_type") == "PERSONAL"
        and grant.permission.categories.level is Level.ADMIN
        and properties.get("owner") is not None
        and properties.get("owner") == grant.holder.properties.get("username")
    )


def _after(steps: list[str], end: str) -> str:
    return " → ".join((*steps, end))


def _on_behalf(path: Path) -> list[str]:
    """Give the steps between a credential and a user that make one act for the other."""
    ends = [place for place, step in enumerate(path.chain) if place and not isinstance(step, Group)]
    return [briefly(step) for step in path.chain[: ends[-1] + 1]] if ends else []


def _via(path: Path) -> str:
    steps: list[Identity] = [step for step in path.chain if isinstance(step, Group)]
    names = [*map(briefly, steps), *(f"role {role.name}" for role in path.grant.roles)]
    return f" via {' → '.join(names)}" if names else ""

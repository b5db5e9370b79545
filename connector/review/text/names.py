"""How answers for people call things: short, unambiguous, and harmless on a terminal.

Names come from whoever could choose one: `clean` shows what is harmful in them as an escape.
"""

from __future__ import annotations

from collections.abc import Iterable

from connector.graph.values import (
    Agent,
    Application,
    Credential,
    Group,
    Identity,
    IdpIdentity,
    Node,
    Resource,
    User,
    lineage,
)
from connector.review.findings.finding import person, place
from connector.text import clean as clean  # noqa: PLC0414 - for those who import it from here


def where(node: Node) -> str:
    """Call a project by its key, a repository `KEY/slug`, any other resource by the names from the top."""
    if isinstance(node, Application) or "slug" in node.properties or "key" in node.properties:
        return place(node)
    return "/".join(reversed([step.name for step in lineage(node) if isinstance(step, Resource)]))


def who(identity: Identity) -> str:
    """Call somebody in full: a person by name and user name, a group or a credential as such."""
    match identity:
        case User() | IdpIdentity():
            return person(identity)
        case Credential() if identity.name != identity.id:
            return f"{identity.name} ({identity.id})"
        case Group():
            return f"group {identity.name}"
        case _:
            return identity.name


def briefly(identity: Identity) -> str:
    """Call somebody as a step of a path: a person by user name."""
    match identity:
        case Group():
            return f"group {identity.name}"
        case Credential():
            return f"credential {identity.name}"
        case Agent():
            return f"agent {identity.name}"
        case _:
            return str(identity.properties.get("username") or identity.name)


def kind(identity: Identity) -> str:
    """Say what an identity is, in one word."""
    match identity:
        case User():
            return "user"
        case Group():
            return "group"
        case Credential():
            return "credential"
        case Agent():
            return "agent"
        case _:
            return "idp identity"


def state(identity: Identity) -> str:
    """Say what keeps an identity from using what it is granted; nothing where nothing is known to."""
    if getattr(identity, "is_active", None) is False:
        return "inactive"
    if identity.properties.get("is_licensed") is False:
        return "not licensed"
    ceiling = identity.properties.get("permissions")
    return f"limited to {ceiling}" if isinstance(identity, Credential) and ceiling else ""


def counted(number: int, one: str, many: str | None = None) -> str:
    """Count things: `1 person`, `1,234 people`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def resources(items: Iterable[Resource]) -> str:
    """Count resources by what they are: `1 project and 12 repositories`."""
    counts = dict.fromkeys(_WORDS, 0)
    for item in items:
        counts[item.type or "resource"] = counts.get(item.type or "resource", 0) + 1
    return both(
        [counted(number, *_WORDS.get(name, (f"{name} resource",))) for name, number in counts.items() if number]
    )


_WORDS: dict[str, tuple[str, ...]] = {
    "Project": ("project", "projects"),
    "Repo": ("repository", "repositories"),
    "resource": ("resource",),
}


def both(names: list[str]) -> str:
    """Join names: `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""

"""How answers for people call things: short, unambiguous, and harmless on a terminal.

Many people can choose a name: `connector.text.clean` shows harmful characters as escapes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import TypeGuard

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
from connector.review.vocabulary import BITBUCKET, CLOUD
from connector.text import clean

FEW = 3
"""How many are named where more would make a line too long: more are counted."""


def where(node: Node) -> str:
    """Call a project by its key, a repository `KEY/slug`, any other resource by the names from the top."""
    properties = node.properties
    if isinstance(node, Application):
        return node.name
    if "slug" in properties:
        return f"{properties.get('project_key')}/{properties['slug']}"
    if "key" in properties:
        return str(properties["key"])
    return "/".join(reversed([step.name for step in lineage(node) if isinstance(step, Resource)]))


def everywhere(application: Application) -> str:
    """Call an application as what a grant is on."""
    return _WHOLE.get(application.type or "", f"all of {application.name}")


_WHOLE = {BITBUCKET: "the whole server", CLOUD: "the whole workspace"}


def widest(application: Application) -> str:
    """Call a permission on an application as a whole."""
    return "workspace permission" if application.type == CLOUD else "global permission"


def username(identity: Identity) -> str:
    """Call a person by user name, and everybody else by name."""
    return str(identity.properties.get("username") or identity.name)


def handle(identity: Identity) -> str:
    """Give a unique name: the user name, the confirmed address, or an id that people know, such as that of a key."""
    own = identity.properties.get("username")
    if isinstance(own, str) and own:
        return own
    if is_of_cloud(identity) and identity.email:
        return identity.email
    return identity.name if identity.id.isdigit() or identity.id.startswith(_OWN_IDS) else identity.id


_OWN_IDS = "bitbucket:"
"""How the ids of identities begin that the connector adds."""


def person(identity: Identity) -> str:
    """Give display name and user name, since several people may have the same display name.

    On Bitbucket Cloud, where nobody has a user name, by the address that was confirmed, or else by the nickname.
    """
    own = username(identity)
    if is_of_cloud(identity):
        own = str(identity.email or identity.properties.get("nickname") or own)
    return identity.name if own == identity.name else f"{identity.name} ({own})"


def is_of_cloud(identity: Identity) -> TypeGuard[User]:
    """Whether an identity is a user of Bitbucket Cloud."""
    return isinstance(identity, User) and "is_member" in identity.properties


def who(identity: Identity) -> str:
    """Give the full name: of a person with the user name, of a group or a credential with its kind or id."""
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
    """Give the short name in a path: of a person the user name."""
    match identity:
        case Group():
            return f"group {identity.name}"
        case Credential():
            return f"credential {identity.name}"
        case Agent():
            return f"agent {identity.name}"
        case _:
            return username(identity)


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
    """Say what keeps an identity from using its grants, if anything is known to."""
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


def both(names: Sequence[str]) -> str:
    """Join names: `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def some(names: Sequence[str], most: int = 4) -> str:
    """Join a few names, and count the rest: `a, b and 12 more`."""
    rest = len(names) - most
    return both(names) if rest <= 1 else f"{', '.join(names[:most])} and {rest:,} more"


_MOST_COMPARED = 20_000
_WORD_ENDS = re.compile(r"[\s@._/-]+")


def suggestion(name: str, names: Iterable[Sequence[str]]) -> str:
    """Suggest things with a name similar to what was typed: `; did you mean a, b or c?`; nothing where none has one.

    A name or a part of it is compared, and each thing called by the first of its names.
    If there are very many, only those are compared that begin alike.
    """
    wanted = name.lower()
    first: dict[str, str] = {}
    for several in names:
        for own in several:
            for part in (own.lower(), *_WORD_ENDS.split(own.lower())):
                first.setdefault(part, several[0])
    candidates = [part for part in first if len(first) <= _MOST_COMPARED or part[:2] == wanted[:2]][:_MOST_COMPARED]
    near = difflib.get_close_matches(wanted, candidates, 2 * FEW)
    found = [clean(one) for one in dict.fromkeys(first[part] for part in near)][:FEW]
    return f"; did you mean {' or '.join(filter(None, (', '.join(found[:-1]), found[-1])))}?" if found else ""

"""One difference between two servers as a sentence: who loses or gains what on what, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.graph.values import Application, Group, Level, Node, Resource
from connector.review.across.comparison import CREATE
from connector.review.across.differences import AccessDifference, Cause, Reason
from connector.review.across.matching import Matching, Person
from connector.review.across.names import called
from connector.review.text.names import FEW, both, counted, everywhere, resources
from connector.review.vocabulary import CLOUD, EVERYONE, LICENSED_USERS

_IN_CLOUD = {
    "PROJECT_READ": "read",
    "PROJECT_WRITE": "write",
    "REPO_CREATE": "create-repo",
    "PROJECT_ADMIN": "admin",
    "REPO_READ": "read",
    "REPO_WRITE": "write",
    "REPO_ADMIN": "admin",
    "ADMIN": "owner",
    "SYS_ADMIN": "owner",
}
"""What a server's permissions are called in Bitbucket Cloud."""

_CREATE_REPOSITORIES = "create-repo"
_CREATING = frozenset({"REPO_CREATE", _CREATE_REPOSITORIES})

_SERVERS = {True: "old server", False: "new server"}
"""The server that gives less: the old one where access was gained, the new one where it was lost."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One difference in words: `who` lose or gain `what` `on` what, and why."""

    who: str
    verb: str
    what: str
    kept: str
    """What they keep, or had already, where it is the same for all of them."""
    on: str
    why: str

    @property
    def sentence(self) -> str:
        """Everything: `34 people lose write on 12 repositories, keeping read: group X was not given …`."""
        return f"{self.who} {self.verb} {self.what} on {self.on}{self.kept and f', {self.kept}'}: {self.why}"


def wording(one: AccessDifference, matching: Matching) -> Wording:
    """Say a difference on repositories, or on all of the server."""
    level = str(Level(one.reason.step))
    return _wording(one, matching, level, "" if len(one.others) > 1 or 0 in one.others else str(Level(min(one.others))))


def wording_on_projects(one: AccessDifference, matching: Matching) -> Wording:
    """Say who may create repositories in projects on one of the servers only."""
    return _wording(one, matching, _CREATE_REPOSITORIES, str(Level(CREATE)))


def _wording(one: AccessDifference, matching: Matching, level: str, kept: str) -> Wording:
    possible = len(one.people) * len(one.nodes)
    exact = "" if one.combinations == possible else f" ({one.combinations:,} of {possible:,} combinations)"
    return Wording(
        who=people(one.people),
        verb=_verb(one.reason, is_one=len(one.people) == 1),
        what=level,
        kept=kept and f"{'having had' if one.reason.gained else 'keeping'} {kept}",
        on=_nodes(one.nodes, matching) + exact,
        why=why(one.reason, one.on, matching),
    )


def _verb(reason: Reason, *, is_one: bool) -> str:
    word = "gain" if reason.gained else "lose"
    if not reason.is_certain:
        return f"would {word}"
    return f"{word}s" if is_one else word


def people(found: Sequence[Person]) -> str:
    """Name a few people; count many. Anonymous visitors are always named."""
    named = [one for one in found if not one.is_anonymous]
    anonymous = [called(one.known) for one in found if one.is_anonymous]
    names = [called(one.known) for one in named] if len(named) <= FEW else [counted(len(named), "person", "people")]
    return both([*names, *anonymous])


def _nodes(nodes: Sequence[Node], matching: Matching) -> str:
    """Name a few repositories, with their new names where these differ; count many."""
    items = [node for node in nodes if isinstance(node, Resource)]
    everything = [everywhere(matching.new.applications[0])] if len(items) < len(nodes) else []
    if len(items) <= FEW:
        return both([*everything, *(_renamed(item, matching.counterpart(item)) for item in items)])
    parents = {item.parent for item in items}
    inside = f" of {called(items[0].parent)}" if len(parents) == 1 else ""
    return both([*everything, f"{resources(items)}{inside}"])


def _renamed(old: Node, new: Node) -> str:
    return called(old) if called(old).lower() == called(new).lower() else f"{called(old)} (now {called(new)})"


_WHY = {
    Cause.GROUP: "{holder}, which has {grant}, has no counterpart on the {elsewhere}",
    Cause.MEMBERSHIP: "{holder}, which has {grant}, has as much on the {elsewhere}, but without them as members",
    Cause.MOVE: "{grant}{whose} does not count on the {elsewhere}, where it lies in another project",
    Cause.DIRECT: "granted directly ({grant}), and not on the {elsewhere}",
}


def why(reason: Reason, on: Sequence[Node], matching: Matching) -> str:
    """Say which grants give it on the one server, and what is missing on the other one."""
    elsewhere, holder = _SERVERS[reason.gained], called(reason.holder) if reason.holder else ""
    grant = f"{_permission(reason)} on {_on(on)}"
    if reason.holder and reason.holder.id == EVERYONE:
        return f"public on the {_SERVERS[not reason.gained]}, not on the {elsewhere}"
    if reason.holder and reason.holder.id == LICENSED_USERS:
        return _by_default(reason, on, matching)
    if reason.cause is not Cause.GRANT:
        whose = f" of {holder}" if isinstance(reason.holder, Group) else ", granted directly,"
        return _WHY[reason.cause].format(holder=holder, grant=grant, elsewhere=elsewhere, whose=whose)
    if reason.gained:
        return f"{holder} was given {grant}, and has no counterpart of it on the old server"
    return f"{holder} was not given {_counterpart(reason, matching)} on {_on(on)}"


def _by_default(reason: Reason, on: Sequence[Node], matching: Matching) -> str:
    default = f"default permission {_permission(reason)} of {_on(on)}"
    if reason.cause is Cause.MEMBERSHIP:
        return f"{default}, which the {_SERVERS[reason.gained]} gives, too, but not to them: they have no licence there"
    if _less(reason, matching).type == CLOUD:
        return f"{default}; Bitbucket Cloud has no default permissions"
    return f"{default}, which the {_SERVERS[reason.gained]} does not give"


def _less(reason: Reason, matching: Matching) -> Application:
    return (matching.old if reason.gained else matching.new).applications[0]


def _permission(reason: Reason) -> str:
    name = reason.permission.name
    return f"{name} (write on repositories)" if name in _CREATING else name


def _counterpart(reason: Reason, matching: Matching) -> str:
    name = reason.permission.name
    if _less(reason, matching).type == CLOUD and name in _IN_CLOUD:
        return f"{name}'s counterpart ({_IN_CLOUD[name]})"
    return name if name in {permission.name for permission in matching.new.permissions} else f"{name}'s counterpart"


def _on(nodes: Sequence[Node]) -> str:
    """Name what grants are on."""
    for node in nodes:
        if isinstance(node, Application):
            return everywhere(node)
    items = [node for node in nodes if isinstance(node, Resource)]
    return both([called(item) for item in items]) if len(items) <= FEW else resources(items)

"""Second looks at keys, tokens, branch rules and webhooks, where the export has them."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from connector.graph.access import Access
from connector.graph.values import Credential, Level, Resource, User
from connector.review.findings.finding import Finding, Place, Urgency, moment, newest, place, some

_LONG = timedelta(days=180)
_SHORTEST_RSA = 2048
_INSIDE = (".local", ".internal", ".intranet", ".lan", ".corp", ".home.arpa", ".localhost")


def owners_left(access: Access) -> Finding:
    """Find keys and tokens that work although the account of their owner is off or gone."""
    places = [
        Place(credential.name, f"of {some([owner.name for owner in owners])}", credential)
        for credential in _alive(access)
        if (owners := access.export.owners_of(credential)) and all(map(_has_left, owners))
    ]
    return Finding(
        "Keys and tokens of people who left",
        "The account is switched off or gone, and its keys and tokens are still registered.",
        "Revoke them.",
        Urgency.FIRST,
        tuple(places),
    )


def _has_left(user: User) -> bool:
    return user.is_active is False or user.properties.get("in_directory") is False


def write_for_ever(access: Access) -> Finding:
    """Find keys and tokens that can write and never expire."""
    places = [
        Place(credential.name, _scope(access, credential), credential)
        for credential in _alive(access)
        if credential.expires_at is None and _may_write(access, credential)
    ]
    return Finding(
        "Can write, and never expires",
        "Whoever copies one of these keys or tokens can push until somebody notices.",
        "Give them an end, make them read-only where reading is enough, and renew the rest.",
        Urgency.SOON,
        tuple(places),
    )


def _may_write(access: Access, credential: Credential) -> bool:
    rows = access.export.assignments_of(credential)
    if rows:
        return any(row.permission.categories.level >= Level.WRITE for row in rows)
    ceiling = str(credential.properties.get("permissions") or "")
    return "WRITE" in ceiling or "ADMIN" in ceiling


def _scope(access: Access, credential: Credential) -> str:
    """Say what a credential opens: what it was granted, or what its owner can."""
    grants = [f"{grant.permission.name} on {place(grant.on)}" for grant in access.export.grants_of(credential)]
    owners = [f"acts for {owner.name}" for owner in access.export.owners_of(credential)]
    return some(grants or owners)


def long_unused(access: Access) -> Finding:
    """Find what was last used half a year before the newest time of the export."""
    now = newest(access.export)
    places = [
        Place(credential.name, f"last used {credential.last_used_at[:10]}; {_scope(access, credential)}", credential)
        for credential in _alive(access)
        if now
        and credential.last_used_at
        and (last := moment(credential.last_used_at)) is not None
        and now - last > _LONG
    ]
    return Finding(
        "Keys and tokens not used for half a year",
        "What nobody uses is missed by nobody, unless it is copied.",
        "Revoke them.",
        Urgency.SOON,
        tuple(places),
    )


def never_used(access: Access) -> Finding:
    """Find keys and tokens of which no use is known, where it is known of others of their kind."""
    known = {_kind(credential) for credential in access.export.credentials if credential.last_used_at}
    places = [
        Place(credential.name, _scope(access, credential), credential)
        for credential in _alive(access)
        if credential.last_used_at is None and _kind(credential) in known
    ]
    return Finding(
        "Keys and tokens that were never used",
        "Made for something that did not happen, or kept for later.",
        "Revoke those that nobody claims.",
        Urgency.KNOW,
        tuple(places),
    )


def _kind(credential: Credential) -> str:
    return str(credential.properties.get("kind") or credential.id.partition(":")[0])


def weak_keys(access: Access) -> Finding:
    """Find keys that are too short, or of an algorithm that is given up."""
    places = [
        Place(credential.name, _strength(credential), credential)
        for credential in _alive(access)
        if _is_weak(credential)
    ]
    return Finding(
        "Weak keys",
        f"DSA, and RSA below {_SHORTEST_RSA} bits, are given up everywhere else.",
        "Replace them, by Ed25519 for example.",
        Urgency.SOON,
        tuple(places),
    )


def _is_weak(credential: Credential) -> bool:
    algorithm, bits = str(credential.properties.get("algorithm") or "").upper(), credential.properties.get("bit_length")
    if "DSS" in algorithm or algorithm.removeprefix("SSH-") == "DSA":
        return True
    return "RSA" in algorithm and isinstance(bits, (int, float)) and bits < _SHORTEST_RSA


def _strength(credential: Credential) -> str:
    bits = credential.properties.get("bit_length")
    return f"{credential.properties.get('algorithm')}{f', {bits:g} bits' if isinstance(bits, (int, float)) else ''}"


def _alive(access: Access) -> Iterator[Credential]:
    return (credential for credential in access.export.credentials if credential.is_active is not False)


def rewritable_branches(access: Access) -> Finding:
    """Find repositories whose default branch anybody with write can rewrite."""
    places = [
        Place(place(resource), _branch(resource), resource)
        for resource in access.export.resources
        if resource.properties.get("default_branch_no_rewrite") is False
        or (
            resource.properties.get("default_branch_protected") is False
            and resource.properties.get("default_branch_no_rewrite") is None
        )
    ]
    return Finding(
        "Default branches that anybody with write can rewrite",
        "No rule keeps somebody with write access, or a key that can write, from replacing the history.",
        "Add a branch restriction, best to the whole project: no rewriting of history, changes by pull request only.",
        Urgency.SOON,
        tuple(places),
    )


def _branch(resource: Resource) -> str:
    branch = resource.properties.get("default_branch")
    rules = "some rules" if resource.properties.get("default_branch_protected") else "no rule at all"
    return f"{branch}, {rules}" if branch else rules


def outside_hosts(access: Access) -> Finding:
    """Find hosts outside the server's own domain that webhooks send to."""
    told: defaultdict[str, list[Resource]] = defaultdict(list)
    inside = {_domain(str(item.properties.get("base_url") or "")) for item in access.export.applications} - {""}
    for resource in access.export.resources:
        for host in _hosts(resource):
            if not _is_inside(host, inside):
                told[host].append(resource)
    return Finding(
        "Outside hosts that are told what happens",
        "Webhooks send the names of people, branches and commits to them, at every push.",
        "Check that each of these services is one of yours or of a supplier.",
        Urgency.SOON,
        tuple(
            Place(
                host, some([place(resource) for resource in resources]), resources[0] if len(resources) == 1 else None
            )
            for host, resources in sorted(told.items(), key=lambda item: (-len(item[1]), item[0]))
        ),
    )


def _hosts(resource: Resource) -> Iterable[str]:
    hosts = resource.properties.get("webhook_hosts")
    return [str(host) for host in hosts] if isinstance(hosts, list) else ()


def _domain(base_url: str) -> str:
    """Give the domain that the server lies in; its own name where that is all there is."""
    host = (urlsplit(base_url).hostname or "").lower()
    parent = host.partition(".")[2]
    return parent if "." in parent and not _is_address(host) else host


def _is_inside(host: str, domains: set[str]) -> bool:
    name = host.lower().strip("[]")
    if _is_address(name):
        return ipaddress.ip_address(name).is_private or name in domains
    if "." not in name or name.endswith(_INSIDE):
        return True
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True

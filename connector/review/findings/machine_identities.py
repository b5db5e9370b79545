"""Checks of keys, tokens, branch restrictions and webhooks, where the export has them."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from connector.graph.access import Access
from connector.graph.values import Credential, Level, Resource, User
from connector.review.findings.finding import Place
from connector.review.provenance import as_of, moment
from connector.review.text.names import counted, some, where
from connector.text import is_ip_address

_LONG = timedelta(days=180)
_SHORTEST_RSA = 2048
_INSIDE = (".local", ".internal", ".intranet", ".lan", ".corp", ".home.arpa", ".localhost")


def owners_left(access: Access) -> Iterator[Place]:
    """Find active keys and tokens of which every owner is inactive or in no directory."""
    for credential in _active(access):
        owners = access.export.owners_of(credential)
        if owners and all(map(_has_left, owners)):
            yield Place(credential.name, f"of {some([owner.name for owner in owners])}", credential)


def _has_left(user: User) -> bool:
    return user.is_active is False or user.properties.get("in_directory") is False


def never_expires(access: Access) -> Iterator[Place]:
    """Find active keys and tokens that can write and have no end date."""
    for credential in _active(access):
        if credential.expires_at is None and _may_write(access, credential):
            yield Place(credential.name, _scope(access, credential), credential)


def _may_write(access: Access, credential: Credential) -> bool:
    rows = access.export.assignments_of(credential)
    if rows:
        return any(row.permission.categories.level >= Level.WRITE for row in rows)
    ceiling = str(credential.properties.get("permissions") or "")
    return "WRITE" in ceiling or "ADMIN" in ceiling


def _scope(access: Access, credential: Credential) -> str:
    """Say what a credential gives access to: its grants, or its owners."""
    grants = [f"{grant.permission.name} on {where(grant.on)}" for grant in access.export.grants_of(credential)]
    owners = [f"acts for {owner.name}" for owner in access.export.owners_of(credential)]
    return some(grants or owners)


def long_unused(access: Access) -> Iterator[Place]:
    """Find active keys and tokens that were last used more than half a year before the export."""
    now = as_of(access.export)
    for credential in _active(access):
        last = moment(credential.last_used_at)
        if now and last and now - last > _LONG:
            yield Place(credential.name, f"last used {last:%Y-%m-%d}; {_scope(access, credential)}", credential)


def never_used(access: Access) -> Iterator[Place]:
    """Find active keys and tokens without a known use, where uses of others of their kind are known."""
    known = {_kind(credential) for credential in access.export.credentials if credential.last_used_at}
    for credential in _active(access):
        if credential.last_used_at is None and _kind(credential) in known:
            yield Place(credential.name, _scope(access, credential), credential)


def _kind(credential: Credential) -> str:
    return str(credential.properties.get("kind") or credential.id.partition(":")[0])


def weak_keys(access: Access) -> Iterator[Place]:
    """Find active keys that are too short, or of an algorithm that is no longer secure."""
    for credential in _active(access):
        if _is_weak(credential):
            yield Place(credential.name, _strength(credential), credential)


def _is_weak(credential: Credential) -> bool:
    algorithm, bits = str(credential.properties.get("algorithm") or "").upper(), credential.properties.get("bit_length")
    if "DSS" in algorithm or algorithm.removeprefix("SSH-") == "DSA":
        return True
    return "RSA" in algorithm and isinstance(bits, (int, float)) and bits < _SHORTEST_RSA


def _strength(credential: Credential) -> str:
    bits = credential.properties.get("bit_length")
    return f"{credential.properties.get('algorithm')}{f', {bits:g} bits' if isinstance(bits, (int, float)) else ''}"


def _active(access: Access) -> Iterator[Credential]:
    return (credential for credential in access.export.credentials if credential.is_active is not False)


def rewritable_branches(access: Access) -> Iterator[Place]:
    """Find repositories whose default branch anybody with write access can rewrite."""
    for resource in access.export.resources:
        no_rewrite = resource.properties.get("default_branch_no_rewrite")
        is_protected = resource.properties.get("default_branch_protected")
        if no_rewrite is False or (is_protected is False and no_rewrite is None):
            yield Place(where(resource), _branch(resource), resource)


def _branch(resource: Resource) -> str:
    branch = resource.properties.get("default_branch")
    rules = "some rules" if resource.properties.get("default_branch_protected") else "no rule at all"
    return f"{branch}, {rules}" if branch else rules


def outside_hosts(access: Access) -> Iterator[Place]:
    """Find hosts outside the server's own domain that webhooks send to, those of the most repositories first."""
    by_host: defaultdict[str, list[Resource]] = defaultdict(list)
    inside = {_domain(str(item.properties.get("base_url") or "")) for item in access.export.applications} - {""}
    for resource in access.export.resources:
        for host in _hosts(resource):
            if not _is_inside(host, inside):
                by_host[host].append(resource)
    for host, resources in sorted(by_host.items(), key=lambda item: (-len(item[1]), item[0])):
        yield from (Place(where(resource), "", resource, host) for resource in resources)


def outside_hosts_note(_: Access, places: Sequence[Place]) -> str:
    """Count the hosts."""
    return counted(len({place.group for place in places}), "host")


def _hosts(resource: Resource) -> Iterable[str]:
    hosts = resource.properties.get("webhook_hosts")
    return [str(host) for host in hosts] if isinstance(hosts, list) else ()


def _domain(base_url: str) -> str:
    """Give the domain of the server; its own name where there is no domain."""
    host = (urlsplit(base_url).hostname or "").lower()
    parent = host.partition(".")[2]
    return parent if "." in parent and not is_ip_address(host) else host


def _is_inside(host: str, domains: set[str]) -> bool:
    name = host.lower().strip("[]")
    if is_ip_address(name):
        return ipaddress.ip_address(name).is_private or name in domains
    if "." not in name or name.endswith(_INSIDE):
        return True
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)

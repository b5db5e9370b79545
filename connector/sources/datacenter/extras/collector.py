"""Collects what `--include` adds, after the listings and permissions are settled."""

from __future__ import annotations

from connector.model import GlobalPermissionsRead, GroupGrant, Inclusion, Snapshot, UserGrant, UserType
from connector.rest.progress import Forecast
from connector.sources.common.extras.asking import ScopeRequests
from connector.sources.common.extras.builder import ExtrasBuilder
from connector.sources.common.extras.result import CollectedExtras
from connector.sources.common.extras.rounds import ask_in_rounds
from connector.sources.datacenter.connection import Connection
from connector.sources.datacenter.endpoints import Endpoint
from connector.sources.datacenter.extras.asking import Asker
from connector.sources.datacenter.extras.inclusions import ROWS, requests_at_most
from connector.sources.datacenter.extras.scopes import ExtraCollector, Scopes
from connector.sources.datacenter.listings import Listings
from connector.sources.datacenter.permissions import RANKS, GlobalPermission
from connector.sources.datacenter.settings import Settings

_FOR_ADMINISTRATORS = (
    "only a global administrator who signs in with a password is shown what others have: it needs 'Global: Admin', "
    "granted in Administration > Global permissions, and BITBUCKET_USER with its password"
)
_FOR_SYSTEM_ADMINISTRATORS = (
    "an account with Global: Admin is not shown what system administrators have; 'Global: System Admin' would be"
)


def requests_for(include: frozenset[Inclusion], listings: Listings, *, is_token: bool) -> int:
    """Count the requests at most about everything that the listings show."""
    may_ask_about_users = listings.global_permissions.read is GlobalPermissionsRead.FULL and not is_token
    people = [user for user in listings.users.values() if user.type is not UserType.SERVICE]
    return requests_at_most(
        include,
        repositories=len(listings.repositories),
        projects=len(listings.projects),
        users=len(people) if may_ask_about_users else 0,
    )


def collect_extras(
    connection: Connection, forecast: Forecast, snapshot: Snapshot, settings: Settings
) -> CollectedExtras:
    """Ask everything that is to be included. `forecast` expects the requests already.

    Raises `SourceError` where the run cannot go on.
    """
    scopes, builder = Scopes(snapshot), ExtrasBuilder(RANKS)
    rows, not_offered = ROWS.offered(settings.include), ROWS.not_offered(settings.include)
    collectors = [row.collector(scopes, builder) for row in rows]
    asker = Asker(connection.bitbucket, connection.fetch, connection.server_version)
    requests = ScopeRequests(asker, connection.workers, forecast, "instance")
    ask_in_rounds(collectors, requests)
    requests.leave_out_all(not_offered)
    for row in rows:
        if row.of_user is not None:
            _ask_about_users(requests, collectors, row.of_user, snapshot, connection, settings)
    for collector in collectors:
        collector.finish()
    extras = builder.extras(settings.include, connection.bitbucket.server_time, not_offered)
    return CollectedExtras(extras, tuple(requests.gaps), tuple(requests.gone))


def _ask_about_users(
    requests: ScopeRequests,
    collectors: list[ExtraCollector],
    endpoint: Endpoint,
    snapshot: Snapshot,
    connection: Connection,
    settings: Settings,
) -> None:
    """Ask for the keys or tokens of every user whose keys or tokens the account may see."""
    is_administrator = snapshot.source.global_permissions is GlobalPermissionsRead.FULL
    if not is_administrator or settings.credentials.is_token:
        requests.leave_out(endpoint.lacks, _FOR_ADMINISTRATORS)
        return
    hidden = _system_administrators(snapshot, connection.bitbucket.session.account)
    if hidden:
        requests.leave_out(f"{endpoint.lacks} who are system administrators", _FOR_SYSTEM_ADMINISTRATORS)
    requests.run(
        lambda: (
            request
            for collector in collectors
            for request in collector.of_users()
            if request.endpoint is endpoint and request.thing[1] not in hidden
        )
    )


def _system_administrators(snapshot: Snapshot, account: str | None) -> set[str]:
    """Give the ids of system administrators, unless the account is one of them."""
    ids: set[str] = set()
    for grant in snapshot.global_grants:
        if grant.permission is GlobalPermission.SYS_ADMIN:
            match grant:
                case UserGrant(user_id=user_id):
                    ids.add(user_id)
                case GroupGrant(group_key=key):
                    ids |= snapshot.members.get(key, frozenset())
    names = {snapshot.users[i].name.lower() for i in ids}
    return set() if account is None or account.lower() in names else ids

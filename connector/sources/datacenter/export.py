"""The flow of an export of a server: journal, listings and contents, public access, what `--include` adds."""

from __future__ import annotations

import logging
from functools import partial

from connector.errors import Unreadable
from connector.model import Server, Snapshot
from connector.rest.journal import Journal
from connector.rest.progress import Forecast, Progress
from connector.rest.statistics import Statistics
from connector.sources.common.extras.result import with_extras
from connector.sources.common.journals import closing, options_of, unused_answers
from connector.sources.datacenter.collector import Collector
from connector.sources.datacenter.connection import Connection, connect
from connector.sources.datacenter.extras import collect_extras, requests_for
from connector.sources.datacenter.public_access import public_access, public_things
from connector.sources.datacenter.rate_limit import rate_limit
from connector.sources.datacenter.settings import Settings
from connector.sources.datacenter.snapshot_builder import SnapshotBuilder

log = logging.getLogger(__name__)


def collect(settings: Settings, progress: Progress, statistics: Statistics) -> Snapshot:
    """Read everything that decides who can reach what.

    Raises `SourceError` where the server cannot be reached, refuses the credentials or makes no sense, `Unreadable`
    where a listing of the whole instance cannot be read. What could not be read of one group, project or repository
    is a gap in the snapshot.
    """
    with (
        connect(settings, statistics) as connection,
        closing(connection.workers.call(partial(_journal, connection, settings))) as journal,
    ):
        return _collect(connection, settings, progress, journal)


def _collect(connection: Connection, settings: Settings, progress: Progress, journal: Journal | None) -> Snapshot:
    bitbucket, workers = connection.bitbucket, connection.workers
    forecast = Forecast(connection.clock, connection.throttle, progress, unused_answers(journal))
    builder = SnapshotBuilder(granted_groups_only=settings.granted_groups_only)
    collector = Collector(
        bitbucket,
        connection.fetch,
        workers,
        forecast,
        builder,
        extra_requests=partial(requests_for, settings.include, is_token=settings.credentials.is_token),
        learn_rate_limit=partial(keep_to_rate_limit, connection, settings),
    )
    try:
        collector.collect()
    except Unreadable:
        bitbucket.verify_login()  # where the login was lost, that is why a listing was refused
        raise
    public = workers.call(partial(public_access, connection.anonymous, bitbucket, public_things(builder.listings)))
    account = bitbucket.session.account
    server = Server(
        settings.base_url,
        connection.server_version,
        public,
        builder.listings.global_permissions.read,
        collected_at=bitbucket.server_time,
        collected_by=account,
    )
    snapshot = builder.snapshot(server, account)
    if settings.include:
        snapshot = with_extras(
            "instance",
            snapshot,
            lambda settled: collect_extras(connection, forecast, settled, settings),
            collector.settle_again,
            lambda: builder.snapshot(server, account),
        )
    workers.call(bitbucket.verify_login)
    return snapshot


def keep_to_rate_limit(connection: Connection, settings: Settings) -> None:
    """Ask for the server's own rate limit, and keep a little below it; `--max-rate` replaces it.

    Without an answer the throttle obeys 429s.
    """
    if settings.max_rate is not None:
        return
    try:
        limit = rate_limit(connection.bitbucket)
    except Unreadable as unreadable:
        log.debug("the server's rate limit is not known: %s", unreadable)
        return
    if limit is not None:
        log.info(
            "Bitbucket allows %g requests at once and %g a second: staying slightly below", limit.burst, limit.rate
        )
        connection.throttle.obey(limit)


def _journal(connection: Connection, settings: Settings) -> Journal | None:
    """Open the journal that the settings name, if they do. Raises `UsageError`."""
    if settings.resume is None:
        return None
    # A proxy may strip the header that names the account: then the credentials tell runs apart.
    account = connection.bitbucket.session.account
    secret = settings.credentials.secret if account is None else None
    owner = _owner(settings, account or "not named", connection.server_version)
    journal = Journal(settings.resume, owner, settings.resume_max_age, secret)
    connection.bitbucket.resume_from(journal)
    return journal


def _owner(settings: Settings, account: str, version: str) -> dict[str, str]:
    """Describe the owner of a journal: one server, one account, and one set of options."""
    sign_in = "access token" if settings.credentials.is_token else "password"
    return {
        "base_url": settings.base_url,
        "version": version,
        "account": f"{account.lower()} ({sign_in})",
        "options": options_of(settings),
    }

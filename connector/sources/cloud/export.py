"""The flow of an export of a workspace: journal, listings and contents, what `--include` adds, e-mail addresses."""

from __future__ import annotations

from functools import partial

from connector.errors import Unreadable
from connector.model import GlobalPermissionsRead, Snapshot, Workspace
from connector.rest.journal import Journal
from connector.rest.progress import Cost, Forecast, Progress
from connector.rest.statistics import Statistics
from connector.sources.cloud import emails, extras, login
from connector.sources.cloud.bitbucket import Bitbucket
from connector.sources.cloud.collector import Collector
from connector.sources.cloud.connection import Connection, connect
from connector.sources.cloud.credentials import AccessToken
from connector.sources.cloud.fetch import Fetch
from connector.sources.cloud.listings import Listings
from connector.sources.cloud.settings import HOUR, PAGES, Settings
from connector.sources.cloud.snapshot_builder import SnapshotBuilder
from connector.sources.common.extras.result import with_extras
from connector.sources.common.journals import closing, options_of, unused_answers


def collect(settings: Settings, progress: Progress, statistics: Statistics) -> Snapshot:
    """Read everything that decides who can reach what.

    Raises `SourceError` where Bitbucket Cloud cannot be reached, refuses the credentials or makes no sense,
    `Unreadable` where a listing of the whole workspace cannot be read. What could not be read of one group, project or
    repository is a gap in the snapshot.
    """
    with connect(settings, statistics) as connection, closing(_journal(connection, settings)) as journal:
        return _collect(connection, settings, progress, journal)


def _collect(connection: Connection, settings: Settings, progress: Progress, journal: Journal | None) -> Snapshot:
    bitbucket, workers = connection.bitbucket, connection.workers
    forecast = Forecast(
        connection.clock,
        connection.throttle,
        progress,
        unused_answers(journal),
        _limit(settings),
    )
    builder = SnapshotBuilder(granted_groups_only=settings.granted_groups_only)
    fetch = Fetch(bitbucket, bitbucket.workspace.slug)
    collector = Collector(bitbucket, fetch, workers, forecast, builder, partial(_extra_cost, settings))
    try:
        collector.collect()
    except Unreadable:
        workers.call(bitbucket.verify_login)  # where the credentials have expired, that is why it was refused
        raise
    snapshot = builder.snapshot(workspace_of(bitbucket), bitbucket.session)
    if settings.include:
        snapshot = with_extras(
            "workspace",
            snapshot,
            lambda settled: extras.collect_extras(
                connection, fetch, forecast, settled, builder.listings, settings.include
            ),
            collector.settle_again,
            lambda: builder.snapshot(workspace_of(bitbucket), bitbucket.session),
        )
    if settings.emails:
        snapshot = emails.confirm(fetch, workers, bitbucket.workspace.slug, settings.emails, snapshot)
    return snapshot


def _extra_cost(settings: Settings, listings: Listings) -> Cost:
    """Count what is asked when the permissions are read."""
    return extras.cost_of(
        settings.include,
        projects=len(listings.projects),
        repositories=len(listings.repositories),
        branches=len(listings.repository_listing.main_branches),
    ) + emails.cost_of(settings.emails)


def workspace_of(bitbucket: Bitbucket) -> Workspace:
    """Say which workspace a snapshot is of. How its administrators were read is not known yet."""
    known = bitbucket.workspace
    return Workspace(
        f"{PAGES}/{known.slug}",
        known.slug,
        known.uuid,
        known.is_private,
        GlobalPermissionsRead.NONE,
        collected_at=bitbucket.server_time,
        collected_by=bitbucket.session.account,
    )


def _limit(settings: Settings) -> str:
    """Say why a run takes hours, where it does."""
    during = "an hour" if settings.hour == HOUR else f"in {settings.hour:g} s"
    return f"because Bitbucket Cloud allows {settings.hourly_limit:,} {during}"


def _journal(connection: Connection, settings: Settings) -> Journal | None:
    """Open the journal that the settings name, if they do. Raises `UsageError`."""
    if settings.resume is None:
        return None
    bitbucket = connection.bitbucket
    credentials = settings.credentials
    owner = {
        "base_url": settings.base_url,
        "workspace": bitbucket.workspace.uuid,
        "account": login.account_of(bitbucket.session),
        "options": options_of(settings),
    }
    secret = credentials.secret if isinstance(credentials, AccessToken) else None
    journal = connection.workers.call(partial(Journal, settings.resume, owner, settings.resume_max_age, secret))
    bitbucket.resume_from(journal)
    return journal

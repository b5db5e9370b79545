"""Bitbucket → Snapshot. The only folder that knows HTTP and Bitbucket's JSON.

collector   what is asked, in which order, and what a refusal means
endpoints   every address, the right it needs, what is missing without it
client      one question: retries, pace, and whether we are still signed in
transport   one GET                      pace     how fast: a bucket of requests a second, a width at a time
remembering the client with a journal    cost     how many requests and how long
paging      the one paging loop          crew     at the same time
parse       JSON → values                findings values → Snapshot
diagnosis   what a failure means               failures  exceptions of the network
problems    its words: meaning and advice      check     what these credentials can see
verify      Bitbucket's own account of who can do what
machines    what `--include` adds: keys, tokens, webhooks, branch restrictions
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from connector.errors import Unreadable
from connector.model import Snapshot
from connector.rest.clock import Clock
from connector.rest.journal import remove_journal
from connector.rest.pace import Pace
from connector.rest.transport import Transport
from connector.rest.workers import Crew
from connector.sources.datacenter.client import Statistics
from connector.sources.datacenter.collector import Collector
from connector.sources.datacenter.cost import Forecast, Progress, of_the_included
from connector.sources.datacenter.extras import collect_machines
from connector.sources.datacenter.login import introduce, sign_in
from connector.sources.datacenter.public_access import public_access
from connector.sources.datacenter.rate_limit import keep_to_rate_limit
from connector.sources.datacenter.remembering import Remembering
from connector.sources.datacenter.settings import Credentials, Settings

__all__ = ["Credentials", "Progress", "Settings", "Statistics", "collect", "remove_journal"]


def collect(settings: Settings, progress: Progress, statistics: Statistics) -> Snapshot:
    """Read everything that decides who can reach what.

    Raises `BitbucketError` where the server cannot be reached, refuses the credentials or makes no sense.
    What could not be read of one group, project or repository is a gap in the snapshot.
    """
    clock = Clock()
    pace = Pace.of(settings, clock)
    url = settings.base_url

    def client(transport: Transport) -> Remembering:
        return Remembering(url, transport, pace, clock, settings.patience, statistics)

    with (
        closing(Transport(url, settings.credentials.authorization(), settings.concurrency)) as ours,
        closing(Transport(url, None, 1)) as nobodys,
        closing(client(ours)) as signed_in,
        Crew(settings.concurrency, clock) as crew,
    ):
        version = crew.call(partial(introduce, signed_in))
        crew.call(partial(sign_in, signed_in, settings.credentials.user))
        crew.call(partial(signed_in.go_on, settings, version))
        forecast = Forecast(clock, pace, progress, signed_in.remembered)
        collector = Collector(
            signed_in,
            crew,
            forecast,
            concurrency=settings.concurrency,
            granted_groups_only=settings.granted_groups_only,
            include=settings.include,
            forget=signed_in.look_again,
            learn_pace=partial(keep_to_rate_limit, signed_in, pace) if settings.max_rate is None else None,
            requests_for_a_user=0 if settings.credentials.is_token else of_the_included(settings.include, users=1),
        )
        with _login_first(signed_in):
            findings = collector.collect()
        anonymous = client(nobodys)
        anonymous.version = signed_in.version
        public = crew.call(partial(public_access, anonymous, findings))
        snapshot = findings.snapshot(url, version, public)
        if settings.include:
            snapshot = collect_machines(signed_in, crew, forecast, snapshot, settings)
        crew.call(signed_in.conclude)
        if snapshot.gaps:
            signed_in.forget_refusals()
    return snapshot


@contextmanager
def _login_first(client: Remembering) -> Iterator[None]:
    """See, before a refusal ends the run, whether the login was lost: then it is that which ends it."""
    try:
        yield
    except Unreadable:
        client.conclude()
        raise

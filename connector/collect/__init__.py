"""Bitbucket → Snapshot. The only folder that knows HTTP and Bitbucket's JSON.

collector   what is asked, in which order, and what a refusal means
endpoints   every address, the right it needs, what is missing without it
client      one question: retries, pace, and whether we are still signed in
transport   one GET                      pace     how fast
paging      the one paging loop          crew     at the same time
parse       JSON → values                findings values → Snapshot
diagnosis   what a failure means, and what to do
"""

from __future__ import annotations

from contextlib import closing
from functools import partial

from connector.collect.client import Client, Statistics
from connector.collect.clock import Clock
from connector.collect.collector import Collector, Progress
from connector.collect.crew import Crew
from connector.collect.login import introduce, sign_in
from connector.collect.pace import Limit, Pace
from connector.collect.public_access import public_access
from connector.collect.settings import Credentials, Settings
from connector.collect.transport import Transport
from connector.model import Snapshot

__all__ = ["Credentials", "Progress", "Settings", "Statistics", "collect"]


def collect(settings: Settings, progress: Progress, statistics: Statistics) -> Snapshot:
    """Read everything that decides who can reach what.

    Raises `BitbucketError` where the server cannot be reached, refuses the credentials or makes no sense.
    What could not be read of one group, project or repository is a gap in the snapshot.
    """
    clock = Clock()
    limit = Limit(burst=settings.max_rate, rate=settings.max_rate) if settings.max_rate else None
    pace = Pace(clock, limit)
    url = settings.base_url

    def client(transport: Transport) -> Client:
        return Client(url, transport, pace, clock, settings.patience, statistics)

    with (
        closing(Transport(url, settings.credentials.authorization(), settings.concurrency)) as ours,
        closing(Transport(url, None, 1)) as nobodys,
        Crew(settings.concurrency, clock) as crew,
    ):
        signed_in, anonymous = client(ours), client(nobodys)
        version = crew.call(partial(introduce, signed_in))
        crew.call(partial(sign_in, signed_in, settings.credentials.user))
        findings = Collector(
            signed_in,
            crew,
            progress,
            concurrency=settings.concurrency,
            granted_groups_only=settings.granted_groups_only,
        ).collect()
        anonymous.version = signed_in.version
        public = crew.call(partial(public_access, anonymous, findings))
        if signed_in.user_name is None:
            crew.call(signed_in.prove_login_again)
    return findings.snapshot(url, version, public)

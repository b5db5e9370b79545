"""What tests of `--include` share: a small organisation, and what is collected of it."""

from __future__ import annotations

from typing import Any

from connector.embedded.common.credentials import public_key
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.machines import SshKey
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from connector.model import Credential, Inclusion, Snapshot
from connector.sources.datacenter.settings import Credentials
from tests.exporting import ADMIN, snapshot_of

ALL = frozenset(Inclusion)
MARK = "PLANTED-SECRET"
"""In every key and secret of the organisations here; nothing that is written may hold it."""

DEMO = Credentials(DEMO_PASSWORD, DEMO_USER)


def small(version: str = "9.4.2") -> Organisation:
    """PAY with api and web, EMPTY without repositories, an administrator, and ann."""
    builder = Builder(version=version)
    admin = builder.account("admin", "Admin", password="admin-secret")
    ann = builder.account("ann", "Ann")
    builder.organisation.global_users = {admin.id: "SYS_ADMIN", ann.id: "LICENSED_USER"}
    pay = builder.project("PAY", "Payments")
    builder.repository(pay, "api")
    builder.repository(pay, "web")
    builder.project("EMPTY", "Empty")
    return builder.organisation


def key(number: int, **details: Any) -> SshKey:
    return SshKey(number, f"key {number}", public_key(f"{MARK} {number}"), **details)


def collected(organisation: Organisation, credentials: Credentials = ADMIN, **settings: Any) -> Snapshot:
    include = settings.pop("include", ALL)
    with EmbeddedBitbucket(organisation, Settings(**settings)) as server:
        return snapshot_of(server.base_url, credentials, include=include)


def one(snapshot: Snapshot) -> Credential:
    (credential,) = snapshot.extras.credentials
    return credential

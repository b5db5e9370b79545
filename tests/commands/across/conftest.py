"""The organisation that is moved in the tests of `diff --across`."""

from __future__ import annotations

import pytest

from tests.review.across.organisations import GROUP, PERSON, Organisation


@pytest.fixture
def old() -> Organisation:
    made = (
        Organisation().group("payments-dev").group("admins").project("PAY", "api", "web", "docs").project("OPS", "run")
    )
    for name in ("ann", "bob", "cid", "dora"):
        made.person(name, f"{name}@example.com", "payments-dev", name=name.title())
    made.person("root", "root@example.com", "admins")
    made.grant(GROUP, "payments-dev", "write", "PAY").grant(GROUP, "admins", "admin")
    return made.grant(PERSON, "ann", "read", "OPS/run")


@pytest.fixture
def strangers(old: Organisation) -> Organisation:
    """The same organisation, of which some cannot be matched: two have no address, a repository another name."""
    new = old.copy()
    for name in ("ann", "bob"):
        new.people[name].email = None
    del new.repositories["OPS/run"]
    new.project("OPS", "start")
    new.grants = {grant for grant in new.grants if grant[3] != "OPS/run"}
    return new.grant(PERSON, "bob", "read", "OPS/start")

"""The migration of docs/migration.md: a server, the workspace that it was moved to, and the workspace after repairs."""

from __future__ import annotations

from tests.review.across.organisations import GROUP, PERSON, Organisation

_PAYMENTS = ("ann.berg Ann Berg", "bea.cole Bea Cole", "cid.dorn Cid Dorn", "dan.eder Dan Eder")


def old() -> Organisation:
    """Give the server that was left."""
    made = Organisation().group("payments-dev").group("platform").group("admins")
    made.project("PAY", "ledger", "cards", "docs").project("OPS", "runbooks", "terraform")
    made.project("SAND", "playground", default="write").project("~ann.berg", "dotfiles")
    for line in _PAYMENTS:
        _person(made, line, "payments-dev")
    _person(made, "eva.fink Eva Fink", "platform")
    _person(made, "finn.gray Finn Gray")
    _person(made, "gus.hill Gus Hill", "admins")
    _person(made, "hal.ives Hal Ives", "payments-dev").people["hal.ives"].is_active = False
    made.people["hal.ives"].is_licensed = False
    made.person("jenkins", name="Jenkins").grant(PERSON, "jenkins", "read", "PAY")
    made.grant(GROUP, "payments-dev", "write", "PAY").grant(GROUP, "platform", "create", "OPS")
    made.grant(GROUP, "admins", "admin").grant(PERSON, "finn.gray", "read", "PAY/ledger")
    return made.grant(PERSON, "ann.berg", "admin", "~ann.berg")


def new() -> Organisation:
    """Give the workspace, as it was after the move."""
    made = old().revoke(GROUP, "payments-dev", "write", "PAY").grant(GROUP, "payments-dev", "read", "PAY")
    made.revoke(GROUP, "platform", "create", "OPS").grant(GROUP, "platform", "write", "OPS")
    made.revoke(PERSON, "finn.gray", "read", "PAY/ledger").grant(PERSON, "eva.fink", "admin", "PAY/cards")
    made.people["dan.eder"].email = None
    del made.people["hal.ives"], made.repositories["OPS/runbooks"]
    made.project("OPS", "ops-runbooks")
    made.repositories["PAY/docs"].is_public = True
    return made


def repaired() -> Organisation:
    """Give the workspace after the repairs that the differences ask for."""
    made = new().grant(GROUP, "payments-dev", "write", "PAY").grant(PERSON, "finn.gray", "read", "PAY/ledger")
    made.revoke(PERSON, "eva.fink", "admin", "PAY/cards").repositories["PAY/docs"].is_public = False
    for group in ("payments-dev", "platform"):
        made.grant(GROUP, group, "write", "SAND")
    made.grant(PERSON, "finn.gray", "write", "SAND").grant(PERSON, "jenkins", "write", "SAND")
    return made.revoke(GROUP, "platform", "write", "OPS").grant(GROUP, "platform", "create", "OPS")


def _person(made: Organisation, line: str, *groups: str) -> Organisation:
    username, name = line.split(" ", 1)
    return made.person(username, f"{username}@example.com", *groups, name=name)

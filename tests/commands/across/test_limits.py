"""What `diff --across` does not conclude, what it refuses, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.across.running import NEW, OLD, across, json_of, lines_of, save
from tests.conftest import Run
from tests.review.across.organisations import GROUP, PERSON, Organisation

_GAPS = [
    (["repository PAY/api: permissions"], {"PAY/api"}),
    (["repository acme/api: permissions of users"], {"PAY/api"}),
    (["project PAY: permissions"], {"PAY/api", "PAY/web", "PAY/docs"}),
    (["group payments-dev: members"], {"PAY/web", "PAY/docs"}),
    (["repository PAY/api: permissions", "instance: HTTP access tokens of users"], {"PAY/api"}),
    (["workspace: something new"], {"PAY/api", "PAY/web", "PAY/docs"}),
    ([], {"PAY/api", "PAY/web", "PAY/docs"}),
]


@pytest.mark.parametrize(("missing", "doubtful"), _GAPS)
def test_nothing_is_concluded_from_what_an_export_lacks(
    run: Run, old: Organisation, missing: list[str], doubtful: set[str]
) -> None:
    new = old.copy().revoke(GROUP, "payments-dev", "write", "PAY")
    new.grant(GROUP, "payments-dev", "read", "PAY/web").grant(GROUP, "payments-dev", "read", "PAY/docs")
    new.properties |= {"is_complete": False, "not_collected": missing}
    save(old, new)
    answer = json_of(run)
    lost = {row["on"]["old"] for row in answer["access"] if row["status"] == "in force"}
    unsaid = {row["on"]["old"] for row in answer["access"] if row["status"] == "not concluded"}
    assert unsaid == doubtful
    assert lost == {"PAY/api", "PAY/web", "PAY/docs"} - doubtful
    assert answer["lost"] is bool(lost)
    assert any("would lose write" in line for line in lines_of(run))
    ended = across(run, "--fail-on", "lost")
    assert ended.code == 4
    assert ("not known" in ended.err) is not bool(lost)


def test_a_gain_that_an_incomplete_export_shows_is_concluded(run: Run, old: Organisation) -> None:
    new = old.copy().grant(PERSON, "bob", "admin", "OPS/run")
    new.properties |= {"is_complete": False, "not_collected": ["workspace: anything"]}
    save(old, new)
    assert [(row["change"], row["status"]) for row in json_of(run)["access"]] == [("gained", "in force")]


def test_without_global_permissions_no_gain_is_concluded(run: Run, old: Organisation) -> None:
    new = old.copy().grant(PERSON, "bob", "admin", "OPS/run")
    old.properties["global_permissions"] = "none"
    save(old, new)
    assert {row["status"] for row in json_of(run)["access"]} == {"not concluded"}


def test_unknown_public_access_gives_no_conclusion(run: Run, old: Organisation) -> None:
    new = old.copy()
    old.repositories["PAY/api"].is_public = True
    old.properties["public_access"] = "unknown"
    save(old, new)
    assert {row["status"] for row in json_of(run)["access"]} == {"not concluded"}


def test_nothing_to_compare_is_not_reported_as_no_difference(run: Run, old: Organisation) -> None:
    new = old.copy()
    for person in new.people.values():
        person.email = None
    save(old, new)
    lines = lines_of(run)
    assert "Nothing could be compared: no person, or no repository, is matched." in lines
    assert any(
        "e-mail addresses, by which people are matched (in Cloud: export with --emails)" in line for line in lines
    )
    ended = across(run, "--fail-on", "any")
    assert (ended.code, "nothing could be compared" in ended.err) == (4, True)


def test_two_exports_of_one_server_are_noticed(run: Run, old: Organisation) -> None:
    Path(OLD).write_text(json.dumps(old.server()), encoding="utf-8")
    Path(NEW).write_text(json.dumps(old.server()), encoding="utf-8")
    assert any(line.startswith("whether these are two servers") for line in lines_of(run))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"application_type": "Github"}, "it is no export of a Bitbucket, but of an application of type 'Github'"),
        ({"application_type": None}, "it is no export of a Bitbucket"),
    ],
)
def test_an_export_of_neither_is_refused(run: Run, old: Organisation, change: dict[str, Any], message: str) -> None:
    save(old, old)
    payload = old.cloud()
    payload["applications"][0] |= change
    Path(NEW).write_text(json.dumps(payload), encoding="utf-8")
    ended = across(run)
    assert (ended.code, ended.out) == (2, "")
    assert f"new.json: {message}" in ended.last_line


def test_an_export_of_two_applications_is_refused(run: Run, old: Organisation) -> None:
    payload = old.server()
    payload["applications"].append({"name": "other", "application_type": "BitbucketServer"})
    save(old, old)
    Path(OLD).write_text(json.dumps(payload), encoding="utf-8")
    ended = across(run)
    assert (ended.code, "old.json: it holds 2 applications" in ended.last_line) == (2, True)


@pytest.mark.parametrize(
    ("gains", "loses", "failing"),
    [(True, False, {"gained", "any"}), (False, True, {"lost", "any"}), (True, True, {"gained", "lost", "any"})],
)
def test_fail_on(run: Run, old: Organisation, gains: bool, loses: bool, failing: set[str]) -> None:
    new = old.copy()
    if gains:
        new.grant(PERSON, "bob", "read", "OPS/run")
    if loses:
        new.revoke(PERSON, "ann", "read", "OPS/run")
    save(old, new)
    assert {fail_on for fail_on in ("gained", "lost", "any") if across(run, "--fail-on", fail_on).code == 4} == failing
    assert across(run).code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--across", "--write-people", "x.csv", "--write-repositories", "x.csv"],
            "--write-people and --write-repositories name the same file",
        ),
        (["--people", "x.csv"], "--people is for exports of two servers: add --across"),
        (["--write-repositories", "x.csv"], "--write-repositories is for exports of two servers: add --across"),
        (["--csv"], "--csv and --fail-on lost are for exports of two servers: add --across"),
        (["--fail-on", "lost"], "--csv and --fail-on lost are for exports of two servers: add --across"),
        (["--across", "--write-people", "x.csv", "--json"], "compare nothing yet: leave the other options out"),
        (
            ["--across", "--write-people", "x.csv", "--fail-on", "any"],
            "compare nothing yet: leave the other options out",
        ),
    ],
)
def test_usage_errors(run: Run, old: Organisation, options: list[str], message: str) -> None:
    save(old, old)
    ended = run("diff", OLD, NEW, *options)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.last_line
    assert not Path("x.csv").exists()

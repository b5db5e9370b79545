"""`review prove`: what became of decisions, shown by later exports alone, and never better than it is."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ended, Run
from tests.graph.worlds import CREDENTIAL, GROUP, USER, World
from tests.review.certification.folders import (
    BOB,
    DECISIONS,
    DEVS,
    DORA,
    EVIDENCE,
    KEY,
    REVIEW,
    answer,
    book,
    save,
    world,
)

ANN = ("Ann Lee (ann)", "PAY")

_KEYS_WERE_COLLECTED = {
    "application_type": "BitbucketServer",
    "local_access_cred_properties": {"fingerprint": "STRING"},
}


@pytest.fixture
def before() -> World:
    return world()


def _decide(run: Run, before: World, answers: dict[tuple[str, str], object], *more: str) -> None:
    assert run("review", "start", save(before), "-o", str(REVIEW), "--only", "PAY", *more).code == 0
    answer(book(), answers)
    assert run("review", "collect", str(REVIEW)).code == 0


def _prove(run: Run, *after: World, options: tuple[str, ...] = ("--fail-on", "open")) -> Ended:
    names = [save(one, f"after-{number}.json") for number, one in enumerate(after)]
    return run("review", "prove", *names, "--decisions", str(DECISIONS), *options)


def test_a_removed_grant_is_carried_out(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    ended = _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100"))
    assert ended.code == 0
    assert "1 of 1 decision to remove or reduce was carried out." in ended.out


def test_a_grant_that_is_there_is_not_carried_out(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    ended = _prove(run, before)
    assert ended.code == 4
    assert "0 of 1 decision to remove or reduce was carried out." in ended.out
    assert "take REPO_WRITE on PAY/api from user Bob (bob): is there" in ended.out
    assert _prove(run, before, options=()).code == 0


def test_the_page_says_how_somebody_still_reaches_what_was_taken_away(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100"))
    assert "write: bob → group devs → PROJECT_WRITE on PAY" in EVIDENCE.read_text(encoding="utf-8")


def test_a_reduction_is_carried_out_by_a_lower_grant_or_by_none(run: Run, before: World) -> None:
    _decide(run, before, {ANN: "reduce to write"})
    gone = before.changed().revoke(USER, "1", "PROJECT_ADMIN", "10")
    for permission in ("PROJECT_WRITE", "PROJECT_READ"):
        ended = _prove(run, gone.changed().grant(USER, "1", permission, "10"))
        assert ended.code == 0
        assert "given since" not in ended.out
    assert _prove(run, gone).code == 0


def test_a_reduction_to_too_much_is_not_carried_out(run: Run, before: World) -> None:
    _decide(run, before, {ANN: "reduce to read"})
    changed = before.changed().revoke(USER, "1", "PROJECT_ADMIN", "10").grant(USER, "1", "PROJECT_WRITE", "10")
    ended = _prove(run, changed)
    assert ended.code == 4
    assert "has PROJECT_WRITE (write) there" in ended.out


def test_a_grant_that_was_replaced_by_another_came_back(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    ended = _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100").grant(USER, "2", "REPO_READ", "100"))
    assert ended.code == 4
    assert "Came back:" in ended.out
    assert "is gone, but REPO_READ (read) was given there since" in ended.out


def test_what_was_gone_in_between_and_is_there_again_came_back(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    ended = _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100"), before)
    assert ended.code == 4
    assert "was gone in after-0.json, and is there again" in ended.out


def test_another_grant_of_the_same_holder_that_was_kept_is_no_substitute(run: Run, before: World) -> None:
    before.grant(USER, "2", "REPO_READ", "100")
    assert run("review", "start", save(before), "-o", str(REVIEW), "--only", "PAY").code == 0
    answer(book(), "keep")
    assert run("review", "collect", str(REVIEW)).code == 0
    with DECISIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    place = next(number for number, row in enumerate(rows) if "REPO_WRITE" in row)
    rows[place][0] = "remove"
    with DECISIONS.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    assert _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100")).code == 0


def test_a_grant_below_the_level_of_the_review_is_no_substitute(run: Run, before: World) -> None:
    before.grant(USER, "2", "REPO_READ", "100")
    _decide(run, before, {BOB: "remove"}, "--at-least", "write")
    assert _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100")).code == 0


def test_a_deleted_user_group_or_repository_has_no_grants(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove", DORA: "remove"})
    after = before.changed()
    for holder in ("2", "4"):
        del after.users[holder]
        after.grants = {grant for grant in after.grants if grant[1] != holder}
    del after.repositories["101"]
    ended = _prove(run, after)
    assert ended.code == 0
    page = EVIDENCE.read_text(encoding="utf-8")
    assert "user Bob (bob) is not in the export any more" in page
    assert "PAY/ledger is not in the export any more" in page


def test_a_group_of_another_name_with_the_same_grant_is_reported(run: Run, before: World) -> None:
    _decide(run, before, {DEVS: "remove"})
    after = before.changed().group("developers").revoke(GROUP, "devs", "PROJECT_WRITE", "10")
    del after.groups["devs"]
    after.groups["inner"] = ["developers"]
    after.users["2"]["groups"] = ["developers"]
    ended = _prove(run, after.grant(GROUP, "developers", "PROJECT_WRITE", "10"))
    assert ended.code == 4
    assert "group developers was given the same since: the same one, renamed or made anew?" in ended.out


def test_a_user_created_again_with_the_same_name_is_reported(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    after = before.changed().revoke(USER, "2", "REPO_WRITE", "100")
    del after.users["2"]
    ended = _prove(run, after.user("99", "Bob", username="bob").grant(USER, "99", "REPO_WRITE", "100"))
    assert ended.code == 4
    assert "Bob (bob) was given the same since" in ended.out


def test_renamed_projects_people_and_moved_repositories_are_the_same(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove", DORA: "remove"})
    after = before.changed().project("10", "MONEY", "Money").user("2", "Robert", ["devs"], username="rob")
    after.repository("101", "20", "ledger", project_key="OPS").repository("100", "10", "api", project_key="MONEY")
    ended = _prove(run, after.revoke(USER, "2", "REPO_WRITE", "100"))
    assert ended.code == 4
    assert "1 of 2 decisions to remove or reduce were carried out." in ended.out
    assert "take REPO_READ on PAY/ledger from user Dora (dora): is there; PAY/ledger is OPS/ledger by now" in ended.out
    assert "the holder is called Robert (rob) by now; PAY/api is MONEY/api by now" in EVIDENCE.read_text(
        encoding="utf-8"
    )


def test_an_export_with_gaps_proves_nothing_to_be_gone(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove", DORA: "remove"})
    after = before.changed().revoke(USER, "2", "REPO_WRITE", "100")
    after.properties |= {"is_complete": False, "not_collected": ["permissions of PAY/api"]}
    ended = _prove(run, after)
    assert ended.code == 4
    assert "the export is not whole: permissions of PAY/api" in ended.out
    assert "PAY/ledger from user Dora (dora): is there" in ended.out


def test_an_export_without_keys_does_not_prove_that_a_key_is_gone(run: Run, before: World) -> None:
    _decide(run, before, {KEY: "remove"})
    after = before.changed().revoke(CREDENTIAL, "ssh-access-key:7", "REPO_READ", "100")
    del after.credentials["ssh-access-key:7"]
    ended = _prove(run, after)
    assert ended.code == 4
    assert "the export has no SSH access key at all; were they collected (--include)?" in ended.out
    assert _prove(run, after.changed().credential("ssh-access-key:8")).code == 0
    payload = after.payload()
    payload["custom_property_definition"] = {"applications": [_KEYS_WERE_COLLECTED]}
    Path("no-key-left.json").write_text(json.dumps(payload), encoding="utf-8")
    ended = run("review", "prove", "no-key-left.json", "--decisions", str(DECISIONS), "--fail-on", "open")
    assert ended.code == 0


def test_global_permissions_that_are_only_known_in_effect_prove_nothing(run: Run, before: World) -> None:
    before.grant(GROUP, "devs", "ADMIN")
    before.properties["global_permissions"] = "full"
    assert run("review", "start", save(before), "-o", str(REVIEW)).code == 0
    for path in REVIEW.glob("review-*.xlsx"):
        answer(path, {("devs", "the whole server"): "remove"})
    run("review", "collect", str(REVIEW))
    after = before.changed().revoke(GROUP, "devs", "ADMIN")
    assert _prove(run, after).code == 0
    after.properties["global_permissions"] = "effective"
    ended = _prove(run, after)
    assert ended.code == 4
    assert "does not know through whom global permissions are held" in ended.out


def test_what_nobody_decided_is_open(run: Run, before: World) -> None:
    run("review", "start", save(before), "-o", str(REVIEW), "--only", "PAY")
    assert run("review", "collect", str(REVIEW)).code == 4
    ended = _prove(run, before)
    assert ended.code == 4
    assert "Nothing was to be removed or reduced; 5 grants not decided." in ended.out


def test_what_was_kept_and_is_gone_is_told_and_is_nothing_to_do(run: Run, before: World) -> None:
    _decide(run, before, {})
    ended = _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100"))
    assert ended.code == 0
    assert "Kept, and gone:" in ended.out
    assert "Kept (4)" in EVIDENCE.read_text(encoding="utf-8")


def test_grants_given_since_the_review_are_listed(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    after = before.changed().revoke(USER, "2", "REPO_WRITE", "100")
    after.grant(USER, "3", "REPO_ADMIN", "101").grant(USER, "3", "REPO_READ", "100").grant(
        USER, "3", "PROJECT_READ", "20"
    )
    ended = _prove(run, after)
    assert ended.code == 0
    assert "2 grants given since the review, and reviewed by nobody" in ended.out
    assert "Given since (2)" in EVIDENCE.read_text(encoding="utf-8")


def test_an_export_of_another_server_is_refused(run: Run, before: World) -> None:
    """Ids are small numbers, and another server has them too: without its grants all would look carried out."""
    _decide(run, before, {BOB: "remove"})
    other = (
        World().user("1", "Xi").user("2", "Yu").project("10", "ELSE").repository("100", "10", "web", project_key="ELSE")
    )
    payload = json.loads(json.dumps(other.payload()).replace("Bitbucket Server - test", "Bitbucket Server - other"))
    Path("other.json").write_text(json.dumps(payload), encoding="utf-8")
    ended = run("review", "prove", "other.json", "--decisions", str(DECISIONS))
    assert ended.code == 2
    assert "is an export of Bitbucket Server - other, and the review was one of Bitbucket Server - test" in ended.err
    assert not EVIDENCE.exists()


def test_the_same_server_under_another_name_is_warned_about(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    text = json.dumps(before.changed().revoke(USER, "2", "REPO_WRITE", "100").payload())
    Path("moved.json").write_text(text.replace("Bitbucket Server - test", "Bitbucket Server - new"), encoding="utf-8")
    ended = run("review", "prove", "moved.json", "--decisions", str(DECISIONS), "--fail-on", "open")
    assert ended.code == 0
    assert "the export calls itself Bitbucket Server - new" in ended.err


def test_an_export_without_anything_that_was_reviewed_is_refused(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    ended = _prove(run, World().user("1", "Xi").project("77", "ELSE"))
    assert ended.code == 2
    assert "has nothing of what was reviewed" in ended.err


def test_an_export_from_before_the_review_is_refused(run: Run, before: World) -> None:
    before.properties["collected_at"] = "2026-11-01T02:00:00Z"
    _decide(run, before, {BOB: "remove"})
    earlier = before.changed().revoke(USER, "2", "REPO_WRITE", "100")
    earlier.properties["collected_at"] = "2026-10-31T23:00:00-02:00"
    ended = _prove(run, earlier)
    assert ended.code == 2
    assert "which is before what it is to prove" in ended.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.splitlines()[0], "holds no decisions"),
        (lambda text: text[99:], "not written by `review collect`"),
        (lambda text: text[:0], "not written by `review collect`"),
        (lambda text: text.replace("remove,", "rmv,"), "was changed since `review collect` wrote it"),
        (lambda text: text.replace('""REPO_WRITE""', ""), "was changed since `review collect` wrote it"),
        (lambda text: text.replace(",decided,", ",undecided,"), "was changed since `review collect` wrote it"),
        (lambda text: text + text.splitlines()[1], "is row 1 of the decisions once more"),
        (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "4 of 5 rows are left: collect again"),
        (lambda text: text + text.splitlines()[1].replace(",none,1,5", ",write,6,5"), "is of another review than"),
    ],
)
def test_decisions_that_were_changed_are_refused(
    run: Run, before: World, change: Callable[[str], str], said: str
) -> None:
    _decide(run, before, {BOB: "remove"})
    DECISIONS.write_text(change(DECISIONS.read_text(encoding="utf-8")), encoding="utf-8")
    ended = _prove(run, before)
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("cp1252", ",")])
def test_decisions_that_a_spreadsheet_saved_again_are_the_same(
    run: Run, before: World, encoding: str, delimiter: str
) -> None:
    before.user("5", "=Zoë").grant(USER, "5", "REPO_READ", "100")
    _decide(run, before, {BOB: "remove", ("=Zoë", "PAY/api"): "remove"})
    with DECISIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with DECISIONS.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([*rows, [""] * len(rows[0])])
    ended = _prove(run, before.changed().revoke(USER, "2", "REPO_WRITE", "100").revoke(USER, "5", "REPO_READ", "100"))
    assert ended.code == 0
    assert "2 of 2 decisions" in ended.out


def test_the_page_never_replaces_what_it_is_made_of(run: Run, before: World) -> None:
    _decide(run, before, {BOB: "remove"})
    for name in (str(DECISIONS), "export.json"):
        ended = run("review", "prove", "export.json", "--decisions", str(DECISIONS), "-o", name)
        assert ended.code == 2
        assert "the page would replace it" in ended.err


def test_hostile_names_are_text_on_the_page(run: Run, before: World) -> None:
    before.user("5", "<script>alert(1)</script>\u202e").grant(USER, "5", "REPO_READ", "100")
    _decide(run, before, {})
    _prove(run, before.changed().revoke(USER, "5", "REPO_READ", "100"))
    page = EVIDENCE.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in page
    assert EVIDENCE.stat().st_mode & 0o777 == 0o600


def test_a_long_list_says_that_it_is_cut(run: Run, before: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.review.certification.evidence._MOST", 2)
    run("review", "start", save(before), "-o", str(REVIEW), "--only", "PAY")
    run("review", "collect", str(REVIEW))
    _prove(run, before)
    page = EVIDENCE.read_text(encoding="utf-8")
    assert "Not decided (5)" in page
    assert "These are the first 2." in page
    assert page.count("<td>undecided</td>") == 2

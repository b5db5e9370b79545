"""`access` and `diff` as commands: exit codes, forms of output, bad input, hostile names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from connector.commands.shared.terminal import Screen
from connector.embedded.datacenter.sample import sample_organisation
from connector.graph.payload import load
from connector.review.reach.answers import Answer, Answers
from connector.review.reach.questions import Names, question
from connector.review.reach.render import as_csv
from tests.conftest import Run
from tests.documents import ROOT
from tests.graph.worlds import APPLICATION, CREDENTIAL, GROUP, USER, World
from tests.model import rules


@pytest.fixture
def world() -> World:
    return (
        World()
        .group("dev")
        .user("1", "Jane Doe", ["dev"], username="jdoe")
        .user("2", "Bob", username="bob")
        .project("10", "PAY")
        .repository("100", "10", "api")
        .repository("101", "10", "docs")
        .grant(GROUP, "dev", "PROJECT_WRITE", "10")
        .grant(USER, "2", "REPO_READ", "101")
    )


def _saved(world: World, name: str = "export.json") -> str:
    Path(name).write_text(json.dumps(world.payload()), encoding="utf-8")
    return name


def test_access_prints_a_table_with_reasons(run: Run, world: World) -> None:
    ended = run("access", _saved(world), "--user", "jdoe")
    assert ended.code == 0
    assert ended.err == ""
    assert "PAY and 2 repositories in it" in ended.out
    assert "jdoe → group dev → PROJECT_WRITE on PAY" in ended.out
    assert "1 project and 2 repositories: 3 write" in ended.out


def test_access_as_json_lists_every_resource_with_its_paths(run: Run, world: World) -> None:
    answer = json.loads(run("access", _saved(world), "--user", "jdoe", "--user", "bob", "--json").out)
    rows = {(row["identity"]["username"], row["resource"]["name"], row["level"]) for row in answer["access"]}
    assert rows == {
        ("jdoe", "PAY", "write"),
        ("jdoe", "PAY/api", "write"),
        ("jdoe", "PAY/docs", "write"),
        ("bob", "PAY/docs", "read"),
    }
    assert answer["is_complete"] is True
    assert answer["access"][0]["paths"][0]["permission"] in {"REPO_READ", "PROJECT_WRITE"}


def test_access_as_json_is_json_where_nothing_is_found(run: Run, world: World) -> None:
    world.user("3", "Nobody")
    assert json.loads(run("access", _saved(world), "--user", "Nobody", "--json").out)["access"] == []


def test_access_as_csv_has_a_row_for_each_resource(run: Run, world: World) -> None:
    rows = list(csv.DictReader(io.StringIO(run("access", _saved(world), "--repo", "PAY/docs", "--csv").out)))
    assert [(row["username"], row["level"], row["resource"]) for row in rows] == [
        ("jdoe", "write", "PAY/docs"),
        ("bob", "read", "PAY/docs"),
    ]


def test_a_long_table_on_a_terminal_says_how_much_it_leaves_out(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        world.user(f"u{number}", groups=["dev"])
    name = _saved(world)
    piped = run("access", name, "--repo", "PAY/api").out.splitlines()
    monkeypatch.setattr("connector.commands.shared.terminal.screen", lambda: Screen(80, is_terminal=True))
    lines = run("access", name, "--repo", "PAY/api").out.splitlines()
    assert "11 more rows not shown: --all shows every row, --csv and --json too" in lines
    assert len(lines) - 1 + 11 == len(piped) == len(run("access", name, "--repo", "PAY/api", "--all").out.splitlines())


def _csv(run: Run, *arguments: str) -> list[dict[str, str]]:
    ended = run("access", *arguments)
    assert ended.code == 0
    return list(csv.DictReader(io.StringIO(ended.out.removeprefix("\ufeff"))))


def test_everything_as_csv_has_a_row_for_each_grant(run: Run, world: World) -> None:
    world.users["1"] |= {"email": "jane@example.com", "last_login_at": "2026-11-01T00:00:00Z"}
    world.grant(USER, "1", "ADMIN")
    rows = _csv(run, _saved(world), "--csv")
    assert [
        (row["kind"], row["name"], row["permission"], row["level"], row["resource"], row["key"]) for row in rows
    ] == [
        ("group", "dev", "PROJECT_WRITE", "write", "PAY", "10"),
        ("user", "Jane Doe", "ADMIN", "admin", APPLICATION, ""),
        ("user", "Bob", "REPO_READ", "read", "PAY/docs", "10.101"),
    ]
    jane = rows[1]
    assert (jane["username"], jane["email"], jane["is_active"], jane["last_login_at"]) == (
        "jdoe",
        "jane@example.com",
        "true",
        "2026-11-01T00:00:00Z",
    )


def test_effective_access_of_all_equals_the_answers_by_name(run: Run, world: World) -> None:
    world.credential("ssh-access-key:1").grant(CREDENTIAL, "ssh-access-key:1", "REPO_WRITE", "100")
    name = _saved(world)
    rows = _csv(run, name, "--csv", "--effective")
    named = _csv(run, name, "--csv", "--user", "jdoe", "--user", "bob", "--credential", "ssh-access-key:1")
    assert rows == named
    assert {(row["id"], row["resource"], row["level"]) for row in rows} == {
        ("1", "PAY", "write"),
        ("1", "PAY/api", "write"),
        ("1", "PAY/docs", "write"),
        ("2", "PAY/docs", "read"),
        ("ssh-access-key:1", "PAY/api", "write"),
    }
    assert {row["id"] for row in _csv(run, name, "--csv", "--effective", "--at-least", "write")} == {
        "1",
        "ssh-access-key:1",
    }
    assert [row["id"] for row in _csv(run, name, "--csv", "--effective", "--without", "dev")] == [
        "2",
        "ssh-access-key:1",
    ]
    assert [row["level"] for row in _csv(run, name, "--csv", "--at-least", "write")] == ["write", "write"]


def test_access_of_everybody_is_worked_out_while_it_is_written(world: World) -> None:
    export = load(world.payload())
    worked_out: list[str] = []

    class Watched(Answers):
        def reasons(self, row: Answer) -> list[str]:
            worked_out.append(row.who.name)
            return super().reasons(row)

    lines = as_csv(Watched(export, question(export, Names())))
    assert [next(lines).split(",")[0], next(lines).split(",")[2]] == ["kind", "Bob"]
    assert worked_out == ["Bob"]


@pytest.mark.parametrize("options", [["--excel"], ["--csv", "--excel"]])
def test_csv_for_excel_begins_with_a_byte_order_mark(run: Run, world: World, options: list[str]) -> None:
    world.user("3", "Zoë", ["dev"])
    ended = run("access", _saved(world), "--repo", "PAY/api", *options)
    assert ended.out.startswith("\ufeffkind,id,name,")
    assert "Zoë" in ended.out
    assert not run("access", "export.json", "--repo", "PAY/api", "--csv").out.startswith("\ufeff")


def test_where_an_export_is_from_is_said_in_every_format(run: Run, world: World) -> None:
    world.properties |= {
        "base_url": "https://bitbucket.example.com",
        "collected_at": "2026-11-22T02:00:05Z",
        "collected_by": "svc-veza",
        "connector_version": "0.2.0",
    }
    name = _saved(world)
    for output in (
        " ".join(run("access", name, "--user", "jdoe").out.split()),
        run("access", name, "--user", "jdoe", "--csv").err,
        " ".join(run("diff", name, name).out.split()),
        run("diff", name, name, "--markdown").out.replace("\\", ""),
    ):
        assert "https://bitbucket.example.com, collected 22 November 2026, 02:00 UTC, by svc-veza" in output
    access, diff = (
        json.loads(run(*line, "--json").out) for line in (("access", name, "--user", "1"), ("diff", name, name))
    )
    for entry in (access["evidence"][0], diff["evidence"]["old"][0], diff["evidence"]["new"][0]):
        assert (entry["collected_at"], entry["collected_by"]) == ("2026-11-22T02:00:05Z", "svc-veza")
        assert (entry["connector_version"], entry["is_complete"], entry["is_verified"]) == ("0.2.0", True, None)


def test_at_least_leaves_out_lower_levels(run: Run, world: World) -> None:
    out = run("access", _saved(world), "--repo", "PAY/docs", "--at-least", "write", "--csv").out
    assert "jdoe" in out
    assert "bob" not in out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--user", "jdoe", "--repo", "PAY/api", "--needs", "write"], 0),
        (["--user", "jdoe", "--repo", "PAY/api", "--needs", "admin"], 4),
        (["--user", "jdoe", "--user", "bob", "--repo", "PAY/api", "--needs", "read"], 4),
        (["--user", "jdoe", "--at-most", "write"], 0),
        (["--user", "jdoe", "--at-most", "read"], 4),
        (["--user", "bob", "--project", "PAY", "--at-most", "none"], 4),
        (["--user", "jdoe", "--project", "PAY", "--needs", "read", "--without", "dev"], 4),
        (["--user", "jdoe", "--needs", "write"], 2),
        (["--repo", "PAY/api", "--at-most", "read"], 2),
        ([], 2),
        (["--user", "jdo"], 2),
        (["--effective"], 2),
        (["--json"], 2),
        (["--user", "jdoe", "--json", "--excel"], 2),
        (["--user", "jdoe", "--effective"], 2),
        (["--csv", "--without", "dev"], 2),
    ],
)
def test_assertions_and_usage_decide_the_exit_code(run: Run, world: World, options: list[str], code: int) -> None:
    assert run("access", _saved(world), *options).code == code


def test_json_says_which_assertions_fail(run: Run, world: World) -> None:
    ended = run("access", _saved(world), "--user", "bob", "--repo", "PAY/api", "--needs", "read", "--json")
    asserted = json.loads(ended.out)["assertions"]
    assert asserted == {"hold": False, "failures": ["Bob (bob) needs read on PAY/api, but has none"]}


def test_what_was_not_collected_is_said_in_every_form(run: Run, world: World) -> None:
    world.properties |= {"is_complete": False, "not_collected": ["group dev: members"], "global_permissions": "none"}
    name = _saved(world)
    assert "not known: group dev: members" in run("access", name, "--user", "bob").out
    answer = json.loads(run("access", name, "--user", "bob", "--json").out)
    assert answer["is_complete"] is False
    assert answer["not_known"][0] == "group dev: members"
    assert "group dev: members" in run("access", name, "--user", "bob", "--csv").err


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(run: Run, world: World, name: str) -> None:
    world.user("3", name, ["dev"], username=name)
    rows = list(csv.reader(io.StringIO(run("access", _saved(world), "--repo", "PAY/api", "--csv").out)))
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'") for cell in cells)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.parametrize("name", ["\x1b[2Jgone", "a\nb", "\u202egnp.exe", "\x9b31m", "a\rb", "\ud800"])
@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
def test_hostile_names_are_escaped_on_a_terminal(run: Run, world: World, name: str, form: list[str]) -> None:
    world.user("3", f"x{name}", ["dev"], username=f"y{name}")
    ended = run("access", _saved(world), "--repo", "PAY/api", *form)
    assert ended.code == 0
    assert not any(bad in ended.out for bad in ("\x1b", "\u202e", "\x9b", "\r", "a\nb", "\ud800"))


def test_the_table_fits_eighty_columns_whatever_the_names(run: Run, world: World) -> None:
    world.group("g" * 200).grant(GROUP, "g" * 200, "REPO_ADMIN", "100")
    world.user("3", "漢字" * 40, ["dev", "g" * 200], username="u" * 90)
    lines = run("access", _saved(world), "--project", "PAY").out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert "g" * 20 in "".join(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ('{"applications": [', "not JSON, or cut short"),
        ("[]", "its JSON is no object"),
        ("{}", "not a whole OAA Custom Application payload"),
        ("\x00\x01", "not JSON"),
    ],
)
@pytest.mark.parametrize("command", [["access", "bad.json", "--user", "x"], ["diff", "good.json", "bad.json"]])
def test_bad_input_is_one_line_and_exit_code_2(
    run: Run, world: World, command: list[str], text: str | None, said: str
) -> None:
    _saved(world, "good.json")
    if text is not None:
        Path("bad.json").write_text(text, encoding="utf-8")
    ended = run(*command)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert said in ended.err


@pytest.mark.parametrize(
    ("fail_on", "change", "code"),
    [
        ([], "gain", 0),
        (["--fail-on", "gained"], "gain", 4),
        (["--fail-on", "gained"], "loss", 0),
        (["--fail-on", "any"], "loss", 4),
        (["--fail-on", "any"], "rename", 4),
        (["--fail-on", "gained"], "rename", 0),
        (["--fail-on", "any"], "nothing", 0),
    ],
)
def test_fail_on_decides_the_exit_code_of_diff(
    run: Run, world: World, fail_on: list[str], change: str, code: int
) -> None:
    new = world.changed()
    match change:
        case "gain":
            new.grant(USER, "2", "PROJECT_ADMIN", "10")
        case "loss":
            new.revoke(USER, "2", "REPO_READ", "101")
        case "rename":
            new.repository("100", "10", "api-2")
    assert run("diff", _saved(world, "old.json"), _saved(new, "new.json"), *fail_on).code == code


def test_diff_as_json_and_markdown(run: Run, world: World) -> None:
    old, new = _saved(world, "old.json"), _saved(world.changed().grant(USER, "2", "REPO_WRITE", "100"), "new.json")
    answer = json.loads(run("diff", old, new, "--json").out)
    assert answer["gained"] is True
    assert [one["sentence"] for one in answer["consequences"]] == [
        "Bob (bob) gained write on PAY/api, granted directly"
    ]
    assert answer["changes"][0]["after"] == "REPO_WRITE"
    assert "- Bob (bob) gained write on PAY/api, granted directly" in run("diff", old, new, "--markdown").out


def test_no_environment_is_read(run: Run, world: World) -> None:
    Path(".env").write_bytes(b"\xff\xfe")
    assert run("access", _saved(world), "--user", "jdoe", OAA_CONCURRENCY="many").code == 0


def test_a_payload_of_another_application_is_answered_by_its_names(run: Run) -> None:
    payload = {
        "applications": [
            {
                "name": "Wiki",
                "application_type": "wiki",
                "local_users": [{"name": "ann"}],
                "local_roles": [{"name": "Editor", "permissions": ["edit"]}],
                "resources": [{"name": "Space", "resource_type": "space", "sub_resources": [{"name": "Page"}]}],
            }
        ],
        "permissions": [{"name": "edit", "permission_type": ["DataRead", "DataWrite"], "apply_to_sub_resources": True}],
        "identity_to_permissions": [
            {
                "identity": "ann",
                "identity_type": "local_user",
                "role_assignments": [{"application": "Wiki", "role": "Editor", "resources": ["Space"]}],
            }
        ],
    }
    Path("wiki.json").write_text(json.dumps(payload), encoding="utf-8")
    ended = run("access", "wiki.json", "--user", "ann", "--repo", "Space/Page")
    assert ended.code == 0
    assert "ann → role Editor → edit on Space" in ended.out


def test_the_demo_is_answered_as_the_rules_of_bitbucket_say(run: Run) -> None:
    assert run("demo").code == 0
    organisation = sample_organisation()
    repository = next(item for item in organisation.repositories.values() if item.slug == "payments-docs")
    expected = {
        str(account.id): rules.repository_level(organisation, account, repository)
        for account in organisation.accounts.values()
        if rules.can_log_in(organisation, account)
    }
    answer = json.loads(run("access", "demo-export.json", "--repo", "PAY/payments-docs", "--json").out)
    found = {row["identity"]["id"]: row["level"] for row in answer["access"] if row["identity"]["kind"] == "user"}
    assert expected == {who: found.get(who, "none") for who in expected}
    assert run("diff", "demo-export.json", "demo-export.json", "--fail-on", "any").code == 0


def test_the_columns_in_the_documentation_are_those_of_the_csv(run: Run, world: World) -> None:
    text = (ROOT / "docs" / "reviewing.md").read_text(encoding="utf-8")
    table = text.partition("| column | meaning |\n| --- | --- |\n")[2].partition("\n\n")[0]
    documented = [line.split("`")[1] for line in table.splitlines()]
    name = _saved(world)
    headings = [run("access", name, "--csv", *more).out.split("\n")[0].split(",") for more in ([], ["--effective"])]
    for heading in headings:
        assert [column for column in documented if column in heading] == heading
    assert set(documented) == set(headings[0]) | set(headings[1])


def test_a_report_says_what_is_accepted_and_what_came_back(run: Run, world: World) -> None:
    world.group("bitbucket:everyone")
    for node in ("100", "101"):
        world.grant(GROUP, "bitbucket:everyone", "PUBLIC_READ", node)
    lines = [
        "finding,subject,until,why,by",
        "public,PAY/api,9999-12-31,docs,Jane",
        "public,PAY/docs,2020-01-01,old,Jane",
    ]
    Path("accepted.csv").write_text("\n".join([*lines, "public,GONE,9999-12-31,gone,Jane"]), encoding="utf-8")
    ended = run("report", _saved(world), "-o", "access.html", "--accepted", "accepted.csv")
    assert ended.code == 0
    assert "1 accepted" in ended.err
    assert "expired acceptances: 1 place is open again" in ended.err
    assert "line 4 accepts nothing in this export: public of GONE" in ended.err
    Path("accepted.csv").write_text("\n".join([*lines, "public,X,soon,why,Jane"]), encoding="utf-8")
    refused = run("report", "export.json", "-o", "other.html", "--accepted", "accepted.csv")
    assert (refused.code, Path("other.html").exists()) == (2, False)
    assert "accepted.csv: line 4: until is 'soon'" in refused.err

"""Resuming an interrupted run: the command line, real HTTP, real files, and processes that are killed."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_TOKEN, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from connector.embedded.datacenter.synthetic import synthetic_organisation
from connector.errors import UsageError
from connector.rest.journal import Journal, _unpacked
from tests.conftest import Ended, Run, timeless

ENTRY = Path(__file__).parents[2] / "oaa_bitbucket.py"
CREDENTIALS = {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD}
JOURNAL = Path("journal")
ASKED_BY_EVERY_RUN = {"profile/recent/repos", "application-properties", "admin/rate-limit/settings"}
LISTING = re.compile(r"/latest/(admin/(permissions/)?(users|groups)|projects|repos)$")
REFUSED = Fault(Status(401, message="You are not permitted to access this resource"), r"/P0000[01]/permissions/users")


def bitbucket(repositories: int = 12, **settings: object) -> EmbeddedBitbucket:
    organisation = synthetic_organisation(
        users=20, groups=5, projects=4, repositories=repositories, grants_per_repository=4
    )
    return EmbeddedBitbucket(organisation, Settings(**settings))  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[EmbeddedBitbucket]:
    with bitbucket() as serving:
        yield serving


@pytest.fixture
def journal(server: EmbeddedBitbucket, run: Run) -> Path:
    """Leave the journal of a run that published nothing, since the permissions of two projects were refused."""
    server.faults.add(REFUSED)
    assert export(server, run).code == 4
    server.faults.clear()
    server.requests.clear()
    return JOURNAL


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Leave a journal with a hundred answers, in pages that can be damaged one by one."""
    path = tmp_path / "journal"
    with closing(Journal(path, {}, 24)) as journal:
        for number in range(100):
            journal.keep(f"question {number}", {"answer": os.urandom(100).hex()})
    return path


def export(server: EmbeddedBitbucket, run: Run, *options: str, **environment: str) -> Ended:
    command = ("--bitbucket-url", server.base_url, "--save-json", "export.json", "--resume", str(JOURNAL))
    return run(*command, *options, **{**CREDENTIALS, **environment})


def without_journal(server: EmbeddedBitbucket, run: Run) -> str:
    ended = run("--bitbucket-url", server.base_url, "--save-json", "whole.json", **CREDENTIALS)
    assert ended.code == 0
    return timeless(Path("whole.json"))


def killed(server: EmbeddedBitbucket, folder: Path, after: int) -> None:
    """Start a run and kill it when the server has had so many more requests."""
    wanted = len(server.requests) + after
    command = [sys.executable, str(ENTRY), "--bitbucket-url", server.base_url, "--save-json", "export.json"]
    with subprocess.Popen(  # noqa: S603 - our own entry point
        [*command, "--resume", str(JOURNAL), "--concurrency=4"],
        cwd=folder,
        env=os.environ | CREDENTIALS,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and len(server.requests) < wanted:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)


def test_runs_that_are_killed_at_any_moment_ask_only_for_what_is_missing_and_the_last_exports_the_same(
    run: Run, tmp_path: Path
) -> None:
    moments = [random.randrange(1, 40), 40, 40]  # noqa: S311 - a test
    with bitbucket(60, latency=0.02) as server:
        whole = without_journal(server, run)
        needed = len(server.requests)
        server.requests.clear()
        for moment in moments:
            killed(server, tmp_path, moment)
        assert not Path("export.json").exists()
        before = len(server.requests)
        ended = export(server, run)
    assert ended.code == 0
    found = re.search(r"it holds (\d+) answers", ended.err)
    assert found, moments
    assert len(server.requests) - before + int(found[1]) == needed, moments
    assert timeless(Path("export.json")) == whole
    assert not list(Path().glob("journal*"))
    questions = Counter((entry.path, entry.query) for entry in server.requests if entry.with_credentials)
    # Each run reads the listings at its beginning, unless the journal has them, and again at its end.
    assert all(questions.pop(question) <= 3 for question in list(questions) if LISTING.search(question[0]))
    asked_by_every_run = [question for question in questions if "asks-for-nobody" in question[1]]
    assert sum(questions.pop(question) for question in asked_by_every_run) <= 2 * 4
    again = sum(
        times - 1 for (path, _), times in questions.items() if path.rpartition("latest/")[2] not in ASKED_BY_EVERY_RUN
    )
    assert again <= 3 * 4, moments  # what was under way when a run was killed


def test_the_journal_is_private_and_holds_no_credentials(journal: Path) -> None:
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    with closing(sqlite3.connect(journal)) as file:
        rows = file.execute("SELECT question, proof, answer FROM answers").fetchall()
        held = b"".join(question.encode() + _unpacked(question, proof, answer) for question, proof, answer in rows)
        facts = repr(file.execute("SELECT * FROM facts").fetchall())
    assert b"service-000001" in held
    for secret in (DEMO_PASSWORD, "Basic ", "authorization"):
        assert secret.encode() not in held + journal.read_bytes()
        assert secret not in facts


def test_refused_answers_are_not_kept(server: EmbeddedBitbucket, run: Run, journal: Path) -> None:
    assert export(server, run).code == 0
    asked = [entry.path.rpartition("latest/")[2] for entry in server.requests]
    assert [path for path in asked if "/permissions/" in path and "/P00000/" in path]
    assert not [path for path in asked if "/repos/" in path and "permissions" in path]
    assert not journal.exists()


@pytest.mark.parametrize(
    ("options", "environment", "named"),
    [
        (["--groups", "granted"], {}, "another options: 'granted_groups_only=False"),
        ([], {"BITBUCKET_USER": "", "BITBUCKET_TOKEN": DEMO_TOKEN}, "another account: 'bitbucket-admin (password)'"),
    ],
)
def test_another_runs_journal_is_refused(
    server: EmbeddedBitbucket,
    run: Run,
    journal: Path,
    options: list[str],
    environment: dict[str, str],
    named: str,
) -> None:
    before = journal.read_bytes()
    ended = export(server, run, *options, **environment)
    assert ended.code == 2
    assert f"journal is the journal of a run with {named}" in ended.err
    assert journal.read_bytes() == before


def test_another_servers_journal_is_refused(run: Run, journal: Path) -> None:
    with bitbucket() as other:
        ended = export(other, run)
    assert ended.code == 2
    assert "another base url: 'http://127.0.0.1:" in ended.err
    assert journal.exists()


def test_options_of_the_pace_may_differ(server: EmbeddedBitbucket, run: Run, journal: Path) -> None:
    assert journal.exists()
    assert export(server, run, "--concurrency", "3", "--max-rate", "500", "--patience", "7").code == 0
    assert len(server.requests) < 30


def test_a_journal_in_use_is_refused(kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as other_run:
        other_run.executescript("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT;")
        with pytest.raises(UsageError, match="journal is in use by another run"):
            Journal(kept, {}, 24)


@pytest.mark.parametrize(
    ("hours", "options", "says"),
    [
        (2, ["--resume-max-age", "1.5"], "journal is 2.0 h old, which is more than 1.5 h: starting from the beginning"),
        (23, [], "resuming from journal"),
    ],
)
def test_a_journal_is_used_until_it_is_too_old(
    server: EmbeddedBitbucket, run: Run, journal: Path, hours: int, options: list[str], says: str
) -> None:
    with closing(sqlite3.connect(journal)) as file, file:
        file.execute("UPDATE facts SET value = ? WHERE name = 'began'", (str(time.time() - 3600 * hours),))
    ended = export(server, run, *options)
    assert ended.code == 0
    assert says in ended.err
    assert ("resuming from" in ended.err) is ("resuming from" in says)


def _cut(file: bytes) -> bytes:
    return file[: len(file) // 2]


def _overwritten(file: bytes) -> bytes:
    middle = len(file) // 2
    return file[:middle] + bytes(4096) + file[middle + 4096 :]


def _another_file(_: bytes) -> bytes:
    return b"the minutes of a meeting\n" * 100


def _another_programs_database(file: bytes) -> bytes:
    return file[:68] + bytes(4) + file[72:]  # sqlite.org/fileformat.html: the application id


def _with_flipped_bits(file: bytes) -> bytes:
    content = bytearray(file)
    for at in range(4096, len(content), 4096):  # the first page tells what kind of file it is
        content[at + 1] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize("damage", [_cut, _overwritten, _another_file, _another_programs_database, _with_flipped_bits])
def test_a_damaged_journal_is_put_aside(
    kept: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes]
) -> None:
    damaged = damage(kept.read_bytes())
    kept.write_bytes(damaged)
    with closing(Journal(kept, {}, 24)) as journal:
        assert journal.unused == 0
    assert "journal is damaged or no journal" in caplog.text
    assert kept.with_name("journal.damaged").read_bytes() == damaged


@pytest.mark.parametrize(
    "rot",
    [
        "UPDATE answers SET question = question || 'x' WHERE question LIKE '%9'",
        "UPDATE answers SET proof = proof + 1",
        "UPDATE answers SET answer = (SELECT max(answer) FROM answers)",
    ],
)
def test_an_answer_in_the_row_of_another_question_is_not_used(
    kept: Path, caplog: pytest.LogCaptureFixture, rot: str
) -> None:
    with closing(sqlite3.connect(kept)) as file, file:
        assert file.execute(rot).rowcount > 1
    with closing(Journal(kept, {}, 24)) as journal:
        assert journal.find("question 1") is None
    assert "is damaged" in caplog.text


def test_after_a_damaged_journal_the_whole_server_is_read(server: EmbeddedBitbucket, run: Run, journal: Path) -> None:
    journal.write_bytes(_cut(journal.read_bytes()))
    assert export(server, run).code == 0
    assert timeless(Path("export.json")) == without_journal(server, run)


def test_a_journal_that_cannot_be_created_is_an_error_before_collecting(server: EmbeddedBitbucket, run: Run) -> None:
    ended = run(
        "--bitbucket-url", server.base_url, "--save-json", "export.json", "--resume", "no/folder/journal", **CREDENTIALS
    )
    assert ended.code == 2
    assert "no/folder/journal cannot be written: No such file or directory" in ended.err
    assert len(server.requests) < 5


def test_on_a_full_disk_the_run_continues_without_its_journal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path / "journal", {"account": "me"}, 24)
    assert journal._file is not None
    journal._file.execute("PRAGMA max_page_count = 8")
    for number in range(1500):
        journal.keep(f"question {number}", {"answer": os.urandom(40).hex()})
    journal.close()
    (message,) = caplog.messages
    assert "cannot be written (database or disk is full): the run continues, but cannot be resumed" in message


def nameless(run: Run, server: EmbeddedBitbucket, **environment: str) -> Ended:
    """Leave the journal of a run behind a proxy that strips the account's name, and run again."""
    server.faults.add(REFUSED)
    assert export(server, run, **environment).code == 4
    server.faults.clear()
    server.requests.clear()
    return export(server, run, **environment)


@pytest.mark.parametrize(
    ("environment", "code"),
    [({}, 0), ({"BITBUCKET_USER": "", "BITBUCKET_TOKEN": DEMO_TOKEN}, 4)],
    ids=["user", "token of an unnamed account"],
)
def test_where_answers_name_no_account_the_credentials_identify_it(
    run: Run, environment: dict[str, str], code: int
) -> None:
    with bitbucket(strip_user_headers=True) as server:
        ended = nameless(run, server, **environment)
        assert ended.code == code
        assert "resuming from journal" in ended.err
        assert len(server.requests) < 30


def test_another_tokens_journal_is_refused_and_the_token_is_not_in_it(tmp_path: Path) -> None:
    path, owner = tmp_path / "journal", {"account": "not named"}
    Journal(path, owner, 24, "first token").close()
    Journal(path, owner, 24, "first token").close()
    assert b"first token" not in path.read_bytes()
    with pytest.raises(UsageError, match="the journal of a run with another access token"):
        Journal(path, owner, 24, "second token")


def test_each_journal_has_a_different_hash_of_the_same_token(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        Journal(tmp_path / name, {}, 24, "token").close()
        with closing(sqlite3.connect(tmp_path / name)) as file:
            hashes.add(file.execute("SELECT value FROM facts WHERE name = 'secret'").fetchone())
    assert len(hashes) == 2


def test_a_truncated_log_still_gives_the_answers_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", {}, 24)
    for number in range(40):
        journal.keep(f"question {number}", {"answer": number})
    for name in ("journal", "journal-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"left-{name}")
    journal.close()
    log = tmp_path / "left-journal-wal"
    os.truncate(log, log.stat().st_size // 2)
    with closing(Journal(tmp_path / "left-journal", {}, 24)) as left:
        assert 10 < left.unused < 30
        assert left.find("question 0") == {"answer": 0}


# ---- owner of the file


def test_a_journal_that_others_may_write_is_refused(kept: Path) -> None:
    kept.chmod(0o666)
    with pytest.raises(UsageError, match="others may read or write"):
        Journal(kept, {}, 24)


@pytest.mark.parametrize("name", ["journal", "journal-wal"])
def test_a_link_is_refused_and_its_target_unchanged(tmp_path: Path, name: str) -> None:
    target = tmp_path / "somebody-elses"
    target.write_text("something that is not ours")
    target.chmod(0o644)
    (tmp_path / name).symlink_to(target)
    with pytest.raises(UsageError, match=f"{name} is no regular file, so it is not trusted"):
        Journal(tmp_path / "journal", {}, 24)
    assert target.read_text() == "something that is not ours"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_the_journal_of_another_user_is_refused(kept: Path) -> None:
    os.chown(kept, 65534, -1)
    with pytest.raises(UsageError, match="belongs to another user"):
        Journal(kept, {}, 24)


def test_answers_without_their_proof_are_deleted(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, {}, 24)
    journal.keep("named", {"n": 1})
    journal.keep("before the first proof", {"n": 2}, 1)
    journal.confirm(1)
    journal.keep("before the second", {"n": 3}, 2)
    journal.close()
    with closing(Journal(path, {}, 24)) as left:
        assert left.unused == 2
        assert left.find("before the first proof") == {"n": 2}
        assert left.find("before the second") is None

"""Finished answers in a file, from which an interrupted run resumes. Knows SQLite; nothing of the questions.

The file belongs to one run: the same server, account and options. Each answer is one row, compressed, with the
question as its key. It is written before its worker continues: a run that is killed at any moment loses only the
answers to requests in flight.

An answer that does not name the account is valid only after a later proof of the login. Until then it is stored with
the number of that proof; the next run deletes answers whose proof never came.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import sqlite3
import stat
import threading
import time
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from connector.errors import UsageError

log = logging.getLogger(__name__)

_APPLICATION_ID = 0x0AAB17B0
"""Identifies a journal of this program (sqlite.org/pragma.html#pragma_application_id)."""
_FORMAT = "3"
_ROUNDS = 200_000
_LEVEL = 1
_DICTIONARY = (
    b'{"size":0,"limit":1000,"isLastPage":true,"values":[{"user":{"name":"","emailAddress":"@example.com",'
    b'"active":true,"displayName":"","id":1,"slug":"","type":"NORMAL","links":{"self":[{"href":"https://'
    b'/users/"}]}},"permission":"REPO_READ"},{"group":{"name":""},"permission":"REPO_WRITE"},"REPO_ADMIN"'
    b'"PROJECT_READ""PROJECT_WRITE""PROJECT_ADMIN"],"start":0}'
)
"""The dictionary of the compression: texts that most answers have in common."""

_TABLES = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE answers (question TEXT PRIMARY KEY, proof INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
"""


class _Damaged(Exception):
    """The file is no journal, or is damaged."""


CONFIRMED = 0
"""The number of proof of answers that name the account themselves."""


class Journal:
    """The answers of one run. Raises `UsageError` where the file is another run's or user's, or in use.

    Where the file cannot be written any more (a full disk), the run continues without it and logs a warning.
    """

    def __init__(self, path: Path, owner: Mapping[str, str], max_age_hours: float, secret: str | None = None) -> None:
        """Open or create the file. Of `secret`, where one is needed to tell runs apart, a salted hash is stored."""
        self._path = path
        self._secret = secret
        self._file_lock = threading.Lock()
        self._waiting: deque[tuple[str, int, bytes]] = deque()
        """Rows that came while another thread was writing: the next thread writes them together."""
        self._owner = dict(owner)
        self._file: sqlite3.Connection | None = self._continued(max_age_hours) or self._started()
        self.unused = self._count()
        """The number of answers that have not been used yet."""
        self.confirmed = int(self.get_metadata("vouched") or 0)
        """The number of the last proof of the login that succeeded."""
        if self.unused:
            log.info("resuming from %s: it holds %d answers", path, self.unused)

    def find(self, question: str) -> object | None:
        """Give the answer to a question, or None where there is none."""
        if not self.unused:
            return None
        with self._file_lock:
            if self._file is None:
                return None
            row = self._file.execute("SELECT proof, answer FROM answers WHERE question = ?", (question,)).fetchone()
            if row is None:
                return None
            self.unused -= 1
        answer: object = json.loads(_unpacked(question, row[0], row[1]))
        return answer

    def keep(self, question: str, answer: object, proof: int = CONFIRMED) -> None:
        """Store an answer: any JSON but null. `proof` is the number of the proof that makes it valid."""
        packed = _packed(question, proof, json.dumps(answer, separators=(",", ":")).encode())
        self._waiting.append((question, proof, packed))
        with self._file_lock:
            rows = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if rows:
                self._execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    def confirm(self, proof: int) -> None:
        """Record that a proof of the login succeeded: answers with its number are valid from now on."""
        self.confirmed = proof
        self.set_metadata("vouched", str(proof))

    def get_metadata(self, name: str) -> str | None:
        """Give a fact about the run; None where it is not stored."""
        with self._file_lock:
            if self._file is None:
                return None
            row = self._file.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_metadata(self, name: str, value: str) -> None:
        """Store a fact about the run."""
        with self._file_lock:
            self._execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(name, value)])

    def close(self) -> None:
        """Close the file."""
        with self._file_lock:
            self._close()

    def _execute(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        if self._file is None:
            return
        try:
            with self._file:
                self._file.executemany(statement, rows)
        except sqlite3.Error as error:
            log.warning("%s cannot be written (%s): the run continues, but cannot be resumed", self._path, error)
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            with suppress(sqlite3.Error):
                self._file.close()
        self._file = None

    def _count(self) -> int:
        return 0 if self._file is None else int(self._file.execute("SELECT count(*) FROM answers").fetchone()[0])

    def _continued(self, max_age_hours: float) -> sqlite3.Connection | None:
        """Open the file of an earlier run; None where there is none to resume. An unusable file is moved or removed."""
        refuse_what_others_may_write(self._path)
        if not self._path.exists() or not self._path.stat().st_size:
            return None
        file = None
        try:
            file = _opened(self._path)
            facts = _checked(file)
            self._refuse_another_owner(facts)
            age = (time.time() - float(facts["began"])) / 3600
            if 0 <= age <= max_age_hours:
                with file:
                    file.execute("DELETE FROM answers WHERE proof > ?", (int(facts.get("vouched", 0)),))
                return file
        except (_Damaged, sqlite3.DatabaseError, ValueError, KeyError, zlib.error) as error:
            self._put_aside(file, error)
            return None
        except BaseException:
            if file is not None:
                file.close()
            raise
        log.warning(
            "%s is %.1f h old, which is more than %g h: starting from the beginning",
            self._path,
            age,
            max_age_hours,
        )
        file.close()
        remove_journal(self._path)
        return None

    def _refuse_another_owner(self, facts: Mapping[str, str]) -> None:
        for name, value in self._owner.items():
            if facts.get(name) != value:
                raise UsageError(
                    f"{self._path} is the journal of a run with another {name.replace('_', ' ')}: "
                    f"{facts.get(name)!r}, and this one has {value!r}. Name another file with --resume, or delete it"
                )
        if self._secret is not None and not _is_of(self._secret, facts.get("secret")):
            raise UsageError(
                f"{self._path} is the journal of a run with another access token. "
                "Name another file with --resume, or delete it"
            )

    def _put_aside(self, file: sqlite3.Connection | None, error: Exception) -> None:
        """Rename a file that cannot be read: it may be another program's."""
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise UsageError(f"{self._path} is in use by another run. Wait for it, or name another file") from error
        if file is not None:
            file.close()
        aside = self._path.with_name(f"{self._path.name}.damaged")
        try:
            self._path.replace(aside)
            remove_journal(self._path)
        except OSError as in_the_way:
            raise UsageError(f"{self._path} is no journal and cannot be moved away: {in_the_way.strerror}") from error
        message = "%s is damaged or no journal (%s): it was renamed to %s, and the run starts from the beginning"
        log.warning(message, self._path, error, aside)

    def _started(self) -> sqlite3.Connection | None:
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
            file = _opened(self._path)
            refuse_what_others_may_write(self._path)
            file.executescript(f"PRAGMA application_id = {_APPLICATION_ID}; {_TABLES}")
            with file:
                facts = {**self._owner, "format": _FORMAT, "began": str(time.time())}
                file.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
                if self._secret is not None:
                    file.execute("INSERT INTO facts VALUES ('secret', ?)", (_hashed(self._secret, os.urandom(16)),))
            # From now on the file is a journal even where its write-ahead log is lost.
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"--resume: {self._path} cannot be written: {reason}") from error
        return file


def remove_journal(path: Path) -> None:
    """Delete a journal whose run is complete."""
    for each in _files(path):
        with suppress(OSError):
            each.unlink()


def _files(path: Path) -> list[Path]:
    """Give the journal's file and those that SQLite keeps beside it."""
    return [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]


def refuse_what_others_may_write(path: Path) -> None:
    """Check that only this user can have written a journal, if there is one: its answers are published.

    Raises `UsageError` for a file of another user, one that others may read or write, and one that is a link or no
    regular file.
    """
    for each in _files(path):
        try:
            found = each.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"--resume: {each} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"--resume: {each} is no regular file, so it is not trusted. Name another file")
        if found.st_uid != os.geteuid():
            raise UsageError(f"--resume: {each} belongs to another user, so it is not trusted. Name another file")
        if found.st_mode & 0o077:
            raise UsageError(
                f"--resume: others may read or write {each}, so it is not trusted. Delete it, or name another file"
            )


def _opened(path: Path) -> sqlite3.Connection:
    """Open a file for this process alone. A write-ahead log survives SIGKILL at the least cost."""
    file = sqlite3.connect(path, check_same_thread=False, timeout=0)
    try:
        file.executescript(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "BEGIN IMMEDIATE; COMMIT"
        )
    except sqlite3.Error:
        file.close()
        raise
    return file


def _checked(file: sqlite3.Connection) -> dict[str, str]:
    """Read the whole file once, and give the facts about its run. Raises where anything is wrong with it."""
    if file.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise _Damaged("it is another program's file")
    found = file.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise _Damaged(found)
    facts = dict(file.execute("SELECT name, value FROM facts"))
    if facts.get("format") != _FORMAT:
        raise _Damaged("another version of this program wrote it")
    for question, proof, packed in file.execute("SELECT question, proof, answer FROM answers"):
        _unpacked(question, proof, packed)
    return facts


def _hashed(secret: str, salt: bytes) -> str:
    return f"{salt.hex()}:{hashlib.pbkdf2_hmac('sha256', secret.encode(), salt, _ROUNDS).hex()}"


def _is_of(secret: str, hashed: str | None) -> bool:
    salt, _, _ = (hashed or "").partition(":")
    return hashed is not None and hmac.compare_digest(_hashed(secret, bytes.fromhex(salt)), hashed)


def _packed(question: str, proof: int, answer: bytes) -> bytes:
    machine = zlib.compressobj(_LEVEL, zdict=_dictionary(question, proof))
    return machine.compress(answer) + machine.flush()


def _unpacked(question: str, proof: int, packed: bytes) -> bytes:
    """Read an answer. Raises `zlib.error` where it, its question or its proof is not as it was written."""
    machine = zlib.decompressobj(zdict=_dictionary(question, proof))
    answer = machine.decompress(packed)
    if not machine.eof:
        raise _Damaged("an answer breaks off")
    return answer


def _dictionary(question: str, proof: int) -> bytes:
    """Give the dictionary for one row. Its checksum is in the compressed answer, which binds the answer to its row."""
    return b"%d:%s" % (proof, question.encode()) + _DICTIONARY

"""Bitbucket's query language, as far as listings of access need it: `q` filters, `sort` orders.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering. Knows no listing: what a field
is worth in a row is told from outside.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.embedded.cloud.answers import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[Callable[[str], "Value"]], bool]

Value = str | int | bool | None

_TOKEN = re.compile(
    r"""\s*(?: "(?P<text>(?:[^"\\]|\\.)*)" | (?P<operator>!=|>=|<=|!~|[=~<>(),]) | (?P<word>[^\s"=~<>!(),]+) )""",
    re.VERBOSE,
)
_ORDER = {"none": 0, "read": 1, "write": 2, "create-repo": 3, "admin": 4}
"""How levels compare: `permission>"read"` is what is more than reading."""
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
_CASELESS = "user.email"
"""The field whose letter case does not count; rows give it in lower case."""


def parse(query: str, known: frozenset[str]) -> Test:
    """Read a filter over fields that are known; raises Refusal for anything else."""
    return _Parser(query, known).whole()


def sort_key(field: str, known: frozenset[str]) -> tuple[str, bool]:
    """Read what `sort` names: the field, and whether it goes backwards; raises Refusal for an unknown field."""
    name = field.removeprefix("-")
    if name not in known:
        raise bad_request(f"Invalid sort field: {name}")
    return name, field.startswith("-")


class _Parser:
    """Reads one query from left to right: OR of AND of comparisons."""

    def __init__(self, query: str, known: frozenset[str]) -> None:
        self._known = known
        self._tokens: list[tuple[str, str]] = []
        position = 0
        query = query.rstrip()
        while position < len(query):
            match = _TOKEN.match(query, position)
            if match is None or match.lastgroup is None:
                raise bad_request("Invalid query")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def whole(self) -> Test:
        test = self._any()
        if self._tokens:
            raise bad_request("Invalid query")
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take_word("or"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take_word("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._take("("):
            inner = self._any()
            self._expect(")")
            return inner
        kind, name = self._next()
        if kind != "word" or name not in self._known:
            raise bad_request(f"Invalid field: {name}")
        if self._take_word("not"):
            unwanted = self._values(name)
            return lambda row: row(name) not in unwanted
        if self._take_word("in", ahead=True):
            wanted = self._values(name)
            return lambda row: row(name) in wanted
        _, operator = self._next()
        value = self._value(name)
        compare = _COMPARISONS.get(operator)
        if compare is None:
            raise bad_request(f"Invalid operator: {operator}")
        return lambda row: compare(row(name), value)

    def _values(self, name: str) -> list[Value]:
        if not self._take_word("in"):
            raise bad_request("Invalid query")
        self._expect("(")
        values = [self._value(name)]
        while self._take(","):
            values.append(self._value(name))
        self._expect(")")
        return values

    def _value(self, name: str) -> Value:
        kind, text = self._next()
        if kind == "text":
            text = re.sub(r"\\(.)", r"\1", text)
            return text.lower() if name == _CASELESS else text
        if text in _WORDS:
            return _WORDS[text]
        if kind == "word" and text.isdecimal():
            return int(text)
        raise bad_request(f"Invalid value: {text}")

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise bad_request("Invalid query")
        return self._tokens.pop(0)

    def _take(self, operator: str) -> bool:
        if self._tokens and self._tokens[0] == ("operator", operator):
            del self._tokens[0]
            return True
        return False

    def _take_word(self, word: str, *, ahead: bool = False) -> bool:
        found = bool(self._tokens) and self._tokens[0][0] == "word" and self._tokens[0][1].lower() == word
        if found and not ahead:
            del self._tokens[0]
        return found

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            raise bad_request("Invalid query")


def _rank(value: Value) -> tuple[int, str]:
    text = str(value)
    return _ORDER.get(text, 0), text


_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "~": lambda left, right: str(right).lower() in str(left or "").lower(),
    "!~": lambda left, right: str(right).lower() not in str(left or "").lower(),
    ">": lambda left, right: _rank(left) > _rank(right),
    ">=": lambda left, right: _rank(left) >= _rank(right),
    "<": lambda left, right: _rank(left) < _rank(right),
    "<=": lambda left, right: _rank(left) <= _rank(right),
}

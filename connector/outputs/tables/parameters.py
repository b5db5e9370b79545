"""What a query is asked about: its parameters, and whether the exports have such things at all.

A name that is misspelt, or a day before the first export, must not look like "nobody had access".
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from connector.errors import UsageError
from connector.outputs.tables.duck import Database, quoted
from connector.outputs.tables.query import Query
from connector.review.text.names import suggestion
from connector.text import clean

PARAMETERS = {
    "date": "DATE",
    "since": "DATE",
    "data_source": "STRING",
    "identity": "STRING",
    "resource": "STRING",
    "days": "INTEGER",
}
"""What the queries that come along know, each with its type, by the name that both DuckDB and Spark have for it."""

_NEEDED = {"why": "resource", "who_had_access": "resource"}

_NAMES = {
    "identity": """
        SELECT unnest([user_id, username, email]) AS name FROM users UNION ALL SELECT group_id FROM groups
        UNION ALL SELECT credential_id FROM credentials UNION ALL SELECT identity_id FROM other_identities
    """,
    "resource": """
        SELECT unnest([path, resource_key]) AS name FROM projects
        UNION ALL SELECT unnest([path, resource_key]) FROM repositories
    """,
    "data_source": "SELECT data_source AS name FROM exports",
}
"""By what names the things are known that a parameter can name."""


def check_parameters(given: Mapping[str, str], query: Query) -> None:
    """Check what was given for a query. Raises `UsageError`.

    A parameter that the query does not read is an error: the answer would look as if it were about it.
    """
    for name, text in given.items():
        if not name.isidentifier():
            raise UsageError(f"--set {name}={text}: a parameter's name has only letters, digits and underscores")
        if (query.comes_along and name not in PARAMETERS) or not query.reads(name):
            known = f": there are {', '.join(filter(query.reads, PARAMETERS))}" if query.comes_along else ""
            raise UsageError(f"{query.name} knows no parameter {name!r}{known}")
        _check_type(name, text)
    needed = _NEEDED.get(query.name) if query.comes_along else None
    if needed and needed not in given:
        raise UsageError(f"{query.name} is about one project or repository: name it with --set {needed}=KEY/slug")


def _check_type(name: str, text: str) -> None:
    match PARAMETERS.get(name):
        case "DATE" if not _is_date(text):
            raise UsageError(f"--set {name} takes a date such as 2026-11-22, not {text!r}")
        case "INTEGER" if not (text.isascii() and text.isdigit() and int(text) <= _MOST_DAYS):
            raise UsageError(f"--set {name} takes a whole number from 0 to {_MOST_DAYS}, not {text!r}")


_MOST_DAYS = 36_500


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def parameters_view(parameters: Mapping[str, str]) -> str:
    """Write the statement that makes the view `parameters`: one row, NULL for what was not given."""
    columns = dict.fromkeys(parameters, "STRING") | PARAMETERS
    values = dict.fromkeys(columns, "NULL") | {name: quoted(text) for name, text in parameters.items()}
    listed = ", ".join(f"CAST({values[name]} AS {kind}) AS {name}" for name, kind in columns.items())
    return f"CREATE OR REPLACE TEMPORARY VIEW parameters AS SELECT {listed}"


def check_names(data: Database, query: str, parameters: Mapping[str, str]) -> list[str]:
    """Check that the exports have what was named. Raises `UsageError`; gives what is not known of them."""
    for name in _NAMES:
        if name in parameters:
            _check_name(data, name, parameters[name])
    exports: defaultdict[str, dict[date, str]] = defaultdict(dict)
    for data_source, day, not_known in data.execute("SELECT data_source, date, not_known FROM exports").fetch_all():
        if parameters.get("data_source", data_source) == data_source:
            exports[data_source][day] = not_known
    not_known_of = {name: list(_not_known_of(name, own, query, parameters)) for name, own in sorted(exports.items())}
    if all(None in lines for lines in not_known_of.values()):
        raise UsageError("; ".join(str(line) for lines in not_known_of.values() for line in lines if line))
    return [line for lines in not_known_of.values() for line in lines if line]


def _not_known_of(
    data_source: str, exports: Mapping[date, str], query: str, parameters: Mapping[str, str]
) -> Iterator[str | None]:
    """Say what is not known of a data source's exports; None among it where there is no export to answer from."""
    asked = date.fromisoformat(parameters.get("date", "9999-12-31"))
    newer = max((day for day in exports if day <= asked), default=None)
    if newer is None:
        yield from (None, f"{data_source} has no export up to {asked}: the first is of {min(exports)}")
        return
    compared = [newer]
    if query == "changes":
        since = date.fromisoformat(parameters.get("since", "9999-12-31"))
        older = max((day for day in exports if day < newer and day <= since), default=None)
        if older is None:
            before = f"up to {since}" if "since" in parameters else f"before {newer}"
            yield from (None, f"{data_source} has no export {before} to compare with: the first is of {min(exports)}")
            return
        compared.append(older)
    yield from (f"{data_source} of {day}: {line}" for day in compared for line in json.loads(exports[day]))


def _check_name(data: Database, what: str, text: str) -> None:
    names = f"SELECT name FROM ({_NAMES[what]}) WHERE"  # noqa: S608 - ours
    if not data.execute(f"{names} lower(name) = lower(?) LIMIT 1", [text]).fetch_all():
        known = data.execute(f"{names} name IS NOT NULL GROUP BY name ORDER BY name").fetch_all()
        raise UsageError(f"no export has the {what.replace('_', ' ')} {clean(text)!r}{suggestion(text, known)}")

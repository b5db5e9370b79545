"""Partial answers: what `fields` leaves of a JSON body.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-response. Knows no listing. Of the
language, only what the connector asks is known: fields by name, and fields to be added with a plus.
"""

from __future__ import annotations

from typing import Any


def partial(body: Any, fields: str) -> Any:  # noqa: ANN401 - JSON
    """Keep the fields that are named; a plus adds a field, and keeps the others."""
    names = [name.strip() for name in fields.split(",") if name.strip()]
    if all(name.startswith("+") for name in names):
        return body
    return _only(body, [name.removeprefix("+").split(".") for name in names])


def adds(fields: str, name: str) -> bool:
    """Tell whether a hidden field is asked for: added, or named."""
    return name in {each.strip().removeprefix("+") for each in fields.split(",")}


def _only(body: Any, paths: list[list[str]]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(body, list):
        return [_only(each, paths) for each in body]
    if not isinstance(body, dict):
        return body
    kept = {}
    for key, value in body.items():
        below = [path[1:] for path in paths if path[0] == key]
        if below:
            kept[key] = value if [] in below else _only(value, below)
    return kept

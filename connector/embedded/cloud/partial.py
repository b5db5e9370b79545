"""Partial answers: what `fields` leaves of a JSON body.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-response. Knows no listing.
"""

from __future__ import annotations

from typing import Any


def partial(body: Any, fields: str) -> Any:  # noqa: ANN401 - JSON
    """Keep the fields that are named, or all but those with a minus; a plus adds, and leaves the rest."""
    names = [name.strip() for name in fields.split(",") if name.strip()]
    only = [name.split(".") for name in names if name[0] not in "+-"]
    without = [name[1:].split(".") for name in names if name[0] == "-"]
    if only and "*" not in fields:
        body = _only(body, only + [name[1:].split(".") for name in names if name[0] == "+"])
    for path in without:
        body = _without(body, path)
    return body


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


def _without(body: Any, path: list[str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(body, list):
        return [_without(each, path) for each in body]
    if not isinstance(body, dict) or path[0] not in body:
        return body
    if len(path) == 1:
        return {key: value for key, value in body.items() if key != path[0]}
    return body | {path[0]: _without(body[path[0]], path[1:])}

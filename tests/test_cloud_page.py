"""docs/cloud.md is held against the code: what is exported, what is asked, and which scopes that needs."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

from connector.oaa.cloud import CLOUD
from connector.oaa.vocabulary import Property
from connector.sources import cloud
from connector.sources.cloud.check.contact import NEEDED
from connector.sources.cloud.endpoints import Endpoint
from connector.sources.cloud.settings import HOURLY_LIMIT
from tests.documents import ROOT, in_code, row, rows, tables
from tests.test_readme import _NONE, _code, _on, _sub_resources

PAGE = (ROOT / "docs" / "cloud.md").read_text(encoding="utf-8")


def _endpoints() -> Iterator[Endpoint]:
    for module in pkgutil.walk_packages(cloud.__path__, f"{cloud.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Endpoint):
                yield value


def _or_none(text: str) -> str:
    return _code(text) if text else _NONE


def test_the_table_of_addresses_is_what_is_asked() -> None:
    expected = {
        row(
            _code(f"{one.api}/{one.template}"),
            _or_none(one.token),
            _or_none(one.oauth),
            one.right.label or _NONE,
            one.lacks,
        )
        for one in _endpoints()
    }
    header = "address", "scope of an API token", "scope of a consumer", "right", "without it the export lacks"
    assert rows(list(tables(*header))) == expected


def test_the_table_of_things_names_every_property() -> None:
    header = "Bitbucket Cloud", "OAA", "id", "name", "custom properties"
    documented = {cells[0]: set(in_code(cells[-1])) for cells in tables(*header)}
    things: dict[str, tuple[Property[Any], ...]] = {
        "workspace": CLOUD.application,
        "user": CLOUD.user,
        "group": CLOUD.group,
        "project": CLOUD.project,
        "repository": CLOUD.repository,
    }
    assert documented == {thing: {each.name for each in properties} for thing, properties in things.items()}


def test_the_table_of_permissions_is_the_mapping() -> None:
    expected = {
        row(_code(name), _on(meaning), ", ".join(each.value for each in meaning.categories), _sub_resources(meaning))
        for name, meaning in CLOUD.permissions.items()
    }
    assert rows(list(tables("permission on Cloud", "on", "OAA permissions", "sub-resources"))) == expected


def test_the_steps_name_just_the_scopes_that_every_export_needs() -> None:
    step = next(line for line in PAGE.splitlines() if line.startswith("3. Tick the scopes"))
    assert set(re.findall(r"`([a-z:]+)`", step)) == {endpoint.token for endpoint in NEEDED}


def test_what_the_page_says_of_limits_is_so() -> None:
    assert f"{HOURLY_LIMIT:,} requests" in PAGE

"""The README and docs say what is so: their tables are held against the data and the help of the program.

A row that is missing is printed as it should stand.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from connector import errors
from connector.cli.commands import COMMANDS
from connector.errors import ConnectorError
from connector.model import Inclusion
from connector.oaa import vocabulary
from connector.oaa.cloud import CLOUD
from connector.oaa.server import SERVER
from connector.oaa.vocabulary import REPOSITORY, Meaning, Property, Vocabulary
from connector.sources import cloud, datacenter
from connector.sources.cloud import endpoints as cloud_endpoints
from connector.sources.cloud.check.contact import NEEDED
from connector.sources.cloud.settings import HOURLY_LIMIT
from connector.sources.datacenter import endpoints as datacenter_endpoints
from connector.sources.datacenter.endpoints import Right
from tests.documents import (
    OF_LIBRARIES,
    PAGES,
    README,
    ROOT,
    all_options,
    help_of,
    in_code,
    options_of,
    row,
    rows,
    tables,
    variables_read,
)

_NONE = "\N{EN DASH}"

LINES = 250
"""What somebody reads before trying it; the rest is in docs."""


T = TypeVar("T")


def _code(text: str) -> str:
    return f"`{text}`"


# ---- tables that are data


def _on(meaning: Meaning) -> str:
    return ", ".join(meaning.resource_types) or "application"


def _sub_resources(meaning: Meaning) -> str:
    if meaning.resource_types == (REPOSITORY,):
        return _NONE
    return "yes" if meaning.sub_resources else "no"


@pytest.mark.parametrize(
    ("product", "heading"), [(SERVER, "permission"), (CLOUD, "permission on Cloud")], ids=["server", "cloud"]
)
def test_the_table_of_permissions_is_the_mapping(product: Vocabulary, heading: str) -> None:
    expected = {
        row(_code(name), _on(meaning), ", ".join(each.value for each in meaning.categories), _sub_resources(meaning))
        for name, meaning in product.permissions.items()
    }
    assert rows(list(tables(heading, "on", "OAA permissions", "sub-resources"))) == expected


@pytest.mark.parametrize(
    ("product", "heading", "application"),
    [(SERVER, "Bitbucket", "instance"), (CLOUD, "Bitbucket Cloud", "workspace")],
    ids=["server", "cloud"],
)
def test_the_table_of_things_names_every_property(product: Vocabulary, heading: str, application: str) -> None:
    documented = {
        cells[0]: set(in_code(cells[-1])) for cells in tables(heading, "OAA", "id", "name", "custom properties")
    }
    things: dict[str, tuple[Property[Any], ...]] = {
        application: product.application,
        "user": product.user,
        "group": product.group,
        "project": product.project,
        "repository": product.repository,
    }
    assert documented == {thing: {each.name for each in properties} for thing, properties in things.items()}


def test_the_table_of_what_can_be_included_names_every_property() -> None:
    hosts = (vocabulary.WEBHOOK_HOSTS,)
    included: list[tuple[Inclusion, str, tuple[Property[Any], ...]]] = [
        *((inclusion, "credential", properties) for inclusion, properties in vocabulary.CREDENTIAL_PROPERTIES.items()),
        (Inclusion.WEBHOOKS, "project", hosts),
        (Inclusion.WEBHOOKS, "repository", hosts),
        (Inclusion.BRANCH_PERMISSIONS, "repository", vocabulary.DEFAULT_BRANCH_PROPERTIES),
    ]
    expected = {
        row(_code(inclusion), thing, ", ".join(_code(each.name) for each in properties))
        for inclusion, thing, properties in included
    }
    assert rows(list(tables("`--include`", "on", "custom properties"))) == expected


@pytest.mark.parametrize(
    "name",
    [
        vocabulary.LICENSED_USERS,
        vocabulary.LICENSED_USERS_NAME,
        vocabulary.EVERYONE,
        vocabulary.EVERYONE_NAME,
        vocabulary.ANONYMOUS,
        vocabulary.ANONYMOUS_NAME,
    ],
)
def test_what_the_export_adds_is_named(name: str) -> None:
    assert any(name in cells[1] for cells in tables("access", "how it is exported"))


def _all_of(package: ModuleType, kind: type[T]) -> Iterator[T]:
    """Yield the values of a kind that the modules of a package define."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, kind):
                yield value


def test_the_table_of_addresses_of_a_server_is_what_is_asked() -> None:
    expected = {
        row(_code(f"{one.api}/latest/{one.template}"), one.right.label, one.lacks or _NONE)
        for one in _all_of(datacenter, datacenter_endpoints.Endpoint)
    }
    assert rows(list(tables("address", "right", "without it the export lacks"))) == expected


def test_the_table_of_addresses_of_cloud_is_what_is_asked() -> None:
    expected = {
        row(
            _code(f"{one.api}/{one.template}"),
            *(_code(scope) if scope else _NONE for scope in (one.token, one.oauth)),
            one.right.label or _NONE,
            one.lacks,
        )
        for one in _all_of(cloud, cloud_endpoints.Endpoint)
    }
    header = "address", "scope of an API token", "scope of a consumer", "right", "without it the export lacks"
    assert rows(list(tables(*header))) == expected


def test_the_steps_for_cloud_name_just_the_scopes_that_every_export_needs() -> None:
    page = (ROOT / "docs" / "cloud.md").read_text(encoding="utf-8")
    step = next(line for line in page.splitlines() if line.startswith("3. Tick the scopes"))
    assert set(re.findall(r"`([a-z:]+)`", step)) == {endpoint.token for endpoint in NEEDED}
    assert f"{HOURLY_LIMIT:,} requests" in page


def test_the_table_of_rights_says_where_they_are_granted() -> None:
    expected = {row(right.label, right.where or _NONE) for right in Right}
    assert rows(list(tables("right", "where it is granted"))) == expected


# ---- the command line


def _parameters() -> list[list[str]]:
    return list(tables("option", "environment", "meaning", "default"))


def test_every_option_is_documented_and_the_reverse() -> None:
    documented = {option for cells in _parameters() for option in re.findall(r"--[a-z-]+", cells[0])}
    assert documented == set(all_options())


def test_every_environment_variable_is_documented_and_the_reverse() -> None:
    documented = {variable for cells in _parameters() for variable in re.findall(r"[A-Z]+_[A-Z_]+", cells[1])}
    assert documented == variables_read() | OF_LIBRARIES


def test_options_stand_beside_the_variables_that_the_help_names() -> None:
    documented = {
        (option, variable)
        for cells in _parameters()
        for option in re.findall(r"--[a-z-]+", cells[0])
        for variable in re.findall(r"[A-Z]+_[A-Z_]+", cells[1])
    }
    assert documented == {(option, variable) for option, variable in all_options().items() if variable}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_of_the_help_is_overlooked(command: str) -> None:
    usage = set(re.findall(r"(?<=\[)--[a-z-]+", help_of(command)))
    assert {"--help", "--version"} | usage <= set(options_of(command))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert command == "export" or f"oaa_bitbucket.py {command}" in PAGES


def test_what_the_readme_types_can_be_typed() -> None:
    lines = re.findall(r"oaa_bitbucket\.py ([^`\n]*)", PAGES)
    assert lines
    typed = [word for line in lines for word in line.split()]
    assert {word for word in typed if word.startswith("--")} <= set(all_options())
    commands = {line.split()[0] for line in lines if re.match(r"[a-z]+\b", line)}
    assert commands <= set(COMMANDS)


def test_exit_codes_are_those_of_the_errors() -> None:
    documented = {code for cells in tables("exit code", "when", "what was published") for code in cells[0].split(", ")}
    raised = {
        str(error.exit_code)
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, ConnectorError)
    }
    assert documented == raised | {"0", "130", "143"}


# ---- files


def test_the_commands_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", PAGES, re.MULTILINE))
    assert {"demo", "test", "lint"} <= named <= targets


def test_the_test_command_stands_between_its_markers() -> None:
    between = README.partition("<!-- test command -->")[2].partition("<!-- end -->")[0]
    assert re.findall(r"^ {4}(.*)$", between, re.MULTILINE) == ["make test"]


def test_the_example_of_settings_shows_every_setting() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == variables_read() | OF_LIBRARIES


def test_rooms_and_files_that_are_named_exist() -> None:
    named = {cells[0] for heading in (("package", "what it knows"), ("file", "for")) for cells in tables(*heading)}
    paths = {path for cell in named for path in in_code(cell)}
    pages = PAGES + (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    paths |= set(re.findall(r"`((?:connector|tests|deploy)/[^`]*)`", pages))
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert {str(path.relative_to(ROOT)) for path in Path(ROOT, "deploy").iterdir()} <= paths


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", ROOT / "tests" / "README.md", *ROOT.glob("docs/*.md")]))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    wrong = []
    for path, heading in links:
        target = page.parent / path if path else page
        if not target.exists() or (heading and heading not in _headings(target)):
            wrong.append((path, heading))
    assert wrong == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= LINES

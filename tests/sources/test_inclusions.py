"""Every word of `--include` is read, or said to be missing: on both products, by an export and by a check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.embedded.cloud.sample import DEMO_EMAIL, DEMO_WORKSPACE, sample_workspace
from connector.embedded.cloud.sample import DEMO_TOKEN as CLOUD_TOKEN
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.model import Inclusion
from connector.sources.cloud.extras import inclusions as cloud
from connector.sources.common.extras.inclusions import Inclusions, NotOffered
from connector.sources.datacenter.extras import inclusions as datacenter
from tests.conftest import Run, saved, summary

PRODUCTS: dict[str, Inclusions[Any]] = {"Bitbucket Server": datacenter.ROWS, "Bitbucket Cloud": cloud.ROWS}
COUNTED = "a thing of the future"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Inclusion:
    """Add a member to `Inclusion` that no source and no mapping has a row for."""
    member = str.__new__(Inclusion, "made-up")
    member._name_, member._value_ = "MADE_UP", "made-up"
    member.label, member.marker, member.counted = COUNTED, "made_up", (COUNTED, f"{COUNTED}s")
    member.number_in = lambda _: 7
    monkeypatch.setitem(Inclusion._member_map_, "MADE_UP", member)
    monkeypatch.setitem(Inclusion._value2member_map_, "made-up", member)
    monkeypatch.setattr(Inclusion, "_member_names_", [*Inclusion._member_names_, "MADE_UP"])
    return member


@pytest.fixture(params=["datacenter", "cloud"])
def demo(request: pytest.FixtureRequest) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Serve one of the two demos, and give the options and variables for it."""
    if request.param == "cloud":
        with EmbeddedCloud(sample_workspace()) as server:
            options = ["--bitbucket-url", server.base_url, "--workspace", DEMO_WORKSPACE]
            yield options, {"BITBUCKET_EMAIL": DEMO_EMAIL, "BITBUCKET_TOKEN": CLOUD_TOKEN}
    else:
        with EmbeddedBitbucket(sample_organisation()) as server:
            yield (
                ["--bitbucket-url", server.base_url],
                {"BITBUCKET_USER": DEMO_USER, "BITBUCKET_TOKEN": DEMO_PASSWORD},
            )


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_inclusion_is_without_a_row(product: str) -> None:
    rows = PRODUCTS[product].rows(Inclusion)
    assert list(rows) == list(Inclusion)
    missing = {each for each, row in rows.items() if isinstance(row, NotOffered)}
    assert missing == ({Inclusion.TOKENS} if product == "Bitbucket Cloud" else set())


def test_an_inclusion_without_a_row_is_a_gap_of_the_export(
    run: Run,
    demo: tuple[list[str], dict[str, str]],
    made_up: Inclusion,  # noqa: ARG001 - it works by being there
) -> None:
    options, environment = demo
    command = ("--save-json", "export.json", "--summary", "summary.json", "--include", "all")
    ended = run(*command, *options, **environment)
    assert ended.code in {0, 4}, ended.err
    (application,) = saved()["applications"]
    gaps = application["custom_properties"]["not_collected"]
    assert [gap.partition(": ")[2] for gap in gaps].count("made-up") == 1
    assert COUNTED not in ended.last_line  # what was not read is not counted as if it had been
    assert f"{COUNTED}s" not in summary()["counts"]
    assert "SSH keys" in summary()["counts"]


def test_an_inclusion_without_a_row_is_a_step_of_the_check(
    run: Run,
    demo: tuple[list[str], dict[str, str]],
    made_up: Inclusion,  # noqa: ARG001 - as above
) -> None:
    options, environment = demo
    ended = run("check", "--include", "all", *options, **environment)
    (line,) = [line for line in ended.out.splitlines() if "made-up" in line]
    assert "skipped" in line
    assert "this connector does not read it" in " ".join(ended.out.split())


def test_an_inclusion_with_a_row_is_counted_in_the_last_line(
    run: Run,
    demo: tuple[list[str], dict[str, str]],
    made_up: Inclusion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for rows in PRODUCTS.values():
        monkeypatch.setitem(rows._rows, made_up, rows.offered([Inclusion.WEBHOOKS])[0])
    options, environment = demo
    ended = run("--save-json", "export.json", "--include", "made-up", *options, **environment)
    assert f"7 {COUNTED}s" in ended.last_line

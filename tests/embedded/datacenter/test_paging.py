"""The paging of the embedded Bitbucket, and its quirks."""

from __future__ import annotations

import pytest

from tests.embedded.asking import JSON
from tests.embedded.datacenter.client import accounts, recorded, serving, small

EVERYBODY = ["admin"] + [f"user{number:03}" for number in range(40)]


def names(pages: list[JSON]) -> list[str]:
    return [row["name"] for page in pages for row in page["values"]]


def test_pages_are_25_unless_asked() -> None:
    with serving(accounts(40)) as client:
        first, second = client.pages("users")
    assert (first["size"], first["limit"], first["start"], first["nextPageStart"]) == (25, 25, 0, 25)
    assert (second["size"], second["limit"], second["start"], second["isLastPage"]) == (16, 25, 25, True)
    assert "nextPageStart" not in second


def test_a_limit_above_the_cap_is_lowered_without_a_word() -> None:
    with serving(accounts(40), page_cap=7, page_caps={"admin/users": 11}) as client:
        pages = client.pages("users", limit=1000)
        assert {page["limit"] for page in pages} == {7}
        assert client.json("admin/users", limit=1000)["limit"] == 11
    assert names(pages) == EVERYBODY


@pytest.mark.parametrize("path", ["users", "admin/users", "users?permission=LICENSED_USER"])
@pytest.mark.parametrize("limit", [2, 7, 100])
@pytest.mark.parametrize("holes", [1, 5])
@pytest.mark.parametrize("short", [False, True])
def test_holes_lose_nobody(path: str, limit: int, holes: int, short: bool) -> None:
    organisation = accounts(20)
    organisation.global_users |= dict.fromkeys(organisation.accounts, "LICENSED_USER")
    with serving(organisation, holes=holes, short_pages=short) as client:
        pages = client.pages(path, limit=limit)
    assert names(pages) == EVERYBODY[:21]


def test_the_next_page_is_not_start_plus_size() -> None:
    first, last = recorded("projects_first_of_hidden"), recorded("projects_last_of_hidden")
    assert first["nextPageStart"] > first["start"] + first["size"]
    assert last["start"] == 8
    with serving(accounts(6), holes=1) as client:
        pages = client.pages("users", limit=1)
    assert len(pages) == len(recorded("projects_all")["values"])
    assert any(page["nextPageStart"] > page["start"] + page["size"] for page in pages[:-1])
    assert all(page["size"] == 1 for page in pages)


def test_an_empty_page_need_not_be_the_last() -> None:
    with serving(accounts(40), holes=5, short_pages=True) as client:
        pages = client.pages("users", limit=2)
    assert any(page["size"] == 0 for page in pages[:-1])


def test_the_last_page_may_say_null() -> None:
    with serving(accounts(3), null_next_page=True) as client:
        assert client.json("users")["nextPageStart"] is None


def test_a_permission_filter_with_a_large_page_loses_users() -> None:
    organisation = accounts(40)
    organisation.global_users |= dict.fromkeys(organisation.accounts, "LICENSED_USER")
    with serving(organisation) as client:
        assert names(client.pages("users", permission="LICENSED_USER", limit=500)) == EVERYBODY
        assert len(names(client.pages("users", permission="LICENSED_USER", limit=501))) < len(EVERYBODY)
        assert names(client.pages("users", limit=1000)) == EVERYBODY


def test_nonsense_is_refused() -> None:
    with serving(accounts(1)) as client:
        for query in ({"limit": 0}, {"limit": "many"}, {"start": -1}):
            assert client.get("users", **query).status_code == 400


def test_archived_repositories_are_hidden_unless_asked_for() -> None:
    world = small()
    world.builder.repository(world.organisation.projects[1], "old", archived=True)
    with serving(world.organisation) as client:
        slugs = {
            archived: [row["slug"] for row in client.rows("repos", archived=archived)]
            for archived in ("ACTIVE", "ARCHIVED", "ALL")
        }
        assert [row["slug"] for row in client.rows("repos")] == slugs["ACTIVE"]
    assert slugs == {
        "ACTIVE": ["api", "docs", "keys"],
        "ARCHIVED": ["old"],
        "ALL": ["api", "docs", "keys", "old"],
    }
    world.organisation.version = "7.21.0"
    with serving(world.organisation) as client:
        assert len(client.rows("repos", archived="ACTIVE")) == 4

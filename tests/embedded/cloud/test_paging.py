"""The paging of the embedded Bitbucket Cloud: `next`, lengths, sizes, queries, order, partial answers."""

from __future__ import annotations

from collections import Counter

import pytest

from connector.embedded.common.faults import Change, Fault
from tests.embedded.asking import JSON
from tests.embedded.cloud.client import Client, Small, crowded, message_of, serving, small

MEMBERS = "workspaces/acme/members"
NICKNAMES = ["ada", "dee", *(f"user{number:03}" for number in range(120))]


def nicknames(pages: list[JSON]) -> list[str]:
    return [row["user"]["nickname"] for page in pages for row in page["values"]]


def with_repositories(count: int) -> Small:
    """The small workspace with so many repositories, all in PAY."""
    world = small()
    world.workspace.repositories.clear()
    for number in range(count):
        world.builder.repository(world.pay, f"service-{number:03}")
    return world


def slugs(pages: list[JSON]) -> list[str]:
    return [row["slug"] for page in pages for row in page["values"]]


def test_pages_are_as_long_as_the_real_ones_unless_asked() -> None:
    world = crowded(120)
    for number in range(20):
        world.builder.repository(world.pay, f"service {number}")
        world.api.users[next(reversed(world.workspace.accounts))] = "read"
    with serving(world.workspace) as client:
        lengths = {
            path: client.json(path)["pagelen"]
            for path in (
                MEMBERS,
                "workspaces/acme/permissions",
                "workspaces/acme/projects",
                "repositories/acme",
                "repositories/acme/api/permissions-config/users",
                "workspaces/acme/permissions/repositories",
            )
        }
    assert list(lengths.values()) == [50, 50, 50, 10, 10, 10]


@pytest.mark.parametrize("pagelen", [1, 3, 50, 100])
@pytest.mark.parametrize("opaque", [False, True])
def test_next_leads_to_everybody(pagelen: int, opaque: bool) -> None:
    with serving(crowded(120).workspace, opaque_next=opaque) as client:
        pages = client.pages(MEMBERS, pagelen=pagelen)
    assert nicknames(pages) == NICKNAMES
    assert {page["pagelen"] for page in pages} == {pagelen}
    assert {page["size"] for page in pages} == {122}
    assert ["next" in page for page in pages] == [True] * (len(pages) - 1) + [False]
    assert ["previous" in page for page in pages] == [False] + [True] * (len(pages) - 1)
    assert [page.get("page") for page in pages] == [None if opaque else 1 + number for number in range(len(pages))]


def test_an_opaque_next_cannot_be_built() -> None:
    with serving(crowded(120).workspace, opaque_next=True) as client:
        assert message_of(client.get(MEMBERS, page=2)) == (400, "Invalid page")
        assert message_of(client.get(MEMBERS, ctx="2")) == (400, "Invalid cursor")
        assert message_of(client.get(MEMBERS, ctx="Mg==")) == (400, "Invalid cursor")
        assert "page=" not in client.json(MEMBERS)["next"]


def test_next_repeats_what_was_asked() -> None:
    with serving(crowded(120).workspace) as client:
        page = client.json(
            "repositories/acme", pagelen=1, q='project.key="PAY"', sort="-slug", fields="next,values.slug"
        )
        assert slugs(client.pages("repositories/acme", pagelen=1, q='project.key="PAY"')) == ["api", "docs"]
    for part in (
        "pagelen=1",
        "q=project.key%3D%22PAY%22",
        "sort=-slug",
        "fields=next%2Cvalues.slug",
        "page=2",
    ):
        assert part in page["next"]


def test_lengths_that_are_not_allowed() -> None:
    world = crowded(120)
    with serving(world.workspace, page_caps={"2.0/workspaces/{ws}/permissions": 50}) as client:
        for pagelen in (0, -1, 101, "many"):
            assert message_of(client.get(MEMBERS, pagelen=pagelen)) == (400, "Invalid pagelen")
        assert client.json(MEMBERS, pagelen=100)["pagelen"] == 100
        assert message_of(client.get("workspaces/acme/permissions", pagelen=51)) == (400, "Invalid pagelen")
        assert message_of(client.get(MEMBERS, page=0)) == (400, "Invalid page")
    with serving(world.workspace, page_cap=30, lowers_page=True) as client:
        pages = client.pages(MEMBERS, pagelen=100)
        assert client.json(MEMBERS)["pagelen"] == 30
    assert [page["pagelen"] for page in pages] == [30] * 5
    assert nicknames(pages) == NICKNAMES


def test_a_page_beyond_the_last_is_empty() -> None:
    with serving(small().workspace) as client:
        page = client.json(MEMBERS, page=9)
    assert (page["values"], "next" in page) == ([], False)


def test_the_effective_listing_tells_no_size_and_others_may_not() -> None:
    with serving(small().workspace) as client:
        assert "size" not in client.json("workspaces/acme/permissions/repositories")
        assert client.json("repositories/acme")["size"] == 3
    with serving(small().workspace, tells_size=False) as client:
        assert "size" not in client.json("repositories/acme")


def test_a_row_deleted_between_pages_hides_another() -> None:
    world = with_repositories(25)
    first = next(iter(world.workspace.repositories.values()))
    with serving(world.workspace) as client:
        client.server.faults.add(Fault(Change(lambda: world.workspace.repositories.pop(first.uuid)), after=1, times=1))
        found = slugs(client.pages("repositories/acme"))
    assert len(found) == 24
    assert "service-010" not in found
    assert "service-010" in {each.slug for each in world.workspace.repositories.values()}


def test_a_row_added_between_pages_shows_another_twice() -> None:
    world = with_repositories(25)
    with serving(world.workspace) as client:
        client.server.faults.add(Fault(Change(lambda: _create_first(world)), after=1, times=1))
        found = slugs(client.pages("repositories/acme"))
    assert [slug for slug, count in Counter(found).items() if count > 1] == ["service-009"]
    assert "brand-new" not in found


def _create_first(world: Small) -> None:
    """Create a repository that is listed before all others."""
    repositories = dict(world.workspace.repositories)
    world.workspace.repositories.clear()
    world.builder.repository(world.pay, "brand new")
    world.workspace.repositories.update(repositories)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('slug="api"', ["api"]),
        (' project.key = "PAY" ', ["api", "docs"]),
        ('slug IN ("api","keys")', ["api", "keys"]),
        ('slug IN ( "keys" )', ["keys"]),
    ],
)
def test_queries(query: str, expected: list[str]) -> None:
    with serving(small().workspace) as client:
        assert slugs(client.pages("repositories/acme", q=query)) == expected
        assert slugs(client.pages("repositories/acme", q=query, sort="-slug")) == expected[::-1]


@pytest.mark.parametrize(
    "query",
    [
        *("", "slug", "slug=", 'slug="api', 'nothing="x"', "slug=api", 'slug="a" OR slug="b"', 'slug IN "a"'),
        *('slug="a" slug="b"', '"slug"="a"', 'slug != "a"', "slug=1(", "slug IN ()"),
    ],
)
def test_nonsense_is_refused(query: str) -> None:
    with serving(small().workspace) as client:
        assert client.get("repositories/acme", q=query).status_code == 400
        assert client.get("repositories/acme", sort="nothing").status_code == 400


def test_quotes_inside_a_text() -> None:
    world = small()
    world.api.name = 'say "hi" \\o/'
    with serving(world.workspace) as client:
        assert slugs(client.pages("repositories/acme", q='name="say \\"hi\\" \\\\o/"')) == ["api"]


def test_explicit_grants_know_neither_query_nor_order() -> None:
    with serving(small().workspace) as client:
        for path in (
            "repositories/acme/api/permissions-config/users",
            "workspaces/acme/projects/PAY/permissions-config/groups",
        ):
            assert client.get(path, q='permission="read"').status_code == 400
            assert client.get(path, sort="permission").status_code == 400
            assert client.get(path).status_code == 200


def test_where_an_order_is_allowed_is_not_confirmed() -> None:
    with serving(small().workspace, unsortable=frozenset({"2.0/workspaces/{ws}/projects"})) as client:
        assert client.get("workspaces/acme/projects", sort="uuid").status_code == 400
        assert client.get("workspaces/acme/projects").status_code == 200
        assert client.get("repositories/acme", sort="uuid").status_code == 200


def test_partial_answers() -> None:
    with serving(crowded(120).workspace) as client:
        only = client.json(MEMBERS, fields="values.user.uuid,values.user.nickname,next")
        assert only.keys() == {"values", "next"}
        assert only["values"][0].keys() == {"user"}
        assert only["values"][0]["user"].keys() == {"uuid", "nickname"}
        forgotten = client.json(MEMBERS, fields="values.user.uuid")
        assert forgotten.keys() == {"values"}
        assert "email" not in client.json(MEMBERS, fields="+values.user.email")["values"][0]["user"]


def ask_for(client: Client, *addresses: str, fields: str = "+values.user.email") -> JSON:
    quoted = ",".join(f'"{address}"' for address in addresses)
    return client.get(MEMBERS, q=f"user.email IN ({quoted})", fields=fields)


def test_addresses_are_confirmed_and_never_listed() -> None:
    world = crowded(120)
    with serving(world.workspace) as client:
        answer = ask_for(client, "DEE@example.com", "user007@example.com", "otto@example.com", "nobody@example.com")
        found = {row["user"]["nickname"]: row["user"]["email"] for row in answer.json()["values"]}
        assert found == {"dee": "dee@example.com", "user007": "user007@example.com"}
        assert "email" not in ask_for(client, "dee@example.com", fields="").text
        assert "example.com" not in client.get(MEMBERS, fields="+values.user.email").text
        named = ask_for(client, "dee@example.com", fields="values.user.email,values.user.account_id").json()
        assert named["values"] == [{"user": {"account_id": world.dev.account_id, "email": "dee@example.com"}}]


def test_a_plus_that_was_not_encoded_is_a_blank_and_names_one_field() -> None:
    with serving(small().workspace) as client:
        url = f'{client.server.base_url}/2.0/{MEMBERS}?q=user.email IN ("dee@example.com")&fields=+values.user.email'
        answer = client.session.get(url, timeout=30).json()
    assert answer == {"values": [{"user": {"email": "dee@example.com"}}]}


def test_ninety_addresses_at_a_time() -> None:
    addresses = [f"user{number:03}@example.com" for number in range(91)]
    with serving(crowded(120).workspace) as client:
        assert len(ask_for(client, *addresses[:90]).json()["values"]) == 50
        assert (
            len(client.rows(MEMBERS, q=f"user.email IN ({','.join(map(repr, addresses[:90]))})".replace("'", '"')))
            == 90
        )
        assert message_of(ask_for(client, *addresses)) == (400, "Cannot query more than 90 email addresses")
        with Client(client.server, "dee@example.com", "dee-token") as member:
            assert message_of(ask_for(member, "ada@example.com")) == (403, "Forbidden")

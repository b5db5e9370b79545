"""The search of the page, and what it shows of one thing."""

from __future__ import annotations

from connector.graph.access import Access
from connector.graph.payload import load
from tests.graph.payloads import Json, payload
from tests.review.report.browser import ARROW_DOWN, ENTER, ESCAPE
from tests.review.report.conftest import Open


def test_the_search_finds_by_any_name_and_explains(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "nadia")
    window.wait("document.getElementById('found').textContent === '1 found'")
    window.press(ENTER)
    window.wait("document.getElementById('detail-title')?.textContent === 'Nadia Farouk'")
    detail = window.text("#detail")
    assert "inactive" in detail
    assert "PROJECT_WRITE on PAY" in detail
    window.click("#detail .unfold summary")
    window.wait("document.querySelector('#detail .unfolded').hasChildNodes()")
    assert "PROJECT_WRITE on PAY" in window.text("#detail .unfolded")


def test_a_search_without_result_suggests_what_is_similar_and_clears_what_was_shown(show: Open, demo: Json) -> None:
    window = show(demo)
    window.go("#user/nadia.farouk", "Nadia Farouk")
    window.type("#search", "payements")
    window.wait("document.getElementById('found').textContent.startsWith('Nothing found. Did you mean')")
    assert "PAY\nPayments" in window.items("#results li")
    assert window.text("#detail").startswith("Choose a person")
    assert window.run("return location.hash") == ""
    window.run("document.getElementById('search').select()")
    window.type("#search", "qqqqqq")
    window.wait("document.getElementById('found').textContent === 'Nothing found.'")
    assert window.items("#results li") == []


def test_a_search_among_one_kind_says_what_other_kinds_have(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "payments")
    # Until the results are there, the page moves under the pointer.
    window.wait("document.getElementById('found').textContent === '4 found'")
    window.click("#kinds [data-value=g]")
    window.wait("document.querySelector('#kinds [data-value=g]').getAttribute('aria-pressed') === 'true'")
    assert sorted(window.items("#results .name")) == ["payments-developers", "payments-leads"]
    window.run("document.getElementById('search').select()")
    window.type("#search", "ledger")
    window.wait("document.getElementById('found').textContent === 'Nothing found; 2 of other kinds.'")
    window.click("#results .more")
    window.wait("document.getElementById('found').textContent === '2 found'")


def test_the_search_is_used_with_the_keyboard(show: Open, demo: Json) -> None:
    window = show(demo)
    window.press("/")
    assert window.run("return document.activeElement.id") == "search"
    window.press(*"ledger")
    window.wait("document.getElementById('found').textContent.startsWith('2 found')")
    window.press(ARROW_DOWN, ARROW_DOWN, ENTER)
    window.wait("document.activeElement.id === 'detail-title'")
    window.run("document.getElementById('search').focus()")
    window.press(ESCAPE)
    assert window.run("return document.getElementById('search').value") == ""


def test_a_repository_tells_who_reaches_it_and_why(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "pay/ledger")
    window.wait("document.getElementById('found').textContent === '1 found'")
    window.press(ENTER)
    window.wait("document.getElementById('detail-title')?.textContent === 'PAY/ledger'")
    export = load(demo)
    [ledger] = [item for item in export.resources if item.properties.get("slug") == "ledger"]
    reached = [who for who in Access(export).holders(ledger) if who not in export.groups]
    assert f"can read {len(reached)}" in window.text("#detail .choices")
    window.type("#detail .long-list > input[aria-label='Filter people']", "ext.adams")
    window.click("#detail .unfold summary")
    window.wait("document.querySelector('#detail .unfolded').hasChildNodes()")
    why = window.text("#detail .unfolded")
    assert "REPO_WRITE on PAY/ledger" in why
    assert "contractors → REPO_READ on PAY/ledger" in why


def test_long_lists_open_and_filter(show: Open) -> None:
    people = [{"id": f"x{number}", "name": f"Person {number:03}", "groups": ["staff"]} for number in range(130)]
    window = show(payload(users=tuple(people), groups=({"id": "staff", "name": "staff"},)))
    window.go("#group/staff", "staff")
    assert len(window.items("#detail .long li")) == 12
    window.click("#detail .more")
    assert len(window.items("#detail .long li")) == 112
    window.type("#detail .long-list > input", "person 12")
    assert len(window.items("#detail .long li")) == 10


def test_reasons_are_in_words(show: Open, demo: Json) -> None:
    window = show(demo)
    window.go("#i0", "Amara Okafor")
    reasons = [" ".join(line.split()) for line in window.items("#detail .way")]
    assert "admin PROJECT_ADMIN on ~AMARA.OKAFOR, as its owner" in reasons
    assert "write payments-developers → PROJECT_WRITE on PAY" in reasons
    assert "read default permission of DATA (PROJECT_READ)" in reasons
    assert any(reason.startswith("read public: ") for reason in reasons)
    assert "other global LICENSED_USER via bitbucket-users" in reasons


def test_links_name_things_as_people_do_and_work_in_the_next_page(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "pay/ledger")
    window.wait("document.getElementById('found').textContent === '1 found'")
    window.press(ENTER)
    window.wait("location.hash === '#repository/PAY/ledger'")
    users = demo["applications"][0]["local_users"]
    tomorrow = demo | {"applications": [demo["applications"][0] | {"local_users": [*reversed(users)]}]}
    again = show(tomorrow)
    again.go("#repository/PAY/ledger", "PAY/ledger")
    again.go("#user/nadia.farouk", "Nadia Farouk")


_ADDRESSES = "return [...document.querySelectorAll('#results a')].map((one) => one.getAttribute('href'))"


def test_any_name_makes_a_link_that_leads_to_it(show: Open) -> None:
    names = ["a/b", "ä ö", "100%", "#x", "\ud83d", "?", "..", "__proto__"]
    people = [
        {"id": f"u{number}", "name": f"Person {number}", "custom_properties": {"username": name}}
        for number, name in enumerate(names)
    ]
    window = show(payload(users=tuple(people)))
    addresses = window.run(_ADDRESSES)
    assert len(addresses) == len(names)
    for number, address in enumerate(addresses):
        assert address.startswith("#user/")
        window.go(address, f"Person {number}")


def test_namesakes_are_linked_by_number(show: Open) -> None:
    window = show(payload(users=({"id": "7", "name": "Alex"}, {"id": "8", "name": "Alex"}, {"id": "9", "name": "Kim"})))
    assert window.run(_ADDRESSES) == ["#i0", "#i1", "#user/Kim"]


def test_a_link_leads_to_a_finding_or_says_that_its_person_is_gone(show: Open, demo: Json) -> None:
    window = show(demo)
    window.go("#user/somebody", "This page has nothing that is called somebody: it may have been renamed or removed.")
    window.run("location.hash = '#finding/granted-twice'")
    window.wait("Math.abs(document.getElementById('finding/granted-twice').getBoundingClientRect().top) < 200")

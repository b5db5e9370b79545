"""The page in a real browser: it shows, finds, filters and explains, asks for nothing, runs nothing of an export."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER, sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.payload import load
from connector.review.report.data import data
from connector.review.report.page import page
from connector.review.text.names import clean
from connector.sources.datacenter import Credentials
from tests.exporting import payload_of, snapshot_of
from tests.graph.payloads import PERMISSIONS, Json, holds, on, payload, resource, role_on
from tests.review.report.browser import MISSING, Browser, browser

pytestmark = pytest.mark.skipif(MISSING is not None, reason=MISSING or "chromium is there")

Open = Callable[..., Browser]

ARROW_DOWN, ARROW_RIGHT, ENTER, ESCAPE = "\ue015", "\ue014", "\ue007", "\ue00c"

NONE = "\N{EN DASH}"

_ASKED_FOR = "Network.requestWillBeSent"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def demo() -> Json:
    with EmbeddedBitbucket(sample_organisation()) as server:
        return payload_of(snapshot_of(server.base_url, Credentials(DEMO_PASSWORD, DEMO_USER)))


@pytest.fixture
def show(window: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a payload; at the end, see that it complained about nothing and asked for nothing."""
    file = tmp_path / "access.html"

    def do(document: Json, baseline: Json | None = None) -> Browser:
        file.write_text(page(load(document), load(baseline) if baseline else None), encoding="utf-8")
        window.log("browser"), window.log("performance")
        window.resize(1280, 1000)
        window.prefer("light")
        window.open(file.as_uri())
        return window

    yield do
    assert [entry["message"] for entry in window.log("browser")] == []
    assert _requests(window) <= {file.as_uri(), "data:,", "about:blank"}


def _requests(window: Browser) -> set[str]:
    found = set()
    for entry in window.log("performance"):
        if f'"{_ASKED_FOR}"' in entry["message"]:
            address = entry["message"].split('"url":"')[1].split('"')[0]
            found.add(address.partition("#")[0])
    # The browser's own first page may still be loading.
    return {address for address in found if not address.startswith("chrome://")}


def _items(window: Browser, selector: str) -> list[str]:
    return list(window.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)", selector))


def test_what_matters_most_can_be_read_at_once(show: Open, demo: Json) -> None:
    window = show(demo)
    figures = [line.split("\n")[:2] for line in _items(window, "#figures li")]
    assert ["60", "users"] in figures
    assert ["10", "administrators"] in figures
    assert _items(window, ".urgency")[0] == "Look at these first"
    first = window.text(".finding")
    assert "Readable without signing in" in first
    assert "PAY/payments-docs" in first


def test_what_was_not_collected_is_said_before_anything_else(show: Open, demo: Json) -> None:
    application = demo["applications"][0]
    properties = application["custom_properties"] | {"is_complete": False, "not_collected": ["project PAY: <groups>"]}
    window = show(demo | {"applications": [application | {"custom_properties": properties}]})
    assert "project PAY: <groups>" in window.text("#missing")
    assert window.run(
        "return document.getElementById('missing').getBoundingClientRect().top"
        " < document.getElementById('figures').getBoundingClientRect().top"
    )


def test_a_whole_export_does_not_cry_wolf(show: Open, demo: Json) -> None:
    assert show(demo).run("return document.getElementById('missing').hidden")


def test_the_search_finds_by_any_name_and_explains(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "nadia")
    window.wait("document.getElementById('found').textContent === '1 found'")
    window.press(ENTER)
    window.wait("document.getElementById('detail-title')?.textContent === 'Nadia Farouk'")
    detail = window.text("#detail")
    assert "switched off" in detail
    assert "PROJECT_WRITE on PAY" in detail
    window.click("#detail .unfold summary")
    window.wait("document.querySelector('#detail .unfolded')")
    assert "PROJECT_WRITE on PAY" in window.text("#detail .unfolded")


def test_the_search_tells_when_there_is_nothing(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "no such thing")
    window.wait("document.getElementById('found').textContent === '0 found'")
    assert _items(window, "#results li") == []


def test_the_search_looks_for_one_kind_only(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#search", "payments")
    window.click("#kinds [data-kind=g]")
    window.wait("document.querySelector('#kinds [data-kind=g]').getAttribute('aria-pressed') === 'true'")
    assert sorted(_items(window, "#results .name")) == ["payments-developers", "payments-leads"]


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
    window.wait("document.querySelector('#detail .unfolded')")
    why = window.text("#detail .unfolded")
    assert "REPO_WRITE on PAY/ledger" in why
    assert "contractors → REPO_READ on PAY/ledger" in why


def test_a_finding_leads_to_what_it_is_about(show: Open, demo: Json) -> None:
    window = show(demo)
    window.click(".finding .place a")
    window.wait("document.getElementById('detail-title')?.textContent === 'OSS'")


def test_long_lists_open_and_filter(show: Open) -> None:
    people = [{"id": f"x{number}", "name": f"Person {number:03}", "groups": ["staff"]} for number in range(130)]
    window = show(payload(users=tuple(people), groups=({"id": "staff", "name": "staff"},)))
    window.run("location.hash = '#i130'")
    window.wait("document.getElementById('detail-title')?.textContent === 'staff'")
    assert len(_items(window, "#detail .long li")) == 12
    window.click("#detail .more")
    assert len(_items(window, "#detail .long li")) == 112
    window.type("#detail .long-list > input", "person 12")
    assert len(_items(window, "#detail .long li")) == 10


def test_the_picture_filters_rows_columns_and_levels(show: Open, demo: Json) -> None:
    window = show(demo)
    assert window.text("#picture-caption").startswith("15 rows and 7 projects of 9")
    window.click("#filter-personal")
    assert "9 projects" in window.text("#picture-caption")
    window.type("#filter-rows", "payments")
    assert window.text("#picture-caption").startswith("2 rows")
    window.click("#least [data-level='3']")
    assert window.text("#picture-caption").startswith("1 row ")
    window.type("#filter-columns", "pay")
    assert "1 project " in window.text("#picture-caption")


def test_the_picture_is_walked_with_the_keyboard(show: Open, demo: Json) -> None:
    window = show(demo)
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_RIGHT, ARROW_RIGHT, ARROW_DOWN)
    status = window.text("#picture-status")
    assert status.startswith("Everyone, signed in or not on ")
    window.press(ENTER)
    assert window.run("return document.getElementById('explained').contains(document.activeElement)")
    window.click("#explained .close")
    assert window.run("return document.activeElement.id") == "picture"
    width = "return document.getElementById('picture-size').offsetWidth"
    before = window.run(width)
    window.press("+")
    assert window.run(width) > before


def test_a_square_of_the_picture_says_where_it_comes_from(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#filter-rows", "payments-dev")
    window.type("#filter-columns", "PAY")
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_DOWN, ENTER)
    assert window.text("#explained").split("\n")[1:] == [
        "payments-developers on PAY: write",
        "write",
        "payments-developers → PROJECT_WRITE on PAY",
    ]


def test_single_users_in_the_picture_are_told_by_name(show: Open, demo: Json) -> None:
    window = show(demo)
    window.type("#filter-rows", "single")
    window.type("#filter-columns", "OLD_PLAT")
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_DOWN, ENTER)
    assert "Walter Krüger → PROJECT_ADMIN on OLD_PLAT" in window.text("#explained")


def test_reasons_are_told_in_words(show: Open, demo: Json) -> None:
    window = show(demo)
    window.run("location.hash = '#i0'")
    window.wait("document.getElementById('detail-title')?.textContent === 'Amara Okafor'")
    reasons = [" ".join(line.split()) for line in _items(window, "#detail .way")]
    assert "admin PROJECT_ADMIN on ~AMARA.OKAFOR, as its owner" in reasons
    assert "write payments-developers → PROJECT_WRITE on PAY" in reasons
    assert "read default permission of DATA (PROJECT_READ)" in reasons
    assert any(reason.startswith("read public: ") for reason in reasons)
    assert "other global LICENSED_USER via bitbucket-users" in reasons


def test_the_picture_has_a_table_that_says_the_same(show: Open, demo: Json) -> None:
    window = show(demo)
    window.click("#as-table summary")
    window.wait("document.querySelector('#table tbody')")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in _items(window, "#table tbody tr")}
    assert rows["platform-engineers"] == ["everywhere", NONE, NONE]
    assert [cell.strip() for cell in rows["contractors"]] == [
        NONE,
        "DATA (some repositories)",
        "PAY (some repositories)",
    ]


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


def test_dark_and_light_follow_the_system_and_the_button(show: Open, demo: Json) -> None:
    window = show(demo)
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = window.run(colour)
    window.prefer("dark")
    dark = window.run(colour)
    assert dark != light
    window.click("#theme")
    assert window.run(colour) == light


@pytest.mark.parametrize("width", [420, 800, 1900])
def test_nothing_sticks_out_sideways(show: Open, demo: Json, width: int) -> None:
    window = show(demo)
    window.resize(width, 900)
    window.run("location.hash = '#i1'")
    window.wait("document.getElementById('detail-title')")
    assert window.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_whatever_can_be_used_has_a_name(show: Open, demo: Json) -> None:
    window = show(demo)
    window.run("location.hash = '#i1'")
    window.wait("document.getElementById('detail-title')")
    nameless = window.run("""
        const named = (one) => one.innerText.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.innerText;
        return [...document.querySelectorAll('a, button, input, summary, [tabindex="0"]')]
            .filter((one) => one.offsetParent && !named(one) && !one.getAttribute('aria-labelledby'))
            .map((one) => one.outerHTML);""")
    assert nameless == []


def test_what_changed_is_told(show: Open, demo: Json) -> None:
    grants = [
        entry | {"application_permissions": entry["application_permissions"][1:]}
        if entry["identity"] == "payments-developers"
        else entry
        for entry in demo["identity_to_permissions"]
    ]
    window = show(demo, demo | {"identity_to_permissions": grants})
    assert "gained write on PAY" in window.text("#changes")


def test_without_a_baseline_nothing_is_said_of_changes(show: Open, demo: Json) -> None:
    assert show(demo).run("return document.getElementById('changed').hidden")


def test_an_empty_export_has_a_page_too(show: Open) -> None:
    window = show(payload())
    assert "0\nusers" in window.text("#figures")
    assert "Nothing of what this page looks for was found." in window.text("#findings")


_HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg/onload=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    '"><script>window.pwned=1</script>',
    "' onmouseover='window.pwned=1",
    "javascript:window.pwned=1",
    "<!--<script>",
    "--><script>window.pwned=1</script>",
    "]]><script>window.pwned=1</script>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "$data $title ${script} $$",
    "`;window.pwned=1;//",
    "\\u003cscript\\u003ewindow.pwned=1\\u003c/script\\u003e",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "<style>*{display:none}</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><input name=x id=search>",
    "<a id=data href=data:text/html,x>x</a>",
    "<math><mtext></p><img src=x onerror=window.pwned=1>",
    "\u2028window.pwned=1\u2029",
    "\u202egnp.exe\u202c \u0000 \ud800",
    "__proto__",
    "constructor",
    "toString",
    "A" * 3000,
)


def _hostile_export() -> Json:
    """Put hostile texts wherever an export has a text."""
    count = len(_HOSTILE)
    texts = [(number, text) for number, text in enumerate(_HOSTILE)]
    urls = [
        "javascript:window.pwned=1",
        "data:text/html,<script>1</script>",
        "JaVaScRiPt:alert(1)",
        "https://u:p@evil.example",
        "//evil.example",
    ]
    people = [
        {
            "id": f"u{number}",
            "name": text,
            "email": text,
            "identities": [text],
            "groups": [f"g{number}"],
            "access_creds": [f"c{number}"],
            "custom_properties": {"username": text, text: text},
        }
        for number, text in texts
    ]
    groups = [{"id": f"g{number}", "name": text} for number, text in texts]
    keys = [{"id": f"c{number}", "name": text, "custom_properties": {"kind": text}} for number, text in texts]
    tops = [
        resource(
            text,
            resource(
                text, id="r", kind=text, description=text, custom_properties={"slug": text, "url": urls[number % 5]}
            ),
            id=f"p{number}",
            kind=text,
            description=text,
            custom_properties={"key": text, "url": urls[number % 5], "webhook_hosts": [text]},
        )
        for number, text in texts
    ]
    permissions = [{**PERMISSIONS[number % 6], "name": f"{number} {text}"} for number, text in texts]
    grants = [
        holds(
            f"g{number}",
            on(f"{number} {text}", f"p{number}", f"p{number}.r", f"p{(number + 1) % count}"),
            kind="local_group",
        )
        for number, text in texts
    ]
    single = [holds(f"u{number}", on(f"5 {_HOSTILE[5]}", "p0", "p1.r")) for number in range(3)]
    document = payload(
        *grants,
        *single,
        users=tuple(people),
        groups=tuple(groups),
        credentials=tuple(keys),
        resources=tuple(tops),
        permissions=permissions,
    )
    about = {"base_url": "javascript:window.pwned=1", "version": _HOSTILE[0], "is_complete": False}
    document["applications"][0] |= {
        "application_type": "BitbucketServer",
        "custom_properties": about | {"not_collected": list(_HOSTILE)},
    }
    return document


def test_no_text_of_an_export_is_ever_more_than_text(show: Open) -> None:
    document = _hostile_export()
    window = show(document)
    things = len(_HOSTILE)
    seen = json.loads(
        window.run(
            """
        document.querySelectorAll('details').forEach((one) => (one.open = true));
        const seen = [];
        for (let at = 0; at < 3 * arguments[0]; at++) {
            explorer.open(`i${at}`);
            document.querySelectorAll('#detail details').forEach((one) => (one.open = true));
            seen.push(document.getElementById('detail-title').textContent);
        }
        for (let at = 1; at <= 2 * arguments[0]; at++) {
            explorer.open(`n${at}`);
            document.querySelectorAll('#detail details').forEach((one) => (one.open = true));
        }
        document.querySelectorAll('.more').forEach((one) => one.click());
        return JSON.stringify(seen);""",
            things,
        )
    )
    assert seen[:things] == [clean(text) for text in _HOSTILE]
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_DOWN, ENTER, ARROW_RIGHT, ENTER)
    for text in filter(str.isprintable, _HOSTILE):
        found = window.run(
            "explorer.field.value = arguments[0]; explorer.search(); return explorer.results.innerText", text
        )
        assert found, text
    found = window.run("""
        const bad = [...document.querySelectorAll('a')].filter((one) => !/^(#|https?:)/.test(one.getAttribute('href')));
        const odd = 'script:not(#data):not(:last-of-type), img, svg, iframe, form, base, math, object, body style';
        const names = [...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames());
        return {
            pwned: window.pwned, bad: bad.map((one) => one.outerHTML), scripts: document.scripts.length,
            odd: [...document.querySelectorAll(odd)].map((one) => one.outerHTML),
            handlers: names.filter((name) => name.startsWith('on')),
        };""")
    assert found == {"bad": [], "scripts": 2, "odd": [], "handlers": [], "pwned": None}
    assert not window.dialogue()


def test_the_policy_would_stop_a_script_that_got_in(show: Open, demo: Json, window: Browser) -> None:
    show(demo)
    window.run("""
        const script = document.createElement('script');
        script.textContent = 'window.pwned = 1';
        document.body.append(script);
        const image = '<img src="https://evil.example/x.png" onerror="window.pwned = 2">';
        document.body.insertAdjacentHTML('beforeend', image);
        return fetch('https://evil.example/').catch(() => 'refused');""")
    assert window.run("return window.pwned ?? null") is None
    window.log("performance")
    refusals = [entry["message"] for entry in window.log("browser")]
    assert sum("Content Security Policy" in message for message in refusals) >= 3


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - nothing secret comes of it


def _random_payload(chance: random.Random) -> Json:
    """Make a payload in which groups nest in circles, credentials act for owners or alone, and roles nest."""
    users, groups, keys = [f"u{n}" for n in range(4)], [f"g{n}" for n in range(5)], [f"c{n}" for n in range(3)]
    places = ["p", "p.r", "p.s", "q", "q.t", "q.t.v"]
    names = [item["name"] for item in PERMISSIONS]

    def some(of: list[str], most: int = 2) -> list[str]:
        return chance.sample(of, chance.randint(0, most))

    entries = []
    for kind, who in [("local_user", users), ("local_group", groups), ("local_access_creds", keys)]:
        for one in who:
            if chance.random() < 0.5:
                grants = [on(chance.choice(names), *some(places), application=chance.random() < 0.15) for _ in range(2)]
                roles = (role_on(chance.choice(["r0", "r1"]), *some(places)),) if chance.random() < 0.3 else ()
                entries.append(holds(one, *grants, kind=kind, roles=roles))
    return payload(
        *entries,
        users=tuple({"id": one, "name": one, "groups": some(groups), "access_creds": some(keys)} for one in users),
        groups=tuple({"id": one, "name": one, "groups": some(groups)} for one in groups),
        credentials=tuple({"id": one, "name": one} for one in keys),
        roles=({"name": "r0", "permissions": some(names)}, {"name": "r1", "permissions": some(names), "roles": ["r0"]}),
        resources=(
            resource("p", resource("r"), resource("s")),
            resource("q", resource("t", resource("v"))),
        ),
    )


def _by_python(export: Export) -> list[Any]:
    """Give levels, reasons and holders by `review.access`, in the numbers of the page."""
    access = Access(export)
    numbers = {identity: number for number, identity in enumerate(export.identities)}
    places = {node: number for number, node in enumerate(export.nodes)}
    answers: list[Any] = []
    for who, node in product(export.identities, export.nodes):
        reasons = sorted(
            "{} {} {} {}".format(
                ",".join(str(numbers[step]) for step in path.chain),
                path.grant.permission.name,
                places[path.grant.on],
                ",".join(role.name for role in path.grant.roles),
            )
            for path in access.paths(who, node)
        )
        answers.append([int(access.level(who, node)), reasons])
    holders = (access.holders(node).items() for node in export.nodes)
    return answers + [sorted([numbers[who], int(level)] for who, level in held) for held in holders]


_BY_SCRIPT = """
    const access = new Access(arguments[0]), answers = [];
    for (let who = 0; who < access.count; who++) {
        const levels = access.reach(who);
        for (let node = 0; node < access.depth.length; node++) {
            const reason = ({chain, row, on}) =>
                `${chain} ${row.permission.name} ${on} ${row.roles.map((role) => access.data.roles[role])}`;
            answers.push([levels[node], [...new Set(access.paths(who, node).map(reason))].sort()]);
        }
    }
    for (let node = 0; node < access.depth.length; node++) {
        answers.push([...access.holders(node)].sort((a, b) => a[0] - b[0]));
    }
    return answers;"""


def test_the_page_knows_the_rules_as_the_connector_does(show: Open) -> None:
    window = show(payload())
    for seed in range(30):
        export = load(_random_payload(_chance(seed)))
        assert window.run(_BY_SCRIPT, data(export, [])) == _by_python(export), f"seed {seed}"


def test_what_shares_access_stands_together_in_the_picture(show: Open) -> None:
    chance = _chance(7)
    teams = 6
    places = [f"p{number}" for number in range(60)]
    chance.shuffle(places)
    grants = [
        holds(
            f"g{group}",
            on(
                "tree-writer",
                *(
                    place
                    for place in sorted(places)
                    if int(place[1:]) % teams == group % teams and chance.random() < 0.6
                ),
            ),
            on("tree-reader", chance.choice(places)),
            kind="local_group",
        )
        for group in range(30)
    ]
    export = load(
        payload(
            *grants,
            groups=tuple({"id": f"g{number}", "name": f"g{number}"} for number in range(30)),
            resources=tuple(resource(place) for place in places),
        )
    )
    order = show(payload()).run(
        """
        const matrix = new Matrix(new Access(arguments[0]));
        const columns = matrix.columns.map((at) => matrix.access.label(matrix.tops[at]));
        return [columns, matrix.ordered.map((row) => row.name)];""",
        data(export, []),
    )
    for names in order:
        team = [int(name[1:]) % teams for name in names]
        changes = sum(before != after for before, after in pairwise(team))
        # Thrown together, some five in six neighbours would be of another team.
        assert changes <= len(team) / 3
    assert len(order[0]) == 60
    assert len(order[1]) == 30


def test_two_hundred_groups_and_a_thousand_projects_stay_quick(show: Open) -> None:
    grants = [
        holds(
            f"g{group}", on("tree-writer", *(f"p{(group * 5 + step) % 1000}" for step in range(12))), kind="local_group"
        )
        for group in range(200)
    ]
    window = show(
        payload(
            *grants,
            groups=tuple({"id": f"g{number}", "name": f"group {number}"} for number in range(200)),
            resources=tuple(resource(f"p{number}") for number in range(1000)),
        )
    )
    assert window.text("#picture-caption").startswith("200 rows and 1,000 projects")
    assert window.run("return performance.now()") < 5000
    window.type("#filter-columns", "p99")
    assert "11 projects" in window.text("#picture-caption")


def test_paper_gets_long_lists_and_light_colours(show: Open, demo: Json) -> None:
    window = show(demo)
    window.prefer("dark")
    shown = len(_items(window, "#findings .long li"))
    window.run("dispatchEvent(new Event('beforeprint'))")
    assert len(_items(window, "#findings .long li")) > shown
    assert window.run("return document.documentElement.dataset.theme") == "light"
    window.run("dispatchEvent(new Event('afterprint'))")
    assert window.run("return document.documentElement.dataset.theme ?? null") is None

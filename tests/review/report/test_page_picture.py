"""The picture of access: its filters, its size, its keyboard, and what a square means."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from connector.graph.payload import load
from connector.review.findings.accepted import Reviewed
from connector.review.report.data import data
from tests.graph.payloads import Json, holds, on, payload, resource
from tests.review.report.browser import ARROW_DOWN, ARROW_RIGHT, ENTER, Browser
from tests.review.report.conftest import Open

NONE = "\N{EN DASH}"


def test_the_picture_filters_rows_columns_and_levels(show: Open, demo: Json) -> None:
    window = show(demo)
    assert window.text("#picture-caption").startswith("15 rows with 12 groups, and 7 projects of 9")
    window.click("#filter-personal")
    assert "9 projects" in window.text("#picture-caption")
    window.type("#filter-rows", "payments")
    assert window.text("#picture-caption").startswith("2 rows")
    window.click("#least [data-value='3']")
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


def _explain(window: Browser, rows: str, columns: str) -> str:
    """Filter the picture, and give what it says about its first square."""
    window.run("for (const field of document.querySelectorAll('.tools [type=search]')) field.value = '';")
    window.type("#filter-rows", rows)
    window.type("#filter-columns", columns)
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_DOWN, ENTER)
    return window.text("#explained")


def test_a_square_of_the_picture_says_where_it_comes_from(show: Open, demo: Json) -> None:
    window = show(demo)
    assert _explain(window, "payments-dev", "PAY").split("\n")[1:] == [
        "payments-developers on PAY: write",
        "write",
        "payments-developers → PROJECT_WRITE on PAY",
    ]
    assert "Walter Krüger → PROJECT_ADMIN on OLD_PLAT" in _explain(window, "single", "OLD_PLAT")


def test_the_picture_has_a_table_that_says_the_same(show: Open, demo: Json) -> None:
    window = show(demo)
    window.click("#as-table summary")
    window.wait("document.querySelector('#table tbody')")
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in window.items("#table tbody tr")}
    assert rows["platform-engineers"] == ["everywhere", NONE, NONE]
    assert [cell.strip() for cell in rows["contractors"]] == [
        NONE,
        "DATA (some repositories)",
        "PAY (some repositories)",
    ]


def test_groups_and_projects_with_common_access_stand_together_in_the_picture(show: Open) -> None:
    chance = random.Random(7)  # noqa: S311 - nothing secret comes of it
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
        data(export, Reviewed(())),
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
    assert window.text("#picture-caption").startswith("200 rows with 200 groups, and 1,000 projects")
    assert window.run("return performance.now()") < 5000
    window.type("#filter-columns", "p99")
    assert "11 projects" in window.text("#picture-caption")


def _grid(groups: int, projects: int) -> Json:
    """Make groups of which no two have the same access."""
    places = [[f"p{(7 * group + step) % projects}" for step in range(5 + group // projects)] for group in range(groups)]
    grants = [holds(f"g{group}", on("tree-writer", *on_), kind="local_group") for group, on_ in enumerate(places)]
    return payload(
        *grants,
        groups=tuple({"id": f"g{number}", "name": f"group {number}"} for number in range(groups)),
        resources=tuple(resource(f"p{number}") for number in range(projects)),
    )


def _drawn(window: Browser) -> list[tuple[str, float]]:
    """Give the names that the picture draws, with their heights, when it is drawn again."""
    script = """
        const drawn = [], pen = CanvasRenderingContext2D.prototype, before = pen.fillText;
        pen.fillText = function (text, x, y) { drawn.push([text, y]); before.call(this, text, x, y); };
        document.getElementById('picture').dispatchEvent(new Event('scroll'));
        pen.fillText = before;
        return drawn;"""
    return [(text, height) for text, height in window.run(script)]


@pytest.mark.parametrize("width", [390, 1280])
def test_every_one_of_two_hundred_groups_is_named_at_any_width(show: Open, width: int) -> None:
    window = show(_grid(200, 97))
    window.pretend(width, 900)
    window.click("#zoom-names")
    assert window.text("#picture-caption") == "200 rows with 200 groups, and 97 projects. Scroll to see all of it."
    rows = [height for text, height in _drawn(window) if text.startswith("group ")]
    steps = {after - before for before, after in pairwise(rows)}
    assert len(rows) >= 15
    assert len(steps) == 1
    assert min(steps) >= 13
    assert len([text for text, _ in _drawn(window) if text.startswith("p")]) >= 8
    assert window.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_all_of_it_at_once_says_that_names_are_left_out(show: Open) -> None:
    window = show(_grid(200, 97))
    window.click("#zoom-fit")
    assert window.text("#picture-caption").endswith("There is no room for every name: choose “names”.")
    rows = [height for text, height in _drawn(window) if text.startswith("group ")]
    assert min(after - before for before, after in pairwise(rows)) >= 13


def test_a_square_is_tapped_on_a_small_screen(show: Open) -> None:
    window = show(_grid(200, 97))
    window.pretend(390, 844)
    window.click("#zoom-names")
    window.run("""
        const picture = document.getElementById('picture');
        picture.scrollIntoView({block: 'center', behavior: 'instant'});
        const box = document.getElementById('picture-canvas').getBoundingClientRect();
        const at = {clientX: box.left + 118, clientY: box.top + 104, bubbles: true};
        picture.dispatchEvent(new MouseEvent('click', at));""")
    assert " on p" in window.text("#explained h3")


def test_groups_with_the_same_access_are_one_row_until_they_are_unfolded(show: Open) -> None:
    names = [f"g{number}" for number in range(6)]
    grants = [holds(name, on("tree-writer", "p"), kind="local_group") for name in names[:4]]
    grants += [holds(name, on("reader", "q"), kind="local_group") for name in names[4:]]
    window = show(
        payload(
            *grants,
            groups=tuple({"id": name, "name": name} for name in names),
            resources=(resource("p"), resource("q")),
        )
    )
    assert window.text("#picture-caption") == "2 rows with 6 groups, and 2 projects."
    window.run("document.getElementById('picture').focus()")
    window.press(ARROW_DOWN, ENTER)
    assert window.text("#explained h3") == "g0 and 3 more on p: write"
    assert window.items("#explained summary") == ["g0", "g1", "g2", "g3"]
    window.click("#explained summary")
    window.wait("document.querySelector('#explained .way')")
    assert "g0 → tree-writer on p" in window.text("#explained")
    window.click("#filter-fold")
    assert window.text("#picture-caption") == "6 rows with 6 groups, and 2 projects."
    window.type("#filter-columns", "q")
    assert window.text("#picture-caption").startswith("2 rows with 2 groups, and 1 project of 2")

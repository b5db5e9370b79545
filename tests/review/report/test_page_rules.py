"""The rules of access in the page, compared with those of the connector on random exports."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

from connector.graph.access import Access
from connector.graph.export import Export
from connector.graph.payload import load
from connector.review.findings.accepted import Reviewed
from connector.review.report.data import data
from connector.text import clean
from tests.graph.payloads import PERMISSIONS, Json, holds, on, payload, resource, role_on
from tests.review.report.conftest import Open


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
        assert window.run(_BY_SCRIPT, data(export, Reviewed(()))) == _by_python(export), f"seed {seed}"


def test_the_page_shows_harmful_characters_as_the_connector_does(show: Open) -> None:
    window = show(payload())
    # One text for each block of characters: there are too many for one each.
    blocks = [range(start, start + 0x400) for start in (*range(0, 0x10000, 0x400), *range(0xE0000, 0xE1400, 0x400))]
    script = """
        const letters = (start) => Array.from({length: 0x400}, (_, at) => String.fromCodePoint(start + at));
        return arguments[0].map((start) => visible(letters(start).join('|')));"""
    shown = window.run(script, [block.start for block in blocks])
    for block, text in zip(blocks, shown, strict=True):
        assert text == clean("|".join(map(chr, block))), hex(block.start)

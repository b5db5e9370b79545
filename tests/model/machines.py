"""Random keys, tokens, webhooks and branch restrictions for an organisation that was drawn before."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from connector.embedded.common.credentials import public_key
from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
from connector.embedded.datacenter.organisation import Organisation
from tests.choices import Choices, choices

_LABELS = ("deploy", "Ünïcode ☕", 'a "b" <c>', "", "x" * 300)
_TEXTS = (None, "", "ssh-rsa abc", "ssh-rsa fasdfadsfdsf test213", "no key")
_TIMES = (None, 1_500_000_000_000, 4_000_000_000_000)
_PAIRS = (
    ["PROJECT_READ", "REPO_READ"],
    ["PROJECT_WRITE", "REPO_WRITE"],
    ["REPO_ADMIN", "PROJECT_WRITE"],
    ["REPO_ADMIN", "PROJECT_ADMIN"],
    ["PROJECT_READ", "REPO_ADMIN"],
    ["REPO_READ"],
    ["REPO_WRITE"],
    ["PROJECT_WRITE"],
)
_TYPES = ("read-only", "pull-request-only", "fast-forward-only", "no-deletes", "no-creates")
_MAIN, _RELEASE = "refs/heads/main", "refs/heads/release/1"
APPLIES_TO = {
    ("BRANCH", _MAIN): {_MAIN},
    ("BRANCH", "refs/heads/other"): set(),
    ("PATTERN", "*"): {_MAIN, _RELEASE},
    ("PATTERN", "release/"): {_RELEASE},
    ("MODEL_BRANCH", "development"): {_MAIN, _RELEASE},
    ("MODEL_BRANCH", "production"): set(),
    ("MODEL_CATEGORY", "RELEASE"): {_RELEASE},
    ("ANY_REF", "ANY_REF_MATCHER_ID"): {_MAIN, _RELEASE},
}
"""By matcher, to which of the default branches that are drawn it applies; each is its development branch."""
HOSTS = {
    "https://ci.example.com/hook?token=PLANTED-SECRET": "ci.example.com",
    "http://PLANTED-SECRET:PLANTED-SECRET@Build.example.com:8080/PLANTED-SECRET": "build.example.com",
    "https://[2001:db8::1]/x": "2001:db8::1",
    "https://[broken/PLANTED-SECRET": None,
    "PLANTED-SECRET": None,
}
"""The addresses of webhooks, and their hosts."""


def add_machines(draw: st.DrawFn, organisation: Organisation) -> None:
    """Add a few of each, to places and people that are there."""
    choose = draw(choices(200))
    projects = sorted(number for number, project in organisation.projects.items() if project.owner_id is None)
    repositories = sorted(organisation.repositories)
    people = sorted(
        number for number, account in organisation.accounts.items() if account.listed and account.type == "NORMAL"
    )

    def place() -> dict[str, Any]:
        if choose.yes():
            return {"repository_id": choose.one(repositories)}
        return {"project_id": choose.one(projects)}

    organisation.access_keys_enabled = organisation.ssh_enabled = True
    organisation.keys = [
        _key(choose, number * 7 + 1, projects, repositories, people) for number in range(choose.number(0, 5))
    ]
    organisation.http_tokens = [
        HttpToken(
            str(898_123_953_680 + number),
            choose.one(_LABELS),
            choose.one(_PAIRS),
            created=1_400_000_000_000,
            expires=choose.one(_TIMES),
            **({"owner_id": choose.one(people)} if choose.yes() else place()),
        )
        for number in range(choose.number(0, 5))
    ]
    organisation.webhooks = [
        Webhook(number, "hook", choose.one(sorted(HOSTS)), secret="PLANTED-SECRET", **place())
        for number in range(1, 1 + choose.number(0, 4))
    ]
    organisation.restrictions = [
        _restriction(choose, number, people, place()) for number in range(1, 1 + choose.number(0, 5))
    ]
    for repository in organisation.repositories.values():
        repository.default_branch = choose.one([_MAIN, _RELEASE, None])


def _restriction(choose: Choices, number: int, people: list[int], place: dict[str, Any]) -> Restriction:
    kind, matcher = choose.one(sorted(APPLIES_TO))
    return Restriction(number, choose.one(_TYPES), matcher, kind, users=choose.some(people, 2), **place)


def _key(choose: Choices, number: int, projects: list[int], repositories: list[int], people: list[int]) -> SshKey:
    text = choose.one(_TEXTS)
    key = SshKey(
        number,
        choose.one(_LABELS),
        public_key(f"PLANTED-SECRET {number}") if text is None else f"{text} PLANTED-SECRET",
        created=choose.one(_TIMES),
        expiry_days=choose.one([None, 30, 40_000]),
    )
    if choose.yes():
        key.owner_id = choose.one(people)
        return key
    levels = ("READ", "WRITE")
    key.projects = {at: f"PROJECT_{choose.one(levels)}" for at in choose.some(projects, 2)}
    key.repositories = {at: f"REPO_{choose.one(levels)}" for at in choose.some(repositories, 2)}
    return key

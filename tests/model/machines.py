"""Random keys, tokens, webhooks and branch restrictions for an organisation that was drawn before."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from connector.embedded.common.ssh_keys import public_key
from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
from connector.embedded.datacenter.organisation import Organisation

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
    projects = sorted(number for number, project in organisation.projects.items() if project.owner_id is None)
    repositories = sorted(organisation.repositories)
    people = sorted(
        number for number, account in organisation.accounts.items() if account.listed and account.type == "NORMAL"
    )
    places: st.SearchStrategy[dict[str, Any]] = st.one_of(
        st.sampled_from(projects).map(lambda number: {"project_id": number}),
        st.sampled_from(repositories).map(lambda number: {"repository_id": number}),
    )
    owners: st.SearchStrategy[dict[str, Any]] = st.sampled_from(people).map(lambda number: {"owner_id": number})
    organisation.access_keys_enabled = organisation.ssh_enabled = True
    for number in range(draw(st.integers(0, 5))):
        organisation.keys.append(draw(_key(number * 7 + 1, projects, repositories, people)))
    for number in range(draw(st.integers(0, 5))):
        organisation.http_tokens.append(
            HttpToken(
                str(898_123_953_680 + number),
                draw(st.sampled_from(_LABELS)),
                draw(st.sampled_from(_PAIRS)),
                created=1_400_000_000_000,
                expires=draw(st.sampled_from(_TIMES)),
                **draw(st.one_of(places, owners)),
            )
        )
    for number in range(draw(st.integers(0, 4))):
        hook = Webhook(
            number + 1, "hook", draw(st.sampled_from(sorted(HOSTS))), secret="PLANTED-SECRET", **draw(places)
        )
        organisation.webhooks.append(hook)
    for number in range(draw(st.integers(0, 5))):
        kind, matcher = draw(st.sampled_from(sorted(APPLIES_TO)))
        organisation.restrictions.append(
            Restriction(
                number + 1,
                draw(st.sampled_from(_TYPES)),
                matcher,
                kind,
                users=draw(st.lists(st.sampled_from(people), max_size=2, unique=True)),
                **draw(places),
            )
        )
    for repository in organisation.repositories.values():
        repository.default_branch = draw(st.sampled_from([_MAIN, _RELEASE, None]))


@st.composite
def _key(draw: st.DrawFn, number: int, projects: list[int], repositories: list[int], people: list[int]) -> SshKey:
    text = draw(st.sampled_from(_TEXTS))
    key = SshKey(
        number,
        draw(st.sampled_from(_LABELS)),
        public_key(f"PLANTED-SECRET {number}") if text is None else f"{text} PLANTED-SECRET",
        created=draw(st.sampled_from(_TIMES)),
        expiry_days=draw(st.sampled_from([None, 30, 40_000])),
    )
    if draw(st.booleans()):
        key.owner_id = draw(st.sampled_from(people))
        return key
    levels = st.sampled_from(["READ", "WRITE"])
    key.projects = {at: f"PROJECT_{level}" for at, level in draw(_few(projects, levels)).items()}
    key.repositories = {at: f"REPO_{level}" for at, level in draw(_few(repositories, levels)).items()}
    return key


def _few(ids: list[int], levels: st.SearchStrategy[str]) -> st.SearchStrategy[dict[int, str]]:
    return st.dictionaries(st.sampled_from(ids), levels, max_size=2)

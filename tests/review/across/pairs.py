"""Random pairs: an organisation before and after a migration, with whatever can go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.choices import Choices, choices
from tests.review.across.organisations import CLOUD, EVERYTHING, GROUP, PERSON, SERVER, Organisation, Person, Repository

_PEOPLE = ("ann", "bob", "cid", "jörg")
_GROUPS = ("dev", "ops", "Release Managers")
_PROJECTS = ("PAY", "OPS", "~ann")
_SLUGS = ("api", "web", "docs")
_WORDS = {
    "everything": ("admin",),
    "project": ("read", "write", "create", "admin"),
    "repository": ("read", "write", "admin"),
}


def _address(chosen: Choices, username: str) -> str | None:
    """Choose an own address mostly, in one spelling or another; none; one that is shared, or is a user name, too."""
    own = [f"{username}@example.com", f"{username.title()}@EXAMPLE.com", f"{username}@example.com "]
    decomposed = own[0].replace("ö", "o\N{COMBINING DIAERESIS}")
    return chosen.one([*own, own[0], own[0], decomposed, None, "team@example.com", "bob@example.com"])


def _organisation(people: Choices, places: Choices, grants: Choices) -> Organisation:
    """Make a few people, groups in each other, projects, repositories, and grants of every kind."""
    made = Organisation()
    for name in _GROUPS:
        made.group(name, *people.some(_GROUPS, 1))
    for username in people.some(_PEOPLE, 4, least=2):
        _add_person(people, made, username)
    for key in places.some(_PROJECTS, 3, least=2):
        default = places.one(("", "", "read", "write", "create"))
        made.project(key, *places.some(_SLUGS, 2, least=1), default="" if key.startswith("~") else default)
    for name in places.some(sorted(made.repositories), 1):
        made.repositories[name].is_public = True
    for _ in range(grants.number(2, 8)):
        _gain_grant(grants, made)
    return made


def _add_person(chosen: Choices, made: Organisation, username: str) -> None:
    active = chosen.one((True, True, True, None, False))
    licensed = chosen.one((True, True, True, False)) and active is not False
    name, address = chosen.one(("Ann Example", "Somebody")), _address(chosen, username)
    groups = set(chosen.some(sorted(made.groups), 2))
    made.people[username] = Person(username, address, name, groups, is_active=active, is_licensed=licensed)


def _gain_grant(chosen: Choices, made: Organisation) -> None:
    kind = chosen.one((PERSON, GROUP, GROUP))
    holder = chosen.one(sorted(made.people if kind == PERSON else made.groups))
    places = {"everything": [EVERYTHING], "project": list(made.projects), "repository": list(made.repositories)}
    what = chosen.one([what for what, some in places.items() if some])
    made.grants.add((kind, holder, chosen.one(_WORDS[what]), chosen.one(places[what])))


def _lose_grant(chosen: Choices, made: Organisation) -> None:
    if made.grants:
        made.grants.remove(chosen.one(sorted(made.grants)))


def _change_member(chosen: Choices, made: Organisation) -> None:
    made.people[chosen.one(sorted(made.people))].groups = set(chosen.some(sorted(made.groups), 2))


def _change_person(chosen: Choices, made: Organisation) -> None:
    """Give somebody another address, another state, or both."""
    one = made.people[chosen.one(sorted(made.people))]
    one.email = _address(chosen, one.username)
    one.is_active = chosen.one((True, False, None))


def _change_people(chosen: Choices, made: Organisation) -> None:
    """Let somebody leave, or come: a second account of the same person, perhaps."""
    if len(made.people) > 1 and chosen.yes():
        gone = chosen.one(sorted(made.people))
        del made.people[gone]
        made.grants = {grant for grant in made.grants if grant[:2] != (PERSON, gone)}
    else:
        _add_person(chosen, made, chosen.one((*_PEOPLE, "bob@example.com")))


def _rename_group(chosen: Choices, made: Organisation) -> None:
    old = chosen.one(sorted(made.groups))
    new = f"{old} renamed"

    def renamed(names: set[str]) -> set[str]:
        return {new if name == old else name for name in names}

    made.groups = {new if name == old else name: renamed(parents) for name, parents in made.groups.items()}
    for person in made.people.values():
        person.groups = renamed(person.groups)
    made.grants = {
        (kind, new if (kind, holder) == (GROUP, old) else holder, word, place)
        for kind, holder, word, place in made.grants
    }


def _move_repository(chosen: Choices, made: Organisation) -> None:
    if not made.repositories:
        return
    old = chosen.one(sorted(made.repositories))
    one = made.repositories[old]
    new = f"{chosen.one(sorted(made.projects))}/{one.slug}"
    if new in made.repositories:
        return
    moved = Repository(new.split("/", maxsplit=1)[0], one.slug, one.is_public)
    made.repositories = {
        new if name == old else name: moved if name == old else each for name, each in made.repositories.items()
    }
    made.grants = {(kind, holder, word, new if place == old else place) for kind, holder, word, place in made.grants}


def _change_repositories(chosen: Choices, made: Organisation) -> None:
    """Leave a repository behind, or switch whether it is public."""
    if not made.repositories:
        return
    name = chosen.one(sorted(made.repositories))
    if chosen.yes():
        made.repositories[name].is_public = not made.repositories[name].is_public
    else:
        del made.repositories[name]
        made.grants = {grant for grant in made.grants if grant[3] != name}


_CHANGES: tuple[Callable[[Choices, Organisation], None], ...] = (
    _lose_grant,
    _gain_grant,
    _change_member,
    _change_person,
    _change_people,
    _rename_group,
    _move_repository,
    _change_repositories,
)


def _pair(
    people: Choices, places: Choices, grants: Choices, changes: Choices, kind: str
) -> tuple[Organisation, Organisation, str]:
    old = _organisation(people, places, grants)
    new = old.copy()
    for _ in range(changes.number(1, 6)):
        changes.one(_CHANGES)(changes, new)
    return old, new, kind


def pairs() -> st.SearchStrategy[tuple[Organisation, Organisation, str]]:
    """Draw what was before, what is after, and what it was moved to."""
    parts = st.tuples(choices(40), choices(18), choices(33), choices(48), st.sampled_from((SERVER, CLOUD)))
    return parts.map(lambda drawn: _pair(*drawn))

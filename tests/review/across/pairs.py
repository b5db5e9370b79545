"""Random pairs: an organisation before and after a migration, with whatever can go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

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


def _some_groups(made: Organisation) -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from(sorted(made.groups)), max_size=2)


def _addresses(username: str) -> st.SearchStrategy[str | None]:
    """Give an own address mostly, in one spelling or another; none; one that is shared, or is a user name, too."""
    own = [f"{username}@example.com", f"{username.title()}@EXAMPLE.com", f"{username}@example.com "]
    decomposed = own[0].replace("ö", "o\N{COMBINING DIAERESIS}")
    return st.sampled_from([*own, own[0], own[0], decomposed, None, "team@example.com", "bob@example.com"])


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    """Draw a few people, groups in each other, projects, repositories, and grants of every kind."""
    made = Organisation()
    for name in _GROUPS:
        made.group(name, *draw(st.sets(st.sampled_from(_GROUPS), max_size=1)))
    for username in draw(st.lists(st.sampled_from(_PEOPLE), unique=True, min_size=2)):
        _add_person(draw, made, username)
    for key in draw(st.lists(st.sampled_from(_PROJECTS), unique=True, min_size=2)):
        default = "" if key.startswith("~") else draw(st.sampled_from(("", "", "read", "write", "create")))
        made.project(
            key, *draw(st.lists(st.sampled_from(_SLUGS), unique=True, min_size=1, max_size=2)), default=default
        )
    for name in draw(st.sets(st.sampled_from(sorted(made.repositories) or [""]), max_size=1)):
        if name:
            made.repositories[name].is_public = True
    for _ in range(draw(st.integers(2, 8))):
        made.grants.add(draw(_grants(made)))
    return made


def _add_person(draw: st.DrawFn, made: Organisation, username: str) -> None:
    active = draw(st.sampled_from((True, True, True, None, False)))
    licensed = False if active is False else draw(st.sampled_from((True, True, True, False)))
    made.people[username] = Person(
        username,
        draw(_addresses(username)),
        draw(st.sampled_from(("Ann Example", "Somebody"))),
        draw(_some_groups(made)),
        is_active=active,
        is_licensed=licensed,
    )


@st.composite
def _grants(draw: st.DrawFn, made: Organisation) -> tuple[str, str, str, str]:
    kind = draw(st.sampled_from((PERSON, GROUP, GROUP)))
    holder = draw(st.sampled_from(sorted(made.people if kind == PERSON else made.groups)))
    places = {"everything": [EVERYTHING], "project": list(made.projects), "repository": list(made.repositories)}
    what = draw(st.sampled_from([what for what, some in places.items() if some]))
    return kind, holder, draw(st.sampled_from(_WORDS[what])), draw(st.sampled_from(places[what]))


def _lose_grant(draw: st.DrawFn, made: Organisation) -> None:
    if made.grants:
        made.grants.remove(draw(st.sampled_from(sorted(made.grants))))


def _gain_grant(draw: st.DrawFn, made: Organisation) -> None:
    made.grants.add(draw(_grants(made)))


def _change_member(draw: st.DrawFn, made: Organisation) -> None:
    made.people[draw(st.sampled_from(sorted(made.people)))].groups = draw(_some_groups(made))


def _change_person(draw: st.DrawFn, made: Organisation) -> None:
    """Give somebody another address, another state, or both."""
    one = made.people[draw(st.sampled_from(sorted(made.people)))]
    one.email = draw(_addresses(one.username))
    one.is_active = draw(st.sampled_from((True, False, None)))


def _change_people(draw: st.DrawFn, made: Organisation) -> None:
    """Let somebody leave, or come: a second account of the same person, perhaps."""
    if len(made.people) > 1 and draw(st.booleans()):
        gone = draw(st.sampled_from(sorted(made.people)))
        del made.people[gone]
        made.grants = {grant for grant in made.grants if grant[:2] != (PERSON, gone)}
    else:
        _add_person(draw, made, draw(st.sampled_from((*_PEOPLE, "bob@example.com"))))


def _rename_group(draw: st.DrawFn, made: Organisation) -> None:
    old = draw(st.sampled_from(sorted(made.groups)))
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


def _move_repository(draw: st.DrawFn, made: Organisation) -> None:
    if not made.repositories:
        return
    old = draw(st.sampled_from(sorted(made.repositories)))
    one = made.repositories[old]
    new = f"{draw(st.sampled_from(sorted(made.projects)))}/{one.slug}"
    if new in made.repositories:
        return
    moved = Repository(new.split("/", maxsplit=1)[0], one.slug, one.is_public)
    made.repositories = {
        new if name == old else name: moved if name == old else each for name, each in made.repositories.items()
    }
    made.grants = {(kind, holder, word, new if place == old else place) for kind, holder, word, place in made.grants}


def _change_repositories(draw: st.DrawFn, made: Organisation) -> None:
    """Leave a repository behind, or switch whether it is public."""
    if not made.repositories:
        return
    name = draw(st.sampled_from(sorted(made.repositories)))
    if draw(st.booleans()):
        made.repositories[name].is_public = not made.repositories[name].is_public
    else:
        del made.repositories[name]
        made.grants = {grant for grant in made.grants if grant[3] != name}


_CHANGES: tuple[Callable[[st.DrawFn, Organisation], None], ...] = (
    _lose_grant,
    _gain_grant,
    _change_member,
    _change_person,
    _change_people,
    _rename_group,
    _move_repository,
    _change_repositories,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Organisation, Organisation, str]:
    """Draw what was before, what is after, and what it was moved to."""
    old = draw(organisations())
    new = old.copy()
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=6)):
        change(draw, new)
    return old, new, draw(st.sampled_from((SERVER, CLOUD)))

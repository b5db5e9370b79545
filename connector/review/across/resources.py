"""Which repositories and projects of two servers are the same one.

Repositories by project key and slug, then by slug alone where no other repository of either server has it. A
personal repository that lies in no project of the same key is nobody's counterpart: a team's repository may well
have the same slug.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from connector.graph.export import Export
from connector.graph.values import Application, Resource, lineage
from connector.review.across.matches import (
    Ambiguity,
    Hint,
    Matches,
    Settled,
    both_ways,
    by_name,
    matches,
    spelling,
)
from connector.review.text.names import where


def names_of_repository(item: Resource) -> Iterator[str]:
    """Yield what people and gaps may call a repository: `KEY/slug`, its id, in Bitbucket Cloud `workspace/slug`."""
    yield from (where(item), item.id)
    application = next(node for node in lineage(item) if isinstance(node, Application))
    if workspace := application.properties.get("workspace"):
        yield f"{workspace}/{item.properties.get('slug')}"


def is_personal(item: Resource) -> bool:
    """Whether a project, or the one that a repository lies in, belongs to one user."""
    project = _project(item)
    return project.properties.get("project_type") == "PERSONAL" or _key(project).startswith("~")


def match_projects(old: Export, new: Export) -> Matches[Resource]:
    """Match projects by their keys."""
    return matches(old.top_resources, new.top_resources, {Hint.KEY: lambda project: [_key(project)]}, Settled())


def match_repositories(old: Export, new: Export, settled: Settled[Resource]) -> Matches[Resource]:
    """Match repositories."""
    olds, news = old.nested_resources, new.nested_resources
    hints = dict.fromkeys(settled.pairs, Hint.FILE)
    counterparts = both_ways(settled.pairs)
    undecided = {*settled.leaves_open(olds), *settled.leaves_open(news)}
    for hint, name in ((Hint.PLACE, _place), (Hint.SLUG, _slug)):
        for pair in _alone_in_both(olds, news, name):
            if undecided.issuperset(pair) and not (hint is Hint.SLUG and any(map(is_personal, pair))):
                hints[pair[0]] = hint
                counterparts |= both_ways(dict([pair]))
                undecided.difference_update(pair)
    in_order = {one: hints[one] for one in olds if one in hints}
    return Matches(olds, news, in_order, counterparts, tuple(_ambiguous(olds, news, undecided)), settled.without)


_Name = Callable[[Resource], str]


def _alone_in_both(
    old: Iterable[Resource], new: Iterable[Resource], name: _Name
) -> Iterator[tuple[Resource, Resource]]:
    """Yield those with a name that only one of each side has."""
    others = by_name(lambda item: [name(item)], new)
    for own, these in by_name(lambda item: [name(item)], old).items():
        those = others.get(own, [])
        if len(these) == len(those) == 1:
            yield these[0], those[0]


def _ambiguous(
    old: Sequence[Resource], new: Sequence[Resource], undecided: set[Resource]
) -> Iterator[Ambiguity[Resource]]:
    """Yield the slugs that repositories without a counterpart have on both sides."""
    sides: defaultdict[str, tuple[list[Resource], list[Resource]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((old, new)):
        for item in items:
            if item in undecided:
                sides[_slug(item)][side].append(item)
    for slug, (olds, news) in sides.items():
        if olds and news:
            yield Ambiguity(Hint.SLUG, slug, tuple(olds), tuple(news))


def _project(item: Resource) -> Resource:
    return item.parent if isinstance(item.parent, Resource) else item


def _key(project: Resource) -> str:
    return spelling(str(project.properties.get("key") or project.id))


def _slug(item: Resource) -> str:
    return spelling(str(item.properties.get("slug") or item.id))


def _place(item: Resource) -> str:
    return f"{_key(_project(item))}/{_slug(item)}"

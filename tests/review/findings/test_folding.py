"""Many places of a finding make few lines, which say how many they are."""

from __future__ import annotations

from connector.graph.export import Export
from connector.graph.payload import load
from connector.review.findings.finding import Place
from connector.review.findings.folding import folded, in_short
from connector.review.text.names import where
from tests.graph.worlds import World


def _export(**sizes: int) -> Export:
    world = World()
    for number, (key, size) in enumerate(sizes.items()):
        world.project(str(number), key)
        for repository in range(size):
            world.repository(f"{number}{repository:03}", str(number), f"r{repository}")
    return load(world.payload())


def _places(export: Export, *names: str, detail: str = "no rule") -> list[Place]:
    by_name = {where(item): item for item in export.resources}
    return [Place(name, detail, by_name[name]) for name in names]


def _all(key: str, size: int) -> list[str]:
    return [f"{key}/r{number}" for number in range(size)]


def test_whole_projects_come_first_then_parts_then_single_ones() -> None:
    export = _export(A=10, B=3, C=5, D=2)
    places = _places(export, "A/r1", "A/r2", "A/r3", "A/r4", *_all("B", 3), *_all("C", 5), "D/r1")
    folds = folded(export, places)
    assert [str(fold) for fold in folds] == [
        "C: all 5 repositories: no rule",
        "B: all 3 repositories: no rule",
        "A: 4 of 10 repositories: no rule (r1, r2, r3 and r4)",
        "D/r1: no rule",
    ]
    assert in_short(folds) == "all repositories of 2 projects and 5 others"
    assert sorted(str(place) for fold in folds for place in fold.places) == sorted(map(str, places))


def test_a_few_places_are_not_folded() -> None:
    export = _export(B=3)
    folds = folded(export, _places(export, *_all("B", 3)))
    assert [str(fold) for fold in folds] == ["B/r0: no rule", "B/r1: no rule", "B/r2: no rule"]
    assert in_short(folds) == ""


def test_different_details_are_left_for_the_places() -> None:
    export = _export(A=20)
    places = [*_places(export, *_all("A", 19)), *_places(export, "A/r19", detail="some rules")]
    assert [str(fold) for fold in folded(export, places)] == ["A: all 20 repositories"]


def test_the_same_repository_twice_does_not_make_a_project_whole() -> None:
    export = _export(A=14)
    places = _places(export, *_all("A", 13), "A/r0")
    [fold] = folded(export, places)
    assert not fold.is_whole


def test_places_of_a_group_are_one_line() -> None:
    export = _export(A=5)
    places = [Place(place.what, "", place.about, "hooks.example") for place in _places(export, *_all("A", 5))]
    assert [str(fold) for fold in folded(export, places)] == ["hooks.example: A/r0, A/r1, A/r2 and 2 more"]

"""What each query should answer about the random exports, computed by brute force; and how answers are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.graph.brute_force import LEVELS, Who, World
from tests.outputs.tables.exports import KEYS

OLD, NEW = "2026-11-22", "2026-11-23"
Worlds = Mapping[str, tuple[World, World]]
Rows = list[tuple[Any, ...]]
Ask = Callable[..., list[dict[str, Any]]]
"""Runs one of our queries by its name, with parameters, and gives its rows by column."""

_RESOURCES = ("p", "PAY/api", "p.s.deep", "q.new")


def check_effective_access(ask: Ask, worlds: Worlds) -> None:
    rows = _picked(
        ask("effective_access"), "data_source", "date", "identity_type", "identity_id", "resource_key", "level"
    )
    assert rows == _effective(worlds, NEW)
    old = ask("effective_access", date=OLD, identity="U3.NAME")
    assert _picked(old, "data_source", "date", "identity_type", "identity_id", "resource_key", "level") == [
        row for row in _effective(worlds, OLD) if row[2:4] == ("user", "u3")
    ]
    one = ask("effective_access", resource="pay/API", identity="u2@example.com")
    assert _picked(one, "data_source", "identity_id", "resource_key", "level") == sorted(
        (name, who[1], key, LEVELS[level])
        for name, (_, world) in worlds.items()
        for (who, key), level in world.levels().items()
        if who == ("user", "u2") and key == "p.r"
    )


def check_groups(ask: Ask, worlds: Worlds) -> None:
    rows = _picked(ask("effective_access", identity="g2"), "data_source", "identity_type", "resource_key", "level")
    expected = set()
    for name, (_, world) in worlds.items():
        best: Counter[str] = Counter()
        for reason in world.reasons(("group", "g2")):
            best[reason.key] = max(best[reason.key], world.level(reason.grant.permission))
        expected |= {(name, "group", key, LEVELS[level]) for key, level in best.items()}
    assert rows == sorted(expected)


def _effective(worlds: Worlds, date: str) -> Rows:
    return sorted(
        (name, date, *who, key, LEVELS[level])
        for name, both in worlds.items()
        for (who, key), level in both[date == NEW].levels().items()
    )


def check_names(ask: Ask, worlds: Worlds) -> None:
    for row in ask("effective_access"):
        world = worlds[row["data_source"]][1]
        item = world.item((row["identity_type"], row["identity_id"]))
        assert row["name"] == item["name"]
        assert row["username"] == item.get("custom_properties", {}).get("username")
        assert row["is_active"] == item.get("is_active")
        resource = world.resources[row["resource_key"]]
        assert (row["resource"], row["resource_type"]) == (world.path(row["resource_key"]), resource["resource_type"])


def check_why(ask: Ask, worlds: Worlds) -> None:
    for resource in _RESOURCES:
        rows = _picked(
            ask("why", resource=resource), "data_source", "identity_type", "identity_id", "resource_key", "level", "why"
        )
        assert rows == _reasons(worlds, resource, lambda who: who[0] != "group")
        rows = _picked(ask("why", resource=resource, identity="G1", date=OLD), "data_source", "identity_id", "why")
        expected = _reasons(
            {name: (old, old) for name, (old, _) in worlds.items()}, resource, lambda who: who == ("group", "g1")
        )
        assert rows == sorted({(row[0], row[2], row[5]) for row in expected})


def _reasons(worlds: Worlds, resource: str, about: Callable[[Who], bool]) -> Rows:
    return sorted(
        {
            (name, *who, reason.key, LEVELS[world.level(reason.grant.permission)], world.text_of(reason))
            for name, (_, world) in worlds.items()
            for who in world.identities
            if about(who)
            for reason in world.reasons(who)
            if resource in (reason.key, world.path(reason.key))
        }
    )


def check_who_had_access(ask: Ask, worlds: Worlds) -> None:
    for resource in _RESOURCES:
        for date, day in ((OLD, OLD), (NEW, "2027-01-01")):
            rows = ask("who_had_access", resource=resource, date=day)
            found = _picked(
                rows, "data_source", "date", "is_complete", "identity_type", "identity_id", "level", "grants"
            )
            assert found == sorted(_had_access(worlds, date, resource))


def _had_access(worlds: Worlds, date: str, resource: str) -> Iterator[tuple[Any, ...]]:
    for name, both in worlds.items():
        world = both[date == NEW]
        complete = world.application["custom_properties"]["is_complete"]
        for (who, key), level in world.levels().items():
            if resource in (key, world.path(key)):
                grants = {reason.grant for reason in world.reasons(who) if reason.key == key}
                yield name, date, complete, *who, LEVELS[level], len(grants)


def check_changes(ask: Ask, worlds: Worlds) -> None:
    rows = ask("changes")
    found = _picked(
        rows, "data_source", "change", "identity_type", "identity_id", "resource_key", "old_level", "new_level"
    )
    assert found == _sorted(_changes(worlds))
    assert {(str(row["old_date"]), str(row["new_date"])) for row in rows} == {(OLD, NEW)}
    one = ask("changes", since=OLD, date=NEW, identity="u4", resource="PAY")
    assert _picked(one, "data_source", "change", "identity_id", "resource_key") == _sorted(
        (row[0], row[1], row[3], row[4]) for row in _changes(worlds) if row[3:5] == ("u4", "p")
    )


def _changes(worlds: Worlds) -> Iterator[tuple[Any, ...]]:
    for name, (old, new) in worlds.items():
        before, after = old.levels(), new.levels()
        for place in before.keys() | after.keys():
            was, now = before.get(place, 0), after.get(place, 0)
            if was != now:
                change = "gained" if not was else "lost" if not now else "raised" if was < now else "lowered"
                yield name, change, *place[0], place[1], LEVELS[was], LEVELS[now]
        for who in set(old.identities) & set(new.identities):
            was_active, active = old.item(who).get("is_active"), new.item(who).get("is_active")
            if None not in (was_active, active) and was_active != active:
                yield name, "activated" if active else "deactivated", *who, None, None, None


def check_stale(ask: Ask, worlds: Worlds) -> None:
    for days in (None, 30, 400):
        rows = ask("stale") if days is None else ask("stale", days=str(days))
        found = _picked(rows, "data_source", "identity_type", "identity_id", "reason", "level", "grants")
        assert found == sorted(_stale(worlds, days or 90))


def _stale(worlds: Worlds, days: int) -> Iterator[tuple[Any, ...]]:
    night = datetime(2026, 11, 23, tzinfo=UTC)
    for name, (_, world) in worlds.items():
        for who in (who for who in world.identities if who[0] in ("user", "credential")):
            reasons = {reason for reason in _grants_of(world, who) if world.level(reason.permission)}
            if reasons and (why := _unused(world, who, night, night - timedelta(days=days))):
                level = max(world.level(grant.permission) for grant in reasons)
                yield name, *who, why, LEVELS[level], len(reasons)


def _grants_of(world: World, who: Who) -> set[Any]:
    holders = {way[-1] for way in world.ways(who)}
    return {grant for grant in world.grants if grant.holder in holders}


def _unused(world: World, who: Who, night: datetime, long_ago: datetime) -> str | None:
    item = world.item(who)
    used, verb = (item.get("last_login_at"), "signed in") if who[0] == "user" else (item["last_used_at"], "used")
    created, expires = _time(item.get("created_at")), _time(item.get("expires_at"))
    if item.get("is_active") is False:
        return "not active"
    if expires and expires < night + timedelta(days=1):
        return "expired"
    if item.get("user_type") == "service_account":
        return None
    if used:
        return f"not {verb} for long" if _time(used) < long_ago else None  # type: ignore[operator]
    others = world.users if who[0] == "user" else world.credentials
    known = any(
        other.get("last_login_at" if who[0] == "user" else "last_used_at")
        for other in others.values()
        if _kind(other) == _kind(item)
    )
    return f"never {verb}" if known and item.get("is_active") and (created is None or created <= long_ago) else None


def _kind(item: Mapping[str, Any]) -> object:
    return item.get("user_type") or item.get("custom_properties", {}).get("kind")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _picked(rows: Iterable[Mapping[str, Any]], *columns: str) -> Rows:
    return _sorted(tuple(str(row[name]) if name == "date" else row[name] for name in columns) for row in rows)


def _sorted(rows: Iterable[tuple[Any, ...]]) -> Rows:
    return sorted(rows, key=lambda row: tuple("" if value is None else str(value) for value in row))


CHECKS = (
    check_effective_access,
    check_groups,
    check_names,
    check_why,
    check_who_had_access,
    check_changes,
    check_stale,
)

assert {"p", "p.r", "p.s.deep"} <= set(KEYS)

"""Properties of random payloads: all methods of `Access` agree with each other, and with the rules applied naively."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.graph.access import Access
from connector.graph.payload import load
from connector.graph.values import Category, Level, Resource
from connector.review.text.names import kind
from tests.graph.brute_force import World
from tests.graph.payloads import APPLICATION, Json, payload, permission, resource

_NO_DEADLINE = settings(deadline=None)
"""A busy machine may take longer than the usual deadline."""

_USERS, _GROUPS, _CREDENTIALS, _ROLES = ("u1", "u2", "u3"), ("g1", "g2", "g3", "g4"), ("c1", "c2"), ("r1", "r2", "r3")
_PERMISSIONS = [
    permission(f"{name}{'+' * inherits}{kind}", [name], inherits=inherits, types=(kind,) if kind else ())
    for name, inherits, kind in (
        ("DataRead", False, ""),
        ("DataRead", True, ""),
        ("DataWrite", False, "Repo"),
        ("DataWrite", True, "Project"),
        ("MetadataWrite", True, ""),
        ("NonData", False, ""),
    )
]
_TREE = (
    resource("p", resource("r.s", kind="Repo"), resource("r", resource("d"), kind="Repo"), kind="Project"),
    resource("q", kind="Project"),
)
_KEYS = ("p", "p.r.s", "p.r", "p.r.d", "q")


def _some(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), max_size=2, unique=True)


@st.composite
def _payloads(draw: st.DrawFn) -> Json:
    names = tuple(item["name"] for item in _PERMISSIONS)
    target = {
        "application": st.just(APPLICATION),
        "resources": _some(_KEYS),
        "apply_to_application": st.sampled_from((False, False, True)),
    }
    holders = {"local_user": _USERS, "local_group": _GROUPS, "local_access_creds": _CREDENTIALS}
    holder = st.sampled_from([(kind, name) for kind, members in holders.items() for name in members])
    permission_grants = st.fixed_dictionaries({"permission": st.sampled_from(names), **target})
    role_grants = st.fixed_dictionaries({"role": st.sampled_from(_ROLES), **target})
    entries = [
        {
            "identity": name,
            "identity_type": kind,
            "application_permissions": draw(st.lists(permission_grants, max_size=2)),
            "role_assignments": draw(st.lists(role_grants, max_size=1)),
        }
        for kind, name in draw(st.lists(holder, max_size=5))
    ]
    return payload(
        *entries,
        users=tuple(
            {"name": name, "groups": draw(_some(_GROUPS)), "access_creds": draw(_some(_CREDENTIALS))} for name in _USERS
        ),
        groups=tuple({"name": name, "groups": draw(_some(_GROUPS))} for name in _GROUPS),
        credentials=tuple({"id": name, "name": name} for name in _CREDENTIALS),
        roles=tuple({"name": name, "permissions": draw(_some(names)), "roles": draw(_some(_ROLES))} for name in _ROLES),
        resources=_TREE,
        permissions=_PERMISSIONS,
    )


@_NO_DEADLINE
@given(_payloads())
def test_all_methods_give_what_the_rules_say(document: Json) -> None:
    export = load(document)
    access = Access(export)
    brute_force = World(document)
    for identity in export.identities:
        reach = access.reach(identity)
        for node in export.nodes:
            key = node.key if isinstance(node, Resource) else ""
            effective = access.effective(identity, node)
            expected = brute_force.categories((kind(identity), identity.id), key)
            assert {category.oaa_name for category in effective} == expected
            assert access.holders(node).get(identity, Level.NONE) is effective.level
            if isinstance(node, Resource):
                assert reach.get(node, Level.NONE) is effective.level
            reasons = Category(0)
            for path in access.paths(identity, node, limit=10_000):
                reasons |= path.grant.permission.categories
            assert reasons == effective


@_NO_DEADLINE
@given(_payloads())
def test_access_without_a_grant_is_what_the_other_grants_give(document: Json) -> None:
    export = load(document)
    for grant in set(export.grants()):
        without = Access(export, [grant])
        remaining = set(export.grants()) - {grant}
        for path in without.paths(grant.holder, grant.on, limit=10_000):
            assert path.grant in remaining
        other_reasons = Category(0)
        for path in Access(export).paths(grant.holder, grant.on, limit=10_000):
            if path.grant != grant:
                other_reasons |= path.grant.permission.categories
        assert without.effective(grant.holder, grant.on) == other_reasons

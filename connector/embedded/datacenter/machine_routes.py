"""The REST resources of keys, tokens, webhooks and branch restrictions; see `routes`.

Source: Atlassian's REST documentation, 5.10 to 10.3. Knows neither sockets nor credentials.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.embedded.datacenter.answers import NOT_PERMITTED, Refusal, no_such
from connector.embedded.datacenter.machine_shapes import MachineShapes
from connector.embedded.datacenter.organisation import Account, Project, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.embedded.datacenter.call import Call
    from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
    from connector.embedded.datacenter.shapes import Json

Place = Project | Repository

_SERVICE_IDS = 900_000
"""Added to the ids of projects, and twice to those of repositories, for the users that act for their tokens."""


def ssh_settings(call: Call) -> Json:
    """Tell what is switched on."""
    call.require_login()
    organisation = call.backend.organisation
    return {
        "enabled": organisation.ssh_enabled,
        "accessKeysEnabled": organisation.access_keys_enabled,
        "baseUrl": "ssh://bitbucket.example.com:7999",
        "port": 7999,
    }


def project_keys(call: Call, key: str) -> Json:
    """List the access keys of one project."""
    found = call.administered_project(key)
    rows = [(each, found) for each in call.backend.organisation.keys if found.id in each.projects]
    return call.page(rows, _shapes(call).project_key)


def repository_keys(call: Call, key: str, slug: str) -> Json:
    """List the access keys of one repository, and with `effective` those of its project."""
    found = call.administered_repository(key, slug)
    project = call.backend.organisation.projects[found.project_id]
    rows: list[tuple[SshKey, Place]] = []
    for each in call.backend.organisation.keys:
        rows += [(each, found)] if found.id in each.repositories else []
        if call.query.get("effective") == "true" and call.backend.settings.effective_keys:
            rows += [(each, project)] if project.id in each.projects else []
    return call.page(rows, _shapes(call).repository_key)


def user_keys(call: Call) -> Json:
    """List the SSH keys of a user: one's own, or as an administrator those of others."""
    owner = call.account
    if "user" in call.query:
        owner = _owner(call, call.backend.catalogue.account_named(call.query["user"]))
    return call.page([each for each in call.backend.organisation.keys if each.owner_id == owner.id], _shapes(call).key)


def user_tokens(call: Call, slug: str) -> Json:
    """List the personal tokens of one user; a token may not, not even for its own user."""
    owner = _owner(call, call.backend.catalogue.account_by_slug(slug))
    return _tokens(call, lambda token: token.owner_id == owner.id, lambda: owner)


def repository_restrictions(call: Call, key: str, slug: str) -> Json:
    """List the branch restrictions of one repository, and those it has from its project."""
    found = call.administered_repository(key, slug)
    inherited = (
        call.backend.organisation.projects[found.project_id] if call.backend.settings.inherited_restrictions else None
    )
    return _restrictions(call, found, inherited)


def default_branch(call: Call, key: str, slug: str) -> Json:
    """Show the default branch."""
    found = call.repository(key, slug)
    if found.default_branch is None:
        name = "com.atlassian.bitbucket.repository.NoDefaultBranchException"
        raise Refusal(HTTPStatus.NOT_FOUND, f"{key}/{slug} has no default branch.", name)
    return _shapes(call).branch(found.default_branch)


MACHINE_ROUTES: Mapping[str, Callable[..., Json]] = {
    "ssh/settings": ssh_settings,
    "ssh/keys": user_keys,
    "keys/projects/{}/ssh": project_keys,
    "keys/projects/{}/repos/{}/ssh": repository_keys,
    "access-tokens/projects/{}": lambda call, key: _service_tokens(call, call.administered_project(key)),
    "access-tokens/projects/{}/repos/{}": lambda call, *at: _service_tokens(call, call.administered_repository(*at)),
    "access-tokens/users/{}": user_tokens,
    "projects/{}/webhooks": lambda call, key: _webhooks(call, call.administered_project(key)),
    "projects/{}/repos/{}/webhooks": lambda call, *at: _webhooks(call, call.administered_repository(*at)),
    "projects/{}/repos/{}/default-branch": default_branch,
    "projects/{}/repos/{}/branches/default": default_branch,
    "branch-permissions/projects/{}/restrictions": lambda call, key: _restrictions(
        call, call.administered_project(key)
    ),
    "branch-permissions/projects/{}/repos/{}/restrictions": repository_restrictions,
    "branch-utils/projects/{}/repos/{}/branchmodel/configuration": lambda call, *at: _shapes(call).branch_model(
        call.repository(*at)
    ),
}
"""As in `routes.ROUTES`; before the addresses of other APIs than the main one stands the name of theirs."""

SINCE: Mapping[str, tuple[int, ...]] = {
    "access-tokens/projects/{}": (7, 18),
    "access-tokens/projects/{}/repos/{}": (7, 18),
    "access-tokens/users/{}": (5, 5),
    "projects/{}/webhooks": (6,),
    "projects/{}/repos/{}/webhooks": (5, 4),
    "projects/{}/repos/{}/default-branch": (7,),
}
"""The first version that has a resource, as far as known; where it is not, some version in between."""


def _shapes(call: Call) -> MachineShapes:
    backend = call.backend
    return MachineShapes(backend.shapes, backend.organisation, backend.settings, backend.version)


def _owner(call: Call, account: Account | None) -> Account:
    """Let somebody look at an account's keys or tokens: an administrator, and not at those of a mightier one."""
    if account is None:
        call.administered_instance()
        raise no_such("user.User", "The user does not exist.")
    if account is call.account and not call.rights.by_token:
        return account
    call.administered_instance()
    if call.backend.rules.rights(account).global_rank > call.rights.global_rank:
        raise Refusal(*NOT_PERMITTED)
    return account


def _belongs(record: HttpToken | Webhook | Restriction, place: Place | None) -> bool:
    if isinstance(place, Project):
        return record.project_id == place.id
    return place is not None and record.repository_id == place.id


def _webhooks(call: Call, place: Place) -> Json:
    rows = [webhook for webhook in call.backend.organisation.webhooks if _belongs(webhook, place)]
    return call.page(rows, _shapes(call).webhook)


def _restrictions(call: Call, *places: Place | None) -> Json:
    restrictions = call.backend.organisation.restrictions
    rows = [each for each in restrictions if any(_belongs(each, place) for place in places)]
    return call.page(rows, _shapes(call).restriction)


def _service_tokens(call: Call, place: Place) -> Json:
    return _tokens(call, lambda token: _belongs(token, place), lambda: _service(call, place))


def _tokens(call: Call, wanted: Callable[[HttpToken], bool], account: Callable[[], Account]) -> Json:
    shapes = _shapes(call)
    rows = [token for token in call.backend.organisation.http_tokens if wanted(token)]
    return call.page(rows, lambda token: shapes.token(token, account()))


def _service(call: Call, place: Place) -> Account:
    """Give the user that acts for all tokens of a project (1) or repository (2)."""
    kind = 1 if isinstance(place, Project) else 2
    name = f"access-token-user/{kind}/{place.id}"
    known = (account for account in call.backend.organisation.accounts.values() if account.name == name)
    return next(known, None) or Account(kind * _SERVICE_IDS + place.id, name, type="SERVICE", listed=False)

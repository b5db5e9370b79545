"""How Bitbucket writes keys, tokens, webhooks and branch restrictions as JSON, version by version.

Source: answers recorded from servers of 4.6 to 9.4. Knows no permissions and no paging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.datacenter.organisation import Project

if TYPE_CHECKING:
    from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook
    from connector.embedded.datacenter.organisation import Account, Organisation, Repository
    from connector.embedded.datacenter.settings import Settings
    from connector.embedded.datacenter.shapes import Json, Shapes

_DAY = 86_400_000
_DETAILS_SINCE = (8,)
"""From when on keys tell their algorithm, and restrictions their scope."""
_MATCHER_NAMES = {
    "ANY_REF": "Any branch",
    "BRANCH": "Branch",
    "PATTERN": "Pattern",
    "MODEL_BRANCH": "Branching model branch",
    "MODEL_CATEGORY": "Branching model category",
}


class MachineShapes:
    """Writes the records of one organisation as a server of its version does."""

    def __init__(
        self, shapes: Shapes, organisation: Organisation, settings: Settings, version: tuple[int, ...]
    ) -> None:
        self._shapes = shapes
        self._organisation = organisation
        self._settings = settings
        self._details = version >= _DETAILS_SINCE

    def key(self, key: SshKey) -> Json:
        """Write a key, its text included, as Bitbucket does."""
        shape: Json = {"id": key.id, "text": key.text, "label": key.label}
        if not self._details:
            return shape
        moment = str if self._settings.moments_as_strings else int
        shape |= {"algorithmType": key.algorithm} if key.algorithm else {}
        shape |= {"bitLength": key.bits} if key.bits else {}
        shape |= {"createdDate": moment(key.created)} if key.created is not None else {}
        shape |= {"expiryDays": key.expiry_days} if key.expiry_days is not None else {}
        return shape | ({"lastAuthenticated": moment(key.last_authenticated)} if key.last_authenticated else {})

    def project_key(self, row: tuple[SshKey, Project]) -> Json:
        """Write an access key of a project."""
        key, project = row
        return {
            "key": self.key(key),
            "project": self._shapes.project(project),
            "permission": key.projects[project.id],
        }

    def repository_key(self, row: tuple[SshKey, Repository | Project]) -> Json:
        """Write an access key that opens a repository: its own, or one of its project."""
        key, place = row
        if isinstance(place, Project):
            return self.project_key((key, place))
        shape = self._shapes.repository(place)
        return {"key": self.key(key), "repository": shape, "permission": key.repositories[place.id]}

    def token(self, token: HttpToken, account: Account) -> Json:
        """Write a token and the user it acts for."""
        shape: Json = {
            "id": token.id,
            "createdDate": token.created,
            "name": token.name,
            "permissions": list(token.permissions),
            "user": self._shapes.user(account),
        }
        if token.last_authenticated is not None:
            shape["lastAuthenticated"] = token.last_authenticated
        if token.expires is not None and self._settings.expiry_in_days:
            shape["expiryDays"] = (token.expires - token.created) // _DAY
        elif token.expires is not None:
            shape["expiryDate"] = token.expires
        return shape

    def webhook(self, webhook: Webhook) -> Json:
        """Write a webhook; older servers show its secret."""
        return {
            "id": webhook.id,
            "name": webhook.name,
            "createdDate": 1_513_106_011_000,
            "updatedDate": 1_513_106_011_000,
            "events": ["repo:refs_changed"],
            "configuration": {"secret": webhook.secret} if webhook.secret else {},
            "url": webhook.url,
            "active": webhook.active,
        }

    def restriction(self, restriction: Restriction) -> Json:
        """Write a branch restriction and whom it exempts."""
        accounts, keys = self._organisation.accounts, {key.id: key for key in self._organisation.keys}
        kind = restriction.type
        matcher: Json = {
            "id": restriction.matcher,
            "displayId": restriction.matcher.removeprefix("refs/heads/"),
            "type": {"id": restriction.matcher_type, "name": _MATCHER_NAMES[restriction.matcher_type]},
            "active": restriction.active,
        }
        shape: Json = {"id": restriction.id}
        if self._details and self._settings.restriction_scopes:
            shape["scope"] = _scope(restriction)
        return shape | {
            "type": {"id": kind, "name": kind} if self._settings.restriction_types_as_objects else kind,
            "matcher": matcher,
            "users": [self._shapes.user(accounts[user]) for user in restriction.users],
            "groups": list(restriction.groups),
            "accessKeys": [{"key": self.key(keys[key])} for key in restriction.keys],
        }

    def branch(self, ref: str) -> Json:
        """Write a branch."""
        return {"id": ref, "displayId": ref.removeprefix("refs/heads/"), "type": "BRANCH"}

    def branch_model(self, repository: Repository) -> Json:
        """Write the configuration of a branching model."""
        development = repository.development_branch
        production = repository.production_branch
        shape: Json = {"development": {"refId": development, "useDefault": development is None}}
        if production is not None:
            shape["production"] = {"refId": production, "useDefault": False}
        types = [
            {"id": name.upper(), "displayName": name, "enabled": True, "prefix": prefix} for name, prefix in _TYPES
        ]
        return shape | {"types": types}


_TYPES = (("Bugfix", "bugfix/"), ("Feature", "feature/"), ("Hotfix", "hotfix/"), ("Release", "release/"))


def _scope(restriction: Restriction) -> Json:
    if restriction.repository_id is not None:
        return {"type": "REPOSITORY", "resourceId": restriction.repository_id}
    return {"type": "PROJECT", "resourceId": restriction.project_id}

"""How Bitbucket Cloud writes deploy keys, webhooks, branch restrictions and branching models.

Source: recorded answers; for deploy keys the examples of the official OpenAPI file. Knows no permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.cloud.shapes import in_path

if TYPE_CHECKING:
    from connector.embedded.cloud.machines import DeployKey, Restriction, Webhook
    from connector.embedded.cloud.shapes import Json, Shapes
    from connector.embedded.cloud.workspace import Project, Repository


class MachineShapes:
    """Writes the machines of one workspace; `added_on` says when keys were made, in place of `created_on`."""

    def __init__(self, shapes: Shapes, *, added_on: bool) -> None:
        self._shapes = shapes
        self._workspace = shapes.workspace
        self._made = "added_on" if added_on else "created_on"

    def repository_key(self, key: DeployKey, repository: Repository) -> Json:
        """Write a deploy key as one of its repositories lists it."""
        path = f"repositories/{self._shapes.full_name(repository)}/deploy-keys/{key.id}"
        place = {"type": "deploy_key", "repository": self._shapes.embedded_repository(repository)}
        return self._key(key, path) | place

    def project_key(self, key: DeployKey, project: Project) -> Json:
        """Write a deploy key as one of its projects lists it."""
        path = f"workspaces/{self._workspace.slug}/projects/{project.key}/deploy-keys/{key.id}"
        return self._key(key, path) | {"type": "project_deploy_key", "project": self._shapes.embedded_project(project)}

    def hook(self, hook: Webhook) -> Json:
        """Write a webhook; its secret is never told."""
        repository = self._workspace.repositories.get(hook.repository_uuid or "")
        place = (
            f"repositories/{self._shapes.full_name(repository)}" if repository else f"workspaces/{self._workspace.slug}"
        )
        subject = self._shapes.embedded_repository(repository) if repository else self._shapes.embedded_workspace()
        return {
            "type": "webhook_subscription",
            "uuid": hook.uuid,
            "description": hook.description,
            "url": hook.url,
            "active": hook.active,
            "skip_cert_verification": hook.skips_verification,
            "events": list(hook.events),
            "created_at": hook.created_at,
            "subject": subject,
            "links": self._shapes.only_self(f"{place}/hooks/{in_path(hook.uuid)}"),
            "source": None,
            "read_only": False,
            "history_enabled": False,
            "secret_set": hook.secret_set,
        }

    def restriction(self, restriction: Restriction) -> Json:
        """Write a branch restriction: by glob, or by a type of the branching model."""
        repository = self._workspace.repositories[restriction.repository_uuid]
        shapes = self._shapes
        shape: Json = {
            "id": restriction.id,
            "kind": restriction.kind,
            "value": restriction.value,
            "branch_match_kind": "glob" if restriction.branch_type is None else "branching_model",
            "type": "branchrestriction",
            "users": [shapes.user_of(uuid) for uuid in restriction.users],
            "pattern": restriction.pattern,
            "groups": [shapes.group(self._workspace.groups[slug]) for slug in restriction.groups],
            "links": shapes.only_self(
                f"repositories/{shapes.full_name(repository)}/branch-restrictions/{restriction.id}"
            ),
        }
        return shape if restriction.branch_type is None else shape | {"branch_type": restriction.branch_type}

    def branching_model(self, repository: Repository) -> Json:
        """Write which branches of a repository are development and production, and the prefixes of the others."""
        shape: Json = {
            "type": "branching_model",
            "branch_types": [{"kind": kind, "prefix": prefix} for kind, prefix in repository.branch_types.items()],
            "development": self._branch(repository.development_branch, repository),
            "links": self._shapes.only_self(f"repositories/{self._shapes.full_name(repository)}/branching-model"),
        }
        if repository.production_branch:
            shape["production"] = self._branch(repository.production_branch, repository)
        return shape

    def _branch(self, name: str | None, repository: Repository) -> Json:
        branch = name or repository.main_branch
        shape = {"type": "branch", "name": branch} if branch else None
        return {"name": branch, "branch": shape, "use_mainbranch": name is None}

    def _key(self, key: DeployKey, path: str) -> Json:
        return {
            "comment": key.comment,
            "last_used": key.last_used,
            "links": self._shapes.only_self(path),
            "label": key.label,
            self._made: key.created_on,
            "key": key.key,
            "id": key.id,
        }
